//! The file that a call would change: as it is when the request comes, when it is answered, and after it ran. Blocking.

use std::fs;
use std::io::ErrorKind;
use std::io::Read;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::inspect::ReadMarks;
use crate::core::approval::Approval;
use crate::core::approval::FileBefore;
use crate::core::approval::FilePreview;
use crate::core::change;
use crate::core::change::expected;
use crate::core::change::expected::Expected;
use crate::core::change::expected::Verdict;
use crate::core::file_name;
use crate::core::ids::ToolCallId;

/// A larger file is not compared with.
const MAX_PREVIEW: u64 = 1 << 20;
/// A path through more links than these leads nowhere.
const MAX_LINKS: usize = 40;

/// An answer that allows a change, before it is sent: is the file still the one that was shown?
#[derive(Debug)]
pub(crate) struct Recheck {
    pub(crate) request_id: String,
    pub(crate) approval: Approval,
    /// The person's own input.
    pub(crate) edited: Option<Value>,
}

/// What the file is now, and what is to become of it if that is what was shown.
#[derive(Debug, Default)]
pub(crate) struct Rechecked {
    pub(crate) preview: Option<FilePreview>,
    /// The file that the person's own input names.
    pub(crate) of_edited: Option<FilePreview>,
    pub(crate) expected: Option<Expected>,
}

/// A change that was allowed and is over.
#[derive(Debug)]
pub(crate) struct Compare {
    pub(crate) call: ToolCallId,
    pub(crate) file: PathBuf,
    pub(crate) expected: Expected,
}

pub(crate) fn recheck(job: &Recheck, marks: &ReadMarks) -> Rechecked {
    let cli = job.approval.preview.as_ref().and_then(|preview| preview.cli.as_deref());
    let of_edited = job.edited.as_ref().and_then(|input| {
        let edited = Approval { input: input.clone(), ..job.approval.clone() };
        preview(&edited, marks, cli)
    });
    let preview = preview(&job.approval, marks, cli);
    Rechecked { preview, of_edited, expected: expected::of(&job.approval, job.edited.as_ref()) }
}

/// What became of an allowed change; `None` where the file cannot be read.
pub(crate) fn compare(job: &Compare) -> Option<Verdict> {
    match fs::read(&job.file) {
        Ok(bytes) => Some(job.expected.compare(Some(&bytes))),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(job.expected.compare(None)),
        Err(_) => None,
    }
}

/// The file that a call names.
pub(crate) fn named_file(approval: &Approval) -> Option<PathBuf> {
    let named = approval.input.get(change::path_field(&approval.tool)?).and_then(Value::as_str)?;
    Some(Path::new(&approval.place.directory).join(named))
}

pub(super) fn preview(approval: &Approval, marks: &ReadMarks, cli: Option<&str>) -> Option<FilePreview> {
    let named = approval.input.get(change::path_field(&approval.tool)?).and_then(Value::as_str)?;
    let path = named_file(approval)?;
    let before = match before(&path) {
        Ok(before) => before,
        Err(error) if error.kind() == ErrorKind::NotFound => FileBefore::Missing,
        Err(error) => FileBefore::Unknown(format!("it cannot be read: {error}")),
    };
    let meta = fs::symlink_metadata(&path).ok();
    let is_link = meta.as_ref().is_some_and(|meta| meta.file_type().is_symlink());
    let of_file = meta.filter(|meta| meta.is_file());
    Some(FilePreview {
        changed_since_read: marks.changed_since(&path),
        leads_to: leads_to(&path),
        is_link,
        n_other_names: of_file.as_ref().map_or(0, |meta| n_names(meta).saturating_sub(1)),
        read_only: of_file.is_some_and(|meta| meta.permissions().readonly()),
        cli: cli.map(str::to_owned),
        ..FilePreview::new(named, before)
    })
}

fn n_names(meta: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(meta)
}

/// Where a path leads that goes through a link, whether or not there is something at its end.
pub(super) fn leads_to(path: &Path) -> Option<String> {
    let plain: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    let real = real(&plain, 0)?;
    (real != plain).then(|| file_name::shown(&real))
}

/// The path without links; what does not exist stays as it is written.
fn real(path: &Path, n_links: usize) -> Option<PathBuf> {
    if n_links > MAX_LINKS {
        return None;
    }
    if let Ok(real) = fs::canonicalize(path) {
        return Some(real);
    }
    if let Ok(target) = fs::read_link(path) {
        return real(&path.parent()?.join(target), n_links + 1);
    }
    let (parent, name) = (path.parent()?, path.file_name()?);
    Some(real(parent, n_links)?.join(name))
}

pub(super) fn before(path: &Path) -> std::io::Result<FileBefore> {
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
    if bytes.len() as u64 > MAX_PREVIEW {
        return Ok(FileBefore::Unknown("it is growing".into()));
    }
    Ok(FileBefore::of(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn reads_what_can_be_compared_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "text").unwrap();
        fs::write(path("b"), [0xff, 0xfe]).unwrap();
        fs::write(path("c"), vec![b'x'; (MAX_PREVIEW + 1) as usize]).unwrap();
        assert_eq!(before(&path("a")).unwrap(), FileBefore::Text("text".into()));
        assert_eq!(before(&path("b")).unwrap().bytes(), Ok(Some(&[0xff, 0xfe][..])));
        assert!(matches!(before(&path("c")).unwrap(), FileBefore::Unknown(_)));
        assert!(matches!(before(folder.path()).unwrap(), FileBefore::Unknown(_)));
        assert!(before(&path("d")).is_err());
    }

    #[test]
    fn a_path_through_a_link_tells_where_it_leads() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir(root.join("real")).unwrap();
        fs::write(root.join("real/file"), "x").unwrap();
        symlink("real", root.join("folder")).unwrap();
        symlink("real/file", root.join("link")).unwrap();
        symlink("real/none", root.join("dangling")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let at = |name: &str| leads_to(&root.join(name)).map(|path| path.replace(&format!("{}/", root.display()), ""));
        assert_eq!(at("real/file"), None);
        assert_eq!(at("./real/new/deep"), None);
        assert_eq!(at("folder/file").as_deref(), Some("real/file"));
        assert_eq!(at("folder/new/deep").as_deref(), Some("real/new/deep"));
        assert_eq!(at("link").as_deref(), Some("real/file"));
        assert_eq!(at("dangling").as_deref(), Some("real/none"));
        assert_eq!(at("loop"), None);
        let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"caf\xe9.txt");
        symlink(name, root.join("accent")).unwrap();
        assert_eq!(at("accent").as_deref(), Some("caf\\xE9.txt"));
        fs::write(root.join(name), "x").unwrap();
        assert_eq!(at("accent").as_deref(), Some("caf\\xE9.txt"));
    }
}
