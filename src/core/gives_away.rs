//! What a rule with free words gives away besides the call that it is made for.
//!
//! **For:** the warning beside what the CLI suggests to remember, and what `config check` says of rules that end in
//! `*`. **Not for:** deciding. Each row is an example that was worked out from the program's manual: a line that the
//! rule covers and nobody had in mind.

/// One row: the first words, and a line that begins with them and does more than they say.
type Row = (&'static str, &'static str, &'static str);

/// The longest words that a rule begins with count.
const ROWS: &[Row] = &[
    // Version control.
    ("git", "git -c core.fsmonitor=PROGRAM status", "runs a program"),
    ("git -C", "git -C OTHER-REPOSITORY status", "runs what that repository's configuration names"),
    ("git status", "git status --ignore-submodules=none --no-optional-locks -- /etc", "looks outside the project"),
    ("git log", "git log --output=FILE", "overwrites a file"),
    ("git diff", "git diff --output=FILE", "overwrites a file"),
    ("git show", "git show --output=FILE", "overwrites a file"),
    ("git config", "git config core.fsmonitor PROGRAM", "runs a program at every git command from then on"),
    ("git submodule", "git submodule foreach COMMAND", "runs a command"),
    ("git bisect", "git bisect run COMMAND", "runs a command"),
    ("git rebase", "git rebase --exec COMMAND", "runs a command"),
    ("git grep", "git grep -O PROGRAM", "runs a program"),
    ("git branch", "git branch -D main", "deletes a branch"),
    ("git tag", "git tag -d v1", "deletes a tag"),
    ("git stash", "git stash clear", "throws away all that was put aside"),
    ("git remote", "git remote add origin URL", "changes where pushes go"),
    ("git checkout", "git checkout -- .", "throws away changes"),
    ("git switch", "git switch --discard-changes main", "throws away changes"),
    ("git restore", "git restore .", "throws away changes"),
    ("git reset", "git reset --hard", "throws away changes"),
    ("git clean", "git clean -fdx", "deletes files"),
    ("git add", "git add -f .env", "takes in what is ignored"),
    ("git commit", "git commit --amend --no-verify", "rewrites the last commit without its checks"),
    ("git push", "git push --force", "overwrites what others have"),
    ("git pull", "git pull --upload-pack=COMMAND", "runs a command"),
    ("git fetch", "git fetch --upload-pack=COMMAND", "runs a command"),
    ("git clone", "git clone --config core.fsmonitor=PROGRAM URL", "runs a program"),
    ("git ls-remote", "git ls-remote --upload-pack=COMMAND", "runs a command"),
    ("git archive", "git archive --exec=COMMAND --remote=.", "runs a command"),
    ("git apply", "git apply --unsafe-paths PATCH", "writes outside the project"),
    ("git merge", "git merge --strategy=PROGRAM", "runs a program of that name"),
    ("git worktree", "git worktree remove --force DIR", "deletes a worktree"),
    ("git notes", "git notes --ref=x remove", "deletes notes"),
    ("git blame", "git blame --contents=/etc/passwd FILE", "reads any file"),
    ("gh", "gh repo delete --yes", "deletes a repository"),
    ("gh pr", "gh pr merge --admin", "merges past all checks"),
    ("gh api", "gh api -X DELETE repos/O/R", "deletes a repository"),
    ("gh issue", "gh issue delete 1 --yes", "deletes an issue"),
    ("gh run", "gh run delete 1", "deletes a run"),
    ("gh repo", "gh repo delete --yes", "deletes a repository"),
    ("gh release", "gh release delete v1 --yes", "deletes a release"),
    // Builds and packages.
    ("make", "make SHELL=PROGRAM", "runs a program"),
    ("gmake", "gmake SHELL=PROGRAM", "runs a program"),
    ("just", "just --shell PROGRAM", "runs a program"),
    ("task", "task -t OTHER-FILE", "runs another project's commands"),
    ("cmake", "cmake -P SCRIPT", "runs a script"),
    ("ninja", "ninja -f OTHER-FILE", "runs another project's commands"),
    ("meson", "meson setup --native-file=FILE", "runs the compilers that a file names"),
    ("bazel", "bazel run --run_under=COMMAND", "runs a command"),
    ("gradle", "gradle --init-script FILE", "runs a script"),
    ("gradlew", "./gradlew --init-script FILE", "runs a script"),
    ("mvn", "mvn exec:exec -Dexec.executable=PROGRAM", "runs a program"),
    ("cargo", "cargo --config build.rustc-wrapper='\"PROGRAM\"' build", "runs a program"),
    ("cargo test", "cargo test --config build.rustc-wrapper='\"PROGRAM\"'", "runs a program"),
    ("cargo build", "cargo build --config build.rustc-wrapper='\"PROGRAM\"'", "runs a program"),
    ("cargo check", "cargo check --config build.rustc-wrapper='\"PROGRAM\"'", "runs a program"),
    ("cargo clippy", "cargo clippy --fix --allow-dirty", "changes files"),
    ("cargo run", "cargo run --manifest-path OTHER/Cargo.toml", "runs another project"),
    ("cargo install", "cargo install CRATE", "runs code from outside"),
    ("cargo fmt", "cargo fmt -- --config-path OTHER", "changes files by other rules"),
    ("go", "go run OTHER.go", "runs any program text"),
    ("go test", "go test -exec PROGRAM", "runs a program"),
    ("go run", "go run OTHER@latest", "runs code from outside"),
    ("go build", "go build -toolexec PROGRAM", "runs a program"),
    ("go vet", "go vet -vettool=PROGRAM", "runs a program"),
    ("go get", "go get OTHER@latest", "takes in code from outside"),
    ("go generate", "go generate OTHER", "runs commands that files name"),
    ("npm", "npm exec OTHER", "runs code from outside"),
    ("npm test", "npm test --script-shell=PROGRAM", "runs a program"),
    ("npm run", "npm run ANY-SCRIPT", "runs every script of package.json"),
    ("npm install", "npm install OTHER", "runs code from outside"),
    ("npm ci", "npm ci --prefix OTHER", "runs the scripts of another project"),
    ("pnpm", "pnpm dlx OTHER", "runs code from outside"),
    ("yarn", "yarn dlx OTHER", "runs code from outside"),
    ("bun", "bun x OTHER", "runs code from outside"),
    ("npx", "npx OTHER", "runs code from outside"),
    ("bunx", "bunx OTHER", "runs code from outside"),
    ("pip", "pip install OTHER", "runs code from outside"),
    ("pip install", "pip install --index-url URL OTHER", "runs code from outside"),
    ("uv", "uv run PROGRAM", "runs a program"),
    ("uvx", "uvx OTHER", "runs code from outside"),
    ("poetry", "poetry run PROGRAM", "runs a program"),
    ("pipenv", "pipenv run PROGRAM", "runs a program"),
    ("pytest", "pytest -p PLUGIN --rootdir=OTHER", "runs a plugin"),
    ("mix", "mix run -e CODE", "runs code"),
    ("dotnet", "dotnet exec OTHER.dll", "runs a program"),
    ("bundle", "bundle exec PROGRAM", "runs a program"),
    ("gem", "gem install OTHER", "runs code from outside"),
    ("rake", "rake -f OTHER", "runs another file's commands"),
    ("composer", "composer exec PROGRAM", "runs a program"),
    ("tox", "tox -c OTHER", "runs another project's commands"),
    ("nox", "nox -f OTHER", "runs another file's commands"),
    ("tsx", "tsx OTHER.ts", "runs any program text"),
    ("ts-node", "ts-node -e CODE", "runs code"),
    ("jest", "jest --globalSetup=FILE", "runs a script"),
    ("vitest", "vitest --config OTHER", "runs a script"),
    ("eslint", "eslint --fix --rulesdir OTHER", "runs a script and changes files"),
    ("prettier", "prettier --write .", "changes files"),
    ("tsc", "tsc --outDir OTHER", "writes elsewhere"),
    ("ruff", "ruff check --fix", "changes files"),
    ("mypy", "mypy --python-executable PROGRAM", "runs a program"),
    ("terraform", "terraform destroy -auto-approve", "deletes what is in production"),
    ("kubectl get", "kubectl get secrets -o yaml", "shows secrets"),
    ("kubectl", "kubectl delete all --all", "deletes what is in production"),
    ("helm", "helm uninstall RELEASE", "deletes what is in production"),
    ("aws", "aws s3 rm --recursive s3://BUCKET", "deletes what is in production"),
    ("gcloud", "gcloud projects delete PROJECT", "deletes what is in production"),
    ("az", "az group delete --yes -n GROUP", "deletes what is in production"),
    ("docker ps", "docker ps --format '{{json .}}' --host HOST", "asks another machine"),
    ("docker logs", "docker logs ANY-CONTAINER", "shows what any container printed"),
    ("docker compose", "docker compose down -v", "deletes data"),
    ("docker build", "docker build -f OTHER -t IMAGE .", "runs another file's commands"),
    ("systemctl", "systemctl stop SERVICE", "stops a service"),
    ("brew", "brew install OTHER", "runs code from outside"),
    ("apt", "apt -o APT::Update::Pre-Invoke::=COMMAND update", "runs a command"),
    ("apt-get", "apt-get -o APT::Update::Pre-Invoke::=COMMAND update", "runs a command"),
    // Files.
    ("rm", "rm -rf .", "deletes everything here"),
    ("mv", "mv FILE .git/hooks/pre-commit", "puts a program where it is run"),
    ("cp", "cp FILE .git/hooks/pre-commit", "puts a program where it is run"),
    ("ln", "ln -s /etc docs", "makes a way out of the project"),
    ("tee", "tee .git/hooks/pre-commit", "puts a program where it is run"),
    ("touch", "touch .git/index.lock", "touches any file"),
    ("mkdir", "mkdir -p OTHER/DIR", "makes directories anywhere"),
    ("chmod", "chmod 777 ~/.ssh", "changes rights of any file"),
    ("chown", "chown -R USER /", "gives files away"),
    ("dd", "dd if=/dev/zero of=FILE", "overwrites a file"),
    ("tar", "tar -cf x --to-command=COMMAND .", "runs a command"),
    ("zip", "zip x.zip FILE -T -TT COMMAND", "runs a command"),
    ("unzip", "unzip -o X.zip -d OTHER", "overwrites files"),
    ("rsync", "rsync -e COMMAND FILE HOST:", "runs a command"),
    ("xxd", "xxd FILE OTHER", "overwrites a file"),
    ("sed", "sed -i s/a/b/ FILE", "changes a file"),
    ("sort", "sort -o FILE OTHER", "overwrites a file"),
    ("uniq", "uniq FILE OTHER", "overwrites a file"),
    ("split", "split FILE OTHER", "writes files"),
    ("find", "find . -delete", "deletes files"),
    ("fd", "fd . -x COMMAND", "runs a command"),
    ("rg", "rg --pre PROGRAM TEXT", "runs a program"),
    ("grep", "grep -r '' ~/.ssh", "reads any file"),
    ("ag", "ag --pager COMMAND TEXT", "runs a command"),
    ("cat", "cat ~/.ssh/id_rsa", "reads any file"),
    ("head", "head ~/.ssh/id_rsa", "reads any file"),
    ("tail", "tail ~/.ssh/id_rsa", "reads any file"),
    ("less", "less FILE, then !COMMAND", "runs a command"),
    ("bat", "bat --pager COMMAND FILE", "runs a command"),
    ("base64", "base64 ~/.ssh/id_rsa", "reads any file"),
    ("strings", "strings ~/.ssh/id_rsa", "reads any file"),
    ("od", "od -c ~/.ssh/id_rsa", "reads any file"),
    ("nl", "nl ~/.ssh/id_rsa", "reads any file"),
    ("diff", "diff /dev/null ~/.ssh/id_rsa", "reads any file"),
    ("jq", "jq -n env", "shows the environment, with what is secret in it"),
    ("yq", "yq -i .a=1 FILE", "changes a file"),
    ("ls", "ls -la ~", "looks anywhere"),
    ("tree", "tree -o FILE", "overwrites a file"),
    ("du", "du -a ~", "looks anywhere"),
    ("file", "file -C -m FILE", "writes a file"),
    ("ps", "ps eww", "shows the environment of other programs"),
    ("env", "env COMMAND", "runs a command"),
    ("printenv", "printenv", "shows the environment, with what is secret in it"),
    ("echo", "echo TEXT > FILE", "writes a file, if the CLI lets the redirection through"),
    ("printf", "printf %n PATH", "lets some shells compute a text"),
    ("exit", "exit 'a[$(COMMAND)]'", "lets some shells run a command"),
    ("cd", "cd OTHER-PROJECT", "moves what follows into another project"),
    ("test", "test -v 'a[$(COMMAND)]'", "lets some shells run a command"),
    ("[", "[ -v 'a[$(COMMAND)]' ]", "lets some shells run a command"),
    // Network and databases.
    ("curl", "curl file:///etc/passwd", "reads any file"),
    ("wget", "wget -O FILE URL", "overwrites a file"),
    ("http", "http --download URL", "writes a file"),
    ("nc", "nc HOST PORT", "talks to anybody"),
    ("ssh", "ssh -o ProxyCommand=COMMAND HOST", "runs a command"),
    ("scp", "scp -S PROGRAM FILE HOST:", "runs a program"),
    ("openssl", "openssl enc -in ~/.ssh/id_rsa", "reads any file"),
    ("gpg", "gpg --export-secret-keys", "shows keys"),
    ("psql", "psql -c '\\! COMMAND'", "runs a command"),
    ("mysql", "mysql -e 'system COMMAND'", "runs a command"),
    ("sqlite3", "sqlite3 x '.shell COMMAND'", "runs a command"),
    ("redis-cli", "redis-cli FLUSHALL", "deletes data"),
    ("mongosh", "mongosh --eval CODE", "runs code"),
    // Programs that are other programs' homes.
    ("busybox", "busybox sh", "runs a shell"),
    ("gdb", "gdb -ex '!COMMAND'", "runs a command"),
    ("lldb", "lldb -o 'platform shell COMMAND'", "runs a command"),
    ("vim", "vim -c '!COMMAND'", "runs a command"),
    ("vi", "vi -c '!COMMAND'", "runs a command"),
    ("nvim", "nvim -c '!COMMAND'", "runs a command"),
    ("emacs", "emacs --eval CODE", "runs code"),
    ("ed", "ed, then !COMMAND", "runs a command"),
    ("tmux", "tmux new COMMAND", "runs a command"),
    ("screen", "screen COMMAND", "runs a command"),
    ("man", "man -P COMMAND ls", "runs a command"),
    ("crontab", "crontab FILE", "runs commands from then on"),
    ("at", "at -f FILE now", "runs commands later"),
    ("open", "open PROGRAM", "starts a program"),
    ("xdg-open", "xdg-open FILE", "starts a program"),
    ("code", "code --install-extension OTHER", "runs code from outside"),
    ("kill", "kill -9 -1", "ends every program of yours"),
    ("pkill", "pkill -u USER", "ends every program of yours"),
    ("killall", "killall -u USER", "ends every program of yours"),
    ("source", "source FILE", "runs a script"),
    ("export", "export PATH=.:$PATH", "changes which programs run"),
    ("claude", "claude --dangerously-skip-permissions -p TEXT", "runs anything"),
    ("adjutant", "adjutant trust add DIR", "changes what is trusted"),
];

/// What else a rule allows that begins with these words, as a sentence's end; nothing for a program that is not known.
pub fn example(words: &[&str]) -> Option<String> {
    find(ROWS, words).map(sentence)
}

/// Only the line of it.
pub fn line(words: &[&str]) -> Option<&'static str> {
    find(ROWS, words).map(|(_, line, _)| *line)
}

fn sentence((_, line, what): &Row) -> String {
    format!("“{line}”, which {what}")
}

fn find(rows: &'static [Row], words: &[&str]) -> Option<&'static Row> {
    let program = words.first()?.rsplit('/').next()?;
    // `python3.11` and `gcc-13` are what they are without the number.
    let plain = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let fits = |row: &&Row| {
        let mut names = row.0.split(' ');
        let first = names.next();
        let same = first == Some(program) || (!plain.is_empty() && first == Some(plain));
        same && names.enumerate().all(|(at, name)| words.get(at + 1) == Some(&name))
    };
    rows.iter().filter(fits).max_by_key(|row| row.0.len())
}

/// What plain operands alone give away: no option, no place outside the session's directories.
const BY_OPERANDS: &[Row] = &[
    ("make", "make ANY-TARGET", "runs every recipe of the Makefile"),
    ("just", "just ANY-RECIPE", "runs every recipe of the justfile"),
    ("npm run", "npm run ANY-SCRIPT", "runs every script of package.json"),
    ("pnpm run", "pnpm run ANY-SCRIPT", "runs every script of package.json"),
    ("yarn run", "yarn run ANY-SCRIPT", "runs every script of package.json"),
    ("npm install", "npm install OTHER", "runs code from outside"),
    ("pip install", "pip install OTHER", "runs code from outside"),
    ("go run", "go run OTHER.go", "runs any file of the project"),
    ("node", "node OTHER.js", "runs any file of the project"),
    ("python3", "python3 OTHER.py", "runs any file of the project"),
    ("tsx", "tsx OTHER.ts", "runs any file of the project"),
    ("git checkout", "git checkout FILE", "throws away the changes of a file"),
    ("git restore", "git restore FILE", "throws away the changes of a file"),
    ("git stash", "git stash drop", "throws away what was put aside"),
    ("git branch", "git branch NEW", "makes branches"),
    ("git config", "git config core.fsmonitor PROGRAM", "runs a program at every git command from then on"),
    ("gh pr", "gh pr close 1", "closes a pull request"),
    ("tee", "tee FILE", "overwrites a file"),
    ("cp", "cp FILE OTHER", "overwrites a file"),
    ("mv", "mv FILE OTHER", "overwrites a file"),
    ("rm", "rm FILE", "deletes a file"),
    ("xxd", "xxd FILE OTHER", "overwrites a file"),
    ("uniq", "uniq FILE OTHER", "overwrites a file"),
    ("touch", "touch FILE", "makes a file"),
    ("tar", "tar xf FILE", "overwrites files"),
    ("ps", "ps eww", "shows the environment of other programs"),
    ("kill", "kill PROCESS", "ends any program of yours"),
    ("sqlite3", "sqlite3 FILE 'delete from t'", "changes a database"),
    ("docker", "docker rm CONTAINER", "deletes a container"),
];

/// What plain operands behind these words may do, as a sentence's end; nothing for what is not known.
pub fn by_operands(words: &[&str]) -> Option<String> {
    find(BY_OPERANDS, words).map(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_tells_what_is_given_away() {
        let said = |text: &str| example(&text.split(' ').collect::<Vec<_>>());
        assert_eq!(said("make test").as_deref(), Some("“make SHELL=PROGRAM”, which runs a program"));
        assert_eq!(said("/usr/bin/git log").as_deref(), Some("“git log --output=FILE”, which overwrites a file"));
        assert!(said("git frotz").is_some_and(|text| text.contains("core.fsmonitor")));
        assert_eq!(said("frotz"), None);
    }

    #[test]
    fn every_row_is_an_example_of_itself() {
        for (at, (words, line, _)) in ROWS.iter().enumerate() {
            let last = words.split(' ').next_back().unwrap_or_default();
            assert!(line.contains(last), "{words}: {line}");
            assert!(ROWS[..at].iter().all(|row| row.0 != *words), "{words} stands there twice");
        }
    }
}
