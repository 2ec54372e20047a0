//! Files and pictures, up and down.

use std::time::Duration;

use reqwest::Method;
use reqwest::Response;
use reqwest::multipart::Form;
use reqwest::multipart::Part;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio_util::bytes::Bytes;

use super::Api;
use super::Call;
use super::Fault;
use super::Got;
use super::http;
use super::message_path;
use super::part;

/// The largest file that Feishu takes.
pub const MAX_FILE: usize = 30_000_000;
/// The largest picture that Feishu takes.
pub const MAX_IMAGE: usize = 10_000_000;
/// The longest name of a file.
const MAX_NAME: usize = 200;
/// A large file over a slow line.
const PATIENCE: Duration = Duration::from_mins(5);

/// What is downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    Image,
    /// Also sound and video.
    File,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    pub n_bytes: u64,
    /// As the sender named it: no path, and not to be used as one.
    pub name: Option<String>,
}

impl Api {
    /// Uploads a file; gives the key to send it by.
    pub async fn upload_file(&self, name: &str, bytes: Bytes) -> Result<String, Fault> {
        check_size(bytes.len(), MAX_FILE)?;
        let name: String = name.chars().filter(|c| !c.is_control() && *c != '/').take(MAX_NAME).collect();
        let form = || {
            let file = Part::stream(bytes.clone()).file_name(name.clone());
            Form::new().text("file_type", kind_of(&name)).text("file_name", name.clone()).part("file", file)
        };
        self.upload("/open-apis/im/v1/files", "file_key", form).await
    }

    /// Uploads a picture; gives the key to send it by.
    pub async fn upload_image(&self, bytes: Bytes) -> Result<String, Fault> {
        check_size(bytes.len(), MAX_IMAGE)?;
        let form = || {
            let image = Part::stream(bytes.clone()).file_name("image");
            Form::new().text("image_type", "message").part("image", image)
        };
        self.upload("/open-apis/im/v1/images", "image_key", form).await
    }

    async fn upload(&self, path: &str, key: &str, form: impl Fn() -> Form) -> Result<String, Fault> {
        let call = Call { method: Method::POST, path, key: None, patience: PATIENCE };
        let answer = self.json(&call, |request| request.multipart(form())).await?;
        match answer["data"][key].as_str() {
            Some(key) if !key.is_empty() => Ok(key.to_owned()),
            _ => Err(Fault::Transport(format!("an answer without a {key} came back"))),
        }
    }

    /// Downloads a file or picture of a message, piece by piece. More than `limit` bytes are refused: what was
    /// written by then is no whole file.
    pub async fn download(
        &self,
        message_id: &str,
        key: &str,
        kind: Resource,
        into: &mut (impl AsyncWrite + Unpin),
        limit: u64,
    ) -> Result<Downloaded, Fault> {
        let kind = match kind {
            Resource::Image => "image",
            Resource::File => "file",
        };
        let path = message_path(message_id, &format!("/resources/{}?type={kind}", part(key)?))?;
        let call = Call { method: Method::GET, path: &path, key: None, patience: PATIENCE };
        let Got::File(mut response) = self.exchange(&call, |request| request).await? else {
            return Err(Fault::Format("an answer came back instead of a file".to_owned()));
        };
        let name = name_of(&response);
        if response.content_length().is_some_and(|n_bytes| n_bytes > limit) {
            return Err(too_big(limit));
        }
        let mut n_bytes = 0;
        while let Some(more) = response.chunk().await.map_err(http::transport)? {
            n_bytes += more.len() as u64;
            if n_bytes > limit {
                return Err(too_big(limit));
            }
            into.write_all(&more).await.map_err(|error| not_kept(&error))?;
        }
        into.flush().await.map_err(|error| not_kept(&error))?;
        Ok(Downloaded { n_bytes, name })
    }
}

fn check_size(n_bytes: usize, most: usize) -> Result<(), Fault> {
    match n_bytes {
        0 => Err(Fault::Format("an empty file cannot be sent".to_owned())),
        n_bytes if n_bytes > most => Err(Fault::TooBig(format!("{n_bytes} bytes, and {most} are the most"))),
        _ => Ok(()),
    }
}

fn too_big(limit: u64) -> Fault {
    Fault::TooBig(format!("the file is larger than {limit} bytes"))
}

fn not_kept(error: &std::io::Error) -> Fault {
    Fault::Transport(format!("the file could not be kept: {error}"))
}

/// What Feishu calls a file by its name; it opens only those that it knows.
fn kind_of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "pdf" => "pdf",
        "doc" | "docx" => "doc",
        "xls" | "xlsx" => "xls",
        "ppt" | "pptx" => "ppt",
        // Sound and video would have to be sent as messages of other kinds.
        _ => "stream",
    }
}

/// The name in `Content-Disposition`, also when it is written as RFC 5987 does.
fn name_of(response: &Response) -> Option<String> {
    let line = response.headers().get("content-disposition")?;
    let line = String::from_utf8_lossy(line.as_bytes()).into_owned();
    named(&line).filter(|name| !name.is_empty())
}

fn named(line: &str) -> Option<String> {
    let value = |name: &str| {
        line.split(';').filter_map(|field| field.split_once('=')).find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
    };
    let (_, name) = value("filename*").or_else(|| value("filename"))?;
    // The official SDK takes both to be escaped.
    let name = name.trim().trim_matches('"');
    let name = name.strip_prefix("UTF-8''").or_else(|| name.strip_prefix("utf-8''")).unwrap_or(name);
    Some(percent_decoded(name))
}

fn percent_decoded(text: &str) -> String {
    let escaped = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(escaped.as_bytes()).map(|(key, _)| key.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_downloads_are_read_in_both_ways() {
        assert_eq!(named("attachment; filename=\"a b.txt\"").as_deref(), Some("a b.txt"));
        assert_eq!(named("attachment; filename=x; filename*=UTF-8''%E4%BD%A0+1.txt").as_deref(), Some("你+1.txt"));
        assert_eq!(named("attachment"), None);
        assert_eq!(named("attachment; filename=%E4%BD%A0&a=b").as_deref(), Some("你&a=b"));
        assert_eq!(named(";=;filename*=").as_deref(), Some(""));
    }

    #[test]
    fn files_have_the_kind_of_their_ending() {
        assert_eq!(
            (kind_of("a.PDF"), kind_of("b.docx"), kind_of("main.rs"), kind_of("")),
            ("pdf", "doc", "stream", "stream")
        );
    }

    #[test]
    fn sizes_are_checked_before_anything_is_sent() {
        assert!(matches!(check_size(0, 10), Err(Fault::Format(_))));
        assert!(matches!(check_size(11, 10), Err(Fault::TooBig(_))));
        assert!(check_size(10, 10).is_ok());
    }
}
