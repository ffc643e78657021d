//! The document that figures are drawn into: a backend of plotters that writes SVG with what plotters has no word for:
//! accessible names, patterns, the dark style, outlines and hover texts.

use std::convert::Infallible;
use std::fmt::Write as _;

use plotters::style::text_anchor::HPos;
use plotters::style::{FontStyle, RGBColor};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::canvas::Stroke;
use super::palette::{Colors, Pattern, Theme, dark_style, hex};

/// The fonts of the texts; the first is the one that the widths are of.
pub(super) const FAMILY: &str = "DejaVu Sans";
const FALLBACKS: &str = "'DejaVu Sans',Verdana,system-ui,sans-serif";

/// Writing into a string cannot fail.
type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// What plotters cannot say about an element.
#[derive(Clone, Default, Debug)]
pub(super) struct Mark {
    pub(super) outlined: bool,
    pub(super) pattern: Option<Pattern>,
    pub(super) stroke: Stroke,
    /// What shows when the element is pointed at.
    pub(super) title: String,
}

/// The accessible name and description of a figure.
#[derive(Clone, Debug)]
pub(super) struct Heading {
    pub(super) title: String,
    pub(super) description: String,
}

/// A document that is being written.
pub(super) struct Document {
    text: String,
    size: (u32, u32),
    ink: String,
    /// The mark of the next element.
    pub(super) mark: Mark,
}

impl Document {
    pub(super) fn new(size: (u32, u32), theme: Theme, heading: &Heading) -> Self {
        let text = open(size, theme, heading);
        Self { text, size, ink: hex(Colors::of(theme).ink), mark: Mark::default() }
    }

    /// The whole document.
    pub(super) fn close(&mut self) -> String {
        self.text.push_str("</svg>\n");
        std::mem::take(&mut self.text)
    }

    /// Writes an element with what its mark adds.
    fn element(&mut self, name: &str, attributes: &str, content: &str) {
        let mark = std::mem::take(&mut self.mark);
        let _ = write!(self.text, "<{name}{attributes}");
        if mark.outlined {
            let ink = &self.ink;
            let _ =
                write!(self.text, " stroke=\"{ink}\" stroke-opacity=\".55\" stroke-width=\"7.5\"");
        }
        if let Some(pattern) = mark.pattern {
            let _ = write!(self.text, " fill=\"url(#{})\" pointer-events=\"none\"", pattern.id());
        }
        self.text.push_str(match mark.stroke {
            Stroke::Solid => "",
            Stroke::Dotted => " stroke-dasharray=\"10 30\"",
            Stroke::Dashed => " stroke-dasharray=\"50 30\"",
        });
        if mark.title.is_empty() && content.is_empty() {
            self.text.push_str("/>\n");
            return;
        }
        self.text.push('>');
        if !mark.title.is_empty() {
            let _ = write!(self.text, "<title>{}</title>", escape(&mark.title));
        }
        let _ = writeln!(self.text, "{content}</{name}>");
    }

    /// The colour of an area, unless a pattern fills it.
    fn fill(&self, color: BackendColor) -> String {
        let fill = if self.mark.pattern.is_some() { String::new() } else { paint("fill", color) };
        opacity(color) + &fill
    }
}

impl DrawingBackend for Document {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        _filled: bool,
    ) -> Drawn {
        let (width, height, fill) = (right - left, bottom - top, self.fill(style.color()));
        let frame =
            format!(" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"{fill}");
        self.element("rect", &frame, "");
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let (opacity, stroke) = (opacity(style.color()), paint("stroke", style.color()));
        let (width, points) = (style.stroke_width(), points(path));
        let line = format!(" fill=\"none\"{opacity}{stroke} stroke-width=\"{width}\"{points}");
        self.element("polyline", &line, "");
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let area = self.fill(style.color()) + &points(path);
        self.element("polygon", &area, "");
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn {
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        let fill = self.fill(style.color());
        let bold = matches!(style.style(), FontStyle::Bold);
        let weight = if bold { " font-weight=\"bold\"" } else { "" };
        let size = style.size();
        // The baseline is where the text was put, in every renderer.
        let place = format!(" x=\"{x}\" y=\"{y}\"{anchor}{fill}{weight} font-size=\"{size}\"");
        self.element("text", &place, &escape(text).replace('\'', "&apos;"));
        Ok(())
    }
}

fn opacity(color: BackendColor) -> String {
    if color.alpha < 1.0 { format!(" opacity=\"{}\"", color.alpha) } else { String::new() }
}

fn paint(attribute: &str, color: BackendColor) -> String {
    let (red, green, blue) = color.rgb;
    format!(" {attribute}=\"{}\"", hex(RGBColor(red, green, blue)))
}

fn points(path: impl IntoIterator<Item = BackendCoord>) -> String {
    let points: Vec<String> = path.into_iter().map(|(x, y)| format!("{x},{y}")).collect();
    format!(" points=\"{}\"", points.join(" "))
}

/// The root element with the accessible name, the patterns and the dark style.
fn open((width, height): (u32, u32), theme: Theme, heading: &Heading) -> String {
    let mut document = String::new();
    let (shown_width, shown_height) = (width / 10, height / 10);
    let title = escape(&heading.title);
    let description = escape(&heading.description);
    // Writing into a string cannot fail.
    let _ = write!(
        document,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"t d\" \
         viewBox=\"0 0 {width} {height}\" width=\"{shown_width}\" height=\"{shown_height}\" \
         font-family=\"{FALLBACKS}\">\n<title id=\"t\">{title}</title>\n<desc id=\"d\">{description}</desc>\n"
    );
    if theme == Theme::Auto {
        let _ = writeln!(document, "<style>{}</style>", dark_style());
    }
    let dots = hex(Colors::of(theme).ink);
    let _ = writeln!(
        document,
        "<defs>\
         <pattern id=\"hatch\" width=\"60\" height=\"60\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <path d=\"M0 0V60\" stroke=\"#111111\" stroke-opacity=\".45\" stroke-width=\"15\"/></pattern>\
         <pattern id=\"dots\" width=\"50\" height=\"50\" patternUnits=\"userSpaceOnUse\">\
         <circle cx=\"25\" cy=\"25\" r=\"9\" fill=\"{dots}\" fill-opacity=\".5\"/></pattern></defs>"
    );
    document
}

/// A text as it stands between tags.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::Color;

    fn drawn(mark: Mark, draw: impl FnOnce(&mut Document) -> Drawn) -> String {
        let heading = Heading { title: String::new(), description: String::new() };
        let mut document = Document::new((10, 10), Theme::Auto, &heading);
        document.mark = mark;
        let opening = document.text.len();
        let Ok(()) = draw(&mut document) else { unreachable!("writing into a string cannot fail") };
        document.text.split_off(opening)
    }

    #[test]
    fn what_is_the_default_is_left_out() {
        let grey = Color::stroke_width(&RGBColor(0xD0, 0xD7, 0xDE), 10);
        assert_eq!(
            drawn(Mark::default(), |document| document.draw_path([(0, 0), (5, 5)], &grey)),
            "<polyline fill=\"none\" stroke=\"#D0D7DE\" stroke-width=\"10\" points=\"0,0 5,5\"/>\n"
        );
    }

    #[test]
    fn a_mark_is_of_the_next_element_alone() {
        let mark =
            Mark { title: "a < b".to_owned(), pattern: Some(Pattern::Dots), ..Mark::default() };
        let black = RGBColor(0, 0, 0).mix(0.5);
        assert_eq!(
            drawn(mark, |document| {
                document.draw_rect((1, 2), (3, 5), &black.to_backend_color(), true)?;
                document.draw_pixel((0, 0), black.to_backend_color())
            }),
            "<rect x=\"1\" y=\"2\" width=\"2\" height=\"3\" opacity=\"0.5\" fill=\"url(#dots)\" \
             pointer-events=\"none\"><title>a &lt; b</title></rect>\n\
             <rect x=\"0\" y=\"0\" width=\"1\" height=\"1\" opacity=\"0.5\" fill=\"#000000\"/>\n"
        );
    }
}
