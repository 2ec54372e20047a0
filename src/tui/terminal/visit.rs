//! Programs that need the terminal for a while: the person's editor, the shell behind ctrl-z.

use std::io;
use std::io::Write as _;
use std::path::Path;

use super::guard;

/// The person's editor: the configured one, else `$VISUAL`, `$EDITOR`, else `vi`.
fn editor(configured: Option<&str>) -> Vec<String> {
    let from_env = || {
        ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
    };
    let line = configured.map(str::to_owned).or_else(from_env).unwrap_or_else(|| "vi".into());
    line.split_whitespace().map(str::to_owned).collect()
}

/// Runs the editor with the terminal given back to it.
async fn run_editor(configured: Option<&str>, arguments: &[String]) -> Result<(), String> {
    let words = editor(configured);
    let Some((program, first)) = words.split_first() else { return Err("No editor is set.".into()) };
    guard::leave();
    let status = tokio::process::Command::new(program).args(first).args(arguments).status().await;
    let back = guard::enter();
    match (status, back) {
        (Err(error), _) => {
            Err(format!("The editor “{program}” could not be started: {error}. Set $EDITOR or [ui] editor."))
        }
        (_, Err(error)) => Err(format!("The terminal could not be taken again: {error}.")),
        (Ok(status), Ok(())) if !status.success() => {
            Err(format!("The editor “{program}” ended with {status}; nothing was changed."))
        }
        (Ok(_), Ok(())) => Ok(()),
    }
}

/// Lets the person write in their editor; the file is private and gone afterwards.
pub async fn edit(configured: Option<&str>, folder: &Path, text: &str) -> Result<String, String> {
    let path = folder.join(format!("prompt-{}.md", uuid::Uuid::new_v4()));
    write_private(&path, text).map_err(|error| format!("Could not write {}: {error}.", path.display()))?;
    let run = run_editor(configured, &[path.display().to_string()]).await;
    let read = std::fs::read_to_string(&path);
    let _ = std::fs::remove_file(&path);
    run?;
    read.map_err(|error| format!("Could not read {} back: {error}.", path.display()))
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        crate::disk::private_dir(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Opens a file at a line, in the way most editors understand.
pub async fn open(configured: Option<&str>, path: &str, line: u64) -> Result<(), String> {
    if !Path::new(path).exists() {
        return Err(format!("{path} does not exist any more."));
    }
    run_editor(configured, &[format!("+{line}"), path.to_owned()]).await
}

/// Gives the terminal back and stops the whole job, as ctrl-z does in a shell; returns after `fg`.
pub fn suspend() -> io::Result<()> {
    guard::leave();
    #[cfg(unix)]
    rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
    guard::enter()
}
