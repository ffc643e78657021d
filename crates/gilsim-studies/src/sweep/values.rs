//! `--vary KEY=VALUES`: which key takes which values.

use gilsim_scenario::outside;

/// A key of the scenario and the values that it takes in turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vary {
    key: String,
    items: Vec<Item>,
}

/// One item of a list of values.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Item {
    /// A value as written.
    One(String),
    /// `1..64`, `1..64 step 4`, `1..1024 log`.
    Range(Range, String),
}

/// Whole numbers from `first` to `last`, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Range {
    first: u64,
    last: u64,
    step: Step,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// Up to `last`, which is a value only if a step hits it.
    By(u64),
    /// Each value twice the one before; `last` comes at the end in any case.
    Doubling,
}

impl Vary {
    /// Reads a text `KEY=VALUES`.
    ///
    /// VALUES are separated by commas that stand in no brackets and quotes: `1,2,4`, `1ms,{ uniform = ["1s", "2s"] }`.
    /// A range of whole numbers has both ends: `1..64` (or `1..=64`); `1..64 step 4` is 1, 5, … 61;
    /// `1..1000 log` doubles: 1, 2, 4, … 512, 1000.
    ///
    /// # Errors
    /// When there is no key or no value, or a range is empty, reversed, or not of whole numbers; in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let equals = outside(text, '=').next();
        let Some(equals) = equals else {
            return Err(format!(
                "`--vary {text}` has no values: write KEY=VALUES, as in machine.cores=1,2,4"
            ));
        };
        let key = text[..equals].trim();
        if key.is_empty() {
            return Err(format!(
                "`--vary {text}` has no key: write KEY=VALUES, as in machine.cores=1,2,4"
            ));
        }
        let values = &text[equals + 1..];
        let mut items = Vec::new();
        let mut start = 0;
        for end in outside(values, ',').chain([values.len()]) {
            let item = Item::parse(values[start..end].trim());
            items.push(item.map_err(|wrong| format!("`--vary {text}`: {wrong}"))?);
            start = end + 1;
        }
        let vary = Self { key: key.to_owned(), items };
        vary.check_repeated().map_err(|wrong| format!("`--vary {text}`: {wrong}"))?;
        Ok(vary)
    }

    /// The key as written.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How many values there are.
    pub fn count(&self) -> u128 {
        self.items.iter().map(Item::count).sum()
    }

    /// The value at `index`, which is below the count.
    pub(super) fn value(&self, index: u64) -> String {
        let mut left = u128::from(index);
        for item in &self.items {
            if left < item.count() {
                return item.value(left);
            }
            left -= item.count();
        }
        unreachable!("value {index} of {}", self.count())
    }

    /// Values such that, if the scenario takes all of them, it takes what lies between them too.
    pub(super) fn telling_values(&self) -> impl Iterator<Item = String> {
        self.items.iter().flat_map(|item| match item {
            Item::One(value) => vec![value.clone()],
            Item::Range(range, _) if range.first == range.last => vec![range.first.to_string()],
            Item::Range(range, _) => vec![range.first.to_string(), item.value(item.count() - 1)],
        })
    }

    /// The texts `KEY=VALUES` again, in a form of its own, and without the folders of absolute paths where that means the
    /// same.
    pub fn text(&self) -> String {
        let short = self.written(without_folders);
        let is_same =
            |again: Self| again.count() == self.count() && again.written(without_folders) == short;
        if Self::parse(&short).is_ok_and(is_same) { short } else { self.written(str::to_owned) }
    }

    fn written(&self, value: impl Fn(&str) -> String) -> String {
        let items = self.items.iter().map(|item| match item {
            Item::One(text) => value(text),
            Item::Range(_, text) => text.clone(),
        });
        format!("{}={}", self.key, items.collect::<Vec<_>>().join(","))
    }

    /// A value that stands twice makes two points that nobody can tell apart.
    fn check_repeated(&self) -> Result<(), String> {
        let mut seen = std::collections::BTreeSet::new();
        let ranges = self.items.iter().filter_map(|item| match item {
            Item::Range(range, _) => Some(*range),
            Item::One(_) => None,
        });
        let ranges: Vec<Range> = ranges.collect();
        let covered = |value: &str| {
            let number = value.parse::<u64>().ok().filter(|number| number.to_string() == value);
            number.is_some_and(|number| ranges.iter().any(|range| range.has(number)))
        };
        for item in &self.items {
            let Item::One(value) = item else { continue };
            let shown = without_folders(value);
            if covered(&shown) || !seen.insert(shown) {
                return Err(format!("the value {value} is given twice"));
            }
        }
        let overlap = |(index, one): (usize, &Range)| {
            let others = &ranges[index + 1..];
            others.iter().any(|other| one.first <= other.last && other.first <= one.last)
        };
        if ranges.iter().enumerate().any(overlap) {
            return Err("two ranges overlap: some values are given twice".to_owned());
        }
        Ok(())
    }
}

impl Item {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("a value is missing".to_owned()),
            _ if looks_like_a_range(text) => {
                Range::parse(text).map(|range| Self::Range(range, text.to_owned()))
            }
            _ => Ok(Self::One(text.to_owned())),
        }
    }

    fn count(&self) -> u128 {
        match self {
            Self::One(_) => 1,
            Self::Range(range, _) => range.count(),
        }
    }

    fn value(&self, index: u128) -> String {
        match self {
            Self::One(value) => value.clone(),
            Self::Range(range, _) => range.value(index).to_string(),
        }
    }
}

/// Whether somebody who wrote that meant a range: `1..`, `1ms..5ms`, `..5`, but no path and no quoted text.
fn looks_like_a_range(text: &str) -> bool {
    let Some((first, last)) = text.split_once("..") else { return false };
    let number =
        |text: &str| text.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if first.is_empty() {
        number(last.trim_start_matches('='))
    } else {
        number(first) && !text.contains(['/', '"'])
    }
}

impl Range {
    fn parse(text: &str) -> Result<Self, String> {
        let (first, rest) = text.split_once("..").unwrap_or((text, ""));
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim();
        let (last, how) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let number = |end: &str| {
            end.trim().replace('_', "").parse::<u64>().map_err(|_| {
                format!(
                    "a range is of whole numbers, like 1..64, 1..64 step 4 or 1..1024 log; {text} is not \
                     (list other values with commas between them)"
                )
            })
        };
        let (first, last) = (number(first)?, number(last)?);
        let step = match how.trim() {
            "" => Step::By(1),
            "log" => Step::Doubling,
            how => match how.strip_prefix("step").map(|step| step.trim().parse()) {
                Some(Ok(step)) if step > 0 => Step::By(step),
                Some(Ok(_)) => return Err(format!("the steps of {text} are zero")),
                _ => {
                    return Err(format!(
                        "after the range {first}..{last} comes `step N` or `log`, not `{how}`"
                    ));
                }
            },
        };
        if first > last {
            return Err(format!(
                "the range {text} is empty: {first} is above {last}; write {last}..{first}"
            ));
        }
        if step == Step::Doubling && first == 0 {
            return Err(format!("the range {text} doubles, and cannot start with 0"));
        }
        Ok(Self { first, last, step })
    }

    fn count(self) -> u128 {
        match self.step {
            Step::By(step) => u128::from((self.last - self.first) / step) + 1,
            Step::Doubling => {
                let doublings = (self.last / self.first).ilog2();
                u128::from(doublings) + 1 + u128::from(self.first << doublings != self.last)
            }
        }
    }

    fn value(self, index: u128) -> u64 {
        let index = u64::try_from(index).expect("an index is below the count");
        match self.step {
            Step::By(step) => self.first + index * step,
            Step::Doubling if index > u64::from((self.last / self.first).ilog2()) => self.last,
            Step::Doubling => self.first << index,
        }
    }

    fn has(self, number: u64) -> bool {
        let inside = self.first <= number && number <= self.last;
        inside
            && match self.step {
                Step::By(step) => (number - self.first).is_multiple_of(step),
                Step::Doubling => (0..self.count()).any(|index| self.value(index) == number),
            }
    }
}

/// A value whose absolute paths are cut down to the names of their files: where a file lies on this
/// machine says nothing about the result, and its checksum is among the inputs.
pub fn without_folders(value: &str) -> String {
    let parts: Vec<&str> = value
        .split('"')
        .map(|part| match part.rsplit_once('/') {
            Some((_, name)) if part.starts_with('/') => name,
            _ => part,
        })
        .collect();
    parts.join("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        let vary = Vary::parse(text).unwrap_or_else(|wrong| panic!("{wrong}"));
        (0..u64::try_from(vary.count()).unwrap()).map(|index| vary.value(index)).collect()
    }

    #[test]
    fn ranges_include_both_ends() {
        assert_eq!(values("k=1..4"), ["1", "2", "3", "4"]);
        assert_eq!(values("k=1..=4"), ["1", "2", "3", "4"]);
        assert_eq!(values("k=7..7"), ["7"]);
        assert_eq!(values("k=1..9 step 4"), ["1", "5", "9"]);
        assert_eq!(values("k= 1 .. 10 step 4 "), ["1", "5", "9"]);
        assert_eq!(values("k=0..2"), ["0", "1", "2"]);
    }

    #[test]
    fn what_is_written_again_means_the_same() {
        for text in [
            "k=1..2{ samples = \"/a/b",
            "k=1..2\"/a/b\"",
            "k=/",
            "k=/1..5",
            "k=/..5",
            "k=/ x,y",
            "k=/[/a,b],c",
        ] {
            let vary = Vary::parse(text).unwrap();
            let again = Vary::parse(&vary.text()).unwrap();
            assert_eq!((again.text(), again.count()), (vary.text(), vary.count()), "{text}");
        }
    }

    #[test]
    fn a_logarithmic_range_doubles_and_ends_at_its_end() {
        assert_eq!(values("k=1..16 log"), ["1", "2", "4", "8", "16"]);
        assert_eq!(values("k=3..20 log"), ["3", "6", "12", "20"]);
        assert_eq!(values("k=5..5 log"), ["5"]);
        let longest = values(&format!("k=1..{} log", u64::MAX));
        assert_eq!((longest.len(), longest.last().unwrap()), (65, &u64::MAX.to_string()));
    }

    #[test]
    fn lists_are_split_at_commas_outside_brackets_and_quotes() {
        assert_eq!(
            values(r#"sites.shop.latency=1ms, { uniform = ["1s", "2s"] },{cycle=['a,b',"c\",d"]}"#),
            ["1ms", r#"{ uniform = ["1s", "2s"] }"#, r#"{cycle=['a,b',"c\",d"]}"#]
        );
        assert_eq!(values("k=1,2,8..10"), ["1", "2", "8", "9", "10"]);
        assert_eq!(
            values("interpreter.profile=../mine..toml,cpython-3.13"),
            ["../mine..toml", "cpython-3.13"]
        );
    }

    #[test]
    fn the_key_ends_at_the_first_equals_sign_outside_quotes() {
        let vary = Vary::parse(r#"tools."a=b".workers = 1,2"#).unwrap();
        assert_eq!((vary.key(), vary.count()), (r#"tools."a=b".workers"#, 2));
    }

    #[test]
    fn what_is_no_list_and_no_range_is_told() {
        for (text, told) in [
            ("machine.cores", "has no values"),
            ("=1", "has no key"),
            ("k=", "a value is missing"),
            ("k=1,,2", "a value is missing"),
            ("k=8..1", "write 1..8"),
            ("k=1..", "whole numbers"),
            ("k=..5", "whole numbers"),
            ("k=-3..5", "whole numbers"),
            ("k=1ms..5ms", "whole numbers"),
            ("k=1.5..3", "whole numbers"),
            ("k=1..99999999999999999999999", "whole numbers"),
            ("k=1..8 step 0", "zero"),
            ("k=1..8 setp 2", "`step N` or `log`"),
            ("k=0..8 log", "cannot start with 0"),
            ("k=1,2,1", "twice"),
            ("k=1..5,3", "twice"),
            ("k=1..5,5..9", "overlap"),
        ] {
            let wrong = Vary::parse(text).expect_err(text);
            assert!(wrong.contains(told), "{text}: {wrong}");
        }
    }

    #[test]
    fn enormous_ranges_are_counted_without_being_walked() {
        assert_eq!(Vary::parse(&format!("k=0..{}", u64::MAX)).unwrap().count(), 1 << 64);
    }

    #[test]
    fn absolute_paths_are_cut_down() {
        let vary = Vary::parse("interpreter.profile=/home/me/mine.toml,ideal").unwrap();
        assert_eq!(vary.text(), "interpreter.profile=mine.toml,ideal");
        assert!(Vary::parse("k=/a/x.toml,/b/x.toml").is_err());
    }
}
