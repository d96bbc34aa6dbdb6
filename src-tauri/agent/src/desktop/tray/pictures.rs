//! The tray pictures, drawn beforehand (`icons/make.py`) and kept in the program.

use super::{Mark, Panel};

/// Sizes that tray hosts ask for, in pixels: panels of 22 to 64 px, at one and two times the scale.
pub const SIZES: [u32; 6] = [16, 22, 24, 32, 48, 64];

/// Panel, name, size in pixels, PNG.
type Stored = (&'static str, &'static str, u32, &'static [u8]);

static STORED: &[Stored] = include!(concat!(env!("OUT_DIR"), "/pictures.rs"));

/// One square picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width and height in pixels.
    pub size: u32,
    /// Four bytes for each pixel: alpha, red, green, blue, not premultiplied.
    pub argb: Vec<u8>,
}

/// A mark with its count in all sizes, smallest first; a size without a picture is left out.
pub fn of(mark: Mark, count: Option<&str>, panel: Panel) -> Vec<Picture> {
    let panel = match panel {
        Panel::Light => "light",
        Panel::Dark => "dark",
    };
    let count = count.map(|count| format!("missed-{count}"));
    let draw = |size| {
        let mut picture = decode(panel, mark.name(), size)?;
        if let Some(over) = count.as_ref().and_then(|count| decode(panel, count, size)) {
            lay(&mut picture.argb, &over.argb);
        }
        Some(picture)
    };
    SIZES.into_iter().filter_map(draw).collect()
}

fn decode(panel: &str, name: &str, size: u32) -> Option<Picture> {
    let (.., png) = STORED.iter().find(|stored| (stored.0, stored.1, stored.2) == (panel, name, size))?;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(*png));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().ok()?;
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut pixels).ok()?;
    if (info.width, info.height) != (size, size) {
        return None;
    }
    let argb = match info.color_type {
        png::ColorType::Rgba => pixels.chunks_exact(4).flat_map(|p| [p[3], p[0], p[1], p[2]]).collect(),
        png::ColorType::GrayscaleAlpha => pixels.chunks_exact(2).flat_map(|p| [p[1], p[0], p[0], p[0]]).collect(),
        // The transformations above leave nothing else.
        png::ColorType::Grayscale | png::ColorType::Rgb | png::ColorType::Indexed => return None,
    };
    Some(Picture { size, argb })
}

/// Lays one picture over another, pixel by pixel.
fn lay(under: &mut [u8], over: &[u8]) {
    for (under, over) in under.chunks_exact_mut(4).zip(over.chunks_exact(4)) {
        let alpha = u32::from(over[0]);
        let rest = u32::from(under[0]) * (255 - alpha) / 255;
        let whole = alpha + rest;
        if alpha == 0 || whole == 0 {
            continue;
        }
        for channel in 1..4 {
            let mixed = (u32::from(over[channel]) * alpha + u32::from(under[channel]) * rest) / whole;
            under[channel] = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
        under[0] = u8::try_from(whole).unwrap_or(u8::MAX);
    }
}
