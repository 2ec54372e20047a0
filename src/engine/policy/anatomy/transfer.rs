//! What goes to other machines, or comes from them: addresses, copies, and files that are sent.

use super::steps::Deed;
use super::steps::Run;
use super::steps::deed;
use crate::core::anatomy::Effect;
use crate::engine::policy::shell;

/// Programs that send what they are given.
const SENDS: [&str; 20] = [
    "nc", "ncat", "netcat", "socat", "telnet", "ssh", "mail", "mailx", "sendmail", "mutt", "websocat", "wscat", "curl",
    "wget", "http", "https", "xh", "sprunge", "termbin", "msmtp",
];
/// Programs that put a word of theirs on the network.
const ASKS: [&str; 16] = [
    "curl", "wget", "http", "https", "xh", "nc", "ncat", "netcat", "socat", "telnet", "dig", "host", "nslookup",
    "ping", "whois", "ssh",
];
/// Programs that say what a machine is and who works there.
const TELLS: [&str; 10] = ["env", "printenv", "history", "ps", "ifconfig", "whoami", "id", "hostname", "set", "ip"];

/// Whether an address is this machine.
fn is_loopback(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_number = host.strip_prefix("127.").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    matches!(host, "localhost" | "0.0.0.0" | "::1") || host.ends_with(".localhost") || is_number
}

/// A call of curl, wget and their kin.
pub(super) fn web(run: &Run<'_>) -> Vec<Deed> {
    let parsed = run.parsed;
    if parsed.has_any(&["--help", "--version", "-V"]) {
        return vec![deed(Effect::Reads, &[])];
    }
    let is_httpie = matches!(run.name, "http" | "https" | "xh" | "httpie");
    let mut method = parsed.value("-X").or_else(|| parsed.value("--request")).or_else(|| parsed.value("--method"));
    let mut urls = parsed.operands.clone();
    if is_httpie {
        let is_method = |word: &&str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase());
        method = urls.first().copied().filter(is_method);
        urls = urls.into_iter().skip(usize::from(method.is_some())).take(1).collect();
    }
    urls.extend(parsed.values(&["--url"]));
    let is_local = !urls.is_empty() && urls.iter().all(|url| is_loopback(url));
    let files = sent_files(run, is_httpie);
    let sends = !files.is_empty()
        || parsed.has_any(&[
            "-d",
            "--data",
            "--data-raw",
            "--data-binary",
            "--data-urlencode",
            "--data-ascii",
            "-F",
            "--form",
            "--json",
            "-T",
            "--upload-file",
            "--post-data",
            "--post-file",
            "--body-data",
            "--body-file",
        ]);
    let method = method.map(str::to_ascii_uppercase);
    let asks_only = parsed.has_any(&["-G", "--get", "-I", "--head", "--spider"]);
    let mut deeds = Vec::new();
    let named: Vec<&str> = urls.clone();
    let reads_disk: Vec<&str> = urls.iter().filter_map(|url| url.strip_prefix("file://")).collect();
    match method.as_deref() {
        Some("DELETE") => deeds.push(deed(Effect::Deletes, &named)),
        Some("PUT" | "POST" | "PATCH") if !is_local => deeds.push(deed(Effect::ChangesRemote, &named)),
        None if sends && !is_local && !asks_only => deeds.push(deed(Effect::ChangesRemote, &named)),
        _ => {}
    }
    if !files.is_empty() && !is_local {
        deeds.push(deed(Effect::Exfiltrates, &files));
    }
    let changes =
        sends && !asks_only || method.is_some_and(|method| !matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS"));
    let effect = match (is_local, changes) {
        (true, false) => Effect::Reads,
        // What a server of one's own makes of it is not known; it is no stranger.
        (true, true) => Effect::Unknown,
        (false, _) => Effect::Network,
    };
    deeds.push(if reads_disk.is_empty() { deed(effect, &named) } else { deed(Effect::Reads, &reads_disk) });
    let kept = kept_files(run, &urls);
    for file in &kept {
        let effect = if run.place.exists(file) { Effect::Overwrites } else { Effect::Writes };
        deeds.push(deed(effect, &[file]));
    }
    if parsed.has_any(&["--use-askpass", "--ftp-ssl-control"]) {
        deeds.push(deed(Effect::RunsCode, &[]));
    }
    deeds
}

/// Files that a call sends.
fn sent_files<'a>(run: &Run<'a>, is_httpie: bool) -> Vec<&'a str> {
    let parsed = run.parsed;
    let data = ["-d", "--data", "--data-binary", "--data-ascii", "--data-urlencode", "--json", "--url-query"];
    let mut files: Vec<&str> = parsed
        .values(&data)
        .into_iter()
        .filter_map(|value| {
            value.split_once('@').filter(|(name, _)| !name.contains(['{', '"', ' '])).map(|(_, file)| file)
        })
        .collect();
    files.extend(parsed.values(&["-F", "--form"]).into_iter().filter_map(|value| {
        let (_, file) = value.split_once("=@").or_else(|| value.split_once("=<"))?;
        file.split(';').next()
    }));
    files.extend(
        parsed
            .values(&["-T", "--upload-file", "--post-file", "--body-file"])
            .into_iter()
            .filter(|_| run.name != "wget" || !parsed.has("-T")),
    );
    if run.name == "wget" {
        files.extend(parsed.values(&["--post-file", "--body-file"]));
    }
    if is_httpie {
        files.extend(parsed.operands.iter().filter_map(|word| {
            word.split_once('@').filter(|(name, _)| !name.contains([':', '/'])).map(|(_, file)| file)
        }));
    }
    files.retain(|file| !file.is_empty() && *file != "-" && *file != ".");
    files.dedup();
    files
}

/// Files that a call keeps what it fetches in.
fn kept_files(run: &Run<'_>, urls: &[&str]) -> Vec<String> {
    let parsed = run.parsed;
    let name_of = |url: &&str| {
        let name = url
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        (!name.is_empty() && !name.contains("://")).then(|| name.to_owned())
    };
    let folder =
        parsed.value("--output-dir").or_else(|| parsed.value("-P")).or_else(|| parsed.value("--directory-prefix"));
    let below = |name: String| folder.map_or(name.clone(), |folder| format!("{}/{name}", folder.trim_end_matches('/')));
    let mut files: Vec<String> = match run.name {
        "curl" => {
            let mut files: Vec<String> = parsed
                .values(&["-o", "--output", "-D", "--dump-header", "-c", "--cookie-jar"])
                .into_iter()
                .map(str::to_owned)
                .collect();
            if parsed.has_any(&["-O", "--remote-name", "--remote-name-all", "-J"]) {
                files.extend(urls.iter().filter_map(name_of).map(below));
            }
            files
        }
        "wget" => match parsed.value("-O").or_else(|| parsed.value("--output-document")) {
            Some(file) => vec![file.to_owned()],
            None if parsed.has_any(&["--spider"]) => Vec::new(),
            None => urls.iter().filter_map(name_of).map(below).collect(),
        },
        _ => parsed.values(&["-o", "--output"]).into_iter().map(str::to_owned).collect(),
    };
    files.retain(|file| !super::place::is_a_stream(file));
    files
}

/// Whether a word names a place on another machine: `host:path`, `s3://bucket`.
fn is_remote(word: &str) -> bool {
    if let Some((scheme, _)) = word.split_once("://") {
        return scheme != "file";
    }
    let Some((host, rest)) = word.split_once(':') else { return false };
    // `C:\x` is a drive.
    let is_drive = host.len() == 1 && rest.starts_with('\\');
    !host.is_empty() && !is_drive && !host.contains('/') && !host.starts_with('.')
}

/// Copies between machines: which way decides.
pub(super) fn copied(run: &Run<'_>, row: &[Deed]) -> Option<Vec<Deed>> {
    let operands = &run.parsed.operands;
    let names: Vec<&str> = match run.name {
        "scp" | "rsync" => operands.clone(),
        "aws" if operands.first() == Some(&"s3") => operands.get(2..)?.to_vec(),
        "gsutil" | "rclone" | "kubectl" | "oc" => operands.get(1..)?.to_vec(),
        _ => return None,
    };
    if matches!(run.name, "aws" | "gsutil" | "rclone" | "kubectl" | "oc")
        && !row.iter().any(|it| it.effect == Effect::Exfiltrates)
    {
        return None;
    }
    let (last, sources) = names.split_last()?;
    let is_there = is_remote(last);
    let local: Vec<&str> = sources.iter().filter(|word| !is_remote(word)).copied().collect();
    let is_from_there = sources.iter().any(|word| is_remote(word));
    let runs = run
        .parsed
        .values(&["-e", "--rsh"])
        .into_iter()
        .filter(|it| run.name == "rsync" && !it.trim_start().starts_with("ssh"));
    let runs: Vec<&str> = runs.chain(run.parsed.values(&["-S"]).into_iter().filter(|_| run.name == "scp")).collect();
    let mut deeds: Vec<Deed> =
        row.iter().filter(|it| !matches!(it.effect, Effect::Exfiltrates | Effect::Network)).cloned().collect();
    if is_there && !local.is_empty() {
        deeds.retain(|it| it.effect != Effect::Overwrites);
        deeds.push(deed(Effect::Exfiltrates, &local));
    }
    if is_there || is_from_there {
        deeds
            .push(deed(Effect::Network, &[if is_there { last } else { sources.iter().find(|word| is_remote(word))? }]));
        if is_there && is_from_there {
            deeds.push(deed(Effect::ChangesRemote, &[last]));
        }
    }
    if !is_there && !deeds.iter().any(|it| matches!(it.effect, Effect::Overwrites | Effect::Deletes)) {
        deeds.push(deed(Effect::Overwrites, &[last]));
    }
    if !runs.is_empty() {
        deeds.push(deed(Effect::RunsUnread, &runs));
    }
    Some(deeds)
}

/// Files that end up in what a call sends, by a pipe, by `<`, or by a substitution in its words.
pub(super) fn sends(run: &Run<'_>, deeds: &[Deed]) -> Vec<Deed> {
    let is_local = !run.parsed.operands.is_empty()
        && run.parsed.operands.iter().all(|word| is_loopback(word) || word.bytes().all(|b| b.is_ascii_digit()));
    if is_local || deeds.iter().all(|it| it.effect == Effect::Reads) && ASKS.contains(&run.name) && run.name != "ssh" {
        return Vec::new();
    }
    let mut sent: Vec<String> = Vec::new();
    let is_client = run.name == "openssl" && run.parsed.operands.first() == Some(&"s_client");
    if is_client || SENDS.contains(&run.name) && takes_input(run) {
        sent.extend(run.call().input.clone());
        let source = run.feeders().last();
        let only_speaks = |call: &&shell::flow::Call| {
            call.words.first().is_some_and(|word| {
                let name = shell::name(word);
                !TELLS.contains(&name.as_str()) && run.table.only_speaks(&name)
            })
        };
        if let Some(call) = source.filter(|call| !only_speaks(call)) {
            sent.push(call.words.join(" "));
        }
    }
    if ASKS.contains(&run.name) {
        for call in run.calls.all.iter().filter(|call| call.within == Some(run.at) && call.at.is_some()) {
            let Some(name) = call.words.first().map(|word| shell::name(word)) else { continue };
            let operands: Vec<&str> =
                call.words[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
            let row = run.table.row(&name, &operands, &|_| false);
            let is_read = row
                .is_some_and(|(row, _)| row.effects[0] == Effect::Reads && row.domain == super::table::Domain::Files);
            if TELLS.contains(&name.as_str())
                || row.is_some_and(|(row, _)| row.effects[0] == Effect::Secrets)
                || is_read && !run.table.only_speaks(&name) && !operands.is_empty()
            {
                sent.push(call.words.join(" "));
            }
        }
        sent.extend(run.words.iter().filter(|word| word.contains("$(<")).cloned());
    }
    let named: Vec<&str> = sent.iter().map(String::as_str).collect();
    if named.is_empty() { Vec::new() } else { vec![deed(Effect::Exfiltrates, &named)] }
}

/// Whether what comes in by a pipe goes out.
fn takes_input(run: &Run<'_>) -> bool {
    match run.name {
        "curl" | "http" | "https" | "xh" | "wget" => run.words[1..].iter().any(|word| {
            word == "-" || word.ends_with("@-") || word == "-T-" || word == "@/dev/stdin" || word.ends_with("=-")
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_no_network() {
        for local in
            ["localhost:3000/x", "http://127.0.0.1/", "http://[::1]:80/", "https://a.localhost", "http://0.0.0.0:1"]
        {
            assert!(is_loopback(local), "{local}");
        }
        for far in [
            "http://x.io",
            "http://localhost.evil.io",
            "http://localhost@evil.io/",
            "127.0.0.1.evil.io",
            "$URL",
            "http://evil.io/localhost",
            "http://evil.io#@localhost",
        ] {
            assert!(!is_loopback(far), "{far}");
        }
    }
}
