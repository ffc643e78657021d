//! Names that are free: no two functions of a program have the same.

use std::collections::BTreeMap;

/// The names that are taken, each with the first number that may still tell another one from it.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, u32>);

impl Names {
    /// The wanted name if it is free, else the first free one with a number behind it: `do_task`, `do_task_2`, …
    pub(super) fn take(&mut self, wanted: &str) -> String {
        let mut number = self.0.get(wanted).copied().unwrap_or(2);
        let mut name = wanted.to_owned();
        while self.0.contains_key(&name) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        self.0.insert(name.clone(), 2);
        self.0.insert(wanted.to_owned(), number);
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_the_first_free_number() {
        let mut names = Names::default();
        let taken = ["a", "a_2", "a", "a", "a_2", "b"].map(|it| names.take(it));
        assert_eq!(taken, ["a", "a_2", "a_3", "a_4", "a_2_2", "b"]);
    }

    #[test]
    fn no_number_is_tried_again() {
        let mut names = Names::default();
        let last = (0..100_000).map(|_| names.take("a")).last();
        assert_eq!(last.as_deref(), Some("a_100000"));
        assert_eq!(names.0["a"], 100_001, "the next one is found at once");
    }
}
