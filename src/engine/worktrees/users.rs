//! Who works in a directory: processes of this machine whose own directory it is, as far as the system tells.

use std::path::Path;

/// Processes that are named.
const MAX_NAMED: usize = 4;

/// Such as `claude (process 7)`. Where there is no `/proc`, nobody can be seen. Blocking.
pub(super) fn of(directory: &Path) -> Vec<String> {
    let Ok(directory) = std::fs::canonicalize(directory) else { return Vec::new() };
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let me = std::process::id();
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let inside = pids
        .filter(|pid| *pid != me)
        .filter(|pid| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|found| found.starts_with(&directory)));
    inside.take(MAX_NAMED).map(|pid| format!("{} (process {pid})", name(pid))).collect()
}

fn name(pid: u32) -> String {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() { "a program".into() } else { name }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_program_below_the_directory_is_named_until_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        assert_eq!(of(folder.path()), Vec::<String>::new());
        let mut child =
            std::process::Command::new("sleep").arg("60").current_dir(folder.path().join("a")).spawn().unwrap();
        let found = of(folder.path());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [format!("sleep (process {})", child.id())]);
        assert_eq!(of(folder.path()), Vec::<String>::new());
    }
}
