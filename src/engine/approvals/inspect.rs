//! What the disk says about a request. Blocking: it runs beside the session's task, and when it takes
//! too long the request is shown without it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::SystemTime;

use serde_json::Value;

use super::look;
use crate::config::Approvals;
use crate::core::anatomy::Anatomy;
use crate::core::approval::Approval;
use crate::core::approval::FileBefore;
use crate::core::approval::FilePreview;
use crate::core::change::expected;
use crate::core::change::expected::Expected;
use crate::core::grant::Grant;
use crate::core::grant::GrantRule;
use crate::core::grant::marked::Hole;
use crate::core::ids::GrantId;
use crate::core::permission::RuleBehavior;
use crate::core::tool::table;
use crate::engine::policy;
use crate::engine::policy::Ruling;
use crate::engine::policy::Scene;

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

    pub(super) fn changed_since(&self, path: &Path) -> bool {
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
    /// The version of the session's CLI, where it is known.
    pub(crate) cli: Option<String>,
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
    /// Words of it that may be free in a grant.
    pub(crate) markable: Vec<Hole>,
    /// Why no rule allowed it, where there are rules.
    pub(crate) not_allowed: Option<String>,
    /// What a command line does.
    pub(crate) anatomy: Option<Anatomy>,
    /// What is to become of the file, if something may allow the call unasked.
    pub(crate) expected: Option<Expected>,
    /// Where the working directory leads, when it goes through a link.
    pub(crate) directory_leads_to: Option<String>,
    /// The audit log must be kept, and is not: nothing answers in the person's place.
    pub(crate) is_unrecorded: bool,
}

/// Looks at the disk. Blocking.
pub(crate) fn inspect(job: &Job, config: &Approvals, marks: &ReadMarks) -> Inspection {
    let plan = job.plan_file.as_deref().and_then(|path| match look::before(path) {
        Ok(FileBefore::Text(text)) => Some(text),
        _ => None,
    });
    let Job { approval, scene, grants, .. } = job;
    let ruling = policy::decide(approval, config, scene);
    let is_open = ruling.action == RuleBehavior::Ask && ruling.rule.is_none();
    let covered_by = if is_open { policy::covering(grants, approval, config, scene) } else { Vec::new() };
    let offers = if is_open { policy::offers(approval, config, scene) } else { Vec::new() };
    let markable = if is_open { policy::markable(approval, config, scene) } else { Vec::new() };
    let preview = look::preview(approval, marks, job.cli.as_deref());
    let expected = if ruling.action == RuleBehavior::Allow || !covered_by.is_empty() {
        expected::of(&Approval { preview: preview.clone(), ..approval.clone() }, None)
    } else {
        None
    };
    let has_rules = ruling.action == RuleBehavior::Ask && !config.rules.is_empty();
    Inspection {
        plan,
        preview,
        not_allowed: has_rules.then(|| ruling.why.clone()),
        ruling: Some(ruling),
        covered_by,
        offers,
        markable,
        anatomy: anatomy(approval),
        expected,
        directory_leads_to: look::leads_to(Path::new(&approval.place.directory)),
        is_unrecorded: false,
    }
}

/// What the command line of a call does to the world.
pub(crate) fn anatomy(approval: &Approval) -> Option<Anatomy> {
    let directory = Path::new(&approval.place.directory);
    if approval.tool == "PowerShell" {
        let line = approval.input.get("command").and_then(Value::as_str)?;
        return Some(policy::anatomy::of_powershell(line, directory));
    }
    let line = table::command(&approval.tool, &approval.input)?;
    Some(policy::anatomy::of(line, directory))
}

#[cfg(test)]
mod tests {
    use super::*;

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
