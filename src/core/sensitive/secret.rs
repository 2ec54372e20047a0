//! What looks as if it held a secret.
//!
//! **For:** one judgement of names for rules, automatic reads, grants, marks and the phone. **Not for:** contents.

use std::ops::Range;

use super::is_named;
use super::outermost;
use super::parts;

pub mod globs;
mod words;

use words::WHOLE_WORDS;
use words::WORDS;

/// Folders in which everything is private.
const FOLDERS: &[&str] = &[
    ".ssh",
    ".gnupg",
    ".aws",
    ".kube",
    ".docker",
    ".azure",
    "gcloud",
    ".password-store",
    ".secrets",
    "secrets",
    "secret",
    ".vault",
    ".oci",
    ".aliyun",
    ".tccli",
    ".bluemix",
    ".terraform.d",
    ".pulumi",
    ".cloudflared",
    ".ngrok2",
    ".kaggle",
    ".databricks",
    ".snowsql",
    ".snowflake",
    ".pki",
    ".cert",
    "keyrings",
    "keychains",
    "private-keys-v1.d",
    ".electrum",
    ".bitcoin",
    ".ethereum",
    ".monero",
    ".1password",
    ".lastpass",
    ".bitwarden",
    "letsencrypt",
    "wireguard",
    "credentials",
    ".credentials",
    "密钥",
    "密碼",
    "密码",
    "机密",
];

/// Folders and files that are private only together.
const SEQUENCES: &[&[&str]] = &[
    &[".git", "config"],
    &[".config", "gh"],
    &[".config", "glab-cli"],
    &[".config", "hub"],
    &[".config", "op"],
    &[".config", "rclone"],
    &[".config", "doctl"],
    &[".config", "stripe"],
    &[".config", "heroku"],
    &[".config", "sops"],
    &[".config", "configstore"],
    &[".config", "github-copilot"],
    &[".config", "ngrok"],
    &[".config", "containers"],
    &[".config", "hcloud"],
    &[".config", "scw"],
    &[".config", "linode-cli"],
    &[".config", "netlify"],
    &[".config", "vercel"],
    &[".config", "fly"],
    &[".config", "gcloud"],
    &[".config", "google-chrome"],
    &[".config", "chromium"],
    &[".config", "bitwarden cli"],
    &[".config", "yarn"],
    &[".config", "pypoetry"],
    &[".config", "age"],
    &[".fly", "config.yml"],
    &[".netlify", "config.json"],
    &[".vercel", "auth.json"],
    &[".railway", "config.json"],
    &[".m2", "settings.xml"],
    &[".m2", "settings-security.xml"],
    &[".gradle", "gradle.properties"],
    &[".bundle", "config"],
    &[".subversion", "auth"],
    &[".svn", "auth"],
    &[".cargo", "credentials"],
    &[".composer", "auth.json"],
    &[".codex", "auth.json"],
    &[".gemini", "oauth_creds.json"],
    &[".cursor", "mcp.json"],
    &[".vscode", "mcp.json"],
    &[".idea", "datasources.local.xml"],
    &[".jupyter", "jupyter_server_config.json"],
    &[".circleci", "cli.yml"],
    &[".mozilla", "firefox"],
    &["etc", "kubernetes"],
    &["sys", "firmware"],
    &["proc", "kcore"],
    &[".local", "share", "keyrings"],
    &[".local", "share", "fish"],
];

/// Names of files, with or without what is put behind a copy's name.
const NAMES: &[&str] = &[
    ".netrc",
    "_netrc",
    ".npmrc",
    ".yarnrc.yml",
    ".pnpmrc",
    ".pypirc",
    "pip.conf",
    ".condarc",
    ".gemrc",
    ".git-credentials",
    ".gitcookies",
    ".htpasswd",
    ".htdigest",
    "shadow",
    "shadow-",
    "gshadow",
    "gshadow-",
    "master.passwd",
    "opasswd",
    "sudoers",
    ".pgpass",
    "pgpass.conf",
    ".my.cnf",
    ".mylogin.cnf",
    ".rediscli_auth",
    ".s3cfg",
    ".boto",
    ".passwd-s3fs",
    ".authinfo",
    ".authinfo.gpg",
    ".msmtprc",
    ".fetchmailrc",
    ".muttrc",
    ".mbsyncrc",
    ".offlineimaprc",
    ".mailrc",
    ".smbcredentials",
    ".cvspass",
    ".rhosts",
    ".hgrc",
    ".wgetrc",
    ".curlrc",
    ".xauthority",
    ".iceauthority",
    ".k5login",
    ".vault-token",
    ".vault_pass",
    ".vault_pass.txt",
    ".vaultpass",
    ".terraformrc",
    "terraform.rc",
    ".dockercfg",
    ".dockerconfigjson",
    ".databrickscfg",
    ".sentryclirc",
    ".dev.vars",
    ".flaskenv",
    ".envrc",
    ".env",
    "kubeconfig",
    "kube.config",
    "admin.conf",
    "kubelet.conf",
    "wp-config.php",
    "local.settings.json",
    "nuget.config",
    "sftp-config.json",
    ".ftpconfig",
    ".ftppass",
    "filezilla.xml",
    "recentservers.xml",
    "sitemanager.xml",
    "ngrok.yml",
    "kaggle.json",
    "auth.json",
    ".claude.json",
    ".mcp.json",
    "mcp_config.json",
    "claude_desktop_config.json",
    "settings.local.json",
    "oauth_creds.json",
    "google-services.json",
    "googleservice-info.plist",
    "application_default_credentials.json",
    "adc.json",
    "rclone.conf",
    "key4.db",
    "key3.db",
    "logins.json",
    "signons.sqlite",
    "cookies",
    "cookies.sqlite",
    "cookies.txt",
    "login data",
    "web data",
    "wallet.dat",
    "ntds.dit",
    "authorized_keys",
    "ssh_config",
    "wg0.conf",
    "masterkey",
    "master.key",
    "recovery-codes.txt",
    "backup-codes.txt",
    "seed-phrase.txt",
    ".viminfo",
    ".lesshst",
    "consolehost_history.txt",
    "fish_history",
    "environ",
    "htpasswd",
    "passwords",
    "environment.secret",
    ".ansible_vault",
    "vault.yml",
    "vault.yaml",
];

/// Ends of names.
const ENDS: &[&str] = &[
    ".pem",
    ".key",
    ".p8",
    ".p12",
    ".pfx",
    ".pkcs12",
    ".pkcs8",
    ".jks",
    ".jceks",
    ".bks",
    ".keystore",
    ".truststore",
    ".keytab",
    ".kdbx",
    ".kdb",
    ".gpg",
    ".pgp",
    ".asc",
    ".ppk",
    ".agekey",
    ".age",
    ".keychain",
    ".keychain-db",
    ".ovpn",
    ".kirbi",
    ".wallet",
    ".tfvars",
    ".tfvars.json",
    ".tfstate",
    ".env",
    ".kubeconfig",
    ".mobileprovision",
    ".provisionprofile",
    ".psafe3",
    ".opvault",
    ".1pux",
    ".enpassdb",
    ".rdp",
    ".publishsettings",
    ".cscfg",
    ".netrc",
    ".htpasswd",
    ".secret",
    ".secrets",
    ".token",
    ".credentials",
    ".password",
    ".passwd",
    ".snk",
    ".jwk",
    ".jwks",
];

/// Beginnings of names; a public key is none.
const BEGINNINGS: &[&str] = &[
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_xmss",
    "ssh_host_",
    "krb5cc_",
    "service-account",
    "service_account",
    "serviceaccount",
    "gha-creds",
    "kubeconfig",
    "cookies-",
    ".env",
    ".vault_pass",
    ".vault-pass",
];

/// Texts of programs and pages: a word in such a name is what it is about.
const SOURCES: &[&str] = &[
    "rs", "py", "pyi", "js", "mjs", "cjs", "ts", "mts", "cts", "tsx", "jsx", "go", "java", "c", "cc", "h", "hpp",
    "cpp", "cs", "md", "mdx", "rst", "adoc", "rb", "kt", "kts", "swift", "scala", "ex", "exs", "erl", "hs", "ml",
    "mli", "clj", "dart", "zig", "vue", "svelte", "css", "scss", "less", "html", "htm", "svg", "snap", "proto",
    "graphql", "nim", "jl", "elm", "fs", "fsx", "vim", "tmpl", "hbs", "ejs", "pug", "wasm", "o", "d", "lua", "pl",
    "pm", "php", "tex", "el",
];

/// What people and programs put behind the name of a copy.
const COPIES: &[&str] = &[
    ".bak",
    ".backup",
    ".old",
    ".orig",
    ".save",
    ".saved",
    ".copy",
    ".tmp",
    ".temp",
    ".swp",
    ".swo",
    ".txt",
    ".gz",
    ".bz2",
    ".xz",
    ".zst",
    ".zip",
    ".tar",
    ".tgz",
    ".7z",
    ".enc",
    ".dec",
    ".new",
    ".rej",
    ".dpkg-old",
    ".rpmsave",
    ".json",
    ".yml",
    ".yaml",
    ".prod",
    ".production",
    ".local",
    ".dev",
    ".staging",
    "~",
];

/// Names that look like it, but are there to be read.
const SAMPLES: [&str; 7] =
    [".env.example", ".env.sample", ".env.template", ".env.dist", ".env.defaults", ".envrc.example", "passwd"];

/// Whether a path looks as if it held a secret.
pub fn looks_secret(path: &str) -> bool {
    marked(&parts(path)).is_some()
}

/// Whether a pattern names what looks secret about the path; true when nothing does.
pub fn names_secret(pattern: &str, path: &str) -> bool {
    is_named(path, pattern, &marked)
}

/// Names that look secret, one of each kind: what a pattern must not match if it is to leave secrets alone.
pub fn samples() -> impl Iterator<Item = String> {
    let names = NAMES.iter().chain(WORDS).map(|name| (*name).to_owned());
    let ends = ENDS.iter().flat_map(|end| [format!("x{end}"), (*end).to_owned()]);
    let starts = BEGINNINGS.iter().map(|start| format!("{start}x"));
    let histories = [".bash_history", ".zsh_history", ".env.local", "x.tfstate.backup"].map(str::to_owned);
    names.chain(ends).chain(starts).chain(histories)
}

/// Whether a name ends as texts of programs and pages do.
pub fn is_source(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| SOURCES.contains(&end))
}

/// Which parts of a path look secret.
fn marked(parts: &[String]) -> Option<Range<usize>> {
    outermost(parts, FOLDERS, SEQUENCES, is_secret_name)
}

fn is_secret_name(name: &str) -> bool {
    if SAMPLES.contains(&name) || name.ends_with(".pub") {
        return false;
    }
    let is_source = is_source(name);
    let has_word = WORDS.iter().any(|word| name.contains(word))
        || name.split(|c: char| !c.is_alphanumeric()).any(|word| WHOLE_WORDS.contains(&word));
    if has_word && !is_source {
        return true;
    }
    if BEGINNINGS.iter().any(|start| name.starts_with(start)) && !is_source {
        return true;
    }
    let is_history = name.starts_with('.') && name.ends_with("history");
    is_history
        || variants(name).any(|name| NAMES.contains(&name) || ENDS.iter().any(|end| name.ends_with(end)))
        || name.contains(".tfstate")
        || name.contains(".tfvars")
        || ["_rsa", "_dsa", "_ecdsa", "_ed25519"].iter().any(|end| variants(name).any(|name| name.ends_with(end)))
}

/// A name, and the same without what is put behind the names of copies.
fn variants(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| {
        let numbered = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let shorter = COPIES
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .or_else(|| numbered.strip_suffix(['.', '-', '_']).filter(|rest| rest.len() < name.len()));
        shorter.filter(|name| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_that_hold_secrets_are_told_from_those_that_do_not() {
        for path in [
            ".env",
            ".env.local",
            ".env.production",
            "web/.ENV",
            "prod.env",
            ".envrc",
            "a/.ssh/config",
            "id_rsa",
            "id_rsa.bak",
            "id_rsa.old.1",
            "deploy_rsa",
            "deploy_ed25519.txt",
            "x.pem",
            "x.pem.bak",
            "tls.key~",
            "AuthKey_A1.p8",
            "krb5.keytab",
            "store.jks",
            ".git/config",
            ".mcp.json",
            ".claude/settings.local.json",
            "terraform.tfstate",
            "terraform.tfstate.backup",
            "terraform.tfstate.1700000000.backup",
            "prod.tfvars",
            "x.auto.tfvars.json",
            "infra/secrets/prod.yaml",
            "SECRETS/x",
            "kubeconfig",
            "kubeconfig-prod.yaml",
            "~/.kube/config",
            ".bash_history",
            "~/.zsh_history",
            ".psql_history",
            ".local/share/fish/fish_history",
            "github_token.txt",
            "api-key.txt",
            "密码.txt",
            "生产密钥.json",
            "パスワード.txt",
            "비밀번호.txt",
            "пароли.txt",
            "Passwort.txt",
            "contraseñas.txt",
            "contrasen\u{303}as.txt",
            "mots-de-passe.txt",
            "senhas.txt",
            "ｐａｓｓｗｏｒｄ.txt",
            "pass.txt",
            "creds.json",
            ".config/gh/hosts.yml",
            ".netrc",
            "_netrc",
            ".netrc.bak",
            ".npmrc",
            ".yarnrc.yml",
            ".pypirc",
            ".cargo/credentials.toml",
            ".m2/settings.xml",
            "service-account-prod.json",
            ".vault-token",
            "wp-config.php",
            "/etc/shadow",
            "/etc/shadow-",
            "/proc/1/environ",
            ".config/adjutant/config.toml",
            ".local/share/adjutant/relay.db",
            "secrets.yml",
            "secrets.enc.yaml",
            "x.kdbx",
            "Login Data",
            "cookies.txt",
            "wg0.conf",
            ".docker/config.json",
            "auth.json",
            "adc.json",
        ] {
            assert!(looks_secret(path), "{path}");
        }
        for path in [
            ".env.example",
            "src/token.rs",
            "src/password_reset.py",
            "docs/secrets.md",
            "id_rsa.pub",
            "Cargo.toml",
            "README.md",
            "src/keys.rs",
            "tests/tokenizer.ts",
            "passage.txt",
            "compass.json",
            "monkey.json",
            "package.json",
            "config.yml",
            "keyboard.txt",
            "src/login.tsx",
            "environment.ts",
            "desenhar.txt",
            "src/environments/prod.ts",
            "hosts.yml",
            ".gitignore",
            "enclave.json",
            "history.txt",
            "data.tar.gz",
            "spin.json",
        ] {
            assert!(!looks_secret(path), "{path}");
        }
    }

    #[test]
    fn a_pattern_covers_a_secret_only_by_naming_it() {
        for (pattern, path) in [
            (".env", "/p/.env"),
            ("**/.env*", "/p/a/.env.local"),
            ("**/*.pem", "/p/x.pem"),
            ("secrets/**", "/p/secrets/a/.env"),
            ("~/.ssh/**", "/home/me/.ssh/id_rsa"),
            ("**", "/p/src/a.rs"),
            (".git/config", "/p/.git/config"),
            ("/p/a[*]/.env", "/p/a*/.env"),
        ] {
            assert!(names_secret(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("**", "/p/.env"),
            ("**/*", "/p/.env"),
            ("**/.*", "/p/.env"),
            ("**/*.json", "/p/.mcp.json"),
            ("**/.env*", "/p/.ssh/.env"),
            ("**/*.pem", "/p/secrets/x.pem"),
            ("config/**", "/p/config/prod.tfvars"),
            (".git/**", "/p/.git/config"),
            ("**/*.txt", "/p/密码.txt"),
        ] {
            assert!(!names_secret(pattern, path), "{pattern} {path}");
        }
    }
}
