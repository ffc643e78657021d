//! A text of a file of which every byte knows where it stands.

use std::ops::Range;

use crate::fault::Fault;
use crate::source::{Place, Source};
use crate::tree::Node;

/// A text, and where each of its bytes stands in the file.
#[derive(Clone, Debug)]
pub struct Located {
    text: String,
    /// All of it, quotes included.
    place: Place,
    /// For each byte, and for the end, its byte in the source; `None` where the file spells the text in
    /// a way that is not followed.
    bytes: Option<Vec<u32>>,
}

impl Located {
    /// The text of a node, if it is one.
    pub(crate) fn of_node(node: &Node, source: &Source) -> Option<Self> {
        let text = node.as_text()?.to_owned();
        let start = node.place.start as usize;
        let raw = source.text.get(start..node.place.end as usize).unwrap_or_default();
        let bytes = spelt(raw, start).filter(|(decoded, _)| *decoded == text);
        Some(Self { text, place: node.place, bytes: bytes.map(|(_, bytes)| bytes) })
    }

    /// The whole text of a source.
    pub(crate) fn of_source(text: &str, source: usize) -> Self {
        let bytes = (0..=u32::try_from(text.len()).unwrap_or(u32::MAX)).collect();
        let place = Place::new(source, 0..text.len());
        Self { text: text.to_owned(), place, bytes: Some(bytes) }
    }

    /// The text itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where these bytes of the text stand.
    pub fn place(&self, range: Range<usize>) -> Place {
        let Some(bytes) = &self.bytes else { return self.place };
        let of = |byte: usize| bytes.get(byte).or(bytes.last()).copied().unwrap_or(self.place.end);
        let start = of(range.start);
        // Up to the end of the last byte, not to the start of the next: an escape may lie between.
        let end = if range.is_empty() { start } else { of(range.end) };
        Place { source: self.place.source, start, end: end.max(start) }
    }

    /// A fault of these bytes of the text.
    pub fn fault(&self, range: Range<usize>, title: impl Into<String>) -> Fault {
        Fault::new(self.place(range), title)
    }
}

/// The text of a TOML string as it is spelt, and for each of its bytes and its end the byte of the source.
fn spelt(raw: &str, start: usize) -> Option<(String, Vec<u32>)> {
    let (quote, many) = match raw.get(..3) {
        Some("\"\"\"") => ('"', true),
        Some("'''") => ('\'', true),
        _ => (raw.chars().next().filter(|c| "\"'".contains(*c))?, false),
    };
    let width = if many { 3 } else { 1 };
    let inside = raw.get(width..raw.len().checked_sub(width)?)?;
    let skipped = if many { first_line_end(inside) } else { 0 };
    let mut text = String::new();
    let mut bytes = Vec::new();
    let mut rest = &inside[skipped..];
    while let Some(first) = rest.chars().next() {
        let at = u32::try_from(start + width + inside.len() - rest.len()).ok()?;
        let (decoded, length) = match first {
            '\\' if quote == '"' => escape(rest)?,
            plain => (Some(plain), plain.len_utf8()),
        };
        if let Some(decoded) = decoded {
            text.push(decoded);
            bytes.resize(text.len(), at);
        }
        rest = &rest[length..];
    }
    bytes.push(u32::try_from(start + width + inside.len()).ok()?);
    Some((text, bytes))
}

/// How long the line end is that a text of several lines starts with, and which is not part of it.
fn first_line_end(text: &str) -> usize {
    if text.starts_with('\n') { 1 } else { usize::from(text.starts_with("\r\n")) * 2 }
}

/// The character of an escape at the start of a text, if it is one, and the length of the escape.
fn escape(text: &str) -> Option<(Option<char>, usize)> {
    let kind = text[1..].chars().next()?;
    let hexadecimal = |digits: usize| {
        let code = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
        Some((Some(char::from_u32(code)?), 2 + digits))
    };
    match kind {
        'u' => hexadecimal(4),
        'U' => hexadecimal(8),
        'x' => hexadecimal(2),
        'b' => Some((Some('\u{8}'), 2)),
        't' => Some((Some('\t'), 2)),
        'n' => Some((Some('\n'), 2)),
        'f' => Some((Some('\u{c}'), 2)),
        'r' => Some((Some('\r'), 2)),
        'e' => Some((Some('\u{1b}'), 2)),
        '"' | '\\' => Some((Some(kind), 2)),
        _ if kind.is_whitespace() => Some((None, text.len() - text[1..].trim_start().len())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::syntax;

    /// The bytes of the file that `part` of the value of `x` comes from.
    fn found(file: &str, part: &str) -> String {
        let parsed = syntax::parse(file, 0);
        assert!(parsed.faults.is_empty(), "{file}");
        let source = Arc::new(Source::new("x.toml".to_owned(), file.to_owned()));
        let located = Located::of_node(parsed.root.get("x").unwrap(), &source).unwrap();
        let start = located.text().find(part).unwrap();
        let place = located.place(start..start + part.len());
        file[place.start as usize..place.end as usize].to_owned()
    }

    #[test]
    fn every_byte_is_found_however_the_text_is_spelt() {
        assert_eq!(found("x = 'a.b > c'", "b >"), "b >");
        assert_eq!(found("x = \"a.b > c\"", "c"), "c");
        assert_eq!(found("x = '''\na\nb > c'''", "b > c"), "b > c");
        assert_eq!(found("x = \"\"\"\n a\n b > c\"\"\"", "b > c"), "b > c");
        assert_eq!(found("x = \"t[\\\"é 1\\\"].p95 > \\u00e9\"", "\"é 1\""), "\\\"é 1\\\"");
        assert_eq!(found("x = \"t[\\\"é 1\\\"].p95 > \\u00e9\"", ".p95"), ".p95");
        assert_eq!(found("x = \"\"\"a > \\\n   b\"\"\"", "b"), "b");
    }
}
