//! TOML with line numbers: values are taken by key, what is left over is a mistake.

use std::fmt;

use toml::de::DeTable;
use toml::de::DeValue;

/// Something wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.text)
    }
}

/// The line, counted from 1, that a byte of `source` stands on.
pub fn line_of(source: &str, byte: usize) -> usize {
    let end = source.floor_char_boundary(byte);
    source[..end].bytes().filter(|byte| *byte == b'\n').count() + 1
}

/// `; did you mean “x”?` when a known word is near enough to the one found, else nothing.
pub fn did_you_mean<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const NEAR_ENOUGH: f64 = 0.75;
    let score =
        |word: &str| strsim::normalized_damerau_levenshtein(found, word).max(strsim::jaro_winkler(found, word) - 0.1);
    known
        .into_iter()
        .map(|word| (score(word), word))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(score, _)| *score >= NEAR_ENOUGH)
        .map(|(_, word)| format!("; did you mean “{word}”?"))
        .unwrap_or_default()
}

/// One table of the file while it is read.
#[derive(Debug)]
pub struct Section<'a, 'p> {
    source: &'a str,
    name: String,
    table: &'a DeTable<'a>,
    /// Where it begins: the place of a key that is not there.
    start: usize,
    known: Vec<&'static str>,
    problems: &'p mut Vec<Problem>,
}

impl<'a, 'p> Section<'a, 'p> {
    pub fn new(source: &'a str, name: String, table: &'a DeTable<'a>, problems: &'p mut Vec<Problem>) -> Self {
        Self { source, name, table, start: 0, known: Vec::new(), problems }
    }

    /// The same for a table whose place in the file is known: it is where missing keys are missed.
    pub fn at(
        source: &'a str,
        name: String,
        table: &'a DeTable<'a>,
        start: usize,
        problems: &'p mut Vec<Problem>,
    ) -> Self {
        Self { source, name, table, start, known: Vec::new(), problems }
    }

    /// A table inside this one, which begins at a byte of the file.
    pub fn inner<'b>(&'b mut self, name: &str, table: &'b DeTable<'b>, start: usize) -> Section<'b, 'b> {
        Section { source: self.source, name: name.to_owned(), table, start, known: Vec::new(), problems: self.problems }
    }

    /// The line that the table begins on.
    pub fn line(&self) -> usize {
        line_of(self.source, self.start)
    }

    pub fn n_problems(&self) -> usize {
        self.problems.len()
    }

    /// Adds a problem with a key of this table.
    pub fn wrong(&mut self, key: &str, what: impl fmt::Display) {
        let span = self.table.get(key).map_or(self.start, |value| value.span().start);
        let line = line_of(self.source, span);
        self.problems.push(Problem { line, text: format!("[{}] {key}: {what}", self.name) });
    }

    pub fn value(&mut self, key: &'static str) -> Option<&'a DeValue<'a>> {
        self.known.push(key);
        Some(self.table.get(key)?.get_ref())
    }

    fn expected<T>(&mut self, key: &str, what: impl fmt::Display, found: &DeValue<'_>) -> Option<T> {
        self.wrong(key, format!("expected {what}, found {}", kind(found)));
        None
    }

    pub fn string(&mut self, key: &'static str) -> Option<String> {
        match self.value(key)? {
            DeValue::String(text) => Some(text.clone().into_owned()),
            other => self.expected(key, "text", other),
        }
    }

    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        match self.value(key)? {
            DeValue::Boolean(value) => Some(*value),
            other => self.expected(key, "true or false", other),
        }
    }

    pub fn number(&mut self, key: &'static str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let what = format!("a whole number from {} to {}", range.start(), range.end());
        match self.value(key)? {
            DeValue::Integer(number) => {
                let parsed =
                    u64::from_str_radix(number.as_str(), number.radix()).ok().filter(|number| range.contains(number));
                if parsed.is_none() {
                    self.wrong(key, format!("expected {what}, found {number}"));
                }
                parsed
            }
            other => self.expected(key, what, other),
        }
    }

    /// An amount of money: zero or more, with or without a point.
    pub fn money(&mut self, key: &'static str) -> Option<f64> {
        const WHAT: &str = "an amount such as 5 or 2.50";
        let text = match self.value(key)? {
            DeValue::Integer(number) => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            other => return self.expected(key, WHAT, other),
        };
        let amount = text.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
        if amount.is_none() {
            self.wrong(key, format!("expected {WHAT}, found {text}"));
        }
        amount
    }

    /// A list of texts; a single text is a list of one.
    pub fn strings(&mut self, key: &'static str) -> Option<Vec<String>> {
        match self.value(key)? {
            DeValue::String(text) => Some(vec![text.clone().into_owned()]),
            DeValue::Array(items) => {
                let texts: Option<Vec<String>> =
                    items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
                if texts.is_none() {
                    self.wrong(key, "expected a list of texts, found something else in it");
                }
                texts
            }
            other => self.expected(key, "a list of texts", other),
        }
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let word = self.string(key)?;
        let found = choices.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let hint = did_you_mean(&word, names.iter().copied());
            self.wrong(key, format!("“{word}” is none of {}{hint}", names.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    /// A table inside this one.
    pub fn table(&mut self, key: &'static str) -> Option<&'a DeTable<'a>> {
        match self.value(key)? {
            DeValue::Table(table) => Some(table),
            other => self.expected(key, "a table", other),
        }
    }

    /// Reports every key that nothing asked for.
    pub fn finish(self) {
        for key in self.table.keys() {
            let word: &str = key.get_ref();
            if !self.known.contains(&word) {
                let hint = did_you_mean(word, self.known.iter().copied());
                let line = line_of(self.source, key.span().start);
                self.problems.push(Problem { line, text: format!("[{}] has no key “{word}”{hint}", self.name) });
            }
        }
    }
}

/// What a value is, in words.
pub fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
