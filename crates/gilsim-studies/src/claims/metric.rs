//! Metrics: the columns of summary.csv, and of entries.csv, under the names that expressions have for them.

use std::ops::Range;

use gilsim_core::model::Scenario;
use gilsim_core::run::Run;
use gilsim_core::sink::row::{COLUMNS, Counts, SummaryRow, Value};
use gilsim_core::sink::summary::EntryResponses;

/// A metric of a tool, as an expression names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Metric {
    /// The tool's label.
    pub(super) label: String,
    /// What of the tool.
    measure: Measure,
    /// Whether it stands in `when`, else in `expect`.
    pub(super) in_when: bool,
    /// Where it first stands there.
    pub(super) place: Range<usize>,
}

/// What is asked of a tool's run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Measure {
    /// The entry whose tasks are meant; else all are.
    pub(super) entry: Option<Which>,
    /// The position of the column of summary.csv.
    pub(super) column: usize,
}

/// An entry as an expression names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Which {
    /// The first of that name.
    Named(String),
    /// The `[[tasks]]` table of that number, from 0.
    Numbered(usize),
}

impl Which {
    /// Its position in a scenario.
    pub(super) fn find(&self, scenario: &Scenario) -> Option<usize> {
        match self {
            Self::Named(name) => scenario.entry_named(name),
            Self::Numbered(number) => Some(*number).filter(|it| *it < scenario.tasks.len()),
        }
    }
}

/// The columns that are no metrics.
const KEYS: [&str; 2] = ["tool", "replicate"];

/// The name that expressions have for a column.
fn name_of(column: &'static str) -> &'static str {
    let column = column.strip_prefix("response_").unwrap_or(column);
    column.strip_suffix("_ns").unwrap_or(column)
}

/// The names of all metrics, or of those that entries have.
pub(super) fn names(of_entries: bool) -> impl Iterator<Item = &'static str> {
    COLUMNS
        .iter()
        .map(|column| column.name)
        .filter(move |it| is_metric(it, of_entries))
        .map(name_of)
}

/// The position of the column that a metric of this name is; it is one of those that entries have, if that is asked for.
pub(super) fn column(name: &str, of_entries: bool) -> Option<usize> {
    COLUMNS
        .iter()
        .position(|column| is_metric(column.name, of_entries) && name_of(column.name) == name)
}

/// Whether a column is a metric, and if that is asked for, one that entries have.
fn is_metric(column: &str, of_entries: bool) -> bool {
    let has_entry =
        column == "tasks" || column.starts_with("response_") || Counts::NAMES.contains(&column);
    !KEYS.contains(&column) && (has_entry || !of_entries)
}

impl Metric {
    /// A metric that stands at a place.
    pub(super) fn new(label: String, measure: Measure, in_when: bool, place: Range<usize>) -> Self {
        Self { label, measure, in_when, place }
    }

    /// Whether it is the same metric, wherever it stands.
    pub(super) fn is(&self, label: &str, measure: &Measure) -> bool {
        self.label == label && self.measure == *measure
    }

    /// The entry that it is of, if it is of one.
    pub(super) fn entry(&self) -> Option<&Which> {
        self.measure.entry.as_ref()
    }

    /// Whether it is a time in nanoseconds.
    pub(super) fn is_time(&self) -> bool {
        COLUMNS[self.measure.column].name.ends_with("_ns")
    }

    /// Whether it compares a tool with others of the same scenario, and so with which.
    pub(super) fn compares(&self) -> Compares {
        match COLUMNS[self.measure.column].name {
            "speedup" => Compares::Sequential,
            "relative" => Compares::Everybody,
            _ => Compares::Nobody,
        }
    }

    /// As an expression writes it.
    pub(super) fn written(&self) -> String {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts = !self.label.starts_with(|c: char| c.is_ascii_digit());
        let tool = if starts && !self.label.is_empty() && self.label.chars().all(is_word) {
            self.label.clone()
        } else {
            format!("tool[{:?}]", self.label)
        };
        let name = name_of(COLUMNS[self.measure.column].name);
        match self.entry() {
            None => format!("{tool}.{name}"),
            Some(Which::Named(entry)) => format!("{tool}.entry[{entry:?}].{name}"),
            Some(Which::Numbered(entry)) => format!("{tool}.entry[{entry}].{name}"),
        }
    }

    /// Its value in a run of a scenario; `None` where that is empty, or the run deadlocked.
    #[expect(clippy::cast_precision_loss, reason = "expressions reckon with doubles")]
    pub(super) fn of(&self, scenario: &Scenario, run: &Run) -> Option<f64> {
        let row = run.outcome.as_ref().ok()?;
        let of_entry = match self.entry() {
            None => None,
            Some(which) => {
                let found = run.entry(which.find(scenario)?)?;
                let EntryResponses { tasks, counts, response } = found;
                Some(SummaryRow { tasks, counts, response, ..row.clone() })
            }
        };
        match COLUMNS[self.measure.column].of(of_entry.as_ref().unwrap_or(row)) {
            Value::Integer(number) => Some(number as f64),
            Value::Fraction(fraction) => Some(fraction.as_f64()),
            Value::Text(_) | Value::Empty => None,
        }
    }
}

/// With whom a metric compares its tool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compares {
    Nobody,
    Sequential,
    Everybody,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own_but_the_keys() {
        let all: Vec<&str> = names(false).collect();
        assert_eq!(all.len(), COLUMNS.len() - KEYS.len());
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        for name in
            ["makespan", "p95", "mean", "lock_wait", "lock_wait_share", "speedup", "memory_bytes"]
        {
            assert!(all.contains(&name), "{name}");
            assert_eq!(column(name, false).map(|column| name_of(COLUMNS[column].name)), Some(name));
        }
        assert_eq!(column("makespan_ns", false), None);
        assert_eq!(column("tool", false), None);
        let of_entries = ["tasks", "mean", "p50", "p95", "p99", "max"];
        assert!(names(true).eq(of_entries.into_iter().chain(Counts::NAMES)));
        assert_eq!(column("makespan", true), None);
    }

    #[test]
    fn a_label_that_is_no_identifier_is_written_in_quotes() {
        let written = |label: &str, entry| {
            let measure = Measure { entry, column: 2 };
            Metric::new(label.to_owned(), measure, false, 0..0).written()
        };
        let metric = |label: &str| written(label, None);
        assert_eq!(metric("threading"), "threading.makespan");
        let named = Some(Which::Named("a \"b\"".to_owned()));
        assert_eq!(written("asyncio", named), "asyncio.entry[\"a \\\"b\\\"\"].makespan");
        assert_eq!(written("a-b", Some(Which::Numbered(1))), "tool[\"a-b\"].entry[1].makespan");
        assert_eq!(metric("10 \"fast\" threads"), "tool[\"10 \\\"fast\\\" threads\"].makespan");
    }
}
