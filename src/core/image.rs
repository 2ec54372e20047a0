//! Images that go to the model with a prompt: what they are, and which of them are taken.
//!
//! **For:** one judgement for every surface and the engine. **Not for:** reading files. Pure. What an image is stands in
//! its bytes: a name proves nothing.

/// Images that a text names.
pub mod named;

use serde::Deserialize;
use serde::Serialize;

/// Bytes of one image: in base64 they are just below the five megabytes that the API takes.
pub const MAX_BYTES: u64 = 3_750_000;
/// Bytes of all images of a prompt: with the rest of the conversation they must fit into one request.
pub const MAX_TOTAL: u64 = 10 << 20;
pub const MAX_IMAGES: usize = 10;
/// Pixels of a side that the API takes.
pub const MAX_SIDE: u32 = 8_000;

/// The formats that the API takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageKind {
    Png,
    Jpeg,
    Gif,
    Webp,
}

impl ImageKind {
    /// What a name of such a file ends with.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }
}

/// An image of a prompt, which lies in a file until it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRef {
    pub path: String,
    /// As people know it.
    pub name: String,
    pub kind: ImageKind,
    pub bytes: u64,
    pub width: u32,
    pub height: u32,
}

impl ImageRef {
    /// `[image: a.png, 640x480]`
    pub fn describe(&self) -> String {
        format!("[image: {}, {}x{}]", self.name, self.width, self.height)
    }
}

/// What the bytes of an image tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub kind: ImageKind,
    pub width: u32,
    pub height: u32,
}

/// What these bytes are the image of, if they are one of a format that the API takes.
pub fn recognise(bytes: &[u8]) -> Option<Seen> {
    let kind = match imagesize::image_type(bytes).ok()? {
        imagesize::ImageType::Png => ImageKind::Png,
        imagesize::ImageType::Jpeg => ImageKind::Jpeg,
        imagesize::ImageType::Gif => ImageKind::Gif,
        imagesize::ImageType::Webp => ImageKind::Webp,
        _ => return None,
    };
    let size = imagesize::blob_size(bytes).ok()?;
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    (width > 0 && height > 0).then_some(Seen { kind, width, height })
}

/// Why the API would not take an image; one that it refuses stays in the conversation, and spoils it.
pub fn unfit(seen: Seen, n_bytes: u64) -> Option<String> {
    if n_bytes > MAX_BYTES {
        return Some(format!("it has {n_bytes} bytes, and an image may have {MAX_BYTES}"));
    }
    let side = seen.width.max(seen.height);
    (side > MAX_SIDE).then(|| format!("it is {side} pixels long, and an image may have {MAX_SIDE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0";
    const GIF: &[u8] = b"GIF89a\x03\0\x05\0\0\0\0;";

    #[test]
    fn bytes_tell_what_an_image_is() {
        assert_eq!(recognise(PNG), Some(Seen { kind: ImageKind::Png, width: 640, height: 480 }));
        assert_eq!(recognise(GIF), Some(Seen { kind: ImageKind::Gif, width: 3, height: 5 }));
        for none in [
            &b""[..],
            b"\x89PNG",
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a\0\0\0\0\0\0\0;",
            b"%PDF-1.7",
            b"<svg/>",
            b"BM\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ] {
            assert_eq!(recognise(none), None, "{none:?}");
        }
    }

    #[test]
    fn what_the_api_would_refuse_is_not_sent() {
        let seen = |width, height| Seen { kind: ImageKind::Png, width, height };
        assert_eq!(unfit(seen(8_000, 8_000), MAX_BYTES), None);
        assert!(unfit(seen(8_001, 1), 10).is_some_and(|why| why.contains("8001 pixels")));
        assert!(unfit(seen(1, 8_001), 10).is_some());
        assert!(unfit(seen(1, 1), MAX_BYTES + 1).is_some_and(|why| why.contains("bytes")));
        assert!(4 * MAX_BYTES.div_ceil(3) <= 5_000_000);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_fail(
            head in proptest::sample::select(vec![PNG, GIF, b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBPVP8X", b""]),
            tail in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            keep in 0_usize..40,
        ) {
            let _ = recognise(&[&head[..keep.min(head.len())], &tail[..]].concat());
        }
    }
}
