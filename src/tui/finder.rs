//! Looks for files by what is typed of their names, on a thread of its own: the keyboard never waits for a disk.
//!
//! **For:** names in the folder that begin so, then paths anywhere below with these letters in this order, the best
//! first. **Not for:** reading files. What is below a directory is listed once and kept while it is asked for; answers
//! come while the list still grows, and the newest question is the only one that is answered.

use std::path::Path;
use std::path::PathBuf;
use std::sync::mpsc as threads;
use std::time::Duration;
use std::time::Instant;

use nucleo_matcher::Config;
use nucleo_matcher::Matcher;
use nucleo_matcher::Utf32Str;
use nucleo_matcher::pattern::Atom;
use nucleo_matcher::pattern::AtomKind;
use nucleo_matcher::pattern::CaseMatching;
use nucleo_matcher::pattern::Normalization;
use tokio::sync::mpsc;

use super::mention::FileName;

/// Names that are listed below a directory, and looked at in one folder.
const MAX_LISTED: usize = 200_000;
/// Names that one answer holds.
const MAX_OFFERED: usize = 200;
/// While a directory is being listed, an answer goes out this often.
const SHOW_EVERY: Duration = Duration::from_millis(120);
/// Names that are listed between two looks at the questions.
const STEP: usize = 512;
/// A list is used for so long before it is made anew, or for ten times as long as making it took.
const FRESH: Duration = Duration::from_secs(3);
/// A list that nobody asks for is given up after this time.
const KEPT: Duration = Duration::from_mins(1);

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub directory: String,
    /// What `~/` stands for.
    pub home: String,
    pub typed: String,
}

/// What was found so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub query: Query,
    pub found: Vec<FileName>,
    /// Nothing more will be found.
    pub is_complete: bool,
    /// There are more names than are listed.
    pub is_cut: bool,
}

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub struct Finder {
    queries: threads::Sender<Query>,
    answers: mpsc::UnboundedReceiver<Answer>,
}

impl Finder {
    pub fn start() -> std::io::Result<Self> {
        let (queries, asked) = threads::channel();
        let (sender, answers) = mpsc::unbounded_channel();
        std::thread::Builder::new().name("files".into()).spawn(move || run(&asked, &sender))?;
        Ok(Self { queries, answers })
    }

    pub fn ask(&self, query: Query) {
        // The thread ends only with this.
        let _ = self.queries.send(query);
    }

    pub async fn answer(&mut self) -> Option<Answer> {
        self.answers.recv().await
    }
}

fn run(asked: &threads::Receiver<Query>, sender: &mpsc::UnboundedSender<Answer>) {
    let mut index = Index::default();
    let mut current: Option<Asked> = None;
    let mut told = Instant::now();
    loop {
        let next = if index.walk.is_some() {
            match asked.try_recv() {
                Ok(query) => Some(query),
                Err(threads::TryRecvError::Empty) => None,
                Err(threads::TryRecvError::Disconnected) => return,
            }
        } else if index.root.is_some() {
            match asked.recv_timeout(KEPT) {
                Ok(query) => Some(query),
                Err(threads::RecvTimeoutError::Timeout) => {
                    index = Index::default();
                    continue;
                }
                Err(threads::RecvTimeoutError::Disconnected) => return,
            }
        } else {
            match asked.recv() {
                Ok(query) => Some(query),
                Err(_) => return,
            }
        };
        let is_due = match next {
            Some(mut query) => {
                while let Ok(newer) = asked.try_recv() {
                    query = newer;
                }
                if searches_below(&query.typed) {
                    index.look_at(Path::new(&query.directory));
                }
                current = Some(Asked::new(query));
                true
            }
            None => index.walk_on() || told.elapsed() >= SHOW_EVERY,
        };
        if let Some(asked) = current.as_ref().filter(|_| is_due) {
            told = Instant::now();
            if sender.send(asked.answer(&index)).is_err() {
                return;
            }
        }
    }
}

/// Whether files anywhere below are looked for: something was typed that is no way up or elsewhere.
fn searches_below(typed: &str) -> bool {
    let is_elsewhere = ["/", "~", "./", "../"].iter().any(|way| typed.starts_with(way)) || typed == "..";
    !typed.is_empty() && !typed.ends_with('/') && !is_elsewhere
}

/// A question, with what needs no list of what is below.
struct Asked {
    query: Query,
    /// Names in the folder that was typed.
    named: Vec<FileName>,
    is_cut: bool,
}

impl Asked {
    fn new(query: Query) -> Self {
        let (mut named, is_cut) = named(&query);
        named.truncate(MAX_OFFERED);
        Self { query, named, is_cut }
    }

    fn answer(&self, index: &Index) -> Answer {
        let (mut found, mut is_cut, mut is_complete) = (self.named.clone(), self.is_cut, true);
        if searches_below(&self.query.typed) {
            for file in index.matching(&self.query.typed) {
                if found.len() >= MAX_OFFERED {
                    break;
                }
                if !found.contains(file) {
                    found.push(file.clone());
                }
            }
            is_complete = index.walk.is_none();
            is_cut |= index.is_cut;
        }
        Answer { query: self.query.clone(), found, is_complete, is_cut }
    }
}

/// Names in the folder that was typed which begin as was typed. Hidden ones only for a dot.
fn named(query: &Query) -> (Vec<FileName>, bool) {
    let (folder, start) = match query.typed.rfind('/') {
        Some(slash) => query.typed.split_at(slash + 1),
        None => ("", query.typed.as_str()),
    };
    let place = match folder.strip_prefix("~/") {
        Some(rest) => Path::new(&query.home).join(rest),
        None => Path::new(&query.directory).join(folder),
    };
    let Ok(entries) = std::fs::read_dir(place) else { return (Vec::new(), false) };
    let mut n_listed = 0;
    let mut found: Vec<FileName> = entries
        .take(MAX_LISTED)
        .inspect(|_| n_listed += 1)
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name();
            let file = FileName::new(Path::new(&name), false);
            let wanted = file.shown.starts_with(start) && (start.starts_with('.') || !file.shown.starts_with('.'));
            wanted.then(|| FileName::new(&Path::new(folder).join(&name), is_folder(&entry)))
        })
        .collect();
    found.sort();
    (found, n_listed >= MAX_LISTED)
}

fn is_folder(entry: &std::fs::DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if kind.is_symlink() => entry.path().is_dir(),
        Ok(kind) => kind.is_dir(),
        Err(_) => false,
    }
}

/// What is below a directory, without what git ignores.
#[derive(Default)]
struct Index {
    root: Option<PathBuf>,
    files: Vec<FileName>,
    is_cut: bool,
    /// The list that is being made, which takes the place of the other when it is whole.
    walk: Option<Walk>,
    made: Option<(Instant, Duration)>,
}

struct Walk {
    entries: ignore::Walk,
    files: Vec<FileName>,
    began: Instant,
}

impl Index {
    /// Begins to list a directory, unless that was done just now.
    fn look_at(&mut self, root: &Path) {
        if self.root.as_deref() != Some(root) {
            *self = Self { root: Some(root.to_owned()), ..Self::default() };
        }
        let is_fresh = self.made.is_some_and(|(at, took)| at.elapsed() < FRESH.max(took * 10));
        if self.walk.is_some() || is_fresh {
            return;
        }
        let entries = ignore::WalkBuilder::new(root)
            .hidden(false)
            .require_git(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        self.walk = Some(Walk { entries, files: Vec::new(), began: Instant::now() });
    }

    /// Lists a few names more; tells whether the list is whole now.
    fn walk_on(&mut self) -> bool {
        let (Some(walk), Some(root)) = (&mut self.walk, &self.root) else { return false };
        let mut is_over = false;
        for _ in 0..STEP {
            let Some(entry) = walk.entries.next() else {
                is_over = true;
                break;
            };
            let Ok(entry) = entry else { continue };
            let Ok(path) = entry.path().strip_prefix(root) else { continue };
            if path.as_os_str().is_empty() {
                continue;
            }
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            walk.files.push(FileName::new(path, is_folder));
        }
        let is_cut = walk.files.len() >= MAX_LISTED;
        if !is_over && !is_cut {
            return false;
        }
        self.made = Some((Instant::now(), walk.began.elapsed()));
        self.files = std::mem::take(&mut walk.files);
        self.is_cut = is_cut;
        self.walk = None;
        true
    }

    /// The list as far as there is one: an older one is better than the beginning of a newer one.
    fn files(&self) -> &[FileName] {
        match &self.walk {
            Some(walk) if self.made.is_none() => &walk.files,
            _ => &self.files,
        }
    }

    /// The best of what has these letters in this order. What is hidden comes after the rest.
    fn matching(&self, typed: &str) -> Vec<&FileName> {
        let wanted = Atom::new(typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy, false);
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let mut buffer = Vec::new();
        let mut scored: Vec<((bool, u16), usize, &FileName)> = self
            .files()
            .iter()
            .filter_map(|file| {
                let score = wanted.score(Utf32Str::new(&file.shown, &mut buffer), &mut matcher)?;
                let is_hidden = file.shown.starts_with('.') || file.shown.contains("/.");
                Some(((!is_hidden, score), file.shown.len(), file))
            })
            .collect();
        let order = |one: &((bool, u16), usize, &FileName), other: &((bool, u16), usize, &FileName)| {
            other.0.cmp(&one.0).then(one.1.cmp(&other.1)).then_with(|| one.2.cmp(other.2))
        };
        if scored.len() > MAX_OFFERED {
            scored.select_nth_unstable_by(MAX_OFFERED, order);
            scored.truncate(MAX_OFFERED);
        }
        scored.sort_unstable_by(order);
        scored.into_iter().map(|(_, _, file)| file).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    fn query(folder: &Path, typed: &str) -> Query {
        Query { directory: folder.display().to_string(), home: folder.display().to_string(), typed: typed.into() }
    }

    fn find(folder: &Path, typed: &str) -> Vec<String> {
        let mut index = Index::default();
        index.look_at(folder);
        while !index.walk_on() {}
        Asked::new(query(folder, typed)).answer(&index).found.into_iter().map(|file| file.shown).collect()
    }

    #[test]
    fn completes_names_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        for name in ["src/main.rs", "src/map.rs", "setup.cfg", ".hidden"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let find = |typed: &str| find(folder.path(), typed);
        assert_eq!(find(""), ["setup.cfg", "src/"]);
        assert_eq!(find("s"), ["setup.cfg", "src/", "src/map.rs", "src/main.rs"]);
        assert_eq!(find("map"), ["src/map.rs"]);
        assert_eq!(find("smain"), ["src/main.rs"]);
        std::fs::write(folder.path().join(".gitignore"), "built\n").unwrap();
        std::fs::create_dir(folder.path().join("built")).unwrap();
        std::fs::write(folder.path().join("built/map.js"), "").unwrap();
        assert_eq!(find("mapj"), Vec::<String>::new(), "git ignores it");
        assert_eq!(find("built/m"), ["built/map.js"], "but it can be named");
        assert_eq!(find("src/ma"), ["src/main.rs", "src/map.rs"]);
        assert_eq!(find(".h"), [".hidden"]);
        assert_eq!(find("hidd"), [".hidden"]);
        assert_eq!(find("~/src/ma"), ["~/src/main.rs", "~/src/map.rs"]);
        assert!(find("nothing/here").is_empty());
        assert!(find("!main").is_empty(), "what is typed is letters, not a language");
    }

    #[test]
    fn names_that_are_not_utf8_and_names_with_blanks_are_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("deep er")).unwrap();
        for name in [b"caf\xe9.txt".as_slice(), b"deep er/na\xefve.rs", b"deep er/a b.rs"] {
            std::fs::write(folder.path().join(OsStr::from_bytes(name)), "").unwrap();
        }
        let find = |typed: &str| find(folder.path(), typed);
        assert_eq!(find(""), ["caf\\xE9.txt", "deep er/"]);
        assert_eq!(find("caf"), ["caf\\xE9.txt"]);
        assert_eq!(find("ve.rs"), ["deep er/na\\xEFve.rs"]);
        assert_eq!(find("deep er/"), ["deep er/a b.rs", "deep er/na\\xEFve.rs"]);
        assert_eq!(find("r/a b"), ["deep er/a b.rs"]);
    }

    #[tokio::test]
    async fn answers_come_while_a_large_directory_is_listed_and_only_to_the_newest_question() {
        let folder = tempfile::tempdir().unwrap();
        for part in 0..40 {
            let inner = folder.path().join(format!("part{part}"));
            std::fs::create_dir(&inner).unwrap();
            for n in 0..100 {
                std::fs::write(inner.join(format!("file{n}.rs")), "").unwrap();
            }
        }
        let mut finder = Finder::start().unwrap();
        let began = Instant::now();
        finder.ask(query(folder.path(), "nope"));
        finder.ask(query(folder.path(), "p39f99"));
        let mut last = None;
        while let Some(answer) = finder.answer().await {
            assert!(began.elapsed() < Duration::from_secs(30));
            let is_wanted = answer.query.typed == "p39f99";
            if is_wanted && answer.is_complete {
                last = Some(answer);
                break;
            }
        }
        assert_eq!(last.unwrap().found.first().unwrap().shown, "part39/file99.rs");
    }
}
