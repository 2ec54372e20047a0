//! Programs that run what stands in their own words: where that begins.
//!
//! **For:** the anatomy of a line. **Not for:** rules, which know of more places where a command may begin, and mind no
//! place too many.

use super::super::tree::Word;
use super::super::wrappers;

/// What stands before the command.
enum Before {
    /// Options, and so many other words.
    Words(usize),
    /// One of these words, options, and so many other words.
    Sub(&'static [&'static str], usize),
    /// One of these marks, anywhere.
    Mark(&'static [&'static str]),
    /// `--`, behind one of these words.
    Dashes(&'static [&'static str]),
    /// A name of one of these programs.
    Named(&'static [&'static str]),
    /// `-m`.
    Module,
}

const RUNS: &[(&str, Before)] = &[
    ("find", Before::Mark(&["-exec", "-execdir", "-ok", "-okdir"])),
    ("gfind", Before::Mark(&["-exec", "-execdir", "-ok", "-okdir"])),
    ("gxargs", Before::Words(0)),
    ("fd", Before::Mark(&["-x", "-X", "--exec", "--exec-batch"])),
    ("fdfind", Before::Mark(&["-x", "-X", "--exec", "--exec-batch"])),
    ("kubectl", Before::Dashes(&["exec", "run", "debug"])),
    ("oc", Before::Dashes(&["exec", "run", "debug", "rsh"])),
    ("k", Before::Dashes(&["exec", "run", "debug"])),
    ("multipass", Before::Dashes(&["exec"])),
    ("lxc", Before::Dashes(&["exec"])),
    ("incus", Before::Dashes(&["exec"])),
    ("distrobox", Before::Dashes(&["enter"])),
    ("minikube", Before::Dashes(&["ssh"])),
    ("mosh", Before::Dashes(&[])),
    ("lerna", Before::Dashes(&["exec"])),
    ("nix", Before::Mark(&["-c", "--command"])),
    ("bundle", Before::Sub(&["exec"], 0)),
    ("poetry", Before::Sub(&["run"], 0)),
    ("pdm", Before::Sub(&["run"], 0)),
    ("uv", Before::Sub(&["run"], 0)),
    ("hatch", Before::Sub(&["run"], 0)),
    ("pipenv", Before::Sub(&["run"], 0)),
    ("rye", Before::Sub(&["run"], 0)),
    ("pixi", Before::Sub(&["run"], 0)),
    ("conda", Before::Sub(&["run"], 0)),
    ("mamba", Before::Sub(&["run"], 0)),
    ("mise", Before::Sub(&["exec", "x"], 0)),
    ("asdf", Before::Sub(&["exec"], 0)),
    ("rbenv", Before::Sub(&["exec"], 0)),
    ("pyenv", Before::Sub(&["exec"], 0)),
    ("devbox", Before::Sub(&["run"], 0)),
    ("doppler", Before::Sub(&["run"], 0)),
    ("infisical", Before::Sub(&["run"], 0)),
    ("op", Before::Sub(&["run"], 0)),
    ("dotenvx", Before::Sub(&["run"], 0)),
    ("railway", Before::Sub(&["run"], 0)),
    ("heroku", Before::Sub(&["run"], 0)),
    ("ddev", Before::Sub(&["exec"], 0)),
    ("lando", Before::Sub(&["ssh"], 0)),
    ("pnpm", Before::Sub(&["exec", "dlx"], 0)),
    ("npm", Before::Sub(&["exec", "x"], 0)),
    ("direnv", Before::Sub(&["exec"], 1)),
    ("aws-vault", Before::Sub(&["exec"], 1)),
    ("chamber", Before::Sub(&["exec"], 1)),
    ("crictl", Before::Sub(&["exec"], 1)),
    ("nerdctl", Before::Sub(&["exec", "run"], 1)),
    ("perf", Before::Sub(&["record", "stat", "trace"], 0)),
    ("cross-env", Before::Words(0)),
    ("dotenv", Before::Words(0)),
    ("env-cmd", Before::Words(0)),
    ("proxychains", Before::Words(0)),
    ("proxychains4", Before::Words(0)),
    ("torsocks", Before::Words(0)),
    ("torify", Before::Words(0)),
    ("numactl", Before::Words(0)),
    ("prlimit", Before::Words(0)),
    ("choom", Before::Words(0)),
    ("retry", Before::Words(0)),
    ("xvfb-run", Before::Words(0)),
    ("dbus-run-session", Before::Words(0)),
    ("fakeroot", Before::Words(0)),
    ("eatmydata", Before::Words(0)),
    ("arch", Before::Words(0)),
    ("tini", Before::Words(0)),
    ("dumb-init", Before::Words(0)),
    ("sshpass", Before::Words(0)),
    ("valgrind", Before::Words(0)),
    ("wsl", Before::Words(0)),
    ("screen", Before::Words(0)),
    ("spawn", Before::Words(0)),
    (
        "tmux",
        Before::Sub(&["new", "new-session", "neww", "new-window", "splitw", "split-window", "run", "run-shell"], 0),
    ),
    ("sg", Before::Words(1)),
    ("faketime", Before::Words(1)),
    ("gosu", Before::Words(1)),
    ("su-exec", Before::Words(1)),
    ("setuidgid", Before::Words(1)),
    ("s6-setuidgid", Before::Words(1)),
    ("python", Before::Module),
    ("python2", Before::Module),
    ("python3", Before::Module),
    ("pypy3", Before::Module),
    ("py", Before::Module),
    ("php", Before::Named(&["artisan", "console", "wp", "drush", "composer", "composer.phar"])),
    ("ruby", Before::Named(&["rails", "rake", "bundle"])),
    ("node", Before::Named(&["prisma", "knex", "sequelize", "typeorm", "rimraf", "wrangler"])),
    ("yarn", Before::Named(TOOLS)),
    ("bun", Before::Named(TOOLS)),
    ("bunx", Before::Named(TOOLS)),
];

/// Tools of a project that its package manager runs by their names.
const TOOLS: &[&str] = &[
    "prisma",
    "knex",
    "sequelize",
    "sequelize-cli",
    "typeorm",
    "drizzle-kit",
    "rimraf",
    "del-cli",
    "lerna",
    "changeset",
    "semantic-release",
    "release-it",
    "np",
    "vercel",
    "netlify",
    "wrangler",
    "firebase",
    "serverless",
    "sls",
    "cdk",
    "sst",
    "supabase",
    "eas",
    "expo",
    "vsce",
    "amplify",
];

/// Options of `docker run` and `exec` without a value.
const FLAGS: [&str; 20] = [
    "-i",
    "-t",
    "-it",
    "-ti",
    "-d",
    "-P",
    "-q",
    "-dit",
    "-itd",
    "-id",
    "-dt",
    "--rm",
    "--interactive",
    "--tty",
    "--detach",
    "--init",
    "--privileged",
    "--read-only",
    "--no-healthcheck",
    "--publish-all",
];

/// Where the command begins behind such a program; none for other programs, or where it runs none.
pub(super) fn begins(words: &[Word]) -> Option<Vec<usize>> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let mark = |marks: &[&str]| words.iter().position(|word| marks.contains(&word.text.as_str()));
    let name = wrappers::name(text(0));
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    if matches!(name, "docker" | "podman" | "docker-compose" | "podman-compose") {
        let mut at = mark(&["exec", "run"])? + 1;
        while text(at).starts_with('-') {
            at += if FLAGS.contains(&text(at)) || text(at).contains('=') { 1 } else { 2 };
        }
        return Some(vec![at + 1]);
    }
    let unversioned = name.split('.').next().filter(|stem| stem.starts_with("python")).unwrap_or(name);
    let (_, before) = RUNS.iter().find(|(program, _)| *program == unversioned)?;
    match before {
        Before::Words(n) => Some(behind_options(words, 1, *n)),
        Before::Sub(subs, n) => {
            let sub = mark(subs)?;
            Some(behind_options(words, sub + 1, *n))
        }
        Before::Mark(marks) => Some(vec![mark(marks)? + 1]),
        Before::Dashes(subs) => {
            if !subs.is_empty() {
                mark(subs)?;
            }
            Some(vec![mark(&["--"])? + 1])
        }
        Before::Named(names) => {
            let at = (1..words.len()).find(|at| !text(*at).starts_with('-'))?;
            let named = wrappers::name(text(at));
            names.contains(&named.as_str()).then(|| vec![at])
        }
        Before::Module => {
            let at = (1..words.len()).find(|at| !text(*at).starts_with('-') || text(*at) == "-m")?;
            match text(at) {
                "-m" => Some(vec![at + 1]),
                script => (wrappers::name(script) == "manage.py").then(|| vec![at]),
            }
        }
    }
}

/// Behind a `--`, or wherever the command may begin behind options that may have values.
fn behind_options(words: &[Word], from: usize, n_skipped: usize) -> Vec<usize> {
    let is_dashes = |at: &usize| words[*at].text == "--";
    let skips_options = |at: &usize| words[*at].text.starts_with('-');
    match (from..words.len()).find(is_dashes) {
        // What stands before it are options, their values, and what is to be skipped.
        Some(at) if (from..at).filter(|at| !skips_options(at)).count() <= n_skipped + 2 => vec![at + 1],
        _ if from < words.len() => wrappers::after(words, from..words.len(), n_skipped),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Vec<usize>> {
        let word = |text: &str| Word { text: text.to_owned(), dynamic: false, span: 0..0 };
        begins(&line.split(' ').map(word).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_behind_a_runner_is_found() {
        for (line, at) in [
            ("bundle exec rails db:drop", 2),
            ("php artisan migrate:fresh", 1),
            ("python3.12 -m pip install x", 2),
            ("python manage.py flush", 1),
            ("poetry run pytest", 2),
            ("doppler run -- rm x", 3),
            ("aws-vault exec prod -- aws s3 rm x", 4),
            ("docker run --rm -v /a:/b alpine rm x", 6),
            ("docker compose exec web rm x", 4),
            ("kubectl exec pod -- rm x", 4),
            ("cross-env A=b rm x", 2),
            ("yarn prisma migrate reset", 1),
        ] {
            assert_eq!(of(line), Some(vec![at]), "{line}");
        }
        for line in ["yarn install", "python3 x.py", "php -v", "docker ps", "bundle install", "ls -m x"] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
