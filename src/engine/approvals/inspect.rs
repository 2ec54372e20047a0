//! What the disk says about a request. Blocking: it runs beside the session's task, and when it takes
//! too long the request is shown without it.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::SystemTime;

use serde_json::Value;

use crate::config::Approvals;
use crate::core::anatomy::Anatomy;
use crate::core::approval::Approval;
use crate::core::approval::FileBefore;
use crate::core::approval::FilePreview;
use crate::core::grant::Grant;
use crate::core::grant::GrantRule;
use crate::core::ids::GrantId;
use crate::core::permission::RuleBehavior;
use crate::engine::policy;
use crate::engine::policy::Ruling;
use crate::engine::policy::Scene;

/// A larger file is not compared with.
const MAX_PREVIEW: u64 = 1 << 20;
/// Files whose last reading is remembered.
const MAX_MARKS: usize = 4096;

/// When the session last read or wrote each file, by the file's own time of change.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadMarks {
    times: Arc<Mutex<HashMap<PathBuf, SystemTime>>>,
}

impl ReadMarks {
    /// Notes that the session knows the file as it is now.
    pub(crate) fn note(&self, directory: &Path, file: &str) {
        let path = directory.join(file);
        let Ok(time) = fs::metadata(&path).and_then(|meta| meta.modified()) else { return };
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if times.len() >= MAX_MARKS {
            times.clear();
        }
        times.insert(path, time);
    }

    fn changed_since(&self, path: &Path) -> bool {
        let known = self.times.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied();
        let now = fs::metadata(path).and_then(|meta| meta.modified()).ok();
        known.is_some_and(|known| now != Some(known))
    }
}

/// What to look at.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request_id: String,
    pub(crate) approval: Approval,
    /// Where the plan stands when the request has none.
    pub(crate) plan_file: Option<PathBuf>,
    /// What the session's rules ask about it.
    pub(crate) scene: Scene,
    /// What holds in the session.
    pub(crate) grants: Vec<Grant>,
}

/// What was found.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Inspection {
    pub(crate) preview: Option<FilePreview>,
    pub(crate) plan: Option<String>,
    /// What the policy says; without it the request is asked.
    pub(crate) ruling: Option<Ruling>,
    /// Grants that cover a call of which no rule speaks.
    pub(crate) covered_by: Vec<GrantId>,
    /// What may be granted with it.
    pub(crate) offers: Vec<GrantRule>,
    /// Why no rule allowed it, where there are rules.
    pub(crate) not_allowed: Option<String>,
    /// What a command line does.
    pub(crate) anatomy: Option<Anatomy>,
}

/// Looks at the disk. Blocking.
pub(crate) fn inspect(job: &Job, config: &Approvals, marks: &ReadMarks) -> Inspection {
    let plan = job.plan_file.as_deref().and_then(|path| match before(path) {
        Ok(FileBefore::Text(text)) => Some(text),
        _ => None,
    });
    let Job { approval, scene, grants, .. } = job;
    let ruling = policy::decide(approval, config, scene);
    let is_open = ruling.action == RuleBehavior::Ask && ruling.rule.is_none();
    let covered_by = if is_open { policy::covering(grants, approval, config, scene) } else { Vec::new() };
    let offers = if is_open { policy::offers(approval, config, scene) } else { Vec::new() };
    let has_rules = ruling.action == RuleBehavior::Ask && !config.rules.is_empty();
    Inspection {
        plan,
        preview: preview(approval, marks),
        not_allowed: has_rules.then(|| ruling.why.clone()),
        ruling: Some(ruling),
        covered_by,
        offers,
        anatomy: anatomy(approval),
    }
}

/// What the command line of a call does to the world.
pub(crate) fn anatomy(approval: &Approval) -> Option<Anatomy> {
    let line = approval.input.get("command").and_then(Value::as_str).filter(|_| approval.tool == "Bash")?;
    Some(policy::anatomy::of(line, Path::new(&approval.place.directory)))
}

fn preview(approval: &Approval, marks: &ReadMarks) -> Option<FilePreview> {
    let key = match approval.tool.as_str() {
        "Edit" | "MultiEdit" | "Write" => "file_path",
        "NotebookEdit" => "notebook_path",
        _ => return None,
    };
    let named = approval.input.get(key).and_then(Value::as_str)?;
    let path = Path::new(&approval.place.directory).join(named);
    let before = match before(&path) {
        Ok(before) => before,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => FileBefore::Missing,
        Err(error) => FileBefore::Unknown(format!("it cannot be read: {error}")),
    };
    Some(FilePreview { path: named.to_owned(), before, changed_since_read: marks.changed_since(&path) })
}

fn before(path: &Path) -> std::io::Result<FileBefore> {
    let meta = fs::metadata(path)?;
    // Opening a pipe or a device could wait for ever.
    if !meta.is_file() {
        return Ok(FileBefore::Unknown("it is no ordinary file".into()));
    }
    if meta.len() > MAX_PREVIEW {
        return Ok(FileBefore::Unknown(format!("it is too large to compare with ({} bytes)", meta.len())));
    }
    let mut bytes = Vec::new();
    // It may have grown since it was measured.
    fs::File::open(path)?.take(MAX_PREVIEW + 1).read_to_end(&mut bytes)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) if text.len() as u64 <= MAX_PREVIEW => FileBefore::Text(text),
        Ok(_) => FileBefore::Unknown("it is growing".into()),
        Err(_) => FileBefore::Unknown("it is not text".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_can_be_compared_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "text").unwrap();
        fs::write(path("b"), [0xff, 0xfe]).unwrap();
        fs::write(path("c"), vec![b'x'; (MAX_PREVIEW + 1) as usize]).unwrap();
        assert_eq!(before(&path("a")).unwrap(), FileBefore::Text("text".into()));
        assert!(matches!(before(&path("b")).unwrap(), FileBefore::Unknown(_)));
        assert!(matches!(before(&path("c")).unwrap(), FileBefore::Unknown(_)));
        assert!(matches!(before(folder.path()).unwrap(), FileBefore::Unknown(_)));
        assert!(before(&path("d")).is_err());
    }

    #[test]
    fn notices_that_somebody_else_changed_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let marks = ReadMarks::default();
        assert!(!marks.changed_since(&path));
        fs::write(&path, "1").unwrap();
        marks.note(folder.path(), "a");
        assert!(!marks.changed_since(&path));
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert!(marks.changed_since(&path));
        fs::remove_file(&path).unwrap();
        assert!(marks.changed_since(&path));
    }
}
