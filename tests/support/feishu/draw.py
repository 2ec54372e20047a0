#!/usr/bin/env python3
"""Draws cards as a narrow phone shows them, to be looked at: draw.py FOLDER

Reads every FOLDER/*.json (a card as it is sent) and writes a picture of 360 pixels' width beside it. It is no renderer of
the messenger's: it shows order, lengths, colours and what is folded. Needs Pillow and a font with Chinese letters.
"""

import json
import pathlib
import re
import sys

from PIL import Image, ImageDraw, ImageFont

WIDTH, SCALE, PAD = 360, 2, 12
FONTS = ["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/System/Library/Fonts/PingFang.ttc"]
COLOURS = {"red": "#d83931", "grey": "#8f959e", "orange": "#c25705", "default": "#1f2329"}
HEADERS = {"orange": "#fff3e5", "green": "#e4fae1", "red": "#fee3e2", "grey": "#f0f1f3", "blue": "#e1eaff", "yellow": "#fff5cc"}


def font(size):
    for path in FONTS:
        if pathlib.Path(path).exists():
            return ImageFont.truetype(path, size * SCALE)
    sys.exit("no font with Chinese letters is where it is looked for: " + ", ".join(FONTS))


class Page:
    def __init__(self):
        self.image = Image.new("RGB", (WIDTH * SCALE, 6000 * SCALE), "white")
        self.draw = ImageDraw.Draw(self.image)
        self.y = 0

    def lines(self, text, face, width):
        for line in text.split("\n"):
            row = ""
            for c in line:
                if self.draw.textlength(row + c, font=face) > width * SCALE:
                    yield row
                    row = ""
                row += c
            yield row

    def text(self, text, size=14, colour="#1f2329", left=PAD, right=PAD, back=None):
        face = font(size)
        rows = list(self.lines(text, face, WIDTH - left - right))
        height = (size + 6) * len(rows)
        if back:
            box = [(left - 6) * SCALE, (self.y - 3) * SCALE, (WIDTH - right + 6) * SCALE, (self.y + height + 3) * SCALE]
            self.draw.rounded_rectangle(box, 8, fill=back)
        for row in rows:
            self.draw.text((left * SCALE, self.y * SCALE), row, font=face, fill=colour)
            self.y += size + 6
        self.y += 8

    def boxed(self, text, left, width, fill, line, colour):
        face = font(14)
        rows = list(self.lines(text, face, width - 12))
        box = [left * SCALE, self.y * SCALE, (left + width) * SCALE, (self.y + 20 * len(rows) + 12) * SCALE]
        self.draw.rounded_rectangle(box, 12, fill=fill, outline=line, width=2)
        for nth, row in enumerate(rows):
            middle = (left + width / 2) * SCALE - self.draw.textlength(row, font=face) / 2
            self.draw.text((middle, (self.y + 6 + 20 * nth) * SCALE), row, font=face, fill=colour)
        return 20 * len(rows) + 20


def content(it):
    text = it.get("content", "")
    text = text.replace("\u2197", "^")
    return re.sub(r"&#(\d+);", lambda m: chr(int(m[1])), text).replace("\u200b", "")


def button(page, it, left=PAD, width=WIDTH - 2 * PAD):
    kind = it["type"]
    fill = "#3370ff" if kind == "primary_filled" else "white"
    colour = "white" if kind == "primary_filled" else "#d83931" if kind == "danger" else "#1f2329"
    return page.boxed(content(it["text"]), left, width, fill, "#d83931" if kind == "danger" else "#bbbfc4", colour)


def element(page, it):
    tag = it["tag"]
    if tag == "div":
        text = it["text"]
        small = text.get("text_size") == "notation"
        page.text(content(text), 12 if small else 14, COLOURS.get(text.get("text_color", "default"), "#1f2329"))
    elif tag == "markdown":
        text = content(it)
        is_code = text.startswith("```")
        page.text(re.sub(r"^`{3,}\w*\n|\n`{3,}$", "", text), 12 if is_code else 14, back="#f5f6f7" if is_code else None)
    elif tag == "button":
        page.y += button(page, it)
    elif tag == "column_set":
        columns = it["columns"]
        width = (WIDTH - 2 * PAD - 8 * (len(columns) - 1)) / len(columns)
        heights = [button(page, column["elements"][0], PAD + n * (width + 8), width) for n, column in enumerate(columns)]
        page.y += max(heights)
    elif tag == "collapsible_panel":
        page.text("> " + content(it["header"]["title"]), 14, "#245bdb")
    elif tag == "form":
        for inside in it["elements"]:
            element(page, inside)
    elif tag in ("select_static", "multi_select_static", "input"):
        page.y += page.boxed(content(it["placeholder"]) + (" v" if tag != "input" else ""), PAD, WIDTH - 2 * PAD, "white", "#bbbfc4", "#8f959e")
    elif tag == "person":
        page.text("(o) " + it["user_id"][:9] + "… by name", 14, "#245bdb")
    elif tag == "hr":
        page.draw.line([PAD * SCALE, page.y * SCALE, (WIDTH - PAD) * SCALE, page.y * SCALE], fill="#dee0e3", width=2)
        page.y += 10


def picture(card):
    page = Page()
    header = card["header"]
    page.y = 10
    tags = [content(tag["text"]) for tag in header.get("text_tag_list", [])]
    page.text(content(header["title"]) + "".join(f"  [{tag}]" for tag in tags), 16, back=HEADERS.get(header["template"], "#eeeeee"))
    page.y += 4
    for it in card["body"]["elements"]:
        element(page, it)
    page.text("— " + card["config"]["summary"]["content"], 11, "#8f959e")
    return page.image.crop((0, 0, WIDTH * SCALE, (page.y + 8) * SCALE))


def main():
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        picture(json.loads(path.read_text())).save(path.with_suffix(".png"))
        print(path.with_suffix(".png"))


if __name__ == "__main__":
    main()
