//! Metrics: the columns of summary.csv under the names that expressions have for them.

use std::ops::Range;

use gilsim_core::sink::row::{COLUMNS, SummaryRow, Value};

/// A metric of a tool, as an expression names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Metric {
    /// The tool's label.
    pub(super) label: String,
    /// The position of the column.
    column: usize,
    /// Whether it stands in `when`, else in `expect`.
    pub(super) in_when: bool,
    /// Where it first stands there.
    pub(super) place: Range<usize>,
}

/// The columns that are no metrics.
const KEYS: [&str; 2] = ["tool", "replicate"];

/// The name that expressions have for a column.
fn name_of(column: &'static str) -> &'static str {
    let column = column.strip_prefix("response_").unwrap_or(column);
    column.strip_suffix("_ns").unwrap_or(column)
}

/// The names of all metrics.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().filter(|column| !KEYS.contains(&column.name)).map(|column| name_of(column.name))
}

/// The position of the column that a metric of this name is.
pub(super) fn column(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|column| !KEYS.contains(&column.name) && name_of(column.name) == name)
}

impl Metric {
    /// A metric that stands at a place.
    pub(super) fn new(label: String, column: usize, in_when: bool, place: Range<usize>) -> Self {
        Self { label, column, in_when, place }
    }

    /// Whether it is the same metric, wherever it stands.
    pub(super) fn is(&self, label: &str, column: usize) -> bool {
        self.label == label && self.column == column
    }

    /// Its name in expressions.
    pub(super) fn name(&self) -> &'static str {
        name_of(COLUMNS[self.column].name)
    }

    /// Whether it is a time in nanoseconds.
    pub(super) fn is_time(&self) -> bool {
        COLUMNS[self.column].name.ends_with("_ns")
    }

    /// Whether it compares a tool with others of the same scenario, and so with which.
    pub(super) fn compares(&self) -> Compares {
        match COLUMNS[self.column].name {
            "speedup" => Compares::Sequential,
            "relative" => Compares::Everybody,
            _ => Compares::Nobody,
        }
    }

    /// As an expression writes it.
    pub(super) fn written(&self) -> String {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts = !self.label.starts_with(|c: char| c.is_ascii_digit());
        if starts && !self.label.is_empty() && self.label.chars().all(is_word) {
            format!("{}.{}", self.label, self.name())
        } else {
            format!("tool[{:?}].{}", self.label, self.name())
        }
    }

    /// Its value in a row; `None` where that is empty.
    #[expect(clippy::cast_precision_loss, reason = "expressions reckon with doubles")]
    pub(super) fn of(&self, row: &SummaryRow) -> Option<f64> {
        match COLUMNS[self.column].of(row) {
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
        let all: Vec<&str> = names().collect();
        assert_eq!(all.len(), COLUMNS.len() - KEYS.len());
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        for name in
            ["makespan", "p95", "mean", "lock_wait", "lock_wait_share", "speedup", "memory_bytes"]
        {
            assert!(all.contains(&name), "{name}");
            assert_eq!(column(name).map(|column| name_of(COLUMNS[column].name)), Some(name));
        }
        assert_eq!(column("makespan_ns"), None);
        assert_eq!(column("tool"), None);
    }

    #[test]
    fn a_label_that_is_no_identifier_is_written_in_quotes() {
        let metric = |label: &str| Metric::new(label.to_owned(), 2, false, 0..0).written();
        assert_eq!(metric("threading"), "threading.makespan");
        assert_eq!(metric("10 \"fast\" threads"), "tool[\"10 \\\"fast\\\" threads\"].makespan");
    }
}
