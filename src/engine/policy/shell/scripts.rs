//! Scripts given as a word that surely only print.
//!
//! **For:** the few forms of sed, awk and jq that people write every day. **Not for:** these languages:
//! what is not one of the forms is asked.

/// Line numbers with `p`, `d`, `q` or `=`, or one substitution without any flag that writes or runs.
pub(super) fn sed_only_prints(script: &str) -> bool {
    let number = |text: &str| text == "$" || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let by_lines = |part: &str| {
        let lines = part.trim().strip_suffix(['p', 'd', 'q', '=']);
        lines.is_some_and(|lines| lines.is_empty() || lines.split(',').count() <= 2 && lines.split(',').all(number))
    };
    if script.split(';').all(by_lines) {
        return true;
    }
    let Some(rest) = script.strip_prefix("s/") else { return false };
    let parts: Vec<&str> = rest.split('/').collect();
    let plain = |text: &str| !text.contains(['\\', '[', '\n', '{', '}', ';']);
    matches!(parts[..], [from, to, flags] if plain(from) && plain(to) && flags.bytes().all(|flag| b"giIp0123456789".contains(&flag)))
}

/// `{print $1, $3}`, perhaps for one line or a range of them.
pub(super) fn awk_only_prints(script: &str) -> bool {
    let Some((condition, rest)) = script.trim().split_once('{') else { return false };
    let condition = condition.trim();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = condition.is_empty()
        || ["NR==", "NR>", "NR<", "NR>=", "NR<="].iter().any(|left| condition.strip_prefix(left).is_some_and(digits));
    let field =
        |text: &str| matches!(text.trim(), "$NF" | "NR" | "NF") || text.trim().strip_prefix('$').is_some_and(digits);
    let body = rest.strip_suffix('}').and_then(|body| body.trim().strip_prefix("print "));
    is_plain && body.is_some_and(|body| body.split(',').all(field))
}

/// A path such as `.a.b[0].c[]`, or a few words that select: neither the environment nor other files.
pub(super) fn jq_only_selects(script: &str) -> bool {
    script.split('|').all(|part| {
        let part = part.trim();
        let is_path = part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._[]\"-".contains(&byte));
        is_path || ["keys", "length", "type", "values", "add", "sort", "unique", "to_entries"].contains(&part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_that_may_do_more_than_print_are_told_apart() {
        for good in ["1,5p", "5p", "$p", "1,$p", "1d;3,4d", "s/a/b/", "s/a b/c/g", "s/x//gI2"] {
            assert!(sed_only_prints(good), "{good}");
        }
        for bad in [
            "1e id",
            "e",
            "w x",
            "1w x",
            "s/a/b/e",
            "s/a/b/w x",
            "s/a/b/;e id",
            "s|a|b|e",
            "s/[/]e/x/g",
            "s/a\\/b/c/e",
            "r x",
            "1,2,3p",
            "p\nw x",
            "",
        ] {
            assert!(!sed_only_prints(bad), "{bad}");
        }
        for good in ["{print $1}", "{ print $1, $NF }", "NR==5 {print $0}", "NR>1{print $2}"] {
            assert!(awk_only_prints(good), "{good}");
        }
        for bad in [
            "{system(\"id\")}",
            "{print $1 > \"x\"}",
            "{print | \"sh\"}",
            "BEGIN{print 1}",
            "{print $1}; {print $2}",
            "{print ENVIRON[\"X\"]}",
            "{print $(system(\"id\"))}",
        ] {
            assert!(!awk_only_prints(bad), "{bad}");
        }
        for good in [".", ".a.b", ".a[0].b[]", ".[] | .name", "keys", ".a | length"] {
            assert!(jq_only_selects(good), "{good}");
        }
        for bad in ["env", "$ENV.X", ". | env", "input", "include \"x\"; .", ".a|@sh", "\"\\(env)\"", ".a, env"] {
            assert!(!jq_only_selects(bad), "{bad}");
        }
    }
}
