//! Where a command would run, and which places it may read and write there.
//!
//! **For:** one judgement of places for all that a line names. **Not for:** words that are no places.

use std::path::Path;
use std::path::PathBuf;

use crate::engine::policy::paths;
use crate::engine::policy::paths::Own;

/// Where a command would run.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine::policy) struct Ground<'a> {
    pub(super) directory: &'a Path,
    /// Where reading is allowed, links resolved.
    pub(super) roots: &'a [PathBuf],
    pub(super) own: Own<'a>,
    /// The session's own temporary folder.
    pub(super) temporary: Option<&'a Path>,
    /// Where the line begins.
    pub(super) start: &'a Path,
    /// It begins where the session was opened, or where the person allowed it.
    pub(super) at_home: bool,
    /// The line changes the directory: what a relative path means is open.
    pub(super) moved: bool,
}

impl<'a> Ground<'a> {
    pub(in crate::engine::policy) fn new(
        directory: &'a Path,
        roots: &'a [PathBuf],
        own: Own<'a>,
        temporary: Option<&'a Path>,
        at_home: bool,
    ) -> Self {
        Self { directory, roots, own, temporary, start: directory, at_home, moved: false }
    }

    /// The same in another directory.
    pub(super) fn at<'b>(&self, directory: &'b Path) -> Ground<'b>
    where
        'a: 'b,
    {
        Ground { directory, ..*self }
    }

    /// Whether the shell may write a file there: only into the session's own temporary folder.
    pub(super) fn writable(&self, text: &str) -> Result<(), String> {
        let real = self.inside(text)?;
        let is_temporary = self.temporary.is_some_and(|folder| real.starts_with(folder) && real != folder);
        if !is_temporary {
            return Err(format!("it redirects to a file: “{text}”"));
        }
        self.harmless(text)
    }

    pub(super) fn exists(&self, text: &str) -> bool {
        self.directory.join(text).symlink_metadata().is_ok()
    }

    /// Whether a word that may be a path may be read; the sentence says why not.
    pub(super) fn readable(&self, text: &str) -> Result<(), String> {
        if text == "-" || text == "/dev/null" {
            return Ok(());
        }
        let real = self.inside(text)?;
        if paths::is_private(text, &real, None, self.own) {
            return Err(format!("“{text}” looks secret"));
        }
        Ok(())
    }

    /// Whether a word that may be a path may be given to a program that nobody knows: it may write there.
    pub(super) fn harmless(&self, text: &str) -> Result<(), String> {
        self.readable(text)?;
        if text != "-" && text != "/dev/null" && paths::is_steering(text, &self.inside(text)?, None, self.own) {
            return Err(format!("“{text}” steers tools or shells"));
        }
        Ok(())
    }

    /// Where a path leads, inside the session's directories.
    pub(super) fn inside(&self, text: &str) -> Result<PathBuf, String> {
        if text.is_empty() {
            return Err("it has an empty word".into());
        }
        if self.moved && !Path::new(text).is_absolute() {
            return Err(format!("“{text}” is relative, and the line changes the directory"));
        }
        let path = self.directory.join(text);
        let real = paths::resolve(&path).ok_or_else(|| format!("where “{text}” leads cannot be told"))?;
        let is_inside = self.roots.iter().any(|root| real.starts_with(root));
        if !is_inside && !self.temporary.is_some_and(|folder| real.starts_with(folder)) {
            return Err(format!("“{text}” is outside the session's directories"));
        }
        Ok(real)
    }
}
