//! Clusters that terminals measure and join in their own ways: of every script, emoji of every kind, random ones.

use fastrand::Rng;
use unicode_segmentation::UnicodeSegmentation as _;

/// A letter, another, and the marks of a script.
const SCRIPTS: &[(char, char, &str)] = &[
    ('e', 'x', "\u{301}\u{323}\u{338}\u{20dd}\u{1ab0}"),
    ('α', 'ω', "\u{301}\u{345}\u{342}"),
    ('и', 'й', "\u{306}\u{483}\u{488}"),
    ('א', 'ש', "\u{5b0}\u{5bc}\u{5c1}"),
    ('ب', 'ل', "\u{64b}\u{651}\u{670}\u{610}"),
    ('ܐ', 'ܒ', "\u{711}\u{730}"),
    ('ހ', 'ށ', "\u{7a6}\u{7b0}"),
    ('ߊ', 'ߋ', "\u{7eb}\u{7f2}"),
    ('ࠀ', 'ࠁ', "\u{816}"),
    ('ࡀ', 'ࡁ', "\u{859}"),
    ('क', 'ष', "\u{903}\u{93f}\u{947}\u{94d}\u{93c}"),
    ('ক', 'ষ', "\u{983}\u{9bf}\u{9be}\u{9cd}"),
    ('ਕ', 'ਸ', "\u{a3f}\u{a4d}\u{a70}"),
    ('ક', 'ષ', "\u{abf}\u{acd}\u{a83}"),
    ('କ', 'ଷ', "\u{b3f}\u{b4d}\u{b57}"),
    ('க', 'ஷ', "\u{bbf}\u{bcd}\u{bd7}"),
    ('క', 'ష', "\u{c3f}\u{c4d}\u{c41}"),
    ('ಕ', 'ಷ', "\u{cbf}\u{ccd}\u{cd5}"),
    ('ക', 'ഷ', "\u{d3f}\u{d4d}\u{d57}"),
    ('ක', 'ෂ', "\u{dca}\u{dd2}\u{ddf}"),
    ('ก', 'น', "\u{e34}\u{e48}\u{e33}"),
    ('ກ', 'ນ', "\u{eb4}\u{ec8}\u{eb3}"),
    ('ཀ', 'ཁ', "\u{f71}\u{f90}\u{f72}"),
    ('က', 'မ', "\u{1031}\u{1039}\u{103a}\u{102b}"),
    ('ក', 'ខ', "\u{17d2}\u{17b6}\u{17c7}"),
    ('ᜀ', 'ᜃ', "\u{1712}\u{1714}"),
    ('ᠠ', 'ᠭ', "\u{180b}\u{18a9}"),
    ('ᤁ', 'ᤂ', "\u{1920}\u{1923}"),
    ('ᨀ', 'ᨁ', "\u{1a17}\u{1a19}"),
    ('ᨠ', 'ᨡ', "\u{1a60}\u{1a63}"),
    ('ᬅ', 'ᬓ', "\u{1b35}\u{1b44}"),
    ('ᮃ', 'ᮊ', "\u{1ba1}\u{1baa}"),
    ('ᰀ', 'ᰁ', "\u{1c26}\u{1c2c}"),
    ('ꠀ', 'ꠇ', "\u{a802}\u{a823}"),
    ('ꢂ', 'ꢒ', "\u{a8b4}\u{a8c4}"),
    ('ꦄ', 'ꦏ', "\u{a9b4}\u{a9c0}"),
    ('ꨀ', 'ꨆ', "\u{aa29}\u{aa2f}"),
    ('ⴰ', 'ⴽ', "\u{2d7f}"),
    ('か', 'ハ', "\u{3099}\u{309a}"),
    ('ｶ', 'ﾊ', "\u{ff9e}\u{ff9f}"),
    ('中', '葛', "\u{302a}\u{e0100}\u{fe00}"),
    ('가', '각', "\u{11a8}\u{1161}"),
    ('ᄀ', 'ᄂ', "\u{1161}\u{11a8}"),
    ('𐨀', '𐨐', "\u{10a01}\u{10a3f}"),
    ('𑀅', '𑀓', "\u{11038}\u{11046}"),
    ('𑄃', '𑄇', "\u{11127}\u{11133}"),
    ('𑌅', '𑌕', "\u{1133e}\u{1134d}"),
    ('𑐀', '𑐎', "\u{11435}\u{11442}"),
    ('𓀀', '𓁐', "\u{13430}\u{13437}"),
    ('𝀀', '𝅘', "\u{1d165}\u{1d16e}"),
    ('𝐀', '𝟬', "\u{302}"),
    ('𞤀', '𞤢', "\u{1e944}"),
];

/// Characters that join what follows them, and others that show nothing.
const PREPENDED: &str =
    "\u{600}\u{605}\u{6dd}\u{70f}\u{890}\u{8e2}\u{d4e}\u{110bd}\u{111c2}\u{1193f}\u{11a3a}\u{11d46}";
const WITHOUT_A_BODY: &str = "\u{ad}\u{34f}\u{61c}\u{200b}\u{200c}\u{200d}\u{200e}\u{202e}\u{2060}\u{2066}\u{feff}\u{fff9}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{180e}\u{e0041}\u{2800}\u{1f3fb}\u{1f1e6}\u{300}\u{903}";

const PEOPLE: [&str; 6] = ["👩", "👨", "🧑", "👧", "👦", "👶"];
const TONES: [&str; 5] = ["🏻", "🏼", "🏽", "🏾", "🏿"];

/// Every cluster once, in an order that only the seed decides.
pub(crate) fn all(seed: u64) -> Vec<String> {
    let mut found = Vec::new();
    for &(one, other, marks) in SCRIPTS {
        found.push(one.to_string());
        for mark in marks.chars() {
            found.push(format!("{one}{mark}"));
            found.push(format!("{one}{mark}{other}"));
            found.push(format!("{one}{mark}\u{200d}{other}"));
        }
        found.push(format!("{one}{marks}{marks}"));
    }
    found.extend(PREPENDED.chars().flat_map(|c| [format!("{c}1"), format!("{c}ب"), format!("{c}ക")]));
    found.extend(WITHOUT_A_BODY.chars().flat_map(|c| [c.to_string(), format!("a{c}"), format!("中{c}")]));
    found.extend(emoji());
    let mut rng = Rng::with_seed(seed);
    found.extend((0..150).map(|_| random(&mut rng)));
    found.sort_unstable();
    found.dedup();
    rng.shuffle(&mut found);
    found
}

/// The sequences that Unicode's list of emoji has, a few of every kind.
fn emoji() -> Vec<String> {
    let mut found = Vec::new();
    let regions: Vec<char> = ('\u{1f1e6}'..='\u{1f1ff}').collect();
    for (idx, first) in regions.iter().enumerate() {
        found.push(format!("{first}{}", regions[(idx * 7 + 3) % regions.len()]));
    }
    found.extend("#*0123456789".chars().map(|c| format!("{c}\u{fe0f}\u{20e3}")));
    found.extend(["1\u{20e3}", "#\u{20e3}"].map(str::to_owned));
    for region in ["gbeng", "gbsct", "usca"] {
        let tags = region.chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c)));
        found.push(format!("🏴{}\u{e007f}", tags.collect::<String>()));
    }
    for tone in TONES {
        found.extend(["👍", "☝", "🤝", "🧑", "⛹"].map(|base| format!("{base}{tone}")));
        found.push(format!("👩{tone}\u{200d}🤝\u{200d}👨{tone}"));
        found.push(format!("🧑{tone}\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}🧑{tone}"));
    }
    for one in PEOPLE {
        found.push(one.to_owned());
        found.extend(["💻", "🚀", "⚕\u{fe0f}", "🦰"].map(|with| format!("{one}\u{200d}{with}")));
        found.extend(["♀\u{fe0f}", "♂"].map(|sex| format!("🏃\u{200d}{sex}{one}")));
        found.extend(PEOPLE.map(|other| format!("{one}\u{200d}{other}\u{200d}👧")));
    }
    found.extend(
        ["👨\u{200d}👩\u{200d}👧\u{200d}👦", "🏳\u{fe0f}\u{200d}🌈", "🏴\u{200d}☠\u{fe0f}", "❤\u{fe0f}\u{200d}🔥"]
            .map(str::to_owned),
    );
    for base in ["❤", "☎", "✈", "☀", "☃", "⚠", "▶", "↔", "©", "™", "⌚", "⚡", "⭐", "🀄", "😀", "〰", "㊗"]
    {
        found.extend(["", "\u{fe0e}", "\u{fe0f}"].map(|selector| format!("{base}{selector}")));
    }
    // Younger than many tables of widths.
    found.extend(["🛝", "🫠", "🫨", "🪿", "🫩", "\u{1fac8}", "🐦\u{200d}🔥", "🍋\u{200d}🟩", "䷀"].map(str::to_owned));
    found
}

/// A few characters of anything but controls, as they might come.
fn random(rng: &mut Rng) -> String {
    const PLANES: [(u32, u32); 8] = [
        (0xa1, 0x2ff),
        (0x300, 0x36f),
        (0x590, 0x1fff),
        (0x2000, 0x2bff),
        (0x2e80, 0xabff),
        (0xf900, 0xffff),
        (0x1_0000, 0x1_ffff),
        (0xe_0000, 0xe_01ff),
    ];
    let n_chars = rng.usize(1..=4);
    let mut text = String::new();
    while text.chars().count() < n_chars {
        let (from, to) = PLANES[rng.usize(..PLANES.len())];
        text.extend(char::from_u32(rng.u32(from..=to)).filter(|c| !c.is_control()));
    }
    text
}

#[test]
fn there_are_more_than_enough_of_every_kind() {
    let all = all(1);
    assert!(all.len() > 700, "{}", all.len());
    let of_several = all.iter().filter(|text| text.chars().count() > 1 && text.graphemes(true).count() == 1);
    assert!(of_several.count() > 400);
}
