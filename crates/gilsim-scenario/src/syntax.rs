//! From TOML text to a tree, with every fault of the syntax.

use std::ops::Range;

use toml::de::{DeTable, Error};

use super::brackets::{self, Open};
use super::fault::Fault;
use super::source::Place;
use super::tree::{Table, shortened};
use gilsim_core::time::SimDuration;

/// What came of a text.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The tree, as far as the text could be understood.
    pub(super) root: Table,
    /// What is wrong with the syntax.
    pub(super) faults: Vec<Fault>,
    /// How far the tree can be trusted.
    pub(super) trust: Trust,
}

/// How far a tree can be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trust {
    /// Wholly: all keys and values are as they were meant.
    Whole,
    /// What stands there is as it was meant, but something may be missing.
    Present,
    /// Only what stands before this byte.
    Before(usize),
}

/// Reads the text of source number `source`.
pub(super) fn parse(text: &str, source: usize) -> Parsed {
    let (table, errors) = DeTable::parse_recoverable(text);
    let root = Table::from_toml(table.get_ref(), source);
    if errors.is_empty() {
        return Parsed { root, faults: Vec::new(), trust: Trust::Whole };
    }
    let is_open = |error: &Error| {
        error.message().starts_with("unclosed array")
            || error.message().starts_with("unclosed inline table")
    };
    if errors.iter().any(is_open)
        && let Some(open) = brackets::first_open(text)
    {
        return cut_at(&open, text, root, &errors, source);
    }
    let sound = errors.iter().all(|error| is_unquoted(error) || is_duplicate(error));
    let faults = errors.iter().map(|error| fault_of(error, text, source)).collect();
    Parsed { root, faults, trust: if sound { Trust::Whole } else { Trust::Present } }
}

/// After a bracket that is never closed the parser reads everything as part of it: only faults before it are shown.
fn cut_at(open: &Open, text: &str, root: Table, errors: &[Error], source: usize) -> Parsed {
    let mut faults: Vec<Fault> = errors
        .iter()
        .filter(|error| span_of(error, text).start < open.at)
        .map(|error| fault_of(error, text, source))
        .collect();
    let place = |at: usize| Place::new(source, at..at + 1);
    let fault = Fault::new(place(open.at), format!("this `{}` is never closed", open.bracket))
        .label(format!("expected `{}` after its last item", open.closing()));
    faults.push(match open.instead {
        Some(at) => fault.related(place(at), "this comes first"),
        None => fault,
    });
    Parsed { root, faults, trust: Trust::Before(open.at) }
}

fn is_unquoted(error: &Error) -> bool {
    error.message().starts_with("string values must be quoted")
}

fn is_duplicate(error: &Error) -> bool {
    error.message().starts_with("duplicate key")
}

/// Where an error is, within the text.
fn span_of(error: &Error, text: &str) -> Range<usize> {
    let span = error.span().unwrap_or(0..0);
    span.start.min(text.len())..span.end.min(text.len())
}

/// The bytes of the word around byte `at`.
fn word_around(text: &str, at: usize) -> Range<usize> {
    let ends_word = |c: char| c.is_whitespace() || ",[]{}='\"#".contains(c);
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let word: usize = before.chars().rev().take_while(|c| !ends_word(*c)).map(char::len_utf8).sum();
    let end = before.len() + after.find(ends_word).unwrap_or(after.len());
    before.len() - word..end
}

/// An error of the parser in the words of this program.
fn fault_of(error: &Error, text: &str, source: usize) -> Fault {
    let span = span_of(error, text);
    let place = Place::new(source, span.clone());
    let found = text.get(span).unwrap_or_default();
    if is_duplicate(error) {
        return Fault::new(place, format!("`{}` is given twice", shortened(found)))
            .label("the second time");
    }
    if is_unquoted(error) && found.is_empty() {
        return Fault::new(place, "a value is missing").label("expected a value after `=`");
    }
    if is_unquoted(error) {
        let what = if found.parse::<SimDuration>().is_ok() { "a duration" } else { "a text" };
        return Fault::new(place, format!("{what} must be in quotes"))
            .label(format!("write \"{}\"", shortened(found)));
    }
    let word = word_around(text, place.start as usize);
    if text[word.clone()].parse::<SimDuration>().is_ok() {
        let label = format!("write \"{}\"", shortened(&text[word.clone()]));
        return Fault::new(Place::new(source, word), "a duration must be in quotes").label(label);
    }
    let (title, expected) = error.message().split_once(", ").unwrap_or((error.message(), ""));
    Fault::new(place, title).label(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(text: &str) -> (Trust, usize) {
        let parsed = parse(text, 0);
        (parsed.trust, parsed.faults.len())
    }

    #[test]
    fn a_tree_is_trusted_as_far_as_the_parser_kept_its_way() {
        assert_eq!(trust("a = 1"), (Trust::Whole, 0));
        assert_eq!(trust("a = 20ms\nb = c"), (Trust::Whole, 2));
        assert_eq!(trust("a = 1\na = 2"), (Trust::Whole, 1));
        assert_eq!(trust("a = \"x\nb = 2"), (Trust::Present, 1));
        assert_eq!(trust("a = 1\nb = [1, 2\n[[tasks]]\nname = 3"), (Trust::Before(10), 1));
        assert_eq!(trust("a = [{b = 1, {c = 2}]"), (Trust::Before(5), 1));
    }
}
