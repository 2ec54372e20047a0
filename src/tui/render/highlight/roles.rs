//! Syntax scopes to roles of the theme.
//!
//! Scopes are those of Sublime Text: dotted names from the general to the special, stacked from
//! the file inwards. The innermost scope that has a role decides.

use std::sync::LazyLock;

use ratatui::style::Style;
use syntect::parsing::{Scope, ScopeStack};

use crate::tui::theme::Theme;

#[derive(Debug, Clone, Copy)]
enum Role {
    Text,
    Comment,
    Literal,
    Constant,
    Keyword,
    Function,
    Kind,
    Attribute,
    Operator,
    Heading,
    Strong,
    Emphasis,
    Link,
    Added,
    Removed,
}

/// Scope prefixes and their roles; the first that fits decides, so special ones stand first.
const TABLE: &[(&str, Role)] = &[
    ("comment", Role::Comment),
    ("punctuation.definition.comment", Role::Comment),
    ("string", Role::Literal),
    ("punctuation.definition.string", Role::Literal),
    ("constant.character.escape", Role::Constant),
    ("constant", Role::Constant),
    ("keyword.operator.logical.pipe", Role::Operator),
    ("keyword.operator.pipe", Role::Operator),
    ("keyword.operator.redirection", Role::Operator),
    ("keyword.operator.word", Role::Keyword),
    ("keyword.operator", Role::Operator),
    ("keyword", Role::Keyword),
    ("storage.type.function", Role::Keyword),
    ("storage", Role::Keyword),
    ("entity.name.function", Role::Function),
    ("support.function", Role::Function),
    ("variable.function", Role::Function),
    ("variable.parameter.option", Role::Attribute),
    ("punctuation.definition.parameter.shell", Role::Attribute),
    ("entity.name.tag", Role::Kind),
    ("entity.name.type", Role::Kind),
    ("entity.name.class", Role::Kind),
    ("entity.name.struct", Role::Kind),
    ("entity.name.enum", Role::Kind),
    ("entity.name.trait", Role::Kind),
    ("entity.name.section", Role::Heading),
    ("entity.other.attribute-name", Role::Attribute),
    ("entity.other.inherited-class", Role::Kind),
    ("support.type", Role::Kind),
    ("support.class", Role::Kind),
    ("variable.language", Role::Constant),
    ("variable.annotation", Role::Attribute),
    ("meta.mapping.key", Role::Attribute),
    ("markup.heading", Role::Heading),
    ("markup.bold", Role::Strong),
    ("markup.italic", Role::Emphasis),
    ("markup.underline.link", Role::Link),
    ("markup.inserted", Role::Added),
    ("markup.deleted", Role::Removed),
    // Inside a string template the code is code again.
    ("source", Role::Text),
    ("meta.interpolation", Role::Text),
];

static SCOPES: LazyLock<Vec<(Scope, Role)>> =
    LazyLock::new(|| TABLE.iter().filter_map(|&(name, role)| Some((Scope::new(name).ok()?, role))).collect());

/// The style of what stands in these scopes.
pub(super) fn style_of(scopes: &ScopeStack, theme: &Theme) -> Style {
    let role = scopes
        .as_slice()
        .iter()
        .rev()
        .find_map(|scope| SCOPES.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|&(_, role)| role));
    let syntax = &theme.syntax;
    match role.unwrap_or(Role::Text) {
        Role::Text => theme.text,
        Role::Comment => syntax.comment,
        Role::Literal => syntax.string,
        Role::Constant => syntax.constant,
        Role::Keyword => syntax.keyword,
        Role::Function => syntax.function,
        Role::Kind => syntax.kind,
        Role::Attribute => syntax.attribute,
        Role::Operator => syntax.operator,
        Role::Heading => theme.heading,
        Role::Strong => theme.strong,
        Role::Emphasis => theme.emphasis,
        Role::Link => theme.link,
        Role::Added => theme.diff.add,
        Role::Removed => theme.diff.remove,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_in_the_table_is_one() {
        assert_eq!(SCOPES.len(), TABLE.len());
    }
}
