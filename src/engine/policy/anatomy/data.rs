//! What is said to databases: SQL, and the words of Redis and MongoDB.

use super::steps::Deed;
use super::steps::Run;
use super::steps::deed;
use crate::core::anatomy::Effect;

/// Statements longer than this are not looked into.
const MAX_TEXT: usize = 64 << 10;

/// What a client of a database does; none for other programs.
pub(super) fn deeds(run: &Run<'_>) -> Option<Vec<Deed>> {
    match run.name {
        "psql" | "pgcli" | "mysql" | "mariadb" | "mycli" | "sqlite3" | "sqlite" | "duckdb" | "litecli" | "usql"
        | "sqlcmd" | "cockroach" | "trino" | "presto" | "hive" | "beeline" | "snowsql" | "cqlsh"
        | "clickhouse-client" | "clickhouse" => Some(sql_client(run)),
        "bq" if run.parsed.operands.first() == Some(&"query") => {
            Some(of_statements(&run.parsed.operands[1..].join(" "), false))
        }
        "wrangler" if run.parsed.operands.first() == Some(&"d1") => {
            let text = run.words.iter().position(|word| word == "--command").and_then(|at| run.words.get(at + 1))?;
            Some(of_statements(text, false))
        }
        "redis-cli" | "valkey-cli" | "keydb-cli" => Some(redis(run)),
        "mongosh" | "mongo" => Some(mongo(run)),
        _ => None,
    }
}

fn sql_client(run: &Run<'_>) -> Vec<Deed> {
    let parsed = run.parsed;
    let is_file = matches!(run.name, "sqlite3" | "sqlite" | "duckdb" | "litecli");
    if parsed.has_any(&["--list", "--help", "--version"]) || run.name == "psql" && parsed.has_any(&["-l", "-V", "-?"]) {
        return vec![deed(Effect::Reads, &[])];
    }
    let options = ["-c", "--command", "-e", "--execute", "-q", "--query", "-Q", "-cmd"];
    let mut texts: Vec<String> = parsed.values(&options).into_iter().map(str::to_owned).collect();
    if is_file {
        texts.extend(parsed.operands.iter().skip(1).map(|word| (*word).to_owned()));
    }
    texts.extend(run.given());
    if !texts.is_empty() {
        return of_statements(&texts.join(";\n"), is_file);
    }
    let files: Vec<&str> =
        parsed.values(&["-f", "--file", "-i", "-init"]).into_iter().chain(run.call().input.as_deref()).collect();
    let effect = if is_file { Effect::Overwrites } else { Effect::ChangesRemote };
    if !files.is_empty() {
        return vec![deed(effect, &files)];
    }
    if run.call().from.is_some() {
        return vec![deed(effect, &[]), deed(Effect::RunsUnread, &[])];
    }
    vec![deed(effect, &parsed.operands)]
}

/// What statements do, each kind with the statements that do it.
fn of_statements(text: &str, is_file: bool) -> Vec<Deed> {
    if text.len() > MAX_TEXT {
        return vec![deed(Effect::RunsUnread, &[])];
    }
    let mut deeds: Vec<Deed> = Vec::new();
    for statement in statements(text) {
        for effect in of_statement(&statement.bare, is_file) {
            let named = statement.shown.clone();
            match deeds.iter_mut().find(|deed| deed.effect == effect) {
                Some(deed) => deed.named.push(named),
                None => deeds.push(Deed { effect, named: vec![named] }),
            }
        }
    }
    if deeds.iter().any(|deed| deed.effect != Effect::Reads) {
        deeds.retain(|deed| deed.effect != Effect::Reads);
    }
    for deed in deeds.iter_mut().filter(|deed| deed.effect == Effect::Reads) {
        deed.named.clear();
    }
    if deeds.is_empty() { vec![deed(Effect::Reads, &[])] } else { deeds }
}

/// One statement: as it stands, and in capitals without its texts and comments.
struct Statement {
    shown: String,
    bare: String,
}

fn statements(text: &str) -> Vec<Statement> {
    let mut all = Vec::new();
    let (mut shown, mut bare) = (String::new(), String::new());
    let mut chars = text.chars().peekable();
    let mut end = |shown: &mut String, bare: &mut String| {
        let (shown, bare) = (std::mem::take(shown), std::mem::take(bare));
        if !bare.trim().is_empty() {
            let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            all.push(Statement { shown, bare: bare.to_ascii_uppercase() });
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' | '`' => {
                shown.push(c);
                bare.push(' ');
                for inner in chars.by_ref() {
                    shown.push(inner);
                    if inner == c {
                        break;
                    }
                }
                bare.push(' ');
            }
            '-' if chars.peek() == Some(&'-') => {
                for inner in chars.by_ref() {
                    if inner == '\n' {
                        break;
                    }
                }
                bare.push(' ');
            }
            '/' if chars.peek() == Some(&'*') => {
                // MySQL runs what stands in `/*! … */`.
                chars.next();
                let runs = chars.peek() == Some(&'!');
                let mut last = ' ';
                for inner in chars.by_ref() {
                    if last == '*' && inner == '/' {
                        break;
                    }
                    if runs && !inner.is_ascii_digit() && !"!*".contains(inner) {
                        bare.push(inner);
                        shown.push(inner);
                    }
                    last = inner;
                }
                bare.push(' ');
            }
            ';' => end(&mut shown, &mut bare),
            // Commands of a client are a line each.
            '\n' if bare.trim_start().starts_with(['.', '\\']) => end(&mut shown, &mut bare),
            c => {
                shown.push(c);
                bare.push(c);
            }
        }
    }
    end(&mut shown, &mut bare);
    all
}

/// What one statement does.
fn of_statement(bare: &str, is_file: bool) -> Vec<Effect> {
    let words: Vec<&str> = bare
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.' || c == '\\' || c == '!'))
        .filter(|word| !word.is_empty())
        .collect();
    let has = |word: &str| words.contains(&word);
    let pair = |first: &str, second: &str| words.windows(2).any(|two| two == [first, second]);
    let changes = if is_file { Effect::Writes } else { Effect::ChangesRemote };
    let Some(first) = words.first() else { return Vec::new() };
    // Commands of the clients themselves.
    if first.starts_with('\\') || first.starts_with('.') {
        return match *first {
            "\\!" | ".SHELL" | ".SYSTEM" => vec![Effect::RunsUnread],
            first if first.starts_with("\\!") => vec![Effect::RunsUnread],
            "\\COPY" | ".IMPORT" | ".RESTORE" | ".READ" | "\\I" | "\\IR" | ".LOAD" | "\\GEXEC" | "\\." => {
                vec![changes, Effect::RunsUnread]
            }
            "\\O" | "\\G" | "\\W" | ".OUTPUT" | ".ONCE" | ".BACKUP" | ".SAVE" | ".LOG" => vec![Effect::Writes],
            _ => vec![Effect::Reads],
        };
    }
    if matches!(*first, "SYSTEM" | "SOURCE") && !is_file {
        return vec![Effect::RunsUnread];
    }
    // It says how a statement would be done, and does it only where that is asked for.
    if *first == "EXPLAIN" && !has("ANALYZE") {
        return vec![Effect::Reads];
    }
    let mut effects = Vec::new();
    if has("DROP") || has("TRUNCATE") || has("PURGE") {
        effects.push(Effect::Deletes);
    }
    if has("DELETE") && !pair("ON", "DELETE") {
        // One row by its condition is a change; all of them are gone without one.
        effects.push(if has("WHERE") && !bare.contains("1=1") && !bare.contains("1 = 1") {
            changes
        } else {
            Effect::Deletes
        });
    }
    if has("UPDATE") && !pair("FOR", "UPDATE") && !pair("ON", "UPDATE") {
        effects.push(if has("WHERE") { changes } else { Effect::Overwrites });
    }
    if matches!(*first, "GRANT" | "REVOKE" | "DENY")
        || ["USER", "ROLE", "LOGIN"]
            .iter()
            .any(|what| pair("CREATE", what) || pair("ALTER", what) || pair("DROP", what))
        || pair("SET", "PASSWORD")
    {
        effects.push(Effect::ChangesAccess);
    }
    if has("PROGRAM") || has("XP_CMDSHELL") || has("SYS_EXEC") || has("LOAD_EXTENSION") || pair("DO", "LANGUAGE") {
        effects.push(Effect::RunsUnread);
    }
    if has("OUTFILE") || has("DUMPFILE") || has("PG_READ_FILE") || has("LOAD_FILE") || has("WRITEFILE") {
        effects.push(Effect::LeavesProject);
    }
    if has("PG_TERMINATE_BACKEND") || has("PG_CANCEL_BACKEND") || matches!(*first, "KILL" | "SHUTDOWN") {
        effects.push(Effect::Stops);
    }
    if *first == "REPLACE" || pair("INSERT", "OVERWRITE") || pair("OR", "REPLACE") && !pair("CREATE", "OR") {
        effects.push(Effect::Overwrites);
    }
    if effects.is_empty() {
        let reads = matches!(
            *first,
            "SELECT"
                | "SHOW"
                | "DESCRIBE"
                | "DESC"
                | "EXPLAIN"
                | "WITH"
                | "VALUES"
                | "PRAGMA"
                | "USE"
                | "BEGIN"
                | "COMMIT"
                | "ROLLBACK"
                | "START"
                | "END"
                | "TABLE"
                | "LIST"
                | "HELP"
                | "STATUS"
                | "ANALYZE"
                | "SET"
                | "FETCH"
                | "QUIT"
                | "EXIT"
                | "LATERAL"
                | "FROM"
                | "SUMMARIZE"
        );
        let writes_too = has("INSERT") || has("INTO") || has("MERGE");
        effects.push(if reads && !writes_too { Effect::Reads } else { changes });
    }
    effects
}

/// The command of a call of Redis.
fn redis(run: &Run<'_>) -> Vec<Deed> {
    let looks =
        ["--scan", "--bigkeys", "--memkeys", "--hotkeys", "--stat", "--latency", "--latency-history", "--version"];
    if run.parsed.has_any(&looks) {
        return vec![deed(Effect::Reads, &[])];
    }
    let mut texts: Vec<String> = vec![run.parsed.operands.join(" ")];
    texts.extend(run.given().iter().flat_map(|text| text.lines()).map(str::to_owned));
    texts.retain(|text| !text.trim().is_empty());
    if texts.is_empty() {
        let is_unread = run.call().from.is_some() || run.call().input.is_some();
        return vec![deed(if is_unread { Effect::ChangesRemote } else { Effect::Reads }, &[])];
    }
    texts.iter().map(|text| deed(of_redis(text), &[text])).collect()
}

fn of_redis(text: &str) -> Effect {
    let upper = text.to_ascii_uppercase();
    let words: Vec<&str> = upper.split_whitespace().collect();
    match words[..] {
        [
            "FLUSHALL" | "FLUSHDB" | "DEL" | "UNLINK" | "GETDEL" | "HDEL" | "LTRIM" | "XTRIM" | "XDEL" | "SREM"
            | "ZREM" | "LREM" | "SPOP" | "ZREMRANGEBYSCORE" | "ZREMRANGEBYRANK" | "EXPIRE" | "PEXPIRE" | "EXPIREAT",
            ..,
        ]
        | ["SCRIPT" | "FUNCTION", "FLUSH" | "DELETE", ..] => Effect::Deletes,
        ["SHUTDOWN" | "FAILOVER" | "DEBUG", ..] | ["CLIENT", "KILL" | "PAUSE", ..] => Effect::Stops,
        ["ACL", "SETUSER" | "DELUSER" | "LOAD", ..] => Effect::ChangesAccess,
        ["CONFIG", "SET" | "REWRITE", ..] => Effect::ChangesAccess,
        ["SLAVEOF" | "REPLICAOF" | "MIGRATE" | "RESTORE" | "RENAME", ..] => Effect::Overwrites,
        ["EVAL" | "EVALSHA" | "FCALL" | "MODULE", ..] => Effect::RunsUnread,
        ["CONFIG", "GET", ..]
        | ["CLIENT", "LIST" | "INFO" | "ID" | "GETNAME"]
        | ["ACL", "LIST" | "WHOAMI" | "CAT", ..]
        | ["MEMORY" | "OBJECT" | "SLOWLOG" | "LATENCY" | "COMMAND" | "CLUSTER", ..] => Effect::Reads,
        [
            "GET" | "MGET" | "KEYS" | "SCAN" | "INFO" | "PING" | "TTL" | "PTTL" | "TYPE" | "EXISTS" | "LRANGE" | "LLEN"
            | "LINDEX" | "HGET" | "HGETALL" | "HKEYS" | "HVALS" | "HLEN" | "HMGET" | "HSCAN" | "SMEMBERS" | "SCARD"
            | "SISMEMBER" | "SSCAN" | "ZRANGE" | "ZCARD" | "ZSCORE" | "ZSCAN" | "DBSIZE" | "MONITOR" | "STRLEN"
            | "XRANGE" | "XLEN" | "XINFO" | "TIME" | "ECHO" | "DUMP" | "GETRANGE" | "BITCOUNT" | "RANDOMKEY"
            | "LASTSAVE" | "ROLE" | "HELLO" | "SELECT" | "AUTH",
            ..,
        ] => Effect::Reads,
        _ => Effect::ChangesRemote,
    }
}

/// A script for `MongoDB`, by the methods that it calls.
fn mongo(run: &Run<'_>) -> Vec<Deed> {
    let text = run.parsed.value("--eval").map(str::to_owned).or_else(|| run.given());
    let Some(text) = text else { return vec![deed(Effect::ChangesRemote, &run.parsed.operands)] };
    let has = |names: &[&str]| names.iter().any(|name| text.contains(name));
    let mut deeds = Vec::new();
    let mut add = |effect: Effect, names: &[&str]| {
        if has(names) {
            deeds.push(deed(effect, &[&text]));
        }
    };
    add(
        Effect::Deletes,
        &[
            "drop(",
            "dropDatabase",
            "dropIndex",
            "deleteMany(",
            "deleteOne(",
            "remove(",
            "findOneAndDelete",
            "dropAll",
            "dropUser",
            "dropRole",
        ],
    );
    add(
        Effect::ChangesAccess,
        &["createUser", "updateUser", "grantRoles", "revokeRoles", "createRole", "changeUserPassword", "dropUser"],
    );
    add(Effect::Stops, &["shutdownServer", "killOp", "stepDown"]);
    add(
        Effect::ChangesRemote,
        &[
            "insert",
            "update",
            "replaceOne",
            "bulkWrite",
            "createIndex",
            "createCollection",
            "renameCollection",
            "$out",
            "$merge",
            "save(",
            "setParameter",
        ],
    );
    add(Effect::RunsUnread, &["require(", "load(", "eval(", "runCommand", "adminCommand", "child_process"]);
    if deeds.is_empty() {
        let reads = has(&[
            "find",
            "count",
            "aggregate",
            "show",
            "stats",
            "distinct",
            "getIndexes",
            "status",
            "version",
            "explain",
            "list",
            "ping",
            "hello",
        ]);
        deeds.push(deed(if reads { Effect::Reads } else { Effect::ChangesRemote }, &[]));
    }
    deeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_and_not_their_texts() {
        let worst = |text: &str| of_statements(text, false).iter().map(|deed| deed.effect).min().unwrap();
        for (text, effect) in [
            ("SELECT * FROM users WHERE name = 'DROP TABLE x'", Effect::Reads),
            ("select 1 -- drop table x", Effect::Reads),
            ("select 1; drop table x", Effect::Deletes),
            ("/*!50000 DROP TABLE x */", Effect::Deletes),
            ("DELETE FROM x", Effect::Deletes),
            ("delete from x where id = 1", Effect::ChangesRemote),
            ("DELETE FROM x WHERE 1=1", Effect::Deletes),
            ("UPDATE x SET a = 1", Effect::Overwrites),
            ("UPDATE x SET a = 1 WHERE b = 2", Effect::ChangesRemote),
            ("INSERT INTO x VALUES (1)", Effect::ChangesRemote),
            ("ALTER TABLE x DROP COLUMN y", Effect::Deletes),
            ("TRUNCATE x", Effect::Deletes),
            ("GRANT ALL ON x TO y", Effect::ChangesAccess),
            ("\\d users", Effect::Reads),
            ("\\! rm x", Effect::RunsUnread),
            ("COPY x TO PROGRAM 'sh'", Effect::RunsUnread),
            ("WITH gone AS (DELETE FROM x RETURNING *) SELECT * FROM gone", Effect::Deletes),
            ("SELECT * FROM x FOR UPDATE", Effect::Reads),
            ("EXPLAIN SELECT 1", Effect::Reads),
            ("EXPLAIN DELETE FROM x", Effect::Reads),
            ("EXPLAIN ANALYZE DELETE FROM x", Effect::Deletes),
            ("SELECT * FROM x WHERE a = \"drop\"", Effect::Reads),
            ("DROP TABLE \"x\"", Effect::Deletes),
        ] {
            assert_eq!(worst(text), effect, "{text}");
        }
    }

    #[test]
    fn words_of_redis_are_told_apart() {
        for (text, effect) in [
            ("flushall", Effect::Deletes),
            ("DEL a", Effect::Deletes),
            ("get a", Effect::Reads),
            ("config set dir /root", Effect::ChangesAccess),
            ("config get dir", Effect::Reads),
            ("set a b", Effect::ChangesRemote),
            ("shutdown nosave", Effect::Stops),
        ] {
            assert_eq!(of_redis(text), effect, "{text}");
        }
    }
}
