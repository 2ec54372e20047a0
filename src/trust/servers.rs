//! MCP servers of a `.mcp.json`.

use serde_json::Value;

use super::inventory::Finder;
use super::settings::plain;
use crate::core::trust::Kind;

/// Reads the file; a server is shown by its command line or its address.
pub(super) fn read(finder: &mut Finder<'_>, place: &str, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    let whole: Value = match serde_json::from_str(text) {
        Ok(whole) => whole,
        Err(error) => return finder.unreadable(place, &format!("it is no JSON: {error}"), text),
    };
    // The CLI also takes the servers without the frame around them.
    let servers = whole.get("mcpServers").unwrap_or(&whole);
    let Some(servers) = servers.as_object() else {
        return finder.unreadable(place, "it names no servers", text);
    };
    for (name, server) in servers {
        let words =
            server.get("command").into_iter().chain(server.get("args").and_then(Value::as_array).into_iter().flatten());
        let line = words.map(plain).collect::<Vec<_>>().join(" ");
        let is_plain = server.as_object().is_some_and(|server| {
            server.keys().all(|key| ["type", "command", "args"].contains(&key.as_str())) && !line.is_empty()
        });
        // What is more than a command line is shown whole.
        let shown = if is_plain { line.clone() } else { server.to_string() };
        finder.add_command(Kind::McpServer, place, name, &shown, &Value::from(line + &server.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_shown_by_what_they_run_and_whole_when_they_do_more() {
        let base = tempfile::tempdir().unwrap();
        let mut finder = Finder::new(base.path(), base.path());
        let text = r#"{"mcpServers": {"a": {"command": "npx", "args": ["-y", "x"]},
            "b": {"type": "http", "url": "https://x", "headersHelper": "curl evil"},
            "c": {"command": "x", "env": {"A": "1"}}}}"#;
        read(&mut finder, ".mcp.json", text);
        let items = finder.into_items();
        let shown: Vec<_> = items.iter().map(|item| (item.name.as_str(), item.text.as_str())).collect();
        assert_eq!(shown[0], ("a", "npx -y x"));
        assert!(shown[1].1.contains("curl evil") && shown[2].1.contains(r#""A":"1""#), "{shown:?}");
        for odd in ["[1]", "{", r#"{"mcpServers": 7}"#] {
            let mut finder = Finder::new(base.path(), base.path());
            read(&mut finder, ".mcp.json", odd);
            assert_eq!(finder.into_items()[0].kind, Kind::Unreadable, "{odd}");
        }
    }
}
