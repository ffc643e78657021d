//! From the tree of a claims file to its claims.

use std::path::Path;
use std::sync::Arc;

use super::Reader;
use super::fields::Fields;
use super::named_files::is_path;
use super::values::wrong_duration;
use crate::claims::{
    Choice, ClaimText, Constant, Given, Located, NamedProfile, Outcome, Template, Tolerance, Values,
};
use crate::document::Document;
use crate::fault::Fault;
use crate::source::Source;
use crate::tree::{Entry, Node, Value, shortened, shown_path};
use crate::{keys, limits};
use gilsim_core::profile;
use gilsim_core::time::SimDuration;

/// Reads the whole tree of a document as claims.
pub(crate) fn claims(document: &Document) -> Outcome {
    let mut reader = Reader::of(document);
    let claims = reader.claim_list(document).unwrap_or_default();
    let Reader { faults, sources, .. } = reader;
    Outcome { claims, faults, sources }
}

impl Reader<'_> {
    fn claim_list(&mut self, document: &Document) -> Option<Vec<ClaimText>> {
        let fields = self.root(document, &keys::CLAIMS);
        self.text(&fields, "title");
        self.text(&fields, "about");
        let node = self.required(&fields, "claims")?;
        let asked = "a list of at least one claim: `[[claims]]`";
        let Some(items) = node.as_list().filter(|items| !items.is_empty()) else {
            return self.expected(node, asked);
        };
        let claims: Vec<_> = items.iter().map(|item| self.claim(item)).collect();
        claims.into_iter().collect()
    }

    fn claim(&mut self, node: &Node) -> Option<ClaimText> {
        let fields = self.fields(node, &keys::CLAIM)?;
        let says = self.required(&fields, "says").and_then(|_| self.text(&fields, "says"));
        let given = self.given(&fields);
        let template = self.template(&fields);
        let expect = self.required(&fields, "expect").and_then(|node| self.located(node));
        let when = fields.get("when").map(|node| self.located(node));
        let tolerance = fields.get("tolerance").map(|node| self.tolerance(node));
        let profiles = fields.get("profiles").map(|node| self.profiles(node));
        Some(ClaimText {
            says: says?,
            given: given?,
            template: template?,
            expect: expect?,
            when: when.map_or(Some(None), |when| when.map(Some))?,
            tolerance: tolerance.unwrap_or(Some(Tolerance::None))?,
            profiles: profiles.unwrap_or_else(|| Some(Vec::new()))?,
            holds: self.boolean(&fields, "holds").unwrap_or(true),
        })
    }

    fn located(&mut self, node: &Node) -> Option<Located> {
        let source = Arc::clone(self.sources.get(node.place.source as usize)?);
        match Located::of_node(node, &source) {
            Some(located) => Some(located),
            None => self.expected(node, "a text in quotes"),
        }
    }

    /// The scenario's text, inline or from a file.
    fn template(&mut self, fields: &Fields<'_>) -> Option<Template> {
        let files = Arc::clone(self.files);
        let entry = self.only_form(fields, &["scenario", "file"])?;
        if &*entry.key == "scenario" {
            let text = self.located(&entry.node)?;
            let name = self.sources.first().map(|source| source.name.clone()).unwrap_or_default();
            return Some(Template { text, name, base: self.base.to_owned(), files });
        }
        let Some(named) = entry.node.as_text().filter(|named| !named.is_empty()) else {
            return self.expected(&entry.node, "the path of a scenario, in quotes");
        };
        let path = self.base.join(named);
        let name = shown_path(&path);
        match files.text(&path, limits::SCENARIO_BYTES) {
            Ok((text, _)) => {
                let located = Located::of_source(&text, self.sources.len());
                self.sources.push(Arc::new(Source::new(name.clone(), text)));
                let base = path.parent().unwrap_or(Path::new("")).to_owned();
                Some(Template { text: located, name, base, files })
            }
            Err(error) => self.refuse(Fault::unreadable(entry.node.place, error.told(&name))),
        }
    }

    /// What the cases draw.
    fn given(&mut self, fields: &Fields<'_>) -> Option<Vec<Given>> {
        let Some(node) = fields.get("given") else { return Some(Vec::new()) };
        let Some(table) = node.as_table() else {
            return self.expected(node, "a table like { cores = \"1..=64\", work = \"1ms..=1s\" }");
        };
        let given: Vec<_> = table.entries.iter().map(|entry| self.given_entry(entry)).collect();
        given.into_iter().collect()
    }

    fn given_entry(&mut self, entry: &Entry) -> Option<Given> {
        let name = entry.key.to_string();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.chars().all(is_word) || name.starts_with(|c: char| c.is_ascii_digit()) {
            let title = format!("`{}` cannot be a name in expressions", shortened(&name));
            let label = "expected letters, digits and underscores";
            return self.refuse(Fault::new(entry.place, title).label(label));
        }
        let values = match &entry.node.value {
            Value::Text(text) if text.contains("..") => self.range(&entry.node, text)?,
            Value::List(items) if !items.is_empty() => self.choices(items)?,
            Value::List(_) | Value::Table(_) | Value::Date => {
                let asked = "a range like \"1..=64\" or \"1ms..=1s\", a list of values, or a value";
                return self.expected(&entry.node, asked);
            }
            _ => Values::Choice(vec![self.choice_of(&entry.node)?]),
        };
        Some(Given { name, values })
    }

    /// A range of whole numbers or of durations; both ends are included.
    fn range(&mut self, node: &Node, text: &str) -> Option<Values> {
        let (low, high) = text.split_once("..").unwrap_or_default();
        let (low, high) = (low.trim(), high.strip_prefix('=').unwrap_or(high).trim());
        let whole = |text: &str| text.parse::<u64>().ok();
        let (low, high, values) = if let (Some(low), Some(high)) = (whole(low), whole(high)) {
            (low, high, Values::Whole(low, high))
        } else {
            let low = self.end_of_range(node, low)?;
            let high = self.end_of_range(node, high)?;
            (low, high, Values::Durations(low, high))
        };
        if low > high {
            let title = format!("the range `{}` is empty", shortened(text));
            let label = "expected the smaller end first";
            return self.refuse(Fault::new(node.place, title).label(label));
        }
        Some(values)
    }

    fn end_of_range(&mut self, node: &Node, end: &str) -> Option<u64> {
        match end.parse::<SimDuration>() {
            Ok(duration) => Some(duration.as_nanos()),
            Err(_) if end.is_empty() || end.parse::<f64>().is_ok() => {
                let asked = "expected two whole numbers \"1..=64\", or two durations \"1ms..=1s\"";
                let title = "a range has two ends of one kind";
                self.refuse(Fault::new(node.place, title).label(asked))
            }
            Err(error) => self.refuse(wrong_duration(node, end, error)),
        }
    }

    fn choices(&mut self, items: &[Node]) -> Option<Values> {
        let choices: Vec<_> = items.iter().map(|item| self.choice_of(item)).collect();
        let choices = choices.into_iter().collect::<Option<Vec<Choice>>>()?;
        let kind = |choice: &Choice| std::mem::discriminant(&choice.value);
        let first = kind(choices.first()?);
        let other = choices.iter().position(|choice| kind(choice) != first);
        match other.and_then(|other| items.get(other)) {
            Some(other) => {
                let title = "the values of a list are of one type";
                let label = format!("{} is not of the type of the first", other.describe());
                self.refuse(Fault::new(other.place, title).label(label))
            }
            None => Some(Values::Choice(choices)),
        }
    }

    fn choice_of(&mut self, node: &Node) -> Option<Choice> {
        let choice = |text: String, value: Constant| Some(Choice { text, value });
        match &node.value {
            Value::Text(text) => {
                #[expect(clippy::cast_precision_loss, reason = "expressions reckon with doubles")]
                let value = text.parse::<SimDuration>().map_or_else(
                    |_| Constant::Text(text.to_string()),
                    |duration| Constant::Number(duration.as_nanos() as f64),
                );
                choice(text.to_string(), value)
            }
            #[expect(clippy::cast_precision_loss, reason = "expressions reckon with doubles")]
            Value::Integer(integer) => {
                choice(integer.to_string(), Constant::Number(*integer as f64))
            }
            Value::Float(text) => {
                match text.parse::<f64>().ok().filter(|number| number.is_finite()) {
                    Some(number) => choice(text.to_string(), Constant::Number(number)),
                    None => self.expected(node, "a finite number"),
                }
            }
            Value::Boolean(truth) => choice(truth.to_string(), Constant::Truth(*truth)),
            _ => self.expected(node, "a number, a text, or true or false"),
        }
    }

    /// A share or a duration.
    fn tolerance(&mut self, node: &Node) -> Option<Tolerance> {
        let text = node.as_text().unwrap_or_default();
        let share = text.strip_suffix('%').and_then(|percent| percent.trim().parse::<f64>().ok());
        match (share, text.parse::<SimDuration>()) {
            (Some(percent), _) if (0.0..=100.0).contains(&percent) => {
                Some(Tolerance::Share(percent / 100.0))
            }
            #[expect(clippy::cast_precision_loss, reason = "expressions reckon with doubles")]
            (None, Ok(duration)) => Some(Tolerance::Nanos(duration.as_nanos() as f64)),
            _ => self.expected(node, "a share from \"0%\" to \"100%\", or a duration like \"5ms\""),
        }
    }

    fn profiles(&mut self, node: &Node) -> Option<Vec<NamedProfile>> {
        let asked = "a list of profiles like [\"ideal\", \"cpython-3.14\"]";
        let Some(items) = node.as_list().filter(|items| !items.is_empty()) else {
            return self.expected(node, asked);
        };
        let names: Vec<_> = items.iter().map(|item| self.profile_name(item)).collect();
        names.into_iter().collect()
    }

    /// The name of a built-in profile, or a path, whose file is read when a scenario is.
    fn profile_name(&mut self, node: &Node) -> Option<NamedProfile> {
        let Some(name) = node.as_text() else {
            return self.expected(node, "the name of a profile like \"cpython-3.14\"");
        };
        if is_path(name) || profile::built_in(name).is_some() {
            return Some(NamedProfile { name: name.to_owned(), place: node.place });
        }
        let title = format!("there is no profile `{}`", shortened(name));
        self.refuse(Fault::new(node.place, title).suggest(name, profile::names()))
    }
}
