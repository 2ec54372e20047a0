//! Images that are larger than the API takes, made smaller. Blocking.
//!
//! Invariants: what comes out fits; no image takes more memory or time than a large photo does; a picture that moves is
//! not shrunk, because only its first frame would be left.

use std::io::Cursor;

use ::image::DynamicImage;
use ::image::ImageDecoder as _;
use ::image::ImageFormat;
use ::image::ImageReader;
use ::image::Limits;
use ::image::codecs::jpeg::JpegEncoder;
use ::image::imageops::FilterType;

use crate::core::image;
use crate::core::image::ImageKind;
use crate::core::image::Seen;

/// A file that is larger is not read.
pub(crate) const MAX_SOURCE: u64 = 40 << 20;
/// Pixels of the longer side: of more than these the model sees nothing.
const GOAL: u32 = 2_000;
/// Below this nothing could be made out any more.
const SMALLEST: u32 = 200;
/// Pixels of a side, and bytes of memory, that are decoded.
const MAX_PIXELS: u32 = 40_000;
const MAX_MEMORY: u64 = 400 << 20;
const JPEG_QUALITY: u8 = 85;

/// A smaller picture of the same, or why there is none.
pub(crate) fn shrink(bytes: &[u8], seen: Seen) -> Result<(Vec<u8>, Seen), String> {
    let format = match seen.kind {
        ImageKind::Png => ImageFormat::Png,
        ImageKind::Jpeg => ImageFormat::Jpeg,
        ImageKind::Webp => ImageFormat::WebP,
        ImageKind::Gif => return Err("a GIF cannot be made smaller here".into()),
    };
    let whole = decode(bytes, format).map_err(|error| format!("it could not be made smaller: {error}"))?;
    let mut side = whole.width().max(whole.height()).min(GOAL);
    while side >= SMALLEST {
        let small = whole.resize(side, side, FilterType::Triangle);
        let (width, height) = (small.width(), small.height());
        for (kind, encoded) in [(ImageKind::Png, png(&small)), (ImageKind::Jpeg, jpeg(&small))] {
            // A photo as PNG is many times larger for nothing.
            let is_wanted = kind == ImageKind::Jpeg || seen.kind == ImageKind::Png;
            if let Some(bytes) = encoded.filter(|_| is_wanted) {
                let seen = Seen { kind, width, height };
                if image::unfit(seen, bytes.len() as u64).is_none() {
                    return Ok((bytes, seen));
                }
            }
        }
        side = side * 7 / 10;
    }
    Err("it could not be made small enough".into())
}

fn decode(bytes: &[u8], format: ImageFormat) -> ::image::ImageResult<DynamicImage> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_PIXELS);
    limits.max_image_height = Some(MAX_PIXELS);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    // Cameras write which side is up beside the picture, and that note is lost.
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn png(image: &DynamicImage) -> Option<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).ok()?;
    Some(bytes.into_inner())
}

/// What is transparent becomes white.
fn jpeg(image: &DynamicImage) -> Option<Vec<u8>> {
    let mut flat = image.to_rgba8();
    for pixel in flat.pixels_mut() {
        let alpha = u16::from(pixel.0[3]);
        for channel in &mut pixel.0[..3] {
            let value = (u16::from(*channel) * alpha + 255 * (255 - alpha)) / 255;
            *channel = u8::try_from(value).unwrap_or(u8::MAX);
        }
    }
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
    DynamicImage::ImageRgba8(flat).to_rgb8().write_with_encoder(encoder).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(width: u32, height: u32) -> DynamicImage {
        let mut state = 7_u32;
        DynamicImage::ImageRgb8(::image::RgbImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [a, b, c, _] = state.to_be_bytes();
            ::image::Rgb([a, b, c])
        }))
    }

    #[test]
    fn what_is_too_large_becomes_smaller_and_keeps_its_shape() {
        let bytes = png(&noise(1_500, 900)).unwrap();
        let seen = image::recognise(&bytes).unwrap();
        assert!(image::unfit(seen, bytes.len() as u64).is_some(), "{} bytes", bytes.len());
        let (small, now) = shrink(&bytes, seen).unwrap();
        assert_eq!(image::recognise(&small), Some(now));
        assert_eq!(image::unfit(now, small.len() as u64), None);
        assert_eq!(now.width * 900 / 1_500, now.height);
        let bytes = png(&noise(9_000, 20)).unwrap();
        let (small, now) = shrink(&bytes, image::recognise(&bytes).unwrap()).unwrap();
        assert_eq!((now.kind, now.width, image::recognise(&small)), (ImageKind::Png, 2_000, Some(now)));
    }

    #[test]
    fn what_cannot_be_decoded_is_refused_with_a_word() {
        let bytes = png(&noise(300, 300)).unwrap();
        let seen = image::recognise(&bytes).unwrap();
        assert!(shrink(&bytes[..bytes.len() / 2], seen).is_err());
        // A header that promises four gigapixels.
        let mut bomb = bytes;
        bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        assert!(shrink(&bomb, seen).is_err());
        assert!(shrink(b"GIF89a", Seen { kind: ImageKind::Gif, ..seen }).is_err_and(|why| why.contains("GIF")));
    }
}
