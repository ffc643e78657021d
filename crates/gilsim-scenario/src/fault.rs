//! Faults of a scenario: what is wrong, where, and the way out.

use std::fmt;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::limits;
use super::source::{Place, Source};
use super::tree::shortened;

/// Columns of a line that a message shows on each side of what it marks.
const SHOWN_WIDTH: usize = 100;

/// One fault.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(super) kind: FaultKind,
    title: String,
    pub(super) place: Place,
    label: String,
    help: Option<String>,
    related: Option<Box<(Place, String)>>,
}

/// What sort of fault it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FaultKind {
    /// Something that stands there is wrong.
    Wrong,
    /// Something does not stand there.
    Missing,
    /// A file cannot be read.
    Unreadable,
}

impl Fault {
    /// A fault of something that stands at `place`.
    pub fn new(place: Place, title: impl Into<String>) -> Self {
        let title = title.into();
        let label = String::new();
        Self { kind: FaultKind::Wrong, title, place, label, help: None, related: None }
    }

    /// A fault of something that is missing at `place`.
    pub(super) fn missing(place: Place, title: impl Into<String>) -> Self {
        Self { kind: FaultKind::Missing, ..Self::new(place, title) }
    }

    /// A file that cannot be read, named at `place`.
    pub(super) fn unreadable(place: Place, title: impl Into<String>) -> Self {
        Self { kind: FaultKind::Unreadable, ..Self::new(place, title) }
    }

    /// The words beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// A sentence below.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A second place that explains the fault.
    #[must_use]
    pub(super) fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related = Some(Box::new((place, label.into())));
        self
    }

    /// A sentence below, where there is none.
    #[must_use]
    pub(super) fn help_or(self, help: &str) -> Self {
        if self.help.is_some() { self } else { self.help(help) }
    }

    /// The same fault of other places.
    #[must_use]
    pub(super) fn moved(mut self, moved: impl Fn(Place) -> Place) -> Self {
        self.place = moved(self.place);
        if let Some(related) = &mut self.related {
            related.0 = moved(related.0);
        }
        self
    }

    /// Says which of `names` may have been meant by `wrong`: beside the caret where one is near, else all of them below.
    #[must_use]
    pub fn suggest<'n>(self, wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        match nearest(wrong, &names) {
            Some(name) => self.label(format!("did you mean `{}`?", shortened(name))),
            None if names.is_empty() => self,
            None => self.help(format!("known: {}", listed(&names))),
        }
    }
}

/// The name that `wrong` was probably meant to be.
pub fn nearest<'n>(wrong: &str, names: &[&'n str]) -> Option<&'n str> {
    const LONGEST: usize = 100;
    const MOST_NAMES: usize = 500;
    if wrong.len() > LONGEST {
        return None;
    }
    let wrong = wrong.to_lowercase();
    let allowed = (wrong.chars().count() / 3).max(1);
    // Many names times many faults would take long; these are enough to find a slip of the keyboard.
    let candidates = names.iter().filter(|name| name.len() <= LONGEST).take(MOST_NAMES);
    let near = candidates.map(|name| {
        let lower = name.to_lowercase();
        // Of two names as near, the one with the same letters is the likelier.
        let has_other_letters = letters(&lower) != letters(&wrong);
        (strsim::osa_distance(&wrong, &lower), has_other_letters, *name)
    });
    let (distance, _, name) = near.min_by_key(|(distance, other, _)| (*distance, *other))?;
    (distance <= allowed).then_some(name).or_else(|| longer(&wrong, names))
}

/// The first name that goes on where `wrong` stops.
fn longer<'n>(wrong: &str, names: &[&'n str]) -> Option<&'n str> {
    const CLEAR: usize = 3;
    let goes_on = |name: &&&str| wrong.len() >= CLEAR && name.to_lowercase().starts_with(wrong);
    names.iter().find(goes_on).copied()
}

/// The letters of a word, in order.
fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// Names in a sentence: `a`, `b` and `c`; the first dozen of many.
pub(super) fn listed(names: &[&str]) -> String {
    const MOST: usize = 12;
    let quoted: Vec<String> =
        names.iter().take(MOST).map(|name| format!("`{}`", shortened(name))).collect();
    match quoted.as_slice() {
        [] => String::new(),
        all if names.len() > MOST => format!("{} and {} more", all.join(", "), names.len() - MOST),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// All faults of a scenario, with the texts that they point into. Never empty.
#[derive(Clone, Debug)]
pub struct Faults {
    sources: Vec<Arc<Source>>,
    faults: Vec<Fault>,
}

impl Faults {
    /// The faults in the order of their places.
    pub fn new(sources: Vec<Arc<Source>>, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| (fault.place.source, fault.place.start));
        faults.dedup_by(|one, other| one.place == other.place && one.title == other.title);
        Self { sources, faults }
    }

    /// The texts that the faults point into, and the faults.
    pub(super) fn into_parts(self) -> (Vec<Arc<Source>>, Vec<Fault>) {
        (self.sources, self.faults)
    }

    /// 3 where a file cannot be read, else 2: the scenario is wrong.
    pub fn exit_code(&self) -> u8 {
        let unreadable = self.faults.iter().any(|fault| fault.kind == FaultKind::Unreadable);
        if unreadable { 3 } else { 2 }
    }

    /// How many there are; at least 1.
    pub fn count(&self) -> usize {
        self.faults.len()
    }

    /// The file, line and column of each fault that has a place, lines and columns counted from 1.
    pub fn places(&self) -> impl Iterator<Item = (&str, usize, usize)> {
        self.faults.iter().filter_map(|fault| {
            let source = self.source(fault.place)?;
            let line = source.line(fault.place);
            let column = line.text[..line.span.start].chars().count() + 1;
            Some((source.name.as_str(), line.number, column))
        })
    }

    /// The messages for a terminal, with colours or without.
    pub fn render(&self, coloured: bool) -> String {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        let shown = self.faults.iter().take(limits::SHOWN_FAULTS);
        let mut messages: Vec<String> =
            shown.map(|fault| renderer.render(&[self.group(fault)])).collect();
        if self.faults.len() > limits::SHOWN_FAULTS {
            messages.push(format!("and {} more", self.faults.len() - limits::SHOWN_FAULTS));
        }
        messages.join("\n\n")
    }

    fn source(&self, place: Place) -> Option<&Source> {
        self.sources.get(place.source as usize).map(Arc::as_ref)
    }

    fn group<'f>(&'f self, fault: &'f Fault) -> Group<'f> {
        let mut group = Level::ERROR.primary_title(fault.title.as_str()).elements(self.snippet(
            fault.place,
            AnnotationKind::Primary,
            &fault.label,
        ));
        if let Some((place, label)) = fault.related.as_deref() {
            group = group.elements(self.snippet(*place, AnnotationKind::Context, label));
        }
        match &fault.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        }
    }

    /// The line of a place with its mark; long lines are cut so that a message stays readable.
    fn snippet<'f>(
        &'f self,
        place: Place,
        kind: AnnotationKind,
        label: &'f str,
    ) -> Option<Snippet<'f, annotate_snippets::Annotation<'f>>> {
        let source = self.source(place)?;
        let line = source.line(place);
        let end = ceil_boundary(line.text, line.span.start.saturating_add(SHOWN_WIDTH));
        let span = line.span.start..line.span.end.min(end);
        let end = ceil_boundary(line.text, span.end.saturating_add(SHOWN_WIDTH));
        let mark = kind.span(span).label(if label.is_empty() { None } else { Some(label) });
        let snippet = Snippet::source(&line.text[..end]);
        Some(snippet.line_start(line.number).path(source.name.as_str()).annotation(mark))
    }
}

/// The first character boundary of `text` that is not before `byte`, or its end.
fn ceil_boundary(text: &str, byte: usize) -> usize {
    (byte..text.len()).find(|byte| text.is_char_boundary(*byte)).unwrap_or(text.len())
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["cores", "quantum", "wake_latency"];
        assert_eq!(nearest("coers", &names), Some("cores"));
        assert_eq!(nearest("Cores", &names), Some("cores"));
        assert_eq!(nearest("wake-latency", &names), Some("wake_latency"));
        assert_eq!(nearest("wake", &names), Some("wake_latency"));
        assert_eq!(nearest("3.31", &["3.11", "3.13", "3.3"]), Some("3.13"));
        assert_eq!(nearest("memory", &names), None);
        assert_eq!(nearest("", &names), None);
    }

    #[test]
    fn names_are_listed_as_a_sentence() {
        assert_eq!(listed(&["a"]), "`a`");
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert!(listed(&["a"; 20]).ends_with("and 8 more"));
    }
}
