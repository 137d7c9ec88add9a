//! Text, lines and boxes on a page. Chinese and Latin need no shaping: one character, one glyph.

use std::cell::RefCell;
use std::collections::HashMap;

use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use skrifa::MetadataProvider;
use skrifa::instance::{LocationRef, Size};

use super::font::{Face, FontError};

/// Which of the two weights.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Where a text begins, ends or has its middle.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Left,
    Middle,
    Right,
}

/// A size and a weight.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) size: f32,
    pub(super) weight: Weight,
    /// 0 black to 255 white.
    pub(super) grey: u8,
}

impl Style {
    pub(super) const fn regular(size: f32) -> Self {
        Self { size, weight: Weight::Regular, grey: 0 }
    }

    pub(super) const fn bold(size: f32) -> Self {
        Self { size, weight: Weight::Bold, grey: 0 }
    }

    pub(super) const fn grey(self, grey: u8) -> Self {
        Self { grey, ..self }
    }
}

/// A face ready to be drawn with.
struct Loaded {
    face: Face,
    krilla: krilla::text::Font,
    glyphs: RefCell<HashMap<char, (u32, f32)>>,
}

impl Loaded {
    fn new(face: &Face) -> Result<Self, FontError> {
        let krilla =
            krilla::text::Font::new(face.bytes.clone().into(), face.index).ok_or(FontError::Unusable)?;
        Ok(Self { face: face.clone(), krilla, glyphs: RefCell::default() })
    }

    /// The glyph of a character and its advance for a size of 1; a character that the font lacks becomes its box.
    fn glyph(&self, c: char) -> (u32, f32) {
        *self.glyphs.borrow_mut().entry(c).or_insert_with(|| {
            let Ok(font) = skrifa::FontRef::from_index(&self.face.bytes, self.face.index) else {
                return (0, 1.0);
            };
            let glyph = font.charmap().map(c).unwrap_or_default();
            let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
            (glyph.to_u32(), metrics.advance_width(glyph).unwrap_or(1.0))
        })
    }
}

/// Draws and measures.
pub(super) struct Pen {
    regular: Loaded,
    bold: Option<Loaded>,
}

impl Pen {
    pub(super) fn new(regular: &Face, bold: Option<&Face>) -> Result<Self, FontError> {
        Ok(Self { regular: Loaded::new(regular)?, bold: bold.map(Loaded::new).transpose()? })
    }

    fn loaded(&self, weight: Weight) -> &Loaded {
        match (weight, &self.bold) {
            (Weight::Bold, Some(bold)) => bold,
            _ => &self.regular,
        }
    }

    pub(super) fn width(&self, text: &str, style: Style) -> f32 {
        let font = self.loaded(style.weight);
        text.chars().map(|c| font.glyph(c).1).sum::<f32>() * style.size
    }

    /// As much of a text as fits, with … when something is left out.
    pub(super) fn fitted(&self, text: &str, style: Style, room: f32) -> String {
        if self.width(text, style) <= room {
            return text.to_owned();
        }
        let room = room - self.width("…", style);
        let mut width = 0.0;
        let mut out = String::new();
        for c in text.chars() {
            width += self.width(c.encode_utf8(&mut [0; 4]), style);
            if width > room {
                break;
            }
            out.push(c);
        }
        out.push('…');
        out
    }

    pub(super) fn text(
        &self,
        page: &mut Surface<'_>,
        (x, y): (f32, f32),
        anchor: Anchor,
        text: &str,
        style: Style,
    ) {
        if text.is_empty() {
            return;
        }
        let font = self.loaded(style.weight);
        let glyphs: Vec<KrillaGlyph> = text
            .char_indices()
            .map(|(at, c)| {
                let (glyph, advance) = font.glyph(c);
                KrillaGlyph {
                    glyph_id: GlyphId::new(glyph),
                    text_range: at..at + c.len_utf8(),
                    x_advance: advance,
                    x_offset: 0.0,
                    y_offset: 0.0,
                    y_advance: 0.0,
                    location: None,
                }
            })
            .collect();
        let width = self.width(text, style);
        let x = match anchor {
            Anchor::Left => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::Right => x - width,
        };
        page.set_stroke(None);
        page.set_fill(Some(fill(style.grey)));
        page.draw_glyphs(Point::from_xy(x, y), &glyphs, font.krilla.clone(), text, style.size, false);
    }
}

fn fill(grey: u8) -> Fill {
    Fill { paint: luma::Color::new(grey).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

/// A straight line.
pub(super) fn line(page: &mut Surface<'_>, from: (f32, f32), to: (f32, f32), width: f32, grey: u8) {
    let mut path = PathBuilder::new();
    path.move_to(from.0, from.1);
    path.line_to(to.0, to.1);
    if let Some(path) = path.finish() {
        page.set_fill(None);
        page.set_stroke(Some(Stroke { paint: luma::Color::new(grey).into(), width, ..Stroke::default() }));
        page.draw_path(&path);
    }
}

/// A filled area.
pub(super) fn area(page: &mut Surface<'_>, (x, y): (f32, f32), (width, height): (f32, f32), grey: u8) {
    let mut path = PathBuilder::new();
    if let Some(rect) = Rect::from_xywh(x, y, width, height) {
        path.push_rect(rect);
    }
    if let Some(path) = path.finish() {
        page.set_stroke(None);
        page.set_fill(Some(fill(grey)));
        page.draw_path(&path);
    }
}

/// A box to tick.
pub(super) fn tick_box(page: &mut Surface<'_>, (x, y): (f32, f32), side: f32) {
    let mut path = PathBuilder::new();
    if let Some(rect) = Rect::from_xywh(x, y, side, side) {
        path.push_rect(rect);
    }
    if let Some(path) = path.finish() {
        page.set_fill(Some(fill(255)));
        page.set_stroke(Some(Stroke { paint: luma::Color::black().into(), width: 1.1, ..Stroke::default() }));
        page.draw_path(&path);
    }
}
