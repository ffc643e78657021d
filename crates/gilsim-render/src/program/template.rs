//! Templates of Python source: lines that stand only under a condition, and places to fill in.
//!
//! `#? a b` keeps the lines up to its `#.` where any of the features `a`, `b` is on (`!a`: is off);
//! `#-` begins those that stand otherwise. `@@NAME@@` is replaced by a value. Conditions nest.

use std::collections::{BTreeMap, BTreeSet};

/// What a template is filled with.
#[derive(Default, Debug)]
pub(super) struct Filling {
    features: BTreeSet<String>,
    values: BTreeMap<&'static str, String>,
}

impl Filling {
    /// Turns a feature on.
    pub(super) fn turn_on(&mut self, feature: &str) {
        self.features.insert(feature.to_owned());
    }

    /// Turns a feature off.
    pub(super) fn turn_off(&mut self, feature: &str) {
        self.features.remove(feature);
    }

    /// Turns a feature on where `condition` holds.
    pub(super) fn turn_on_if(&mut self, condition: bool, feature: &str) {
        if condition {
            self.turn_on(feature);
        }
    }

    /// Whether a feature is on.
    pub(super) fn has(&self, feature: &str) -> bool {
        self.features.contains(feature)
    }

    /// Whether any of these features is on.
    pub(super) fn has_any(&self, features: &[&str]) -> bool {
        features.iter().any(|feature| self.has(feature))
    }

    /// Whether all of these features are on.
    pub(super) fn has_all(&self, features: &[&str]) -> bool {
        features.iter().all(|feature| self.has(feature))
    }

    /// Says what stands for `@@name@@`.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.values.insert(name, value.into());
    }

    /// The template with its conditions decided and its places filled in.
    ///
    /// # Panics
    /// When the template, which is part of gilsim, is malformed or names a value that is not set.
    pub(super) fn fill(&self, template: &str) -> String {
        let mut text = String::new();
        // Whether the lines of each open condition stand.
        let mut open: Vec<bool> = Vec::new();
        for line in template.lines() {
            if let Some(condition) = line.strip_prefix("#? ") {
                open.push(condition.split(' ').any(|feature| self.holds(feature)));
            } else if line == "#-" {
                let last = open.last_mut().expect("an `#-` belongs to an open condition");
                *last = !*last;
            } else if line == "#." {
                open.pop().expect("an `#.` belongs to an open condition");
            } else if open.iter().all(|stands| *stands) {
                self.fill_line(line, &mut text);
                text.push('\n');
            }
        }
        assert!(open.is_empty(), "every condition of a template is closed");
        text
    }

    fn holds(&self, feature: &str) -> bool {
        match feature.strip_prefix('!') {
            Some(feature) => !self.has(feature),
            None => self.has(feature),
        }
    }

    fn fill_line(&self, line: &str, text: &mut String) {
        for (index, part) in line.split("@@").enumerate() {
            if index % 2 == 0 {
                text.push_str(part);
            } else {
                let value = self.values.get(part);
                text.push_str(value.unwrap_or_else(|| panic!("`{part}` of a template is set")));
            }
        }
    }
}

/// Leaves at most two blank lines between lines at the margin, one elsewhere, none at either end.
pub(super) fn with_tidy_blank_lines(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut blank = 0;
    let mut in_string = false;
    for line in text.trim_start().lines() {
        if line.is_empty() && !in_string {
            blank += 1;
            continue;
        }
        let most = if line.starts_with(' ') { 1 } else { 2 };
        tidy.extend(std::iter::repeat_n('\n', if tidy.is_empty() { 0 } else { blank.min(most) }));
        tidy.push_str(line);
        tidy.push('\n');
        blank = 0;
        in_string ^= line.matches("\"\"\"").count() % 2 == 1;
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stands_only_where_its_conditions_hold() {
        let mut filling = Filling::default();
        filling.turn_on("a");
        filling.set("N", "3");
        let template =
            "one @@N@@\n#? a\ntwo\n#? b\nthree\n#-\nfour\n#.\n#.\n#? !a b\nfive\n#.\nsix\n";
        assert_eq!(filling.fill(template), "one 3\ntwo\nfour\nsix\n");
    }

    #[test]
    fn blank_lines_are_two_at_the_margin_and_one_within() {
        let text = "\n\na\n\n\n\n\nb\n    c\n\n\n    d\n";
        assert_eq!(with_tidy_blank_lines(text), "a\n\n\nb\n    c\n\n    d\n");
    }
}
