//! Options and operands of programs that hold secrets.

use super::Look;
use super::ProgramRow;

/// A command from the name of its program on, quotes and continued lines included.
pub(super) fn command(names: &str) -> String {
    format!(r#"(?-u:\b)(?:{names})(?-u:\b)(?:[^|;&\n"'\\]|\\\r?\n|\\.|'[^'\n]*'?|"(?:[^"\\\n]|\\.)*"?)*"#)
}

/// An option and the value behind it, with quotes or without.
pub(super) fn option(options: &str) -> String {
    format!(r#"(\s["']?(?:{options}))(?:\\*'([^'\\\n]+)|\\*"([^"\\\n]+)|([^\s"'|;&\\]+))"#)
}

pub(super) const ROWS: &[ProgramRow] = &[
    (
        "mysql|mariadb|mycli",
        "password",
        r"mysql(?:dump|admin|import|show|check|pump|sh)?|mariadb(?:-dump|-admin)?|mycli",
        "-p",
        Look::Any,
    ),
    (
        "login",
        "password",
        r"(?:docker|podman|buildah|skopeo|helm|nerdctl|crane|oras)\s[^|;&\n]{0,40}?login",
        r"-p[\s=]?|--password[\s=]",
        Look::Any,
    ),
    ("sshpass", "password", "sshpass", r"-p\s?", Look::Any),
    ("redis-cli", "password", "redis-cli", r"-a\s{1,3}|--pass\s{1,3}|(?i:auth)\s{1,3}", Look::Any),
    (
        "mongo|twine|lftp|ncftp|influx|cqlsh|impala|beeline|rdesktop",
        "password",
        r"mongo(?:sh|dump|restore|export|import)?|twine|lftp|ncftp(?:get|put|ls)?|influx|cqlsh|impala-shell|beeline|rdesktop",
        r"-p[\s=]{1,3}|-password[\s=]{1,3}",
        Look::Any,
    ),
    ("az ", "password", r"az\s{1,3}(?:acr\s{1,3})?login", r"-p\s{1,3}", Look::Any),
    (
        "sqlcmd|bcp|osql|mosquitto|ipmitool|zip",
        "password",
        r"sqlcmd|bcp|osql|mosquitto_[a-z]{1,9}|ipmitool|zip|unzip|fcrackzip",
        r"-P\s{0,3}",
        Look::NotDigits,
    ),
    ("ldap", "password", r"ldap(?:search|add|modify|delete|whoami|passwd|compare)", r"-[ws]\s{1,3}", Look::Any),
    ("snmp", "password", r"snmp(?:walk|get|set|bulkwalk|getnext|table|trap)", r"-[AXc]\s{1,3}", Look::Any),
    ("7z|rar", "password", r"7z|7za|7zr|rar|unrar", r"-h?p", Look::Any),
    ("openssl", "password", "openssl", r"-pass(?:in|out)?\s{1,3}pass:|-[kK]\s{1,3}", Look::Any),
    ("freerdp", "password", r"[xw]lf?reerdp3?|[xw]freerdp3?", r"/p:", Look::Any),
    (
        "cmdkey|schtasks|wmic",
        "password",
        r"cmdkey(?:\.exe)?|schtasks(?:\.exe)?|wmic",
        r"/(?:pass|p|rp|password):?\s?",
        Look::Any,
    ),
    (
        "smbclient|rpcclient|mount.cifs|net |smbget",
        "password",
        r"smbclient|rpcclient|net|mount\.cifs|smbget",
        r#"(?:-U\s{0,3}|--user[\s=])["']?[A-Za-z0-9_.\\/@-]+%"#,
        Look::Any,
    ),
    ("lftp", "password", "lftp", r#"-u\s{1,3}["']?[A-Za-z0-9_.@-]+,"#, Look::Any),
    ("ssh-keygen", "password", "ssh-keygen", r"-[NP]\s{0,3}", Look::Any),
    ("plink|pscp|psftp", "password", "plink|pscp|psftp", r"-pw\s{1,3}", Look::Any),
    ("security", "password", r"security\s{1,3}[a-z-]{1,40}", r"-[wpP]\s{1,3}", Look::Any),
    (
        "curl",
        "password",
        "curl",
        r#"(?:-E|--cert|--proxy-cert)[\s=]{1,3}["']?[^\s"':]+:|--(?:proxy-)?pass[\s=]{1,3}"#,
        Look::Any,
    ),
    ("curl", "cookie", "curl", r#"(?:-b|--cookie)[\s=]{0,2}["']?[A-Za-z0-9_.-]+="#, Look::Any),
    ("curl", "authorization", "curl", r"--oauth2-bearer[\s=]{1,3}", Look::Any),
    (
        "curl|wget",
        "password",
        "curl|wget",
        r#"(?:-[a-zA-Z]{0,5}[uU]|--user|--proxy-user)[\s=]{0,2}["']?[A-Za-z0-9_.@+\\-]+:"#,
        Look::Any,
    ),
    (
        "nmcli|wpa_cli|iwconfig",
        "password",
        r"nmcli|wpa_cli|iwconfig",
        r"password\s{1,3}|psk\s{1,3}|key\s{1,3}s:",
        Look::Any,
    ),
    ("secret set", "secret", r"gh\s{1,3}secret\s{1,3}set", r"(?:-b|--body)[\s=]{1,3}", Look::Any),
    (
        "secretsmanager",
        "secret",
        r"aws\s[^|;&\n]{0,60}?secretsmanager",
        r"--secret-(?:string|binary)[\s=]{1,3}",
        Look::Any,
    ),
    ("ssm", "secret", r"aws\s[^|;&\n]{0,60}?ssm\s{1,3}put-parameter", r"--value[\s=]{1,3}", Look::Any),
    ("keyvault", "secret", r"az\s{1,3}keyvault\s{1,3}secret\s{1,3}set", r"--value[\s=]{1,3}", Look::Any),
    (
        "create secret",
        "secret",
        r"kubectl\s[^|;&\n]{0,60}?create\s{1,3}secret",
        r#"--from-literal[=\s]["']?[A-Za-z0-9_.-]+="#,
        Look::Any,
    ),
    (
        "qpdf|pdftk",
        "password",
        "qpdf|pdftk",
        r"--encrypt\s{1,3}|(?:user|owner)_pw\s{1,3}|(?:input|output)_pw\s{1,3}",
        Look::Any,
    ),
    ("x11vnc|vnc", "password", "x11vnc|vncviewer", r"-passwd\s{1,3}", Look::Any),
    ("useradd|usermod", "password", "useradd|usermod|adduser", r"-p\s{1,3}|--password[\s=]{1,3}", Look::Any),
];
