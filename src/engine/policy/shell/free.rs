//! Words of a line that another value may take the place of.
//!
//! **For:** grants with words that a person marks as free. **Not for:** what such a value may be, nor what it names.

use std::ops::Range;

use super::Ground;
use super::harmless;
use super::is_cd;
use super::read;
use super::wrappers;
use crate::engine::policy::anatomy;

/// A word of a line that stands for nothing but itself, and that no table knows the meaning of.
#[derive(Debug)]
pub(in crate::engine::policy) struct FreeWord {
    pub(in crate::engine::policy) text: String,
    pub(in crate::engine::policy) at: Range<usize>,
    /// It may be the value of the option before it.
    pub(in crate::engine::policy) is_behind_option: bool,
}

/// The words of a line that another value may take the place of without changing which programs run, in which order
/// and on which of them the options act. Nothing where two shells may read the line differently, where the directory
/// changes, or of programs whose words are commands, program texts or sub-commands.
pub(in crate::engine::policy) fn free_words(line: &str) -> Vec<FreeWord> {
    let Ok((found, Ok(plain))) = read(line) else { return Vec::new() };
    if found.iter().any(|command| is_cd(command) || command.is_text) {
        return Vec::new();
    }
    let mut free = Vec::new();
    for (command, plain) in found.iter().zip(&plain.commands) {
        let words: Vec<String> = plain.words.iter().map(|word| word.text.clone()).collect();
        let Some(program) = words.first() else { continue };
        let is_simple = command.beginnings == [0] && !plain.is_text && !plain.has_input && !plain.in_loop;
        if !is_simple || harmless::has_free_operands(&plain.words) || !wrappers::is_ordinary(program) {
            continue;
        }
        for (idx, word) in plain.words.iter().enumerate().skip(1) {
            let is_itself = !word.quoted && !word.is_pattern && word.uses.is_empty();
            if is_itself && !anatomy::is_sub_command(&words, idx) && !harmless::is_sub_command(&words, idx) {
                let is_behind_option = words[idx - 1].starts_with(['-', '+']);
                free.push(FreeWord { text: word.text.clone(), at: word.span.clone(), is_behind_option });
            }
        }
    }
    free
}

/// Whether an operand names nothing secret, nothing that steers tools, and nothing outside.
pub(in crate::engine::policy) fn is_harmless_operand(text: &str, ground: &Ground<'_>) -> bool {
    ground.harmless(text).is_ok()
}
