//! Redirections: to nowhere, between descriptors, and to files that are told on.

use super::Place;
use super::Reader;

const NOWHERE: &str = "/dev/null";

impl Reader<'_> {
    /// At `<` or `>`.
    pub(super) fn redirection(&mut self) -> Result<(), String> {
        self.redirected |= self.place == Place::Start;
        let opened = self.chars.next().map(|(_, c)| c);
        let next = self.chars.peek().map(|&(_, c)| c);
        match (opened, next) {
            (Some('>'), Some('>')) => {
                self.chars.next();
            }
            (Some('>'), Some('&')) => {
                self.chars.next();
                let target = self.chars.next().map(|(_, c)| c);
                let after = self.chars.peek().map(|&(_, c)| c);
                let ends = after.is_none_or(|c| " \t\n;|&)".contains(c));
                let is_known = matches!(target, Some('1' | '2')) && ends;
                return if is_known { Ok(()) } else { Err("it redirects to or from a file".into()) };
            }
            (Some('<'), Some('<')) => {
                self.chars.next();
                return match self.chars.peek() {
                    Some((_, '<')) => Err("it has a here-string".into()),
                    _ if self.place != Place::Words => Err("it has a here-document without a command".into()),
                    _ => self.here_document(),
                };
            }
            (_, Some('|' | '&' | '(' | '<' | '>')) => return Err("it redirects to or from a file".into()),
            _ => {}
        }
        self.blanks();
        let Some(&(at, c)) = self.chars.peek() else { return Err("a redirection has no target".into()) };
        if " \t\n;&|()<>#".contains(c) {
            return Err("a redirection has no target".into());
        }
        let target = self.one_word(at)?;
        if !target.uses.is_empty() || target.is_pattern || target.text.contains(['{', '}', '=']) {
            return Err("it redirects to or from a file that the shell makes up".into());
        }
        if opened == Some('>') {
            self.found.targets.push(target.span.clone());
        }
        if target.text == NOWHERE {
            return Ok(());
        }
        if self.place == Place::Start {
            return Err("it redirects to or from a file before a command".into());
        }
        let (reads, writes) = match self.place {
            Place::Closed => (&mut self.found.block_reads, &mut self.found.block_writes),
            Place::Start | Place::Words => (&mut self.command.reads, &mut self.command.writes),
        };
        if opened == Some('>') {
            writes.push(target);
        } else {
            reads.push(target);
        }
        Ok(())
    }
}
