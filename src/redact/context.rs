//! Secrets that are known by the words before them: headers, addresses, lines of known files, options of programs.

use std::sync::LazyLock;

use regex::Captures;
use regex::Regex;

use super::assigned::is_reference;
use super::assigned::looks_random;
use super::is_mark;
use super::mark;

/// What a secret in its place must look like to be taken for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Any,
    Random,
    /// Not a plain word, as in "authorization: please ask".
    NoWord,
    /// Not a number, as in `docker run -u 1000:1000`.
    NotDigits,
}

/// The rest of a command up to an option: not over the end of the command.
macro_rules! program {
    ($name:literal, $option:literal) => {
        concat!(r"((?-u:\b)(?:", $name, r")(?-u:\b)[^|;&\n]{0,300}?\s(?:", $option, r#")\\?["']?)([^\s"'|;&]+)"#)
    };
}

/// What a text must have for it (one of these), kind, pattern with what stays in group 1 and the secret in group 2, and how
/// the secret has to look.
const IN_CONTEXT: &[(&str, &str, &str, Look)] = &[
    (
        "https://",
        "webhook",
        r"(https://(?:hooks\.slack\.com/[a-z]+|(?:[a-z]+\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook)/)([A-Za-z0-9_/-]+)",
        Look::Any,
    ),
    (
        "webhook/send|robot/send",
        "webhook",
        r"(qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=|oapi\.dingtalk\.com/robot/send\?access_token=)([A-Za-z0-9-]{16,})",
        Look::Any,
    ),
    // Up to the last @ before the path: a password may contain one.
    ("://", "password", r#"([A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/:@?#\[\]"'<>`]*:)([^\s/?#"'<>`]+)@"#, Look::Any),
    ("@tcp(|@unix(", "password", r#"((?-u:\b)[A-Za-z0-9_.-]{1,40}:)([^\s:@/"'<>`]{1,100})@(?:tcp|unix)\("#, Look::Any),
    (
        "jdbc:oracle|sqlplus",
        "password",
        r#"(jdbc:oracle:[a-z]+:[A-Za-z0-9_]+/|(?-u:\b)sqlplus\s[^\n/]{0,60}?(?-u:\b)[A-Za-z0-9_]+/)([^\s/@"']+)@"#,
        Look::Any,
    ),
    ("https://|http://", "token", r"(https?://)([A-Za-z0-9_.~%-]{20,})@", Look::Random),
    (
        "uthorization|UTHORIZATION",
        "authorization",
        r#"(?i)((?-u:\b)(?:proxy-)?authorization\\*["']?\s{0,3}[:=]\s{0,3}\\*["']?(?:[a-z0-9-]{1,20}\s{1,3}))([^\s"'\\,;]{4,})"#,
        Look::NoWord,
    ),
    (
        "uthorization: ",
        "authorization",
        r"((?-u:\b)[Aa]uthorization:\s{0,3}Basic\s{1,3})([A-Za-z0-9+/=]{4,})",
        Look::Any,
    ),
    ("earer |EARER ", "authorization", r"(?i)((?-u:\b)bearer\s{1,3})([a-z0-9._~+/=-]{12,})", Look::Random),
    ("ookie:|OOKIE:", "cookie", r#"(?i)((?-u:\b)(?:set-)?cookie:\s{0,3})([^\s=;"'\\]+=[^\r\n"'\\]+)"#, Look::Any),
    (
        "curl",
        "cookie",
        r#"((?-u:\b)curl(?-u:\b)[^|;&\n]{0,300}?\s(?:-b|--cookie)[\s=]{0,2}["']?[A-Za-z0-9_.-]+=)([^\s"']+)"#,
        Look::Any,
    ),
    (
        "u |u=|-U|-user",
        "password",
        r#"(\s(?:-[a-zA-Z]{0,5}u|-U|--user|--proxy-user)[\s=]{0,2}["']?[A-Za-z0-9_.@+-]{1,100}:)([^\s"']+)"#,
        Look::NotDigits,
    ),
    ("dentified|DENTIFIED", "password", r#"(?i)((?-u:\b)IDENTIFIED\s{1,3}BY\s{1,3}["'])([^"'\n]+)"#, Look::Any),
    (
        "assword|ASSWORD",
        "password",
        r#"(?i)((?-u:\b)(?:CREATE|ALTER)\s{1,3}(?:USER|ROLE)\s[^;\n]{0,100}?PASSWORD\s{1,3}["'])([^"'\n]+)"#,
        Look::Any,
    ),
    // .netrc, .pgpass
    ("password", "password", r"((?-u:\b)(?:login|user)\s{1,9}\S{1,100}\s{1,9}password\s{1,9})(\S+)", Look::Any),
    (
        ":",
        "password",
        r"((?m:^)(?:[A-Za-z0-9_.-]{1,100}|\*):(?:54[0-9]{2}|6432|6543|26257|\*):[A-Za-z0-9_*-]{1,60}:[A-Za-z0-9_*.@-]{1,60}:)([^\s:]+)(?m:$)",
        Look::Any,
    ),
    // Options of programs.
    (
        "mysql|mariadb|mycli",
        "password",
        program!(r"mysql|mysqldump|mysqladmin|mysqlimport|mariadb|mariadb-dump|mycli", "-p"),
        Look::Any,
    ),
    (
        "login",
        "password",
        program!(
            r"(?:docker|podman|buildah|skopeo|helm|nerdctl|crane|oras)\s[^|;&\n]{0,40}?login",
            r"-p[\s=]?|--password[\s=]"
        ),
        Look::Any,
    ),
    ("sshpass", "password", program!(r"sshpass", r"-p\s?"), Look::Any),
    ("redis-cli", "password", program!(r"redis-cli", r"-a\s{1,3}|--pass\s{1,3}"), Look::Any),
    (
        "mongo|twine|lftp|influx",
        "password",
        program!(r"mongo|mongosh|mongodump|mongorestore|mongoexport|twine|lftp|influx", r"-p[\s=]{0,2}"),
        Look::Any,
    ),
    ("az ", "password", program!(r"az\s{1,3}login|az\s{1,3}acr\s{1,3}login", r"-p\s{1,3}"), Look::Any),
    (
        "sqlcmd|bcp|osql|mosquitto|ipmitool|zip|fcrackzip",
        "password",
        program!(r"sqlcmd|bcp|osql|mosquitto_pub|mosquitto_sub|ipmitool|zip|unzip|fcrackzip", r"-P\s{0,3}"),
        Look::NotDigits,
    ),
    (
        "ldap",
        "password",
        program!(r"ldapsearch|ldapadd|ldapmodify|ldapdelete|ldapwhoami|ldappasswd", r"-[ws]\s{1,3}"),
        Look::Any,
    ),
    ("snmp", "password", program!(r"snmpwalk|snmpget|snmpset|snmpbulkwalk", r"-[AXc]\s{1,3}"), Look::Any),
    ("7z|rar", "password", program!(r"7z|7za|7zr|rar|unrar", r"-h?p"), Look::Any),
    ("openssl", "password", program!(r"openssl", r"-pass(?:in|out)?\s{1,3}pass:|-[kK]\s{1,3}"), Look::Any),
    ("rdesktop|freerdp", "password", program!(r"xfreerdp|xfreerdp3|wfreerdp|rdesktop", r"/p:|-p\s{1,3}"), Look::Any),
    (
        "htpasswd",
        "password",
        program!(
            r"htpasswd\s{1,3}-[A-Za-z]*b[A-Za-z]*|htpasswd\s[^|;&\n]{0,60}?-b",
            r"[^\s|;&-][^\s|;&]*\s{1,3}[^\s|;&-][^\s|;&]*\s{1,3}"
        ),
        Look::Any,
    ),
    (
        "smbclient|rpcclient|net |mount.cifs",
        "password",
        r#"((?-u:\b)(?:smbclient|rpcclient|net|mount\.cifs)\s[^|;&\n]{0,200}?-U\s{0,3}["']?[A-Za-z0-9_.\\@-]+%)([^\s"']+)"#,
        Look::Any,
    ),
    (
        "http",
        "password",
        r#"((?-u:\b)https?(?:ie)?\s[^|;&\n]{0,100}?(?:-a|--auth)[\s=]{1,3}["']?[A-Za-z0-9_.@+-]{1,100}:)([^\s"']+)"#,
        Look::Any,
    ),
    ("lftp", "password", r#"((?-u:\b)lftp\s[^|;&\n]{0,60}?-u\s{1,3}["']?[A-Za-z0-9_.@-]+,)([^\s"']+)"#, Look::Any),
    ("net ", "password", r#"((?-u:\b)net\s{1,3}user\s{1,3}[A-Za-z0-9_.-]+\s{1,3})([^\s/"']+)"#, Look::Any),
    ("wpa_passphrase", "password", r#"((?-u:\b)wpa_passphrase\s{1,3}\S{1,60}\s{1,3}["']?)([^\s"']+)"#, Look::Any),
    ("rclone", "password", r#"((?-u:\b)rclone\s{1,3}obscure\s{1,3}["']?)([^\s"']+)"#, Look::Any),
    (
        "vault",
        "token",
        r#"((?-u:\b)vault\s{1,3}login\s{1,3}(?:-[a-z=-]+\s{1,3})*(?:token=)?["']?)([^\s"'-][^\s"']{5,})"#,
        Look::Random,
    ),
    (
        "secret",
        "secret",
        r#"((?-u:\b)gh\s{1,3}secret\s{1,3}set\s[^|;&\n]{0,60}?(?:-b|--body)[\s=]{1,3}["']?)([^\s"']+)"#,
        Look::Any,
    ),
    ("--from-literal", "secret", r#"(--from-literal[=\s]["']?[A-Za-z0-9_.-]+=)([^\s"']+)"#, Look::Any),
    (
        "aws",
        "secret",
        r#"((?-u:\b)aws\s{1,3}configure\s{1,3}set\s[^|;&\n]{0,40}?(?:secret_access_key|session_token)\s{1,3}["']?)([^\s"']+)"#,
        Look::Any,
    ),
    (
        "_auth|_password",
        "token",
        r#"((?-u:\b)_(?:authToken|auth|password)[\s="']{1,3})([A-Za-z0-9+/=_.-]{6,})"#,
        Look::Any,
    ),
    // What is handed on to a program that asks for it.
    (
        "echo|printf",
        "password",
        r#"((?-u:\b)(?:echo|printf)\s{1,3}(?:-[a-z]+\s{1,3})?["']?)([^\s"'|;&$][^\s"'|;&]*)["']?\s{0,3}\|\s{0,3}(?:sudo\s[^|;&\n]{0,40}?-S|(?:docker|podman|helm|gh|op|bw|pass)\s[^|;&\n]{0,80}?(?:--password-stdin|--with-token)|passwd\s{1,3}--stdin|cryptsetup|openssl\s[^|;&\n]{0,60}?stdin)"#,
        Look::Any,
    ),
    (
        "chpasswd",
        "password",
        r#"((?-u:\b)(?:echo|printf)\s{1,3}(?:-[a-z]+\s{1,3})?["']?[A-Za-z0-9_.-]+:)([^\s"'|;&]+)["']?\s{0,3}\|\s{0,3}(?:sudo\s{1,3})?chpasswd"#,
        Look::Any,
    ),
];

// A test holds that every pattern is one.
static RULES: LazyLock<Vec<Regex>> =
    LazyLock::new(|| IN_CONTEXT.iter().filter_map(|(_, _, pattern, _)| Regex::new(pattern).ok()).collect());

/// Takes out what stands where secrets stand; `None` when there is nothing.
pub(super) fn redact(text: &str) -> Option<String> {
    let mut redacted: Option<String> = None;
    for ((needles, kind, _, look), rule) in IN_CONTEXT.iter().zip(RULES.iter()) {
        let text = redacted.as_deref().unwrap_or(text);
        // Most texts have none of it, and looking for words is much cheaper than for patterns.
        if !needles.split('|').any(|needle| text.contains(needle)) {
            continue;
        }
        let replace = |found: &Captures<'_>| {
            let (whole, secret) = (&found[0], &found[2]);
            if is_mark(secret) || !look.accepts(secret) {
                return whole.to_owned();
            }
            let after = &whole[found[1].len() + secret.len()..];
            format!("{}{}{after}", &found[1], mark(kind))
        };
        redacted = Some(rule.replace_all(text, replace).into_owned());
    }
    redacted.filter(|redacted| redacted != text)
}

impl Look {
    fn accepts(self, secret: &str) -> bool {
        match self {
            _ if secret.starts_with("[redacted") => false,
            Self::Any => !secret.starts_with('$') && !secret.starts_with('<'),
            Self::Random => looks_random(secret),
            Self::NoWord if is_reference(secret) => false,
            Self::NoWord => !secret.bytes().all(|byte| byte.is_ascii_lowercase() || b".,;:!?)".contains(&byte)),
            Self::NotDigits => !secret.bytes().all(|byte| byte.is_ascii_digit()) && !secret.starts_with('$'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(RULES.len(), IN_CONTEXT.len());
    }
}
