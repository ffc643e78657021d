//! Texts that messages point into, and places in them.

use std::ops::Range;
use std::sync::OnceLock;

/// A text with the name that messages give it.
#[derive(Clone, Debug)]
pub struct Source {
    /// A file's path, or `command line`.
    pub(super) name: String,
    /// The whole text, without a byte order mark.
    pub(super) text: String,
    /// Where its lines start, found when a message first asks for a line.
    line_starts: OnceLock<Vec<usize>>,
}

/// A range of bytes in one of the sources of a document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The position of the source in the document's list.
    pub(super) source: u32,
    /// The first byte.
    pub(super) start: u32,
    /// The byte after the last.
    pub(super) end: u32,
}

impl Place {
    /// The place of what nobody wrote.
    pub(super) const NOWHERE: Self = Self { source: u32::MAX, start: 0, end: 0 };

    /// Bytes `span` of source number `source`. Sizes are bounded far below 4 GiB.
    pub(super) fn new(source: usize, span: Range<usize>) -> Self {
        let narrow = |wide: usize| u32::try_from(wide).unwrap_or(u32::MAX);
        Self { source: narrow(source), start: narrow(span.start), end: narrow(span.end) }
    }
}

/// A line of a source, with a span in it.
#[derive(Debug)]
pub(super) struct Line<'s> {
    /// The line without its end.
    pub(super) text: &'s str,
    /// Counted from 1.
    pub(super) number: usize,
    /// The marked bytes of `text`.
    pub(super) span: Range<usize>,
}

impl Source {
    /// A text and its name.
    pub(super) fn new(name: String, text: String) -> Self {
        Self { name, text, line_starts: OnceLock::new() }
    }

    /// The number of the line that holds a byte, counted from 0, and where it starts.
    fn line_at(&self, byte: usize) -> (usize, usize) {
        let starts = self.line_starts.get_or_init(|| {
            let after = self.text.match_indices('\n').map(|(newline, _)| newline + 1);
            std::iter::once(0).chain(after).collect()
        });
        let number = starts.partition_point(|start| *start <= byte).saturating_sub(1);
        (number, starts.get(number).copied().unwrap_or(0))
    }

    /// The line where `place` starts; a place that goes on below is cut at the end of that line.
    pub(super) fn line(&self, place: Place) -> Line<'_> {
        let start = self.floor(place.start as usize);
        let end = self.floor(place.end as usize).max(start);
        let (number, line_start) = self.line_at(start);
        let line_end =
            self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        let text = &self.text[line_start..line_end];
        let text = text.strip_suffix('\r').unwrap_or(text);
        let within = |byte: usize| (byte - line_start).min(text.len());
        Line { text, number: number + 1, span: within(start)..within(end) }
    }

    /// The last character boundary that is not after `byte`.
    fn floor(&self, byte: usize) -> usize {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_cut_to_its_first_line() {
        let source = Source::new(String::new(), "one\r\ntwo\r\nthree".to_owned());
        let line = source.line(Place::new(0, 5..14));
        assert_eq!((line.text, line.number, line.span), ("two", 2, 0..3));
    }

    #[test]
    fn a_place_beyond_the_end_is_at_the_end() {
        let source = Source::new(String::new(), "één\n".to_owned());
        let line = source.line(Place::new(0, 90..99));
        assert_eq!((line.text, line.number, line.span), ("", 2, 0..0));
        assert_eq!(source.line(Place::new(0, 1..3)).span, 0..2);
    }
}
