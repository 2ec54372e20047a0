//! The demo: scripted sessions that show everything in two minutes, without an account or a network.
//!
//! **For:** laying out a small project and the profiles whose "CLI" is the stand-in with a script from
//! `assets/demo`. **Not for:** any special case elsewhere: the engine and the terminal run as always.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::config::Profile;
use crate::config::places::make_private_dir;
use crate::core::session::SessionSpec;

/// One scripted session.
struct Scene {
    name: &'static str,
    script: &'static str,
    prompt: &'static str,
}

const SCENES: [Scene; 0] = [];

/// Files of the demo's project, so that diffs have something to compare with.
const FILES: [(&str, &str); 0] = [];

/// What the demo needs to run.
#[derive(Debug)]
pub struct LaidOut {
    pub profiles: BTreeMap<String, Profile>,
    /// Sessions and their first prompts.
    pub sessions: Vec<(SessionSpec, String)>,
}

/// Writes the demo's project and scripts below the data directory, anew each time.
pub fn lay_out(data_dir: &Path) -> io::Result<LaidOut> {
    let program = std::env::current_exe()?;
    let folder = data_dir.join("demo");
    let project = folder.join("shop");
    make_private_dir(&project.join("src"))?;
    for (path, content) in FILES {
        std::fs::write(project.join(path), content)?;
    }
    let mut laid_out = LaidOut { profiles: BTreeMap::new(), sessions: Vec::new() };
    for scene in &SCENES {
        let script = folder.join(format!("{}.jsonl", scene.name));
        std::fs::write(&script, scene.script)?;
        let name = format!("demo-{}", scene.name);
        let command = vec![program.display().to_string(), "__stand-in".to_owned(), script.display().to_string()];
        laid_out.profiles.insert(name.clone(), Profile { command: Some(command), ..Profile::default() });
        let spec = SessionSpec {
            directory: project.display().to_string(),
            profile: Some(name),
            title: Some(scene.name.to_owned()),
            ..SessionSpec::default()
        };
        laid_out.sessions.push((spec, scene.prompt.to_owned()));
    }
    Ok(laid_out)
}
