//! What Write does to the bytes of a file: the text goes as it is, in the file's own encoding.

use super::edit::Made;
use super::encoding;
use super::encoding::Decoded;
use super::encoding::Encoding;
use super::refusal::Refusal;
use super::rules::CliRules;
use super::units;

pub(super) fn apply(rules: CliRules, file: Option<&[u8]>, content: &str) -> Result<Made, Refusal> {
    let Some(bytes) = file else {
        return Ok(Made::new(content.as_bytes().to_vec(), Encoding::Utf8));
    };
    encoding::check(rules, bytes)?;
    let file = Decoded::new(rules, bytes);
    Ok(Made::new(file.save(&units::of(content), true), file.encoding))
}
