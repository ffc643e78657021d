//! From the scenario text of a claim to the scenario of a case, and from its faults back to the claims file.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Given, Located, NamedProfile};
use crate::fault::{Fault, Faults};
use crate::files::Library;
use crate::source::{Place, Source};
use crate::syntax;
use crate::tree::{Value, shortened};
use crate::{Document, Loaded};

/// The scenario text of a claim, with `{NAME}` for what is drawn.
#[derive(Clone, Debug)]
pub struct Template {
    pub(crate) text: Located,
    /// What the scenario is called.
    pub(crate) name: String,
    /// The folder that its paths are relative to.
    pub(crate) base: PathBuf,
    /// What the files that it names are read from.
    pub(crate) files: Arc<Library>,
}

/// What stands instead of a piece of another text.
#[derive(Clone, Debug)]
struct Edit {
    /// In the new text.
    new: Range<usize>,
    /// In the old one.
    old: Range<usize>,
}

/// Where a byte range of the new text comes from, given the edits in their order.
fn origin(edits: &[Edit], range: &Range<usize>) -> Range<usize> {
    let of = |byte: usize, is_end: bool| {
        let before = edits.iter().rfind(|edit| edit.new.start < byte + usize::from(!is_end));
        match before {
            Some(edit) if byte < edit.new.end => {
                if is_end {
                    edit.old.end
                } else {
                    edit.old.start
                }
            }
            Some(edit) => edit.old.end + (byte - edit.new.end),
            None => byte,
        }
    };
    let start = of(range.start, false);
    start..of(range.end, true).max(start)
}

/// A text with all `{NAME}` of these names replaced by their values.
fn filled(template: &str, values: &[(&str, String)]) -> (String, Vec<Edit>) {
    let (mut text, mut edits) = (String::new(), Vec::new());
    let mut at = 0;
    while let Some(open) = template[at..].find('{').map(|open| at + open) {
        let inside = &template[open + 1..];
        let value = inside.find('}').and_then(|close| {
            let (_, value) = values.iter().find(|(name, _)| *name == &inside[..close])?;
            Some((open..open + close + 2, value))
        });
        let is_name = value.is_some();
        let (old, new) = match value {
            Some((old, value)) => (old, value.as_str()),
            None => (open..open + 1, "{"),
        };
        text.push_str(&template[at..open]);
        let start = text.len();
        text.push_str(new);
        at = old.end;
        if is_name {
            edits.push(Edit { new: start..text.len(), old });
        }
    }
    text.push_str(&template[at..]);
    (text, edits)
}

/// Every `{NAME}` of a text that is none of these names, with its place.
fn left_over<'t>(text: &'t str, given: &[Given]) -> Vec<(&'t str, Range<usize>)> {
    let opened = text.match_indices('{');
    let named = opened.filter_map(|(open, _)| {
        let (name, _) = text[open + 1..].split_once('}')?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = !name.is_empty() && name.chars().all(is_word);
        is_name.then_some((name, open..open + name.len() + 2))
    });
    named.filter(|(name, _)| given.iter().all(|given| given.name != *name)).collect()
}

/// The line that a place of a text is in.
fn line_of(text: &str, place: &Range<usize>) -> Range<usize> {
    let start = text[..place.start].rfind('\n').map_or(0, |end| end + 1);
    start..text[place.end..].find('\n').map_or(text.len(), |end| place.end + end)
}

/// The edit that gives a scenario another profile: what is replaced, and with what.
fn profile_edit(text: &str, profile: &str) -> Option<(Range<usize>, String)> {
    let quoted = toml_text(profile);
    let root = syntax::parse(text, 0).root;
    let Some(node) = root.get("interpreter") else {
        return Some((0..0, format!("interpreter.profile = {quoted}\n")));
    };
    let Value::Table(table) = &node.value else { return None };
    if let Some(old) = table.get("profile") {
        return Some((old.place.start as usize..old.place.end as usize, quoted));
    }
    let start = node.place.start as usize;
    let is_inline = text[start..].starts_with('{');
    Some(match table.entries.first() {
        Some(first) if is_inline => {
            let key = first.place.start as usize;
            (key..key, format!("profile = {quoted}, "))
        }
        Some(first) => {
            let key = first.place.start as usize;
            let line = text[..key].rfind('\n').map_or(0, |end| end + 1);
            let prefix = text[line..key].trim_start();
            (line..line, format!("{prefix}profile = {quoted}\n"))
        }
        None if is_inline => (start..node.place.end as usize, format!("{{ profile = {quoted} }}")),
        None => {
            let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
            (end..end, format!("\nprofile = {quoted}"))
        }
    })
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            c if c.is_control() => escaped.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => escaped.push(c),
        }
    }
    format!("\"{escaped}\"")
}

/// The text of a case and how it was made.
#[derive(Clone, Debug)]
pub struct Filled {
    /// A scenario.
    pub text: String,
    /// The values that were put in.
    edits: Vec<Edit>,
    /// Where another profile was put in, and where the claims file names it.
    profile: Option<(Edit, Place)>,
}

impl Template {
    /// The folder that the paths of the scenario are relative to.
    pub fn base(&self) -> &std::path::Path {
        &self.base
    }

    /// The text of a case: the values instead of their names, and another profile where there is one.
    pub fn fill(&self, values: &[(&str, String)], profile: Option<&NamedProfile>) -> Filled {
        let (mut text, edits) = filled(self.text.text(), values);
        let profile = profile.and_then(|profile| {
            let (old, new) = profile_edit(&text, &profile.name)?;
            text.replace_range(old.clone(), &new);
            let edit = Edit { new: old.start..old.start + new.len(), old };
            Some((edit, profile.place))
        });
        Filled { text, edits, profile }
    }

    /// The scenario of a case of what is `given`. `case` says in its faults which case it is, `sources` are those of the
    /// claims file.
    ///
    /// # Errors
    /// With its faults, each at its place in the claims file.
    pub fn load(
        &self,
        filled: &Filled,
        given: &[Given],
        case: &str,
        sources: &[Arc<Source>],
    ) -> Result<Loaded, Faults> {
        let files = Arc::clone(&self.files);
        let document = Document::parse_beside(files, &filled.text, &self.name, &self.base);
        document.resolve().map_err(|faults| {
            let (sources, faults) = self.traced(filled, case, faults, sources);
            Faults::new(sources, self.named(given, faults))
        })
    }

    /// Faults of the scenario of a case as faults of the claims file.
    fn traced(
        &self,
        filled: &Filled,
        case: &str,
        faults: Faults,
        sources: &[Arc<Source>],
    ) -> (Vec<Arc<Source>>, Vec<Fault>) {
        let (theirs, faults) = faults.into_parts();
        let others = theirs.into_iter().skip(1);
        let all: Vec<Arc<Source>> = sources.iter().cloned().chain(others).collect();
        let shift = u32::try_from(sources.len()).unwrap_or(u32::MAX);
        let place = |place: Place| match place.source {
            0 => {
                let range = place.start as usize..place.end as usize;
                match &filled.profile {
                    Some((edit, named)) if edit.new.contains(&range.start) => *named,
                    Some((edit, _)) => {
                        let range = origin(std::slice::from_ref(edit), &range);
                        self.text.place(origin(&filled.edits, &range))
                    }
                    None => self.text.place(origin(&filled.edits, &range)),
                }
            }
            u32::MAX => place,
            other => Place { source: other - 1 + shift, ..place },
        };
        let note = |fault: Fault| if case.is_empty() { fault } else { fault.help_or(case) };
        (all, faults.into_iter().map(|fault| note(fault.moved(place))).collect())
    }

    /// The faults, but where their line has a `{NAME}` that is not among `given`, that instead: it stays as it is, and the
    /// faults come of it.
    fn named(&self, given: &[Given], faults: Vec<Fault>) -> Vec<Fault> {
        let text = self.text.text();
        let in_line = |fault: &Fault, range: &Range<usize>| {
            let line = self.text.place(line_of(text, range));
            fault.place.source == line.source
                && (line.start..=line.end).contains(&fault.place.start)
        };
        let mut causes = left_over(text, given);
        causes.retain(|(_, range)| faults.iter().any(|fault| in_line(fault, range)));
        let comes_of_one = |fault: &Fault| causes.iter().any(|(_, range)| in_line(fault, range));
        let others = faults.into_iter().filter(|fault| !comes_of_one(fault));
        let told = causes.iter().map(|(name, range)| {
            let title = format!("`{{{}}}` is not among `given`", shortened(name));
            let names = given.iter().map(|given| given.name.as_str());
            self.text.fault(range.clone(), title).suggest(name, names)
        });
        others.chain(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::of_the_machine;

    fn given(profile: &str, text: &str) -> String {
        let template = Template {
            text: Located::of_source(text, 0),
            name: "x".to_owned(),
            base: PathBuf::new(),
            files: Arc::new(Library::new(of_the_machine())),
        };
        let profile = NamedProfile { name: profile.to_owned(), place: Place::NOWHERE };
        template.fill(&[], Some(&profile)).text
    }

    #[test]
    fn only_names_that_are_given_are_replaced() {
        let values = [("cores", "8".to_owned()), ("work", "5ms".to_owned())];
        let (text, edits) = filled("a = {cores} { b = '{work}' } {other} {", &values);
        assert_eq!(text, "a = 8 { b = '5ms' } {other} {");
        assert_eq!(origin(&edits, &(0..3)), 0..3);
        assert_eq!(origin(&edits, &(4..5)), 4..11, "the 8 is {{cores}}");
        assert_eq!(origin(&edits, &(13..16)), 19..25, "5ms is {{work}}");
        assert_eq!(origin(&edits, &(28..29)), 37..38);
    }

    #[test]
    fn a_profile_is_set_wherever_the_scenario_has_its_interpreter() {
        for text in [
            "",
            "[machine]\ncores = 1",
            "[interpreter]\nprofile = 'cpython-3.8'",
            "[interpreter]\n  switch_interval = '1ms'",
            "[interpreter] # none\n[machine]",
            "interpreter = { lock = true }",
            "interpreter = {}",
            "interpreter.lock = true\nseed = 3",
            "interpreter.profile = 'cpython-3.8'",
            "[interpreter]",
        ] {
            let task = "[[tasks]]\nsteps = [{ wait = '1s' }]\n[[tools]]\nuse = 'threading'";
            let whole = format!("{}\n{task}", given("ideal", text));
            let loaded = Document::parse(&whole, "x", std::path::Path::new("")).resolve();
            let scenario = loaded.unwrap_or_else(|faults| panic!("{faults}\n{whole}")).scenario;
            assert_eq!(scenario.tools[0].setting.interpreter.profile.name, "ideal", "{whole}");
        }
    }
}
