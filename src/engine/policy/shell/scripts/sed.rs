//! sed: what only prints.
//!
//! Left out on purpose: `w`, `W`, `r`, `R`, `e`, and the flags of `s` that write or run; texts of `a`, `i`, `c`; labels.
//! What one sed reads as an end and another as a part of a set is left out too.

use std::iter::Peekable;
use std::str::Chars;

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    depth: usize,
}

/// Whether a script surely only prints.
pub(in super::super) fn only_prints(script: &str) -> bool {
    let mut reader = Reader { chars: script.chars().peekable(), depth: 0 };
    !script.trim().is_empty() && reader.commands().is_some() && reader.depth == 0
}

impl Reader<'_> {
    fn commands(&mut self) -> Option<()> {
        loop {
            while self.chars.next_if(|c| " \t\n;".contains(*c)).is_some() {}
            match self.chars.peek() {
                None => return Some(()),
                Some('}') => {
                    self.chars.next();
                    self.depth = self.depth.checked_sub(1)?;
                    self.end()?;
                    continue;
                }
                Some(_) => {}
            }
            self.addresses()?;
            match self.chars.next()? {
                '{' => self.depth += 1,
                'p' | 'd' | '=' | 'n' | 'N' | 'P' | 'D' | 'h' | 'H' | 'g' | 'G' | 'x' => self.end()?,
                'q' | 'Q' => {
                    while self.chars.next_if(char::is_ascii_digit).is_some() {}
                    self.end()?;
                }
                's' => self.substitution()?,
                'y' => {
                    let delimiter = self.delimiter()?;
                    self.until(delimiter)?;
                    self.until(delimiter)?;
                    self.end()?;
                }
                _ => return None,
            }
        }
    }

    /// A command ends at `;`, a line end, a brace or the end of the script.
    fn end(&mut self) -> Option<()> {
        self.blanks();
        match self.chars.peek() {
            None | Some('}') => Some(()),
            Some(';' | '\n') => self.chars.next().map(|_| ()),
            Some(_) => None,
        }
    }

    fn blanks(&mut self) {
        while self.chars.next_if(|c| " \t".contains(*c)).is_some() {}
    }

    fn addresses(&mut self) -> Option<()> {
        if self.address()? {
            self.blanks();
            if self.chars.next_if_eq(&',').is_some() {
                self.blanks();
                self.chars.next_if(|c| "+~".contains(*c));
                let is_there = self.address()?;
                if !is_there {
                    return None;
                }
            }
            self.blanks();
        }
        while self.chars.next_if_eq(&'!').is_some() {}
        self.blanks();
        Some(())
    }

    fn address(&mut self) -> Option<bool> {
        match self.chars.peek()? {
            '$' => {
                self.chars.next();
                Some(true)
            }
            c if c.is_ascii_digit() => {
                while self.chars.next_if(char::is_ascii_digit).is_some() {}
                // `1~2`: every second line.
                if self.chars.next_if_eq(&'~').is_some() {
                    while self.chars.next_if(char::is_ascii_digit).is_some() {}
                }
                Some(true)
            }
            '/' => {
                self.chars.next();
                self.until('/')?;
                while self.chars.next_if_eq(&'I').is_some() {}
                Some(true)
            }
            _ => Some(false),
        }
    }

    fn delimiter(&mut self) -> Option<char> {
        self.chars.next().filter(|c| "/|#,:@!%+_~;".contains(*c))
    }

    /// Up to the next delimiter that no backslash hides.
    fn until(&mut self, delimiter: char) -> Option<()> {
        let mut in_set = false;
        loop {
            match self.chars.next()? {
                '\n' => return None,
                '\\' => {
                    // A set has no escapes, so two readings would differ.
                    if in_set && self.chars.peek().is_some_and(|c| *c == delimiter || *c == ']') {
                        return None;
                    }
                    self.chars.next().filter(|c| *c != '\n')?;
                }
                c if c == delimiter && in_set => return None,
                c if c == delimiter => return Some(()),
                '[' if !in_set => {
                    in_set = true;
                    self.chars.next_if_eq(&'^');
                    self.chars.next_if_eq(&']');
                }
                ']' => in_set = false,
                _ => {}
            }
        }
    }

    fn substitution(&mut self) -> Option<()> {
        let delimiter = self.delimiter()?;
        self.until(delimiter)?;
        // In what is put in, a bracket is a bracket.
        loop {
            match self.chars.next()? {
                '\n' => return None,
                '\\' => {
                    self.chars.next().filter(|c| *c != '\n')?;
                }
                c if c == delimiter => break,
                _ => {}
            }
        }
        while self.chars.next_if(|c| "gpIi0123456789".contains(*c)).is_some() {}
        self.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_that_may_do_more_than_print_are_told_apart() {
        for good in [
            "1,5p",
            "5p",
            "$p",
            "1,$p",
            "1d;3,4d",
            "s/a/b/",
            "s/a b/c/g",
            "s/x//gI2",
            "/fn main/,/^}/p",
            "10,+5p",
            "/a/d",
            "/a/!d",
            "s|/usr/x|y|g",
            "s#a#b#",
            "5q",
            "/^$/d",
            "s/\\(a\\)/[\\1]/",
            "s/[0-9]*//",
            "/a/{p;q}",
            "1~2p",
            "=",
            "n;d",
            "s/^[ \\t]*//",
            "y/abc/xyz/",
            "/foo/,$p",
            "1!G;h;$!d",
            "s/[^,]*,//2",
            "$!N;P;D",
            "/a\\/b/p",
            "s/]/x/",
        ] {
            assert!(only_prints(good), "{good}");
        }
        for bad in [
            "1e id",
            "e",
            "w x",
            "1w x",
            "s/a/b/e",
            "s/a/b/w x",
            "s/a/b/;e id",
            "s|a|b|e",
            "s/[/]e/x/g",
            "s/a\\/b/c/e",
            "r x",
            "1,2,3p",
            "p\nw x",
            "",
            "/a/w x",
            "R x",
            "W x",
            "a hello",
            "i\\\nx",
            "c x",
            ":a;ba",
            "s/a/b/ge",
            "s/a/b/we",
            "s/a/\\\ne id/",
            "{p",
            "p}",
            "s/a",
            "y/a/b/w x",
            "/[/]/w x",
            "s,a,b,w x",
            "F",
            "l;w x",
            "1,2e",
            "\\,a,w x",
            "s/[\\/]/e id/",
            "v",
            "z",
            "s/x/y/M",
            "s/a/b/g\nw x",
            "0r x",
            "T",
            "t",
            "s\na\nb\n",
            "sxaxbxe",
            "p w x",
            "q;e",
            "/a/Ie",
        ] {
            assert!(!only_prints(bad), "{bad}");
        }
    }
}
