//! Sentences that the engine tells as text: why something was refused or kept.
//!
//! They are written where they come about, in English, and may have come from another adjutant. Invariant: one that is
//! not known here is not lost: it stands as it came, between quotation marks.

use super::Language;

/// Sentences with what they name left out, and the same in Chinese with that in the same order.
const KNOWN: &[(&str, &str)] = &[
    // Answers that did not count.
    ("there is no such request", "没有这个请求"),
    ("its session has ended", "会话已结束"),
    ("it was answered already by you", "已在终端答复"),
    ("it was answered already by adjutant", "已自动处理"),
    ("it was answered already by a script", "已由脚本答复"),
    ("it was answered already by rule {}", "已按规则「{}」处理"),
    ("it was answered already by {} on the phone", "已由 {} 在手机上答复"),
    ("it was answered already by {}", "已由「{}」处理"),
    ("it was denied by rule {}", "已按规则「{}」拒绝"),
    ("this request is about a folder", "这个请求是关于目录的"),
    ("this request is about no folder", "这个请求与目录无关"),
    (
        "only a person at the session itself may approve this; it can be denied from here",
        "只能在会话所在终端允许，此处仅可拒绝",
    ),
    ("only a person may answer this", "只能由人答复"),
    ("questions want answers, not a permission", "提问需要回答，不能仅允许"),
    ("the edited input is no JSON object", "修改后的内容不是 JSON 对象"),
    ("an empty input would run the call as it was: deny it instead", "内容为空会照原样执行：如不需要请拒绝"),
    ("this call may be allowed only once", "这次调用只能允许一次"),
    ("that was not offered with this request", "这个请求没有该选项"),
    ("only calls of a tool can be granted", "只有工具调用可以授权"),
    ("this request is no form of a server", "这个请求不是表单"),
    ("this request asks no question", "这个请求没有提问"),
    ("this request proposes no plan", "这个请求不是计划"),
    ("the CLI did not offer to remember that", "CLI 没有提供这个选项"),
    ("that cannot be remembered", "这一项无法记住"),
    ("an answer is being written down already", "正在记录另一个答复"),
    ("the folder is asked about anew", "目录内容已变化，正在重新询问"),
    ("the audit log cannot be written, so nothing runs unasked", "审计日志无法写入，因此每次都要询问"),
    // Why somebody is asked.
    ("of the commands in this line, not all are allowed", "这一行里并非所有命令都已放行"),
    ("it reaches outside the session's directories", "涉及会话目录之外"),
    ("a rule", "有一条规则要求询问"),
    ("Claude Code says: {}", "Claude Code 给出的原因：「{}」"),
    // Worktrees.
    ("it is locked; `git worktree unlock` opens it", "已锁定，可用 `git worktree unlock` 解锁"),
    ("it is locked (“{}”); `git worktree unlock` opens it", "已锁定（「{}」），可用 `git worktree unlock` 解锁"),
    ("in use by {}", "正被「{}」使用"),
    ("session {} “{}” works in it too; close that one first", "会话 {}「{}」也在其中工作，请先关闭它"),
    ("its folder {} is not there", "目录「{}」不存在"),
    ("the repository in {} does not know it any more", "「{}」中的仓库已没有它的记录"),
    ("its .git file is not as git wrote it", "其 .git 文件已被改动"),
    ("git's list of changes could not be read", "无法读取 git 的改动列表"),
    ("git's list of changes in a submodule could not be read", "无法读取 submodule 的改动列表"),
    ("something in it has changed since it was looked at", "查看之后内容又有变化"),
    ("what is in it would be lost, and the branch {} was not named", "其中有内容会丢失，而未输入分支名「{}」"),
    ("there is no place to put it", "没有可以暂存的位置"),
    ("the repository at {} has no commit yet", "仓库「{}」还没有 commit"),
    ("{} is not in a git repository", "「{}」不在 git 仓库中"),
    (
        "git does not trust {}: it belongs to somebody else (see `git help config`, safe.directory)",
        "git 不信任「{}」：它属于其他用户（见 `git help config` 中的 safe.directory）",
    ),
    ("no name for a branch is free", "没有可用的分支名"),
    ("there is a branch {} already", "分支「{}」已存在"),
    ("the branch {} is in the way of {}", "分支「{}」与「{}」冲突"),
    (
        "the branch {} could not be deleted: another git holds a lock in the repository",
        "分支「{}」未能删除：仓库正被另一个 git 锁定",
    ),
    ("{} changed file: {}", "{} 个已修改的文件：{}"),
    ("{} changed files: {}", "{} 个已修改的文件：{}"),
    ("{} untracked file: {}", "{} 个未跟踪的文件：{}"),
    ("{} untracked files: {}", "{} 个未跟踪的文件：{}"),
    ("{} commit that is on no remote and not merged: {}", "{} 个未推送也未合并的 commit：{}"),
    ("{} commits that are on no remote and not merged: {}", "{} 个未推送也未合并的 commit：{}"),
    ("{} submodule with work of its own: {}", "{} 个有自己改动的 submodule：{}"),
    ("{} submodules with work of their own: {}", "{} 个有自己改动的 submodule：{}"),
    ("{} is under way", "{} 正在进行"),
    ("{} stash that was made here: {} (kept in the repository's list)", "{} 个 stash：{}（会留在仓库的列表中）"),
    ("{} stashes that were made here: {} (kept in the repository's list)", "{} 个 stash：{}（会留在仓库的列表中）"),
    // Files from the phone.
    ("it has {} bytes, and an image may have {}", "有 {} 字节，而图片最多 {} 字节"),
    ("it is {} pixels long, and an image may have {}", "长边 {} 像素，而图片最多 {} 像素"),
    ("there are too many images in this message", "这条消息中的图片过多"),
    ("the messenger cannot be reached", "连不上消息服务"),
    ("it is withheld", "被过滤规则拦截"),
    ("it was tried too often", "多次重试失败"),
    ("there are too many of that name", "同名文件过多"),
    // Forms.
    ("this is required", "必填"),
];

/// What stands where the template leaves something out, if the text is made of it.
fn holes<'t>(template: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut parts = template.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let parts: Vec<&str> = parts.collect();
    let mut found = Vec::new();
    for (nth, part) in parts.iter().enumerate() {
        let is_last = nth + 1 == parts.len();
        let end = if is_last {
            rest.len().checked_sub(part.len()).filter(|_| rest.ends_with(part))?
        } else {
            rest.find(part)?
        };
        found.push(&rest[..end]);
        rest = &rest[end + part.len()..];
    }
    rest.is_empty().then_some(found)
}

/// A sentence of the engine in this language.
pub fn told(sentence: &str, language: Language) -> String {
    if language == Language::English {
        return sentence.to_owned();
    }
    let sentence = sentence.trim_end_matches('.');
    for (english, chinese) in KNOWN {
        let Some(found) = holes(english, sentence) else { continue };
        let mut found = found.into_iter();
        let mut parts = chinese.split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            text.push_str(found.next().unwrap_or_default());
            text.push_str(part);
        }
        return text;
    }
    language.quoted(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_in_a_sentence_stays_as_it_is() {
        let chinese = |text: &str| told(text, Language::Chinese);
        assert_eq!(chinese("there is a branch fix/1 already"), "分支「fix/1」已存在");
        assert_eq!(
            chinese("session 3 “a “b” c” works in it too; close that one first"),
            "会话 3「a “b” c」也在其中工作，请先关闭它"
        );
        assert_eq!(chinese("it was answered already by ou_abc..4f2c on the phone"), "已由 ou_abc..4f2c 在手机上答复");
        assert_eq!(chinese("fatal: nobody knows this"), "「fatal: nobody knows this」");
        assert_eq!(told("a rule", Language::English), "a rule");
    }

    #[test]
    fn both_languages_name_as_much() {
        for (english, chinese) in KNOWN {
            assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{english}");
            assert!(!chinese.is_ascii() && !english.contains('。'), "{english}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_sentence_makes_it_fail(text in "\\PC*") {
            let _ = (told(&text, Language::Chinese), holes("a {} b {}", &text));
        }
    }
}
