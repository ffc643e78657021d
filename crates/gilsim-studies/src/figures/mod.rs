//! The figures of the article on concurrency, parallelism and asynchrony: each from scenarios of this repository,
//! which are embedded, with titles and words made from the numbers of their runs.

mod gallery;
mod play;
mod scenarios;
mod speed_up;
mod timelines;
mod which_tool;

pub use gallery::FIGURES;

use crate::threads;
use gilsim_render::chart::{self, PngError, Theme};

/// A figure that can be drawn.
pub struct Figure {
    /// What it is called.
    pub name: &'static str,
    /// The files that it is: the document, the pixels, and the words.
    pub files: [&'static str; 3],
    draw: fn(Theme) -> Picture,
}

/// What a figure looks like and says.
struct Picture {
    title: String,
    svg: String,
    alt: String,
}

/// A figure that was drawn.
pub struct Drawn {
    /// Which one.
    pub figure: &'static Figure,
    /// What it shows, in a sentence.
    pub title: String,
    /// The document.
    pub svg: String,
    /// The same at 2×.
    pub png: Vec<u8>,
    /// The same in words.
    pub alt: String,
}

/// Draws figures on all cores, in the order given. The same figures have the same bytes everywhere.
///
/// # Errors
/// When a figure cannot be made into pixels.
pub fn draw(figures: &[&'static Figure], theme: Theme) -> Result<Vec<Drawn>, PngError> {
    threads::try_map(figures, |figure| figure.drawn(theme))
}

impl Figure {
    fn drawn(&'static self, theme: Theme) -> Result<Drawn, PngError> {
        let Picture { title, svg, alt } = (self.draw)(theme);
        let png = chart::png(&svg)?;
        Ok(Drawn { figure: self, title, svg, png, alt })
    }
}
