//! The files of images are read when their prompt is sent.
//!
//! Invariants: only a regular file is read, and no more of it than an image may have; what it is, its bytes say now,
//! whatever was said when it came.

use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::fs::OFlags;

use crate::core::image;
use crate::core::image::ImageKind;
use crate::core::image::ImageRef;
use crate::wire::outbound::ImageType;
use crate::wire::outbound::UserImage;

/// Each image as the line to the CLI takes it, or why it cannot be sent. Blocking.
pub(crate) fn load(images: &[ImageRef]) -> Vec<Result<UserImage, String>> {
    let mut left = image::MAX_TOTAL;
    let load = |(nth, image): (usize, &ImageRef)| {
        let bytes = read(image)?;
        let n_bytes = bytes.len() as u64;
        let seen = image::recognise(&bytes).ok_or("its file holds no image any more")?;
        if let Some(why) = image::unfit(seen, n_bytes) {
            return Err(why);
        }
        left = match left.checked_sub(n_bytes) {
            Some(rest) if nth < image::MAX_IMAGES => rest,
            _ => return Err("there are too many images in one prompt".to_owned()),
        };
        Ok(UserImage::Base64 { media_type: media_type(seen.kind), data: STANDARD.encode(bytes) })
    };
    images.iter().enumerate().map(load).collect()
}

fn media_type(kind: ImageKind) -> ImageType {
    match kind {
        ImageKind::Png => ImageType::Png,
        ImageKind::Jpeg => ImageType::Jpeg,
        ImageKind::Gif => ImageType::Gif,
        ImageKind::Webp => ImageType::Webp,
    }
}

fn read(image: &ImageRef) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("its file {} is gone", image.path),
        _ => format!("its file {} cannot be read: {error}", image.path),
    };
    // What is no file must not hold anybody up.
    #[expect(clippy::cast_possible_wrap, reason = "the flags of the system are a few low bits")]
    let flags = OFlags::NONBLOCK.bits() as i32;
    let open = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(&image.path);
    let file = open.map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(format!("{} is no file", image.path));
    }
    let mut bytes = Vec::new();
    file.take(image::MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
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
    fn what_is_read_is_what_the_file_holds_now() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.png"), GIF).unwrap();
        std::fs::write(at("text.png"), "secret words").unwrap();
        std::fs::write(at("large"), [GIF, &vec![0; image::MAX_BYTES as usize]].concat()).unwrap();
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
