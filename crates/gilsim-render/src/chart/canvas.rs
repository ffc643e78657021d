//! What figures are drawn on: elements of plotters, each with a [`Mark`] where plotters cannot say all of it.
//!
//! Coordinates are tenths of a pixel, because plotters rounds to whole units; `svg` sets the `viewBox` to match.

use std::cell::RefCell;
use std::rc::Rc;

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, TextStyle};

use super::layout::MARGIN;
use super::palette::{Colors, Pattern, Theme};
use super::svg::{Document, FAMILY, Heading, Mark};
use super::words::{Font, clean};

/// A rectangle in tenths of a pixel: left, top, right, bottom.
pub(super) type Frame = (i32, i32, i32, i32);

/// Where a text stands: its anchor, and where on the baseline that is.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    Start(i32, i32),
    Middle(i32, i32),
    End(i32, i32),
}

/// How a line is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Stroke {
    #[default]
    Solid,
    Dotted,
    Dashed,
}

/// A figure being drawn.
pub(super) struct Canvas {
    document: Rc<RefCell<Document>>,
    area: DrawingArea<Document, Shift>,
    pub(super) colors: Colors,
}

/// Draws a figure of `width` × `height` tenths of a pixel and returns it as a document.
pub(super) fn draw(
    (width, height): (i32, i32),
    theme: Theme,
    heading: &Heading,
    figure: impl FnOnce(&mut Canvas),
) -> String {
    let size = (width.unsigned_abs(), height.unsigned_abs());
    let document = Rc::new(RefCell::new(Document::new(size, theme, heading)));
    let mut canvas = Canvas { area: (&document).into(), document, colors: Colors::of(theme) };
    canvas.fill((0, 0, width, height), canvas.colors.background);
    figure(&mut canvas);
    canvas.document.borrow_mut().close()
}

impl Canvas {
    fn put<E>(&mut self, element: &E, mark: Mark)
    where
        for<'b> &'b E: PointCollection<'b, (i32, i32)>,
        E: Drawable<Document>,
    {
        self.document.borrow_mut().mark = mark;
        self.area.draw(element).expect("a string takes all that is written to it");
    }

    /// A rectangle without an outline.
    pub(super) fn fill(&mut self, frame: Frame, color: RGBColor) {
        self.rectangle(frame, color, Mark::default());
    }

    /// A bar: outlined if it is wide enough for that, with a text that shows when it is pointed at.
    pub(super) fn bar(&mut self, frame: Frame, color: RGBColor, outlined: bool, title: String) {
        self.rectangle(frame, color, Mark { outlined, title, ..Mark::default() });
    }

    /// A bar that is drawn wider than it is, at a share of its colour.
    pub(super) fn sliver(&mut self, frame: Frame, color: RGBColor, share: f64) {
        let (left, top, right, bottom) = frame;
        let rectangle = Rectangle::new([(left, top), (right, bottom)], color.mix(share).filled());
        self.put(&rectangle, Mark::default());
    }

    /// A pattern over a bar.
    pub(super) fn overlay(&mut self, frame: Frame, pattern: Pattern) {
        self.rectangle(frame, self.colors.ink, Mark { pattern: Some(pattern), ..Mark::default() });
    }

    fn rectangle(&mut self, (left, top, right, bottom): Frame, color: RGBColor, mark: Mark) {
        let corners = [(left, top), (right, bottom)];
        self.put(&Rectangle::new(corners, color.filled()), mark);
    }

    /// A filled area.
    pub(super) fn area(&mut self, points: &[(i32, i32)], color: RGBColor, title: String) {
        let mark = Mark { outlined: true, title, ..Mark::default() };
        self.put(&Polygon::new(points, color.filled()), mark);
    }

    /// A pattern over an area.
    pub(super) fn area_overlay(&mut self, points: &[(i32, i32)], pattern: Pattern) {
        self.put(
            &Polygon::new(points, self.colors.ink.filled()),
            Mark { pattern: Some(pattern), ..Mark::default() },
        );
    }

    /// A straight line of a pixel's width.
    pub(super) fn line(
        &mut self,
        from: (i32, i32),
        to: (i32, i32),
        color: RGBColor,
        stroke: Stroke,
    ) {
        let path = PathElement::new(vec![from, to], color.stroke_width(10));
        self.put(&path, Mark { stroke, ..Mark::default() });
    }

    /// A translucent area that lets what is behind it be seen.
    pub(super) fn veil(&mut self, points: &[(i32, i32)], color: RGBColor) {
        self.put(&Polygon::new(points, color.mix(0.2).filled()), Mark::default());
    }

    /// A line of straight pieces, two pixels wide.
    pub(super) fn path(&mut self, points: &[(i32, i32)], color: RGBColor, stroke: Stroke) {
        self.put(
            &PathElement::new(points, color.stroke_width(20)),
            Mark { stroke, ..Mark::default() },
        );
    }

    /// A line of straight pieces of a width in tenths of a pixel.
    pub(super) fn stroke(&mut self, points: &[(i32, i32)], color: RGBColor, width: u32) {
        let path = PathElement::new(points, color.stroke_width(width));
        self.put(&path, Mark::default());
    }

    /// The title and the line below it, in as many lines as they were given.
    pub(super) fn headline(&mut self, title: &[String], subtitle: &[String]) {
        let (ink, muted) = (self.colors.ink, self.colors.muted);
        let mut y = 40;
        for line in title {
            y += 200;
            self.text(line, At::Start(MARGIN, y), Font::TITLE, ink);
        }
        y += 40;
        for line in subtitle {
            y += 160;
            self.text(line, At::Start(MARGIN, y), Font::SUBTITLE, muted);
        }
    }

    /// A text; nothing at all if it is empty.
    pub(super) fn text(&mut self, text: &str, at: At, font: Font, color: RGBColor) {
        self.titled_text(text, at, font, color, String::new());
    }

    /// A text cut to the room it has; the whole of it shows when it is pointed at.
    pub(super) fn cut_text(&mut self, text: &str, room: i32, at: At, font: Font, color: RGBColor) {
        let whole = clean(text);
        let (shown, was_cut) = font.fit(&whole, room);
        self.titled_text(&shown, at, font, color, if was_cut { whole } else { String::new() });
    }

    fn titled_text(&mut self, text: &str, at: At, font: Font, color: RGBColor, title: String) {
        let text = clean(text);
        if text.trim().is_empty() {
            return;
        }
        let (position, anchor) = match at {
            At::Start(x, y) => ((x, y), HPos::Left),
            At::Middle(x, y) => ((x, y), HPos::Center),
            At::End(x, y) => ((x, y), HPos::Right),
        };
        let face = if font.bold { FontStyle::Bold } else { FontStyle::Normal };
        let style = TextStyle::from((FAMILY, font.size, face).into_font())
            .color(&color)
            .pos(Pos::new(anchor, VPos::Bottom));
        self.put(&Text::new(text, position, style), Mark { title, ..Mark::default() });
    }
}
