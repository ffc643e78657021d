//! The same picture as pixels, with fonts of our own.

use std::fmt;
use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use super::svg::FAMILY;

const REGULAR: &[u8] = include_bytes!("font/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("font/DejaVuSans-Bold.ttf");

/// How many pixels of the PNG there are to a pixel of the SVG.
const SCALE: f32 = 2.0;
/// The most pixels a PNG may have: 400 MB while it is made.
const MOST_PIXELS: f32 = 100_000_000.0;

/// Why a document could not be turned into a PNG.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PngError {
    /// It is not an SVG that can be drawn; the text says why.
    Document(String),
    /// It would have more than 100 million pixels, even at 1×.
    TooLarge,
}

impl fmt::Display for PngError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(reason) => write!(f, "the figure cannot be drawn as a PNG: {reason}"),
            Self::TooLarge => f.write_str(
                "the figure is too large for a PNG; use its SVG, or chart fewer tools at once",
            ),
        }
    }
}

impl std::error::Error for PngError {}

/// Renders a figure at 2×, or at 1× if it is very large, with the bundled font and no other.
///
/// # Errors
/// When the document is no SVG, or one of more than 100 million pixels.
pub fn png(svg: &str) -> Result<Vec<u8>, PngError> {
    let unreadable = |error: &dyn fmt::Display| PngError::Document(error.to_string());
    let tree = Tree::from_str(svg, &options()).map_err(|error| unreadable(&error))?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let fits = |scale: &f32| width * scale * height * scale <= MOST_PIXELS;
    let scale = [SCALE, 1.0].into_iter().find(fits).ok_or(PngError::TooLarge)?;
    let size = tree.size().to_int_size().scale_by(scale).ok_or(PngError::TooLarge)?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or(PngError::TooLarge)?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| unreadable(&error))
}

fn options() -> Options<'static> {
    let mut fonts = Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    for set_family in [Database::set_sans_serif_family, Database::set_serif_family] {
        set_family(&mut fonts, FAMILY);
    }
    Options { font_family: FAMILY.to_owned(), fontdb: Arc::new(fonts), ..Options::default() }
}
