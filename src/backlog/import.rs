//! Features out of a file: a Markdown list, JSON, or issues as GitHub's own program prints them.
//!
//! Pure. What cannot be understood is refused with its place; nothing is guessed.

use std::collections::HashMap;

use pulldown_cmark::Event;
use pulldown_cmark::Options;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use pulldown_cmark::TagEnd;
use serde::Deserialize;
use serde_json::Value;

use crate::core::backlog::Draft;
use crate::core::backlog::MAX_FEATURES;
use crate::core::backlog::Needs;

/// A longer file is no list of features.
pub const MAX_BYTES: u64 = 16 << 20;
/// How an entry under an item of a list names what the item waits for.
const NEEDS: &str = "depends on";
/// What features that were done elsewhere pass by.
const DONE_BEFORE: &str = "passing when it was imported";

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("it is not text in UTF-8 (byte {0}): convert it first")]
    NotText(usize),
    #[error("it is neither JSON that can be read ({0}) nor a Markdown list")]
    Json(String),
    #[error("{place}: {what}")]
    Entry { place: String, what: String },
    #[error("it has {0} features; {MAX_FEATURES} fit into a backlog: split it")]
    TooMany(usize),
    #[error(
        "no feature was found: write a Markdown list (`- name: description`), a JSON list of objects with a name, or \
         what `gh issue list --json number,title,body,labels,state` prints"
    )]
    Nothing,
}

/// What a file brings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Import {
    pub drafts: Vec<Draft>,
    /// Entries that are done or closed, and were left out.
    pub left_out: usize,
}

/// Reads a file's content.
pub fn read(bytes: &[u8]) -> Result<Import, ImportError> {
    let text = std::str::from_utf8(bytes).map_err(|error| ImportError::NotText(error.valid_up_to()))?;
    let text = text.trim_start_matches('\u{feff}');
    let import = match serde_json::from_str::<Value>(text) {
        Ok(value) => of_json(&value)?,
        Err(error) if text.trim_start().starts_with(['{', '[']) && markdown(text)?.drafts.is_empty() => {
            return Err(ImportError::Json(error.to_string()));
        }
        Err(_) => markdown(text)?,
    };
    match import.drafts.len() {
        0 if import.left_out == 0 => Err(ImportError::Nothing),
        many if many > MAX_FEATURES => Err(ImportError::TooMany(many)),
        _ => Ok(import),
    }
}

fn of_json(value: &Value) -> Result<Import, ImportError> {
    let list = match value {
        Value::Array(list) => list,
        Value::Object(object) => match object.get("features").and_then(Value::as_array) {
            Some(list) => list,
            None => return Err(entry("the file", "a list of features is expected, or an object with `features`")),
        },
        _ => return Err(entry("the file", "a list of features is expected")),
    };
    if list.len() > MAX_FEATURES {
        return Err(ImportError::TooMany(list.len()));
    }
    let is_issue = |value: &Value| value.get("title").is_some() && value.get("number").is_some();
    if list.iter().any(is_issue) { issues(list) } else { features(list) }
}

fn entry(place: impl Into<String>, what: impl Into<String>) -> ImportError {
    ImportError::Entry { place: place.into(), what: what.into() }
}

/// A feature in a JSON file. Other fields are what an export has beside these.
#[derive(Debug, Deserialize)]
struct JsonFeature {
    id: Option<u32>,
    #[serde(default)]
    category: String,
    name: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    steps: Vec<String>,
    /// Numbers of other entries when entries have an `id`, else their places in the list, counted from 0.
    #[serde(default, alias = "dependencies")]
    depends_on: Vec<u32>,
    #[serde(default)]
    depends_on_indices: Vec<usize>,
    status: Option<String>,
    passes: Option<bool>,
    evidence: Option<String>,
}

fn features(list: &[Value]) -> Result<Import, ImportError> {
    let place = |at: usize| format!("entry {}", at + 1);
    let read = list
        .iter()
        .enumerate()
        .map(|(at, value)| JsonFeature::deserialize(value).map_err(|error| entry(place(at), error.to_string())));
    let read: Vec<JsonFeature> = read.collect::<Result<_, _>>()?;
    let mut places = HashMap::new();
    for (at, feature) in read.iter().enumerate() {
        if let Some(id) = feature.id
            && let Some(before) = places.insert(id, at)
        {
            return Err(entry(place(at), format!("has the id {id}, as entry {} has", before + 1)));
        }
    }
    let mut import = Import::default();
    for (at, feature) in read.into_iter().enumerate() {
        let mut depends_on: Vec<Needs> = feature.depends_on_indices.into_iter().map(Needs::Draft).collect();
        for number in feature.depends_on {
            let found = if places.is_empty() { usize::try_from(number).ok() } else { places.get(&number).copied() };
            let found = found.ok_or_else(|| entry(place(at), format!("depends on {number}, which no entry is")))?;
            depends_on.push(Needs::Draft(found));
        }
        let name = feature.name.filter(|name| !name.trim().is_empty());
        let first_line = || feature.description.lines().map(str::trim).find(|line| !line.is_empty());
        let name = name.or_else(|| first_line().map(|line| line.chars().take(80).collect()));
        let name = name.ok_or_else(|| entry(place(at), "has neither a name nor a description"))?;
        let passes = feature.passes == Some(true) || feature.status.as_deref() == Some("passing");
        import.drafts.push(Draft {
            category: feature.category,
            name,
            description: feature.description,
            steps: feature.steps,
            depends_on,
            evidence: passes.then(|| feature.evidence.unwrap_or_else(|| DONE_BEFORE.to_owned())),
        });
    }
    Ok(import)
}

/// An issue as `gh issue list --json …` prints it, or the REST API.
#[derive(Debug, Deserialize)]
struct Issue {
    number: u32,
    title: String,
    body: Option<String>,
    #[serde(default)]
    labels: Vec<Label>,
    state: Option<String>,
    #[serde(alias = "html_url")]
    url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Label {
    name: String,
}

fn issues(list: &[Value]) -> Result<Import, ImportError> {
    let read = list.iter().enumerate().map(|(at, value)| {
        Issue::deserialize(value).map_err(|error| entry(format!("entry {}", at + 1), error.to_string()))
    });
    let read: Vec<Issue> = read.collect::<Result<_, _>>()?;
    let is_open = |issue: &Issue| !issue.state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("closed"));
    let n_all = read.len();
    let open: Vec<Issue> = read.into_iter().filter(is_open).collect();
    let places: HashMap<u32, usize> = open.iter().enumerate().map(|(at, issue)| (issue.number, at)).collect();
    let mut import = Import { drafts: Vec::new(), left_out: n_all - open.len() };
    for issue in open {
        let body = issue.body.unwrap_or_default().replace('\r', "");
        let mut steps = Vec::new();
        let mut depends_on = Vec::new();
        for line in body.lines() {
            let line = line.trim_start();
            let boxed = ["- [ ] ", "* [ ] "].iter().find_map(|mark| line.strip_prefix(mark));
            steps.extend(boxed.map(|step| step.trim().to_owned()));
            let needed = waits_for(line).into_iter().filter(|number| *number != issue.number);
            depends_on.extend(needed.filter_map(|number| places.get(&number).copied()).map(Needs::Draft));
        }
        let from = match issue.url {
            Some(url) => format!("Issue #{}: {url}", issue.number),
            None => format!("Issue #{}", issue.number),
        };
        import.drafts.push(Draft {
            category: issue.labels.first().map(|label| label.name.clone()).unwrap_or_default(),
            name: issue.title,
            description: if body.trim().is_empty() { from } else { format!("{}\n\n{from}", body.trim_end()) },
            steps,
            depends_on,
            evidence: None,
        });
    }
    Ok(import)
}

/// The numbers of issues that a line says its own waits for.
fn waits_for(line: &str) -> Vec<u32> {
    let lower = line.to_lowercase();
    let start = [NEEDS, "blocked by"].iter().find_map(|words| lower.find(words).map(|at| at + words.len()));
    let Some(rest) = start.and_then(|at| lower.get(at..)) else { return Vec::new() };
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    rest.split('#').skip(1).filter_map(|part| digits(part).parse().ok()).collect()
}

/// A list: its items are features, headings their categories, items below an item its steps.
fn markdown(text: &str) -> Result<Import, ImportError> {
    let mut import = Import::default();
    let mut needs: Vec<(usize, String)> = Vec::new();
    let mut category = String::new();
    let mut heading: Option<String> = None;
    // The texts of the items that are open, outermost first, and whether each has a crossed box.
    let mut items: Vec<(String, bool)> = Vec::new();
    let mut steps: Vec<String> = Vec::new();
    for event in Parser::new_ext(text, Options::ENABLE_TASKLISTS) {
        let target = heading.as_mut().or_else(|| items.last_mut().map(|(text, _)| text));
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                heading.take().unwrap_or_default().trim().clone_into(&mut category);
            }
            Event::Start(Tag::Item) => items.push((String::new(), false)),
            Event::TaskListMarker(true) => {
                if let Some((_, is_done)) = items.last_mut() {
                    *is_done = true;
                }
            }
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) | Event::Html(text) => {
                if let Some(target) = target {
                    target.push_str(&text);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(target) = target {
                    target.push(' ');
                }
            }
            Event::Start(Tag::Paragraph) => {
                if let Some(target) = target.filter(|text| !text.is_empty()) {
                    target.push_str("\n\n");
                }
            }
            Event::End(TagEnd::Item) => {
                let Some((text, is_done)) = items.pop() else { continue };
                if !items.is_empty() {
                    steps.push(text.trim().to_owned());
                    continue;
                }
                let steps = std::mem::take(&mut steps);
                if is_done {
                    import.left_out += 1;
                    continue;
                }
                let (waits, steps): (Vec<String>, Vec<String>) =
                    steps.into_iter().partition(|step| step.to_lowercase().starts_with(NEEDS));
                let at = import.drafts.len();
                let named = waits.iter().filter_map(|step| step.get(NEEDS.len()..));
                let named = named.flat_map(|rest| rest.trim_start_matches([':', ' ']).split([',', ';']));
                needs.extend(named.map(|name| (at, name.trim().to_owned())).filter(|(_, name)| !name.is_empty()));
                import.drafts.push(item(&category, text.trim(), steps));
            }
            _ => {}
        }
    }
    for (at, name) in needs {
        let found = import.drafts.iter().position(|draft| draft.name.eq_ignore_ascii_case(&name));
        let by_number = || name.trim_start_matches('#').parse::<usize>().ok()?.checked_sub(1);
        let found = found.or_else(by_number).filter(|other| *other < import.drafts.len());
        let place = format!("\u{201c}{}\u{201d}", import.drafts[at].name);
        let found = found.ok_or_else(|| entry(place, format!("depends on “{name}”, which no open item is")))?;
        import.drafts[at].depends_on.push(Needs::Draft(found));
    }
    Ok(import)
}

/// `name: description`, or `name` alone; what stands in further paragraphs is description too.
fn item(category: &str, text: &str, steps: Vec<String>) -> Draft {
    let (first, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let (name, about) = [": ", "：", " – ", " — "]
        .iter()
        .filter_map(|mark| first.split_once(mark))
        .min_by_key(|(name, _)| name.len())
        .unwrap_or((first, ""));
    let description = [about.trim(), rest.trim()].into_iter().filter(|part| !part.is_empty());
    Draft {
        category: category.to_owned(),
        name: name.trim().to_owned(),
        description: description.collect::<Vec<_>>().join("\n\n"),
        steps,
        depends_on: Vec::new(),
        evidence: None,
    }
}

#[cfg(test)]
mod tests;
