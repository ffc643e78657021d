//! The one place where plotters' output becomes the figure: accessible names, patterns, the dark style, outlines,
//! hover texts, and short attributes.

use std::fmt::Write as _;

use super::canvas::Stroke;
use super::palette::{Colors, Pattern, Theme, dark_style, hex};

/// The fonts of the texts; the first is the one that the widths are of.
pub(super) const FAMILY: &str = "DejaVu Sans";
const FALLBACKS: &str = "'DejaVu Sans',Verdana,system-ui,sans-serif";

/// What plotters cannot say about an element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    Plain,
    Bar { outlined: bool, title: String },
    Overlay(Pattern),
    Line(Stroke),
    Text { size: i32, title: String },
}

/// The accessible name and description of a figure.
#[derive(Clone, Debug)]
pub(super) struct Heading {
    pub(super) title: String,
    pub(super) description: String,
}

/// Turns what plotters drew, an element for each of `marks`, into the document.
pub(super) fn dress(
    drawn: &str,
    marks: &[Mark],
    (width, height): (u32, u32),
    theme: Theme,
    heading: &Heading,
) -> String {
    let mut document = String::with_capacity(drawn.len());
    open(&mut document, (width, height), theme, heading);
    let mut lines = drawn.lines().skip(1);
    for mark in marks {
        let tag = lines.next().unwrap_or_default();
        let content = if let Mark::Text { .. } = mark {
            let content = lines.next().unwrap_or_default();
            // The closing tag has a line of its own.
            lines.next();
            content
        } else {
            ""
        };
        element(&mut document, tag, content, mark, theme);
    }
    document.push_str("</svg>\n");
    document
}

fn open(document: &mut String, (width, height): (u32, u32), theme: Theme, heading: &Heading) {
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
}

/// One element as plotters wrote it, with its mark.
fn element(document: &mut String, tag: &str, content: &str, mark: &Mark, theme: Theme) {
    let name = tag.trim_start_matches('<').split(' ').next().unwrap_or_default();
    document.push('<');
    document.push_str(name);
    for (key, value) in attributes(tag) {
        if let Some(value) = kept(name, key, value, mark) {
            let _ = write!(document, " {key}=\"{value}\"");
        }
    }
    document.push_str(&added(mark, theme));
    let title = match mark {
        Mark::Bar { title, .. } | Mark::Text { title, .. } => title,
        Mark::Plain | Mark::Overlay(_) | Mark::Line(_) => "",
    };
    if title.is_empty() && content.is_empty() {
        document.push_str("/>\n");
        return;
    }
    document.push('>');
    if !title.is_empty() {
        let _ = write!(document, "<title>{}</title>", escape(title));
    }
    let _ = writeln!(document, "{content}</{name}>");
}

/// The attributes that a mark adds.
fn added(mark: &Mark, theme: Theme) -> String {
    match mark {
        Mark::Bar { outlined: true, .. } => {
            let ink = hex(Colors::of(theme).ink);
            format!(" stroke=\"{ink}\" stroke-opacity=\".55\" stroke-width=\"7.5\"")
        }
        Mark::Overlay(pattern) => {
            format!(" fill=\"url(#{})\" pointer-events=\"none\"", pattern.id())
        }
        Mark::Line(Stroke::Dotted) => " stroke-dasharray=\"10 30\"".to_owned(),
        Mark::Line(Stroke::Dashed) => " stroke-dasharray=\"50 30\"".to_owned(),
        Mark::Text { size, .. } => format!(" font-size=\"{size}\""),
        Mark::Plain | Mark::Bar { outlined: false, .. } | Mark::Line(Stroke::Solid) => {
            String::new()
        }
    }
}

/// The attributes of a tag as plotters writes them: values are escaped, so a quote ends a value.
fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let body = tag.split_once(' ').map_or("", |(_, body)| body);
    let mut parts = body.split('"');
    std::iter::from_fn(move || {
        let key = parts.next()?.trim().strip_suffix('=')?;
        Some((key, parts.next()?))
    })
}

/// The value that an attribute of plotters' keeps, if any: what is the default in SVG goes.
fn kept<'a>(name: &str, key: &str, value: &'a str, mark: &Mark) -> Option<&'a str> {
    let is_text = name == "text";
    match key {
        "opacity" if value == "1" => None,
        "stroke" if value == "none" => None,
        "fill" if matches!(mark, Mark::Overlay(_)) => None,
        // The baseline is where the text was put, in every renderer.
        "dy" | "font-family" | "font-size" if is_text => None,
        "text-anchor" if value == "start" => None,
        "points" => Some(value.trim_end()),
        _ => Some(value),
    }
}

/// A text as it stands between tags.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_to_the_last_one() {
        let tag = r##"<rect x="1" y="-2" opacity="1" fill="#FFFFFF" stroke="none"/>"##;
        let read: Vec<_> = attributes(tag).collect();
        assert_eq!(
            read,
            [("x", "1"), ("y", "-2"), ("opacity", "1"), ("fill", "#FFFFFF"), ("stroke", "none")]
        );
    }

    #[test]
    fn what_is_the_default_is_left_out() {
        let mut document = String::new();
        let tag = r##"<line opacity="1" stroke="#D0D7DE" stroke-width="10" x1="0" y1="0" x2="5" y2="5"/>"##;
        element(&mut document, tag, "", &Mark::Line(Stroke::Solid), Theme::Auto);
        assert_eq!(
            document,
            "<line stroke=\"#D0D7DE\" stroke-width=\"10\" x1=\"0\" y1=\"0\" x2=\"5\" y2=\"5\"/>\n"
        );
    }
}
