//! The demo: scripted sessions that show everything in two minutes, without an account or a network.
//!
//! **For:** laying out a small project and the profiles whose "CLI" is the stand-in with a script from
//! `assets/demo`. **Not for:** any special case elsewhere: the engine and the terminal run as always.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::config::Profile;
use crate::core::session::SessionSpec;
use crate::disk;

/// One scripted session.
struct Scene {
    name: &'static str,
    script: &'static str,
    prompt: &'static str,
}

const SCENES: [Scene; 4] = [
    Scene {
        name: "retry policy",
        script: include_str!("../assets/demo/retry.steps"),
        prompt: "make the number of tries configurable and test it",
    },
    Scene {
        name: "packages",
        script: include_str!("../assets/demo/cleanup.steps"),
        prompt: "the build fails with a strange error about a package",
    },
    Scene {
        name: "reports",
        script: include_str!("../assets/demo/design.steps"),
        prompt: "plan a page with reports for the shop",
    },
    Scene {
        name: "审计 audit",
        script: include_str!("../assets/demo/audit.steps"),
        prompt: "look for unsafe code and write a report",
    },
];

/// Files of the demo's project, so that diffs have something to compare with.
const FILES: [(&str, &str); 2] = [
    ("src/client.ts", include_str!("../assets/demo/shop/src/client.ts")),
    ("README.md", include_str!("../assets/demo/shop/README.md")),
];

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
    disk::private_dir(&project.join("src"))?;
    for (path, content) in FILES {
        disk::replace(&project.join(path), content.as_bytes())?;
    }
    let mut laid_out = LaidOut { profiles: BTreeMap::new(), sessions: Vec::new() };
    // As JSON, because the place may have a quote or a backslash in its name.
    let place = serde_json::Value::from(project.display().to_string()).to_string();
    let place = place.trim_matches('"');
    for (number, scene) in SCENES.iter().enumerate() {
        let name = format!("demo-{number}");
        let script = folder.join(format!("{name}.steps"));
        disk::replace(&script, scene.script.replace("{project}", place).as_bytes())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_can_be_read() {
        for scene in &SCENES {
            let steps = crate::standin::script::parse(scene.script);
            assert!(steps.is_ok(), "{}: {steps:?}", scene.name);
        }
    }

    #[test]
    fn lays_out_a_project_and_a_profile_for_each_session() {
        let folder = tempfile::tempdir().unwrap();
        let laid_out = lay_out(folder.path()).unwrap();
        assert_eq!((laid_out.sessions.len(), laid_out.profiles.len()), (SCENES.len(), SCENES.len()));
        for (spec, _) in &laid_out.sessions {
            assert!(Path::new(&spec.directory).join("src/client.ts").exists());
            assert!(laid_out.profiles.contains_key(spec.profile.as_deref().unwrap()));
        }
    }
}
