//! Headers, addresses, lines of known files, calls, statements: patterns with the secret in group 2.

use super::Look;
use super::Row;

/// A text between quotes, as a group.
macro_rules! quoted {
    () => {
        r#"\\*["']([^"'\n\\]+)"#
    };
}

pub(super) const ROWS: &[Row] = &[
    // Addresses.
    (
        "hooks.slack|webhooks|v2/hook|hooks.zapier|make.com|integromat|ifttt",
        "webhook",
        r"(https://(?:hooks\.slack\.com/[a-z]+|(?:[a-z]+\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook|hooks\.zapier\.com/hooks/catch|hook\.[a-z0-9.]{0,9}(?:make|integromat)\.com|maker\.ifttt\.com/trigger/[A-Za-z0-9_-]{1,60}/(?:json/)?with/key)/)([A-Za-z0-9_/-]+)",
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
    ("@tcp(|@unix(", "password", r#"((?-u:\b)[A-Za-z0-9_.-]{1,40}:)([^\s:@/"'<>`]+)@(?:tcp|unix)\("#, Look::Any),
    (
        "jdbc:oracle|sqlplus|sqlldr|impdp|expdp",
        "password",
        r#"(jdbc:oracle:[a-z]+:[A-Za-z0-9_]+/|(?-u:\b)(?:sqlplus|sqlldr|impdp|expdp)\s[^\n/]{0,60}?(?-u:\b)[A-Za-z0-9_]+/)([^\s/@"']+)@"#,
        Look::Any,
    ),
    ("http", "token", r"(https?://)([A-Za-z0-9_.~%-]{20,})@", Look::Random),
    (":pserver:", "password", r#"(:pserver:[^\s:@]{1,60}:)([^\s@"']+)@"#, Look::Any),
    // Headers.
    (
        "authorization",
        "authorization",
        r#"(?i)((?-u:\b)(?:proxy-)?authorization\\*["']?\s{0,3}[:=]\s{0,3}\\*["']?(?:[a-z0-9-]{1,20}\s{1,3}))([^\s"'\\,;]{4,})"#,
        Look::NoWord,
    ),
    (
        "authorization",
        "authorization",
        r"((?-u:\b)[Aa]uthorization:\s{0,3}Basic\s{1,3})([A-Za-z0-9+/=]{4,})",
        Look::Any,
    ),
    ("digest ", "authorization", r#"(?i)((?-u:\b)digest\s[^\n]*?(?-u:\b)response=\\?["']?)([0-9a-f]{16,})"#, Look::Any),
    ("bearer ", "authorization", r"(?i)((?-u:\b)bearer\s{1,3})([a-z0-9._~+/=-]{12,})", Look::Random),
    ("cookie:", "cookie", r#"(?i)((?-u:\b)(?:set-)?cookie:\s{0,3})([^\s=;"'\\]+=[^\r\n"'\\]+)"#, Look::Any),
    // Options that many programs share.
    (
        " -|\t-|\n-",
        "password",
        r#"(\s(?:-[a-zA-Z]{0,5}u|-U|--user|--proxy-user)[\s=]{0,2}["']?[A-Za-z0-9_.@+-]+:)([^\s"']+)"#,
        Look::NotDigits,
    ),
    (
        " -a| --auth",
        "password",
        r#"((?-u:\b)https?(?:ie)?\s[^|;&\n]*?(?:-a|--auth)[\s=]{1,3}["']?[A-Za-z0-9_.@+-]+:)([^\s"']+)"#,
        Look::Any,
    ),
    // Operands of programs.
    (
        "htpasswd",
        "password",
        r#"((?-u:\b)htpasswd\s{1,3}(?:-[A-Za-z0-9]{1,9}\s{1,3}){0,5}-[A-Za-z]{0,9}b[A-Za-z]{0,9}\s{1,3}(?:-[A-Za-z0-9]{1,9}\s{1,3}){0,5}[^\s|;&-][^\s|;&]*\s{1,3}[^\s|;&-][^\s|;&]*\s{1,3}["']?)([^\s"'|;&]+)"#,
        Look::Any,
    ),
    (
        "net user|net use|net.exe",
        "password",
        r#"((?-u:\b)net(?:\.exe)?\s{1,3}user\s{1,3}[A-Za-z0-9_.-]+\s{1,3}|(?-u:\b)net(?:\.exe)?\s{1,3}use\s[^\n|;&]*?/user:\S+\s{1,3}|(?-u:\b)net(?:\.exe)?\s{1,3}use\s{1,3}(?:[A-Za-z]:\s{1,3})?\\\\\S+\s{1,3})([^\s/"'][^\s"']*)"#,
        Look::Any,
    ),
    ("wpa_passphrase", "password", r#"((?-u:\b)wpa_passphrase\s{1,3}\S+\s{1,3}["']?)([^\s"']+)"#, Look::Any),
    ("rclone", "password", r#"((?-u:\b)rclone\s{1,3}obscure\s{1,3}["']?)([^\s"']+)"#, Look::Any),
    (
        "vault",
        "token",
        r#"((?-u:\b)vault\s{1,3}login\s{1,3}(?:-[a-z=-]+\s{1,3})*(?:token=)?["']?)([^\s"'-][^\s"']{5,})"#,
        Look::Random,
    ),
    (
        "rabbitmqctl",
        "password",
        r#"((?-u:\b)rabbitmqctl\s[^\n|;&]{0,60}?(?:add_user|change_password|authenticate_user)\s{1,3}\S+\s{1,3}["']?)([^\s"'|;&]+)"#,
        Look::Any,
    ),
    (
        "openssl",
        "password",
        r#"((?-u:\b)openssl\s{1,3}passwd\s{1,3}(?:-(?:[156]|apr1|aixmd5|crypt)\s{1,3}|-salt\s{1,3}\S+\s{1,3})*["']?)([^\s"'|;&<>-][^\s"'|;&]*)"#,
        Look::Any,
    ),
    (
        "mkpasswd",
        "password",
        r#"((?-u:\b)mkpasswd\s{1,3}(?:(?:-m|-S|-R)\s{1,3}\S+\s{1,3}|--[a-z]{1,20}=\S+\s{1,3})*["']?)([^\s"'|;&<>-][^\s"'|;&]*)"#,
        Look::Any,
    ),
    (
        "bw unlock|bw login",
        "password",
        r#"((?-u:\b)bw\s{1,3}(?:unlock|login\s{1,3}\S+)\s{1,3}["']?)([^\s"'|;&<>-][^\s"'|;&]*)"#,
        Look::Any,
    ),
    (
        "http-basic",
        "password",
        r#"((?-u:\b)http-basic[.a-z0-9_-]+\s{1,3}\S+\s{1,3}["']?)([^\s"'|;&<>-][^\s"'|;&]*)"#,
        Look::Any,
    ),
    ("pypi-token", "token", r#"((?-u:\b)pypi-token[.a-z0-9_-]+\s{1,3}["']?)([^\s"'|;&<>-][^\s"'|;&]*)"#, Look::Any),
    (
        "user-secrets",
        "secret",
        r#"((?-u:\b)user-secrets\s{1,3}set\s{1,3}["']?[A-Za-z0-9_.:-]+["']?\s{1,3}["']?)([^\s"'|;&<>-][^\s"'|;&]*)"#,
        Look::Any,
    ),
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
        "echo|printf|<<<",
        "password",
        r#"((?-u:\b)(?:echo|printf)\s{1,3}(?:-[a-z]+\s{1,3})?["']?)([^\s"'|;&$][^\s"'|;&]*)["']?\s{0,3}\|\s{0,3}(?:sudo\s[^|;&\n]{0,40}?-S|(?:docker|podman|helm|gh|op|bw|pass|wrangler|vercel|fly|flyctl|doppler|kubeseal|kinit|vncpasswd|chpasswd|ecryptfs|smbpasswd)(?-u:\b)\s?[^|;&\n]{0,80}?(?:--password-stdin|--with-token|secrets?\s{1,3}(?:put|set|add|create)|env\s{1,3}add|kinit|vncpasswd|insert|login|smbpasswd|-f)|kinit|vncpasswd|passwd\s{1,3}--stdin|(?:sudo\s{1,3})?cryptsetup|openssl\s[^|;&\n]{0,60}?stdin)"#,
        Look::Any,
    ),
    (
        "chpasswd",
        "password",
        r#"((?-u:\b)(?:echo|printf)\s{1,3}(?:-[a-z]+\s{1,3})?["']?[A-Za-z0-9_.-]+:)([^\s"'|;&]+)["']?\s{0,3}\|\s{0,3}(?:sudo\s{1,3})?chpasswd"#,
        Look::Any,
    ),
    (
        "<<<",
        "password",
        r#"((?:passphrase-fd|password-stdin|with-token|passwd|cryptsetup|chpasswd|sudo\s-S|login)[^\n|;&]{0,80}?<<<\s{0,3}\$?["']?)([^\s"'|;&$]+)"#,
        Look::Any,
    ),
    // Lines of files: .netrc, .pgpass, PuTTY.
    (
        "password",
        "password",
        r"((?-u:\b)(?:(?:login|user)\s{1,9}\S+\s{1,9}(?:account\s{1,9}\S+\s{1,9})?|machine\s{1,9}\S+\s{1,9}|default\s{1,9})password\s{1,9})(\S+)",
        Look::Any,
    ),
    (
        ":54|:*:|:6432:|:6543:|:26257:",
        "password",
        r"((?m:^)(?:[A-Za-z0-9_.-]+|\*):(?:54[0-9]{2}|6432|6543|26257|\*):[A-Za-z0-9_*-]{1,60}:[A-Za-z0-9_*.@-]{1,60}:)((?:\\[^\n]|[^\s:\\])+)\r?(?m:$)",
        Look::Any,
    ),
    (
        "private-lines:",
        "private-key",
        r"(Private-Lines:\s{0,3}[0-9]{1,4}(?:\\n|\r?\n))((?:[A-Za-z0-9+/=]{4,80}(?:\\n|\r?\n|$))+)",
        Look::Any,
    ),
    ("private-mac:", "private-key", r"(Private-MAC:\s{0,3})([0-9a-f]{20,})", Look::Any),
    (
        "mnemonic|seed|recovery",
        "secret",
        r#"(?i)((?-u:\b)(?:mnemonic|(?:seed|recovery)[ _-]?(?:phrase|words?)?)\\*["']?\s{0,3}(?:[:=]|is)\s{0,3}\\*["']?)((?:[a-z]{3,8}\s){11,23}[a-z]{3,8})"#,
        Look::Any,
    ),
    // Statements.
    (
        "identified",
        "password",
        r#"(?i)((?-u:\b)IDENTIFIED\s{1,3}(?:WITH\s{1,3}\S+\s{1,3})?(?:BY|AS)\s{1,3}\\*["'])([^"'\n\\]+)"#,
        Look::Any,
    ),
    (
        "password",
        "password",
        concat!(
            r#"(?i)((?-u:\b)(?:CREATE|ALTER|SET)\s{1,3}(?:USER|ROLE|LOGIN|PASSWORD|SERVER)(?-u:\b)[^;\n]*?PASSWORD(?:\s{1,3}FOR\s[^=\n]+)?\s{0,3}[=(]?\s{0,3}(?:PASSWORD\s?\()?N?)"#,
            quoted!()
        ),
        Look::Any,
    ),
    (
        "set password",
        "password",
        concat!(
            r#"(?i)((?-u:\b)SET\s{1,3}PASSWORD(?:\s{1,3}FOR\s[^=\n]+)?\s{0,3}=\s{0,3}(?:(?:OLD_)?PASSWORD\s?\()?N?)"#,
            quoted!()
        ),
        Look::Any,
    ),
    // Calls with a name and a password.
    (
        "basicauth|digestauth|usernamepassword|networkcredential|mysqli|mysql_connect|pdo(|getconnection|.login(|authenticate(|basic_auth|basicauth|setbasicauth|auth=(|auth = (",
        "password",
        concat!(
            r#"(?i)((?:http(?:basic|digest)auth|basicauth|basic_auth|usernamepassword[a-z]{0,30}|networkcredential|mysqli(?:_connect)?|mysql_p?connect|pdo|getconnection|\.login|authenticate|auth\s?=\s?)\s?\(\s{0,3}(?:[^,()\n]+,\s{0,3})?(?:\\*["'][^"'\n\\]+\\*["']|[a-z_$][a-z0-9_.$]{0,40}),\s{0,3})"#,
            quoted!()
        ),
        Look::Any,
    ),
    (
        "securestring",
        "password",
        concat!(r"(?i)(ConvertTo-SecureString\s{1,3}(?:-String\s{1,3})?)", quoted!()),
        Look::Any,
    ),
    ("userpwd", "password", r#"(?i)((?:PROXY)?USERPWD\s{0,3}(?:,|=>)\s{0,3}["'][^"':\n]+:)([^"'\n]+)"#, Look::Any),
    (
        "b64encode|btoa(|base64",
        "password",
        r#"(?i)((?:b64encode|btoa|base64_encode|strict_encode64|encodeToString)\s?\(\s{0,3}(?:b|Buffer\.from\()?["'][A-Za-z0-9_.@-]{1,60}:)([^"'\s\n]+)["']"#,
        Look::Any,
    ),
    // An old value and a new one.
    (
        "[redacted:",
        "password",
        concat!(r#"(\[redacted:[a-z-]{1,30}\]\\*["']\s{1,3}(?:->|=>|→)\s{1,3})"#, quoted!()),
        Look::Any,
    ),
    // Tables of what is stored under a path.
    (
        "value\n|value\r\n",
        "secret",
        r"(?i)(Key\s{1,40}Value\r?\n-{2,9}\s{1,40}-{2,9}\r?\n(?:[^\n]*\n){0,40}?[a-z0-9_.-]{0,30}(?:password|passwd|secret|token|api_?key|private_?key)[ \t]{2,40})([^\s\[]\S*)",
        Look::Any,
    ),
];
