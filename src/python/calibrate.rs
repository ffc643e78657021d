//! From what `calibrate.py` measured to a cost profile.
//!
//! A measure is named after the field of [`Profile`] that it is for: a new field needs a new measure
//! in `calibrate.py`, and nothing here.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use toml::{Table, Value};

use gilsim_core::profile::{self, Profile};
use gilsim_core::time::{SimDuration, UNITS};

/// The measuring program: Python 3.8 or later on Linux, standard library only.
///
/// It prints one JSON object, takes no arguments, and has to be run from a file, since the children
/// that it starts import it.
pub(crate) const PROGRAM: &str = include_str!("calibrate.py");

/// Why measurements do not become a profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CalibrationError {
    /// What is wrong, in one sentence.
    pub message: String,
}

impl fmt::Display for CalibrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CalibrationError {}

/// What `calibrate.py` prints.
#[derive(Deserialize)]
struct Calibration {
    python: String,
    minor: u8,
    free_threaded: bool,
    kernel: String,
    cores: u32,
    seconds: f64,
    /// The share of all core time that other programs took meanwhile.
    #[serde(default)]
    others: f64,
    measures: BTreeMap<String, Measure>,
}

/// A cost as measured: nanoseconds, bytes or thousandths, as its field has it; 1 for yes and 0 for no.
#[derive(Deserialize)]
struct Measure {
    median: f64,
    low: f64,
    high: f64,
    samples: u64,
}

/// The share of all core time that other programs took while `json` was measured, 0 to 1.
///
/// Above a few hundredths the costs are those of a busy machine, and worth measuring again.
///
/// # Errors
/// When `json` is not what `calibrate.py` prints.
pub(crate) fn disturbance(json: &str) -> Result<f64, CalibrationError> {
    Ok(Calibration::read(json)?.others)
}

/// The built-in profile whose rules hold for the Python that was measured.
///
/// # Errors
/// When `json` is not what `calibrate.py` prints, or there is no profile for that Python.
pub(crate) fn base_of(json: &str) -> Result<Arc<Profile>, CalibrationError> {
    let Calibration { minor, free_threaded, .. } = Calibration::read(json)?;
    profile::rules_of(minor, free_threaded).ok_or_else(|| CalibrationError {
        message: format!("gilsim knows no Python 3.{minor} whose rules a profile could take"),
    })
}

/// The profile of the machine and Python that were measured, as a file: TOML with the spread of each measure beside
/// it. What was not measured comes from `base`.
///
/// # Errors
/// When `json` is not what `calibrate.py` prints, or a measure has no field in a profile or makes no
/// sense in it.
pub(crate) fn profile_text(json: &str, base: &Profile) -> Result<String, CalibrationError> {
    let calibration = Calibration::read(json)?;
    let mut table = Table::try_from(base).map_err(|error| CalibrationError::of(&error))?;
    calibration.set_identity(&mut table);
    for (name, measure) in &calibration.measures {
        measure.set(&mut table, name)?;
    }
    let mut text = calibration.header();
    calibration.write(&mut text, &table, "", &base.name);
    profile::parse(&text).map_err(|error| CalibrationError { message: error.message })?;
    Ok(text)
}

impl CalibrationError {
    fn of(error: &dyn fmt::Display) -> Self {
        Self { message: format!("the measurements cannot be read: {error}") }
    }
}

impl Calibration {
    fn read(json: &str) -> Result<Self, CalibrationError> {
        serde_json::from_str(json).map_err(|error| CalibrationError::of(&error))
    }

    /// What is said of the interpreter itself. Programs calibrate their computations on it, so a
    /// computation takes as long as the scenario says.
    fn set_identity(&self, table: &mut Table) {
        let build = if self.free_threaded { "t" } else { "" };
        let name = format!("cpython-{}{build} as calibrated", self.python);
        table.insert("name".to_owned(), name.into());
        table.insert("python".to_owned(), i64::from(self.minor).into());
        table.insert("free_threaded".to_owned(), self.free_threaded.into());
        table.insert("exact".to_owned(), false.into());
        table.insert("compute_permille".to_owned(), 1_000.into());
    }

    fn header(&self) -> String {
        let Self { python, kernel, cores, seconds, .. } = self;
        let [python, kernel] = [python, kernel].map(|text| text.replace(char::is_control, " "));
        format!(
            "# CPython {python} on Linux {kernel}, cores: {cores}, as measured by `gilsim calibrate` \
             in {seconds:.0} s.\n# Costs are medians, and steady ones: of the second use in a \
             process and later ones. Beside each stand\n# the quartiles and the number of its \
             samples. Other programs took {:.0} % of the cores meanwhile.\n",
            100.0 * self.others
        )
    }

    /// Writes a table of the profile: values first, then tables within it.
    fn write(&self, text: &mut String, table: &Table, path: &str, base: &str) {
        let is_table = |value: &Value| value.is_table();
        for (key, value) in table.iter().filter(|(_, value)| !is_table(value)) {
            let name = format!("{path}{key}");
            let note = match self.measures.get(&name) {
                Some(measure) => format!("  # {}", measure.note(value)),
                None if path.is_empty() => String::new(),
                None => format!("  # not measured: as in {base}"),
            };
            text.push_str(&format_args!("{key} = {}{note}\n", shown(value)).to_string());
        }
        for (key, value) in table {
            if let Value::Table(inner) = value {
                text.push_str(&format_args!("\n[{path}{key}]\n").to_string());
                self.write(text, inner, &format!("{path}{key}."), base);
            }
        }
    }
}

/// A value of a profile, durations in the unit that suits them.
fn shown(value: &Value) -> String {
    let duration = value.as_str().and_then(|text| text.parse::<SimDuration>().ok());
    match duration {
        Some(duration) => format!("\"{}\"", exact(duration)),
        None => value.to_string(),
    }
}

/// A duration to the last nanosecond: `25.13us`.
fn exact(duration: SimDuration) -> String {
    let nanos = duration.as_nanos();
    let units = UNITS.into_iter().filter(|(unit, _)| *unit != "min");
    let (unit, length) =
        units.into_iter().find(|(_, length)| nanos >= *length).unwrap_or(("ns", 1));
    let (whole, part) = (nanos / length, nanos % length);
    let digits = format!("{part:0width$}", width = length.ilog10() as usize);
    match digits.trim_end_matches('0') {
        "" => format!("{whole}{unit}"),
        digits => format!("{whole}.{digits}{unit}"),
    }
}

impl Measure {
    /// Puts the median where the profile has a field of that name.
    fn set(&self, table: &mut Table, name: &str) -> Result<(), CalibrationError> {
        let (first, inner) = name.split_once('.').unwrap_or((name, ""));
        let path = inner.split('.').filter(|key| !key.is_empty());
        let field = table
            .get_mut(first)
            .and_then(|value| path.into_iter().try_fold(value, |value, key| value.get_mut(key)));
        let value = field.ok_or_else(|| CalibrationError {
            message: format!("`{name}` was measured, but a profile has no such field"),
        })?;
        let median = whole(self.median).ok_or_else(|| CalibrationError {
            message: format!("`{name}` was measured as {}, which no cost can be", self.median),
        })?;
        *value = match value {
            Value::Integer(_) => Value::Integer(median),
            Value::Boolean(_) => Value::Boolean(median > 0),
            _ => Value::String(format!("{median}ns")),
        };
        Ok(())
    }

    /// The spread, in the terms of the value.
    fn note(&self, value: &Value) -> String {
        let shown = |number: f64| match (whole(number), value) {
            (Some(number), Value::String(_)) => {
                SimDuration::from_nanos(number.unsigned_abs()).to_string()
            }
            (Some(number), _) => number.to_string(),
            (None, _) => "?".to_owned(),
        };
        format!("{} to {}, samples: {}", shown(self.low), shown(self.high), self.samples)
    }
}

/// The nearest whole number, where it is one that a profile can hold.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn whole(number: f64) -> Option<i64> {
    // 2^53: every whole number up to here is exact.
    (0.0..=9_007_199_254_740_992.0).contains(&number).then(|| number.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(measures: &str) -> String {
        format!(
            "{{\"python\": \"3.12.1\", \"minor\": 12, \"free_threaded\": false, \"kernel\": \"6.18\", \
             \"cores\": 2, \"seconds\": 45.2, \"others\": 0.031, \"measures\": {{{measures}}}, \"extra\": {{}}}}"
        )
    }

    fn measure(name: &str, median: &str) -> String {
        format!("\"{name}\": {{\"median\": {median}, \"low\": 1, \"high\": 3e6, \"samples\": 7}}")
    }

    fn profile_from(json: &str, base: &Profile) -> Result<Profile, CalibrationError> {
        let text = profile_text(json, base)?;
        profile::parse(&text).map_err(|error| CalibrationError { message: error.message })
    }

    #[test]
    fn a_measure_replaces_its_field_and_leaves_the_others() {
        let measures = [
            measure("thread.start", "25130.4"),
            measure("process.fork.memory", "1500000.0"),
            measure("process.fork.child", "1e6"),
            measure("lock.requester_permille", "351.2"),
        ];
        let json = json(&measures.join(", "));
        let base = base_of(&json).unwrap();
        let profile = profile_from(&json, &base).unwrap();
        assert_eq!(profile.thread.start.0, SimDuration::from_nanos(25_130));
        assert_eq!(profile.process.fork.memory, 1_500_000);
        assert_eq!(profile.process.fork.child.0, SimDuration::from_millis(1));
        assert_eq!(profile.lock.requester_permille, 351);
        assert_eq!(profile.thread.boot, base.thread.boot);
        assert_eq!((profile.python, profile.compute_permille), (12, 1_000));
        assert_eq!(profile.name, "cpython-3.12.1 as calibrated");
    }

    #[test]
    fn the_file_says_how_far_its_costs_are_spread_and_what_was_not_measured() {
        let json = json(&measure("thread.start", "25130.4"));
        let text = profile_text(&json, &base_of(&json).unwrap()).unwrap();
        assert!(text.contains("Other programs took 3 % of the cores"), "{text}");
        assert_eq!(disturbance(&json), Ok(0.031));
        assert!(text.starts_with("# CPython 3.12.1 on Linux 6.18, cores: 2"), "{text}");
        assert!(text.contains("start = \"25.13us\"  # 1 ns to 3 ms, samples: 7\n"), "{text}");
        assert!(text.contains("\n[process.fork]\n"), "{text}");
        assert!(text.contains("  # not measured: as in cpython-3.12\n"), "{text}");
    }

    #[test]
    fn a_profile_survives_being_written_with_nothing_measured() {
        for name in profile::names() {
            let base = profile::built_in(name).unwrap();
            let written = profile_from(&json(""), &base).unwrap();
            let back = Profile {
                name: base.name.clone(),
                python: base.python,
                free_threaded: base.free_threaded,
                exact: base.exact,
                compute_permille: base.compute_permille,
                ..written
            };
            assert_eq!(back, *base, "{name}");
        }
    }

    #[test]
    fn measures_that_make_no_sense_are_refused() {
        let refuse = |measure: String| {
            let json = json(&measure);
            profile_from(&json, &base_of(&json).unwrap()).unwrap_err().message
        };
        let unknown = refuse(measure("thread.birth", "1"));
        assert_eq!(unknown, "`thread.birth` was measured, but a profile has no such field");
        let negative = refuse(measure("thread.start", "-5"));
        assert_eq!(negative, "`thread.start` was measured as -5, which no cost can be");
        assert!(refuse(measure("machine.quantum", "0")).contains("must be positive"));
        assert!(refuse(measure("thread", "5")).contains("invalid type"));
        assert!(base_of("{}").unwrap_err().message.starts_with("the measurements cannot be read"));
        let old = json("").replace("12,", "7,");
        assert!(base_of(&old).unwrap_err().message.contains("no Python 3.7"));
    }

    #[test]
    fn the_program_measures_every_cost_of_a_profile() {
        // Named by the start method in the program, so its names are not there as they stand.
        let composed = ["process.fork.", "process.spawn.", "process.forkserver."];
        let base = profile::built_in(profile::DEFAULT).unwrap();
        let table = Table::try_from(&*base).unwrap();
        let mut rooms: Vec<(String, &Value)> =
            table.iter().map(|(key, value)| (key.clone(), value)).collect();
        while let Some((name, value)) = rooms.pop() {
            if let Value::Table(fields) = value {
                rooms.extend(fields.iter().map(|(key, value)| (format!("{name}.{key}"), value)));
                continue;
            }
            let is_measured = PROGRAM.contains(&format!("record(\"{name}\""))
                || composed.iter().any(|start| name.starts_with(start))
                || !name.contains('.');
            assert!(is_measured, "{name}");
        }
    }
}
