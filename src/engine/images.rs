//! The files of images are read when their prompt is sent.
//!
//! Invariants: only a regular file is read, and no more of it than an image may have; what it is, its bytes say now,
//! whatever was said when it came.

/// Images that are too large.
mod shrink;

use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::fs::OFlags;

use crate::core::image;
use crate::core::image::ImageKind;
use crate::core::image::ImageRef;
use crate::core::image::Seen;
use crate::core::image::named;
use crate::core::image::named::Mention;
use crate::wire::outbound::ImageType;
use crate::wire::outbound::UserImage;

/// An image that the text names with an `@` and that the CLI would leave out without a word, because it is too large.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mentioned {
    pub(crate) mention: Mention,
    /// What is sent instead, or why nothing is.
    pub(crate) instead: Result<(ImageRef, UserImage), String>,
}

/// What a prompt wants to show.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) images: Vec<ImageRef>,
    pub(crate) text: String,
    /// Where the text's paths begin.
    pub(crate) directory: PathBuf,
}

/// What may still be sent with one prompt.
struct Room {
    n_images: usize,
    bytes: u64,
}

impl Room {
    fn take(&mut self, n_bytes: u64) -> Result<(), String> {
        match (self.n_images.checked_sub(1), self.bytes.checked_sub(n_bytes)) {
            (Some(n_images), Some(bytes)) => {
                *self = Self { n_images, bytes };
                Ok(())
            }
            _ => Err("there are too many images in one prompt".to_owned()),
        }
    }
}

/// Each image as the line to the CLI takes it, or why it cannot be sent. Blocking.
pub(crate) fn load(wanted: &Wanted) -> (Vec<Result<UserImage, String>>, Vec<Mentioned>) {
    let mut room = Room { n_images: image::MAX_IMAGES, bytes: image::MAX_TOTAL };
    let load = |image: &ImageRef| {
        let bytes = read(Path::new(&image.path))?;
        let seen = image::recognise(&bytes).ok_or("its file holds no image any more")?;
        fitting(bytes, seen, &mut room).map(|(_, image)| image)
    };
    let images = wanted.images.iter().map(load).collect();
    let mentioned = named::mentions(&wanted.text).into_iter();
    (images, mentioned.filter_map(|mention| look(mention, &wanted.directory, &mut room)).collect())
}

/// An image as it is sent: smaller, when it is larger than the API takes.
fn fitting(bytes: Vec<u8>, seen: Seen, room: &mut Room) -> Result<(ImageRef, UserImage), String> {
    let (bytes, seen) = match image::unfit(seen, bytes.len() as u64) {
        None => (bytes, seen),
        Some(why) => shrink::shrink(&bytes, seen).map_err(|failed| format!("{why}, and {failed}"))?,
    };
    let Seen { kind, width, height } = seen;
    room.take(bytes.len() as u64)?;
    let image = ImageRef { path: String::new(), name: String::new(), kind, bytes: bytes.len() as u64, width, height };
    Ok((image, UserImage::Base64 { media_type: media_type(kind), data: STANDARD.encode(bytes) }))
}

/// Whether an image that the text names needs help; the CLI shows the others by itself.
fn look(mention: Mention, directory: &Path, room: &mut Room) -> Option<Mentioned> {
    let path = match mention.path.strip_prefix("~/") {
        Some(rest) => PathBuf::from(std::env::var_os("HOME")?).join(rest),
        None => directory.join(&mention.path),
    };
    let n_bytes = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?.len();
    let bytes = read(&path).ok()?;
    let seen = image::recognise(&bytes)?;
    let why = image::unfit(seen, n_bytes)?;
    let instead = if n_bytes > shrink::MAX_SOURCE { Err(why) } else { fitting(bytes, seen, room) };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let path = path.to_string_lossy().into_owned();
    Some(Mentioned { mention, instead: instead.map(|(image, source)| (ImageRef { path, name, ..image }, source)) })
}

fn media_type(kind: ImageKind) -> ImageType {
    match kind {
        ImageKind::Png => ImageType::Png,
        ImageKind::Jpeg => ImageType::Jpeg,
        ImageKind::Gif => ImageType::Gif,
        ImageKind::Webp => ImageType::Webp,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("its file {} is gone", path.display()),
        _ => format!("its file {} cannot be read: {error}", path.display()),
    };
    // What is no file must not hold anybody up.
    #[expect(clippy::cast_possible_wrap, reason = "the flags of the system are a few low bits")]
    let flags = OFlags::NONBLOCK.bits() as i32;
    let open = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = open.map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(format!("{} is no file", path.display()));
    }
    let mut bytes = Vec::new();
    file.take(shrink::MAX_SOURCE + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIF: &[u8] = b"GIF89a\x03\0\x05\0\0\0\0;";

    fn image(path: &std::path::Path) -> ImageRef {
        let path = path.display().to_string();
        ImageRef { path, name: "a.png".into(), kind: ImageKind::Png, bytes: 9, width: 1, height: 1 }
    }

    #[test]
    fn images_that_a_text_names_are_helped_only_where_the_cli_leaves_them_out() {
        let folder = tempfile::tempdir().unwrap();
        let wide = ::image::DynamicImage::new_rgb8(9_000, 3);
        wide.save(folder.path().join("my wide.png")).unwrap();
        std::fs::write(folder.path().join("a.gif"), GIF).unwrap();
        std::fs::write(folder.path().join("words.png"), "words").unwrap();
        std::fs::write(folder.path().join("moves.gif"), [GIF, &vec![0; image::MAX_BYTES as usize]].concat()).unwrap();
        let text = "see @a.gif @words.png @gone.png @\"my wide.png\" and @moves.gif".to_owned();
        let wanted = Wanted { images: Vec::new(), text: text.clone(), directory: folder.path().to_owned() };
        let (images, mentioned) = super::load(&wanted);
        assert!(images.is_empty());
        let [wide, moves] = &mentioned[..] else { panic!("{mentioned:?}") };
        let (image, UserImage::Base64 { data, .. }) = wide.instead.as_ref().unwrap();
        assert_eq!(
            (image.describe().as_str(), &text[wide.mention.range.clone()]),
            ("[image: my wide.png, 2000x1]", "@\"my wide.png\"")
        );
        assert!(image::recognise(&STANDARD.decode(data).unwrap()).is_some());
        assert!(moves.instead.as_ref().is_err_and(|why| why.contains("bytes") && why.contains("GIF")));
    }

    #[test]
    fn what_is_read_is_what_the_file_holds_now() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.png"), GIF).unwrap();
        std::fs::write(at("text.png"), "secret words").unwrap();
        std::fs::write(at("large"), [GIF, &vec![0; image::MAX_BYTES as usize]].concat()).unwrap();
        let load = |images: &[ImageRef]| {
            let wanted = Wanted { images: images.to_vec(), text: String::new(), directory: folder.path().to_owned() };
            super::load(&wanted).0
        };
        let gif = UserImage::Base64 { media_type: ImageType::Gif, data: STANDARD.encode(GIF) };
        let names = ["a.png", "text.png", "gone", ".", "large"];
        let loaded = load(&names.map(|name| image(&at(name))));
        assert_eq!(loaded[0], Ok(gif));
        for (nth, part) in [(1, "holds no image"), (2, "is gone"), (3, ""), (4, "bytes")] {
            assert!(loaded[nth].as_ref().is_err_and(|why| why.contains(part)), "{:?}", loaded[nth]);
        }
        let many = vec![image(&at("a.png")); image::MAX_IMAGES + 1];
        assert_eq!(load(&many).iter().filter(|loaded| loaded.is_ok()).count(), image::MAX_IMAGES);
        let pipe = at("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success() && load(&[image(&pipe)])[0].is_err());
    }
}
