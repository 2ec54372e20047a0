//! Everything that a folder brings, as items; and what of it may take effect unasked.
//!
//! Reads the disk, blocking. What is looked for is what the CLI was seen to take from a project: `tests/real_cli/trust.rs`
//! tries every way.

use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Map;
use serde_json::Value;

use super::files;
use super::files::Found;
use super::git;
use super::places::Places;
use super::places::shown;
use super::rooms;
use super::scripts;
use super::servers;
use super::settings;
use super::words;
use crate::core::trust::Item;
use crate::core::trust::Kind;

/// More than this nobody reads.
const MAX_ITEMS: usize = 2_000;
/// A longer command or rule is not shown, and so not trusted unread.
const MAX_TEXT: usize = 64 << 10;
/// How far below the folder is looked for skills and instructions of its parts.
const MAX_DEPTH: usize = 5;
const MAX_FOLDERS: usize = 3_000;
/// Folders of other people's code and of what is built: large, and no place to work in.
const PASSED_OVER: [&str; 9] =
    [".git", ".venv", "__pycache__", "build", "dist", "node_modules", "target", "vendor", "venv"];

/// What a folder brings.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// Where the folder really is.
    pub folder: PathBuf,
    /// The folders whose decisions count for it.
    pub kin: Vec<PathBuf>,
    /// The folders that the CLI's own record may name for it.
    pub(super) known_as: Vec<PathBuf>,
    pub items: Vec<Item>,
    /// Settings that may take effect unasked.
    pub(super) harmless: Map<String, Value>,
    /// Keys of git that run something.
    pub(super) git_keys: Vec<String>,
    pub(super) instructions: Option<String>,
}

/// Looks at a folder. `claude_home`: the CLI's own folder, which is the person's. Fails only when there is no folder.
pub fn survey(directory: &Path, claude_home: &Path) -> Result<Inventory, String> {
    let places = Places::of(directory)?;
    let claude_home = claude_home.canonicalize().unwrap_or_else(|_| claude_home.to_owned());
    let top = places.top.clone().unwrap_or_else(|| places.folder.clone());
    let mut finder = Finder::new(&places.folder, &top);
    finder.main.clone_from(&places.main);
    let mut harmless = Map::new();
    let local = "settings.local.json";
    let mut files = vec![(places.folder.clone(), "settings.json"), (places.folder.clone(), local)];
    files
        .extend(places.top.iter().chain(&places.main).filter(|at| **at != places.folder).map(|at| (at.clone(), local)));
    for (at, name) in files {
        let room = at.join(".claude");
        if is_home(&room, &claude_home) {
            continue;
        }
        finder.file(&room.join(name), |finder, place, text| settings::read(finder, place, text, &mut harmless));
    }
    for at in std::iter::once(&places.folder).chain(&places.above) {
        finder.file(&at.join(".mcp.json"), servers::read);
    }
    for at in places.rooms() {
        let room = at.join(".claude");
        if !is_home(&room, &claude_home) {
            rooms::read(&mut finder, &room);
        }
    }
    let Below { rooms: nested, instructions } = look_below(&places.folder);
    for room in nested.into_iter().filter(|room| !is_home(room, &claude_home)) {
        rooms::read(&mut finder, &room);
    }
    let git_keys = match (&places.git, &places.common) {
        (Some(git), Some(common)) => git::read(&mut finder, git, common),
        _ => Vec::new(),
    };
    let instructions = words::gather(&places, &claude_home, &instructions);
    let known_as = [Some(places.folder.clone()), places.top.clone(), places.main.clone()].into_iter().flatten();
    Ok(Inventory {
        kin: places.kin(),
        known_as: known_as.collect(),
        items: finder.into_items(),
        harmless,
        git_keys,
        instructions,
        folder: places.folder,
    })
}

/// Reads a file of git's, which may lie elsewhere.
pub(super) fn open_anywhere(path: &Path) -> Found {
    files::read(path, Path::new("/"))
}

/// The folders in whose settings the CLI may keep rules for a session in this one.
pub(super) fn homes_of_rules(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let places = Places::of(directory)?;
    let mut homes = vec![places.folder];
    homes.extend(places.top);
    homes.extend(places.main);
    homes.dedup();
    Ok(homes)
}

fn is_home(room: &Path, claude_home: &Path) -> bool {
    room.canonicalize().is_ok_and(|room| room == claude_home)
}

/// What lies below a folder.
#[derive(Debug, Default)]
struct Below {
    rooms: Vec<PathBuf>,
    instructions: Vec<PathBuf>,
}

fn look_below(folder: &Path) -> Below {
    let mut found = Below::default();
    let mut waiting = std::collections::VecDeque::from([(folder.to_owned(), 0_usize)]);
    let mut n_folders = 0;
    while let Some((at, depth)) = waiting.pop_front() {
        n_folders += 1;
        if n_folders > MAX_FOLDERS {
            break;
        }
        let Ok(entries) = std::fs::read_dir(&at) else { continue };
        for entry in entries.flatten().take(files::MAX_ENTRIES) {
            let name = entry.file_name();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && name == ".claude" {
                if depth > 0 {
                    found.rooms.push(entry.path());
                }
            } else if is_folder && depth < MAX_DEPTH && !PASSED_OVER.iter().any(|passed| name == *passed) {
                waiting.push_back((entry.path(), depth + 1));
            } else if depth > 0 && name == "CLAUDE.md" {
                found.instructions.push(entry.path());
            }
        }
    }
    found.rooms.sort_unstable();
    found.instructions.sort_unstable();
    found
}

/// Collects items.
#[derive(Debug)]
pub(super) struct Finder<'a> {
    folder: &'a Path,
    top: &'a Path,
    main: Option<PathBuf>,
    items: Vec<Item>,
    known: HashSet<String>,
    is_full: bool,
}

impl<'a> Finder<'a> {
    pub(super) fn new(folder: &'a Path, top: &'a Path) -> Self {
        Self { folder, top, main: None, items: Vec::new(), known: HashSet::new(), is_full: false }
    }

    pub(super) fn top(&self) -> &Path {
        self.top
    }

    pub(super) fn shown(&self, path: &Path) -> String {
        shown(path, self.folder)
    }

    fn root_of<'b>(&'b self, path: &'b Path) -> &'b Path {
        let roots = [Some(self.top), self.main.as_deref()];
        let root = roots.into_iter().flatten().find(|root| path.starts_with(root));
        root.or_else(|| path.parent()).unwrap_or(path)
    }

    /// Reads a file that may not lead out of where it lies.
    pub(super) fn open(&self, path: &Path) -> Found {
        files::read(path, self.root_of(path))
    }

    /// Reads a file and has its items found.
    fn file(&mut self, path: &Path, read: impl FnOnce(&mut Self, &str, &str)) {
        let place = self.shown(path);
        match self.open(path) {
            Found::Nothing => {}
            Found::Text(text) => read(self, &place, &text),
            Found::Unfit { why, digest } => self.unreadable(&place, &why, &digest),
        }
    }

    /// Whether a folder is where it seems to be. One that leads elsewhere is an item.
    pub(super) fn is_inside(&mut self, folder: &Path) -> bool {
        let Ok(real) = folder.canonicalize() else { return false };
        let is_inside = real.starts_with(self.root_of(folder));
        if !is_inside {
            let place = self.shown(folder);
            let tree = files::tree_digest(&real);
            self.unreadable(&place, &format!("it leads out of the folder, to {}", real.display()), &tree);
        }
        is_inside
    }

    pub(super) fn unreadable(&mut self, place: &str, why: &str, content: &str) {
        self.add_made_of(Kind::Unreadable, place, "", why, &[content.as_bytes()]);
    }

    pub(super) fn add(&mut self, kind: Kind, place: &str, name: &str, text: &str) {
        self.add_made_of(kind, place, name, text, &[]);
    }

    /// A rule is the same rule in whichever file it stands.
    pub(super) fn add_rule(&mut self, place: &str, rule: &str) {
        self.push(Kind::AllowRule, place, "allow", rule, rule_digest(rule));
    }

    /// So is a further directory.
    pub(super) fn add_directory(&mut self, place: &str, directory: &str) {
        self.push(Kind::Directory, place, DIRECTORIES, directory, directory_digest(directory));
    }

    /// What is run: `whole` and the files that the line names are part of it.
    pub(super) fn add_command(&mut self, kind: Kind, place: &str, name: &str, line: &str, whole: &Value) {
        let whole = whole.to_string();
        let scripts = scripts::named(line, self.folder, self.top);
        let mut parts: Vec<Vec<u8>> = vec![whole.into_bytes()];
        for (path, digest) in scripts {
            let below = path.strip_prefix(self.top).unwrap_or(&path).to_owned();
            parts.extend([below.into_os_string().into_encoded_bytes(), digest.into_bytes()]);
        }
        self.add_made_of(kind, place, name, line, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    pub(super) fn add_made_of(&mut self, kind: Kind, place: &str, name: &str, text: &str, parts: &[&[u8]]) {
        let whole = self.folder.join(place);
        // The same file in another work tree of the repository is the same place.
        let root = [Some(self.top), self.main.as_deref()].into_iter().flatten().find(|root| whole.starts_with(root));
        let at = root.and_then(|root| whole.strip_prefix(root).ok()).unwrap_or(&whole);
        let key = format!("{kind:?}");
        let mut all: Vec<&[u8]> =
            vec![key.as_bytes(), at.as_os_str().as_encoded_bytes(), name.as_bytes(), text.as_bytes()];
        all.extend_from_slice(parts);
        self.push(kind, place, name, text, files::digest(&all));
    }

    fn push(&mut self, kind: Kind, place: &str, name: &str, text: &str, digest: String) {
        if self.is_full || !self.known.insert(format!("{digest} {place}")) {
            return;
        }
        if self.items.len() >= MAX_ITEMS {
            self.is_full = true;
            let why = format!("the folder brings more than {MAX_ITEMS} things");
            let item = |why: String| Item {
                kind: Kind::Unreadable,
                place: ".".into(),
                name: String::new(),
                // No two such folders are the same, so that it is never trusted by its content.
                digest: files::digest(&[b"too many", digest.as_bytes()]),
                text: why,
            };
            self.items.push(item(why));
            return;
        }
        let (kind, text) = if text.len() > MAX_TEXT {
            (Kind::Unreadable, format!("{} {name} has {} bytes, too many to be shown", kind.words().0, text.len()))
        } else {
            (kind, text.to_owned())
        };
        self.items.push(Item { kind, place: place.to_owned(), name: name.to_owned(), text, digest });
    }

    /// What was found, what runs first before what does not.
    pub(super) fn into_items(self) -> Vec<Item> {
        let mut items = self.items;
        items.sort_by_key(|item| item.kind);
        items
    }
}

/// Where a settings file lists further directories.
pub(super) const DIRECTORIES: &str = "additionalDirectories";

/// The digest of a further directory.
pub(super) fn directory_digest(directory: &str) -> String {
    files::digest(&[b"directory", directory.as_bytes()])
}

/// The digest of a rule that allows.
pub(super) fn rule_digest(rule: &str) -> String {
    files::digest(&[b"rule", rule.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn of(folder: &Path) -> Inventory {
        survey(folder, Path::new("/nowhere/.claude")).unwrap()
    }

    #[test]
    fn everything_around_a_folder_is_found() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().canonicalize().unwrap();
        let pkg = base.join("out/repo/pkg");
        put(&base.join("out/repo/.git/config"), "[core]\nfsmonitor = ./evil\n");
        put(&base.join("out/repo/.git/HEAD"), "ref: refs/heads/main\n");
        std::fs::create_dir_all(base.join("out/repo/.git/objects")).unwrap();
        std::fs::create_dir_all(base.join("out/repo/.git/refs")).unwrap();
        put(&base.join("out/.mcp.json"), r#"{"mcpServers": {"above": {"command": "a"}}}"#);
        put(&base.join("out/.claude/skills/no/SKILL.md"), "beyond the repository");
        put(&base.join("out/repo/.claude/settings.local.json"), r#"{"permissions": {"allow": ["Bash"]}}"#);
        put(&base.join("out/repo/.claude/skills/s/SKILL.md"), "x !`id`");
        put(&pkg.join(".claude/settings.json"), r#"{"hooks": {"Stop": [{"hooks": [{"command": "./h.sh"}]}]}}"#);
        put(&pkg.join("h.sh"), "1");
        put(&pkg.join(".claude/agents/deep/a.md"), "x");
        put(&pkg.join(".claude/commands/c.md"), "x");
        put(&pkg.join(".claude/scheduled_tasks.json"), r#"{"tasks": [{"cron": "* * * * *", "prompt": "go"}]}"#);
        put(&pkg.join("part/.claude/skills/nested/SKILL.md"), "x");
        put(&pkg.join("CLAUDE.md"), "words");
        let inventory = of(&pkg);
        let found: Vec<_> = inventory.items.iter().map(|item| (item.kind, item.text.as_str())).collect();
        assert_eq!(
            found,
            [
                (Kind::Hook, "./h.sh"),
                (Kind::McpServer, "a"),
                (Kind::Git, "./evil"),
                (Kind::AllowRule, "Bash"),
                (Kind::Skill, "x !`id`"),
                (Kind::Skill, "words for the model only"),
                (Kind::Command, "words for the model only"),
                (Kind::Agent, "words for the model only"),
                (Kind::Schedule, "go"),
            ]
        );
        let hook = inventory.items[0].digest.clone();
        put(&pkg.join("h.sh"), "2");
        assert_ne!(of(&pkg).items[0].digest, hook, "the script is part of the hook");
    }

    #[test]
    fn a_repository_that_looks_like_none_is_read_too() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().canonicalize().unwrap();
        let config = "[core]\n\tworktree = .\n# words \\\n\tfsmonitor = ./evil\n";
        // A git folder without `.git`, and a `.git` that is none below one that is.
        for (git, folder) in [("a/sub", "a/sub"), ("b/.git", "b/sub")] {
            put(&base.join(git).join("HEAD"), "ref: refs/heads/main\n");
            put(&base.join(git).join("config"), config);
            std::fs::create_dir_all(base.join(git).join("objects")).unwrap();
            std::fs::create_dir_all(base.join(git).join("refs")).unwrap();
            std::fs::create_dir_all(base.join(folder)).unwrap();
        }
        std::fs::create_dir(base.join("b/sub/.git")).unwrap();
        for folder in ["a/sub", "b/sub"] {
            let inventory = of(&base.join(folder));
            let found: Vec<_> = inventory.items.iter().map(|item| (item.kind, item.text.as_str())).collect();
            assert_eq!(found, [(Kind::Git, "./evil")], "{folder}");
        }
    }

    #[test]
    fn a_folder_of_code_and_words_brings_nothing() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().canonicalize().unwrap();
        put(&base.join(".git/config"), "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://x/y\n");
        put(&base.join(".git/hooks/pre-commit.sample"), "x");
        put(&base.join("CLAUDE.md"), "words");
        put(&base.join("sub/CLAUDE.md"), "words");
        put(&base.join(".claude/settings.json"), r#"{"permissions": {"deny": ["Read(.env)"]}}"#);
        let inventory = of(&base);
        assert_eq!(inventory.items, []);
        assert!(inventory.harmless.contains_key("permissions"));
        assert!(inventory.instructions.unwrap().contains("sub/CLAUDE.md"));
    }

    #[test]
    fn what_cannot_be_read_is_an_item_and_nothing_hangs() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().canonicalize().unwrap();
        let room = base.join(".claude");
        std::fs::create_dir(&room).unwrap();
        let made = std::process::Command::new("mkfifo").arg(room.join("settings.json")).status().unwrap();
        assert!(made.success());
        put(&room.join("settings.local.json"), &"x".repeat(2 << 20));
        std::os::unix::fs::symlink("/etc/passwd", base.join(".mcp.json")).unwrap();
        std::os::unix::fs::symlink("/usr", room.join("commands")).unwrap();
        let inventory = of(&base);
        let all: Vec<_> = inventory.items.iter().map(|item| (item.kind, item.text.as_str())).collect();
        assert_eq!(all.len(), 4, "{all:?}");
        assert!(all.iter().all(|(kind, _)| *kind == Kind::Unreadable), "{all:?}");
    }

    #[test]
    fn the_persons_own_settings_are_not_the_folders() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        put(&home.join(".claude/settings.json"), r#"{"apiKeyHelper": "mine"}"#);
        put(&home.join(".claude/skills/s/SKILL.md"), "mine");
        std::fs::create_dir(home.join("project")).unwrap();
        let own = home.join(".claude");
        assert_eq!(survey(&home, &own).unwrap().items, []);
        assert_eq!(survey(&home.join("project"), &own).unwrap().items, []);
        assert_eq!(survey(&home.join("project"), Path::new("/other")).unwrap().items.len(), 1);
    }
}
