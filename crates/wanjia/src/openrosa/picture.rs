//! A picture without what a camera writes beside it: where, when and with what it was taken. The picture itself is not drawn
//! anew: what is kept as evidence is what was sent.

use axum::body::Bytes;
use exif::{In, Reader, Tag};
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::Png;
use img_parts::riff::RiffChunk;
use img_parts::webp::WebP;
use img_parts::{DynImage, ImageEXIF};

/// No camera writes a picture in more passes.
const MOST_SCANS: usize = 64;
const START: &[u8] = &[markers::P, markers::SOI];
const END: &[u8] = &[markers::P, markers::EOI];

/// The same picture with its points, its colours and how it is to be turned, and nothing else; none if it cannot be taken
/// apart.
pub fn bare(bytes: &Bytes) -> Option<Bytes> {
    let image = DynImage::from_bytes(bytes.clone()).ok()??;
    let turned = image.exif().and_then(turned);
    let mut bare = match image {
        DynImage::Jpeg(jpeg) => DynImage::Jpeg(bare_jpeg(jpeg, bytes.clone())?),
        DynImage::Png(png) => DynImage::Png(bare_png(png)),
        DynImage::WebP(webp) => DynImage::WebP(bare_webp(webp)),
    };
    bare.set_exif(turned);
    Some(bare.encoder().bytes())
}

/// Exif that says only how the picture is to be turned, if it does not stand upright.
fn turned(exif: Bytes) -> Option<Bytes> {
    let exif = Reader::new().read_raw(exif.to_vec()).ok()?;
    let turned = exif.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0)?;
    let turned = u8::try_from(turned).ok().filter(|turned| (2..=8).contains(turned))?;
    let mut bytes = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0".to_vec();
    *bytes.get_mut(19)? = turned;
    Some(bytes.into())
}

/// Whether a segment belongs to the picture.
fn draws(segment: &JpegSegment) -> bool {
    match segment.marker() {
        markers::APP0 => segment.contents().starts_with(b"JFIF\0"),
        markers::APP2 => segment.contents().starts_with(b"ICC_PROFILE\0"),
        markers::APP14 => segment.contents().starts_with(b"Adobe"),
        markers::APP1..=markers::APP15 | markers::COM => false,
        _ => true,
    }
}

/// Where the points of a pass end: at a marker that is neither a restart nor a stuffed byte.
fn end_of_pass(points: &[u8]) -> usize {
    let marks = |pair: &[u8]| match pair {
        [markers::P, marker] => !matches!(*marker, 0 | markers::RST0..=markers::RST7 | markers::P),
        _ => false,
    };
    points.windows(2).position(marks).unwrap_or(points.len())
}

/// Whatever stands behind the picture, a film for one, is left out, and so is what stands between its passes.
fn bare_jpeg(jpeg: Jpeg, bytes: Bytes) -> Option<Jpeg> {
    let (mut read, mut rest) = (jpeg, bytes);
    let mut kept: Vec<JpegSegment> = Vec::new();
    for _ in 0..MOST_SCANS {
        let pass = read.segments().last().filter(|segment| segment.marker() == markers::SOS).cloned()?;
        kept.extend(
            read.segments()
                .iter()
                .filter(|segment| draws(segment) && segment.marker() != markers::SOS)
                .cloned(),
        );
        let behind = rest.split_off(rest.len().checked_sub(pass.len_with_entropy() - pass.len())?);
        let end = end_of_pass(&behind);
        let (points, behind) = (behind.slice(..end), behind.slice(end..));
        // What cannot be read behind a pass does not belong to the picture.
        let next = Jpeg::from_bytes([START, &behind].concat().into());
        let next = next.ok().filter(|next| next.segments().last().is_some_and(JpegSegment::has_entropy));
        let points = if next.is_some() { points } else { [&points, END].concat().into() };
        kept.push(JpegSegment::new_with_entropy(markers::SOS, pass.contents().clone(), points));
        match next {
            Some(next) => (read, rest) = (next, behind),
            None => {
                read.segments_mut().clear();
                read.segments_mut().append(&mut kept);
                return Some(read);
            }
        }
    }
    None
}

fn bare_png(mut png: Png) -> Png {
    const DRAW: [&[u8; 4]; 15] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD",
        b"pHYs", b"acTL", b"fcTL", b"fdAT",
    ];
    png.chunks_mut().retain(|chunk| DRAW.contains(&&chunk.kind()));
    png
}

fn bare_webp(mut webp: WebP) -> WebP {
    const DRAW: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
    webp.chunks_mut().retain(|chunk: &RiffChunk| DRAW.contains(&&chunk.id()));
    webp
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use exif::experimental::Writer;
    use exif::{Field, Rational, Value};
    use img_parts::png::PngChunk;
    use img_parts::riff::RiffContent;
    use proptest::prelude::*;

    use super::*;

    const SECRET: &[u8] = b"30.5728N";

    /// What a phone writes: that it was held upright, where it was, and with what the picture was taken.
    fn exif() -> Vec<u8> {
        let field = |tag, value| Field { tag, ifd_num: In::PRIMARY, value };
        let fields = [
            field(Tag::Orientation, Value::Short(vec![6])),
            field(Tag::Model, Value::Ascii(vec![SECRET.to_vec()])),
            field(Tag::GPSLatitudeRef, Value::Ascii(vec![b"N".to_vec()])),
            field(
                Tag::GPSLatitude,
                Value::Rational([30, 34, 22].map(|num| Rational { num, denom: 1 }).to_vec()),
            ),
        ];
        let mut writer = Writer::new();
        fields.iter().for_each(|field| writer.push_field(field));
        let mut bytes = Cursor::new(Vec::new());
        writer.write(&mut bytes, true).unwrap();
        bytes.into_inner()
    }

    fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
        let length = u16::try_from(contents.len() + 2).unwrap().to_be_bytes();
        [&[markers::P, marker], &length[..], contents].concat()
    }

    /// A picture in two passes with all that a phone puts around it, and that picture alone.
    fn jpeg() -> (Bytes, Bytes) {
        let own = [START, &segment(markers::APP0, b"JFIF\0\x01\x01"), &segment(markers::DQT, b"q")].concat();
        let first = [&segment(markers::SOS, b"s")[..], b"\x01\xff\x00\xff\xd0\x02"].concat();
        let second =
            [&segment(markers::DHT, b"h"), &segment(markers::SOS, b"t")[..], b"\x03\xff\x00"].concat();
        let about = [
            segment(markers::APP1, &[b"Exif\0\0", &exif()[..]].concat()),
            segment(markers::APP1, &[b"http://ns.adobe.com/xap/1.0/\0", SECRET].concat()),
            segment(markers::APP2, &[b"MPF\0", SECRET].concat()),
            segment(markers::APP13, SECRET),
            segment(markers::COM, SECRET),
        ]
        .concat();
        let behind = [END, b"ftypmp42", SECRET, START, &about, END].concat();
        let whole = [&own[..], &about, &first, &about[about.len() - 12..], &second, &behind].concat();
        let bare = [&own[..], &first, &second, END].concat();
        (whole.into(), bare.into())
    }

    fn tells(bytes: &[u8]) -> bool {
        let holds = |what: &[u8]| bytes.windows(what.len()).any(|at| at == what);
        holds(SECRET) || holds(b"\x1e\0\0\0\x01\0\0\0\x22\0\0\0")
    }

    /// How a picture is to be turned, if that is all that is said about it.
    fn only_turned(bytes: &Bytes) -> u32 {
        let image = DynImage::from_bytes(bytes.clone()).unwrap().unwrap();
        let exif = Reader::new().read_raw(image.exif().unwrap().to_vec()).unwrap();
        assert_eq!(exif.fields().len(), 1);
        exif.get_field(Tag::Orientation, In::PRIMARY).unwrap().value.get_uint(0).unwrap()
    }

    #[test]
    fn a_jpeg_keeps_its_passes_and_how_it_is_turned_and_tells_nothing_else() {
        let (whole, alone) = jpeg();
        assert!(tells(&whole));
        let bare = bare(&whole).unwrap();
        assert!(!tells(&bare));
        assert_eq!(only_turned(&bare), 6);
        let mut image = DynImage::from_bytes(bare.clone()).unwrap().unwrap();
        image.set_exif(None);
        assert_eq!(image.encoder().bytes(), alone);
        assert_eq!(super::bare(&bare).unwrap(), bare, "once bare, it stays as it is");
        assert_eq!(super::bare(&alone).unwrap(), alone);
    }

    #[test]
    fn a_png_and_a_webp_tell_nothing_either() {
        let chunk = |kind: &[u8; 4], contents: &[u8]| PngChunk::new(*kind, Bytes::copy_from_slice(contents));
        let mut png = Png::from_bytes(Bytes::from_static(b"\x89PNG\r\n\x1a\n")).unwrap();
        png.chunks_mut().extend([
            chunk(b"IHDR", &[0; 13]),
            chunk(b"eXIf", &exif()),
            chunk(b"tEXt", SECRET),
            chunk(b"IDAT", b"points"),
            chunk(b"IEND", b""),
        ]);
        let own =
            |id: &[u8; 4], data: &[u8]| RiffChunk::new(*id, RiffContent::Data(Bytes::copy_from_slice(data)));
        let chunks = vec![
            own(b"VP8X", &[0x0c, 0, 0, 0, 1, 0, 0, 1, 0, 0]),
            own(b"VP8 ", b"points"),
            own(b"EXIF", &exif()),
            own(b"XMP ", SECRET),
        ];
        let content = RiffContent::List { kind: Some(*b"WEBP"), subchunks: chunks };
        let webp = WebP::new(RiffChunk::new(*b"RIFF", content)).unwrap();
        for whole in [png.encoder().bytes(), webp.encoder().bytes()] {
            assert!(tells(&whole));
            let bare = bare(&whole).unwrap();
            assert!(!tells(&bare) && bare.windows(6).any(|at| at == b"points"));
            assert_eq!(only_turned(&bare), 6);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_taken_apart_or_refused(
            at in 0..400usize, with in prop::collection::vec(any::<u8>(), 0..12), cut in 0..60usize
        ) {
            let mut bytes = jpeg().0.to_vec();
            let at = at.min(bytes.len());
            bytes.splice(at..(at + cut).min(bytes.len()), with);
            if let Some(bare) = bare(&bytes.into()) {
                prop_assert_eq!(super::bare(&bare), Some(bare.clone()));
            }
        }
    }
}
