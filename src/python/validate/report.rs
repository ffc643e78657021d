//! Predicted beside measured: as a table, as Markdown, as CSV and JSON.

use serde::Serialize;

use crate::python::validate::{Comparison, Validation};
use gilsim_render::chart::signed_percent;
use gilsim_render::report::{counted, one_line};
use gilsim_render::table::{self, Escape, Table, escaped};

/// The headings of the tables.
const HEADINGS: [&str; 6] = ["tool", "", "predicted", "measured", "shortest to longest", "error"];

/// How many columns hold text; the others hold numbers.
const TEXT_COLUMNS: usize = 2;

/// A table for each scenario and Python, and what the worst error is.
pub(crate) fn table(validations: &[Validation], tolerance: Option<f64>) -> String {
    told(validations, Table::screen, str::to_owned) + &verdict(validations, tolerance)
}

/// The same for Markdown pages.
pub(crate) fn markdown(validations: &[Validation], tolerance: Option<f64>) -> String {
    told(validations, |table| table.markdown(Escape::All), escaped)
        + &escaped(&verdict(validations, tolerance))
}

fn told(
    validations: &[Validation],
    shown: impl Fn(&Table) -> String,
    words: impl Fn(&str) -> String,
) -> String {
    let mut text = String::new();
    for group in groups(validations) {
        let mut table = Table::with_texts(TEXT_COLUMNS, HEADINGS);
        rows(&group).for_each(|cells| table.push(cells));
        text.extend([&words(&heading(group[0])), "\n\n", &shown(&table), "\n"]);
    }
    text
}

/// A row per scenario, Python, tool and metric: times in nanoseconds, the error as a share of what was measured.
pub(crate) fn csv(validations: &[Validation]) -> Vec<u8> {
    Table::of_records(&records(validations)).csv()
}

/// An array of objects with the columns of the CSV as keys; an error that cannot be said is `null`.
pub(crate) fn json(validations: &[Validation]) -> Vec<u8> {
    table::json(&records(validations))
}

/// A line of the CSV.
#[derive(Serialize, Default)]
struct Record<'a> {
    scenario: &'a str,
    interpreter: &'a str,
    python: &'a str,
    cores: u32,
    tool: &'a str,
    repeats: usize,
    metric: &'static str,
    predicted_ns: u64,
    measured_ns: u64,
    shortest_ns: u64,
    longest_ns: u64,
    error: Option<f64>,
}

fn records(validations: &[Validation]) -> Vec<Record<'_>> {
    let pairs = validations.iter().flat_map(|one| one.comparisons.iter().map(move |m| (one, m)));
    let records = pairs.map(|(one, metric)| Record {
        scenario: &one.scenario,
        interpreter: &one.interpreter,
        python: &one.python,
        cores: one.cores,
        tool: &one.tool,
        repeats: one.repeats,
        metric: metric.metric,
        predicted_ns: metric.predicted.as_nanos(),
        measured_ns: metric.measured.as_nanos(),
        shortest_ns: metric.shortest.as_nanos(),
        longest_ns: metric.longest.as_nanos(),
        error: metric.error().map(|error| (error * 1e6).round() / 1e6),
    });
    records.collect()
}

/// The validations of one scenario on one Python with so many cores together, in the order in which they came first.
pub(crate) fn groups(validations: &[Validation]) -> Vec<Vec<&Validation>> {
    let mut groups: Vec<Vec<&Validation>> = Vec::new();
    for one in validations {
        let belongs = |group: &&mut Vec<&Validation>| {
            (&group[0].scenario, &group[0].interpreter, group[0].cores)
                == (&one.scenario, &one.interpreter, one.cores)
        };
        match groups.iter_mut().find(belongs) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

/// `page.toml on CPython 3.13.1 (python3), 2 cores, 3 repeats`
fn heading(one: &Validation) -> String {
    one_line(&format!(
        "{} on CPython {} ({}), {}, {}",
        one.scenario,
        one.python,
        one.interpreter,
        counted(one.cores.into(), "core"),
        counted(one.repeats as u64, "repeat"),
    ))
}

fn rows<'a>(group: &'a [&Validation]) -> impl Iterator<Item = [String; HEADINGS.len()]> + 'a {
    group.iter().flat_map(|one| {
        one.comparisons.iter().enumerate().map(|(index, metric)| {
            let tool = if index == 0 { one_line(&one.tool) } else { String::new() };
            let Comparison { predicted, measured, shortest, longest, .. } = metric;
            [
                tool,
                metric.metric.to_owned(),
                predicted.to_string(),
                measured.to_string(),
                format!("{shortest} to {longest}"),
                metric.error().map_or_else(|| "?".to_owned(), |_| signed(metric)),
            ]
        })
    })
}

/// The error in percent with its sign.
fn signed(metric: &Comparison) -> String {
    signed_percent(metric.measured.as_nanos(), metric.predicted.as_nanos())
}

/// Which prediction is the worst, and how many are beyond what is tolerated.
fn verdict(validations: &[Validation], tolerance: Option<f64>) -> String {
    let all = || {
        validations.iter().flat_map(|one| one.comparisons.iter().map(move |metric| (one, metric)))
    };
    let misses = all().filter_map(|(one, metric)| Some((metric.error()?, one, metric)));
    let Some((_, one, metric)) = misses.max_by(|a, b| a.0.abs().total_cmp(&b.0.abs())) else {
        return "Nothing was measured.\n".to_owned();
    };
    let worst = format!(
        "worst error: {} ({} of {} in {} on CPython {})",
        signed(metric),
        metric.metric,
        one.tool,
        one.scenario,
        one.python
    );
    let beyond = tolerance.map(|limit| {
        let count = all().filter(|(_, metric)| !metric.is_within(limit)).count();
        let limit = 100.0 * limit;
        format!("; {count} of {} predictions are off by more than {limit} %", all().count())
    });
    one_line(&format!("{worst}{}", beyond.unwrap_or_default())) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use gilsim_core::time::SimDuration;

    fn validation(tool: &str, makespans: [u64; 2]) -> Validation {
        let comparison = |metric, [predicted, measured]: [u64; 2]| Comparison {
            metric,
            predicted: SimDuration::from_micros(predicted),
            measured: SimDuration::from_micros(measured),
            shortest: SimDuration::from_micros(measured - 10),
            longest: SimDuration::from_micros(measured + 10),
        };
        Validation {
            scenario: "a.toml".to_owned(),
            interpreter: "python3".to_owned(),
            python: "3.13.1".to_owned(),
            cores: 2,
            tool: tool.to_owned(),
            repeats: 3,
            comparisons: vec![
                comparison("makespan", makespans),
                comparison("p50", [500, 500]),
                comparison("p95", [99_999, 100_000]),
            ],
            lanes: None,
        }
    }

    const EXPECTED: &str = "\
a.toml on CPython 3.13.1 (python3), 2 cores, 3 repeats

tool                 predicted  measured  shortest to longest   error
─────────────────────────────────────────────────────────────────────
asyncio    makespan    1.01 ms      1 ms    990 us to 1.01 ms  +1.0 %
           p50          500 us    500 us     490 us to 510 us   0.0 %
           p95          100 ms    100 ms   99.99 ms to 100 ms   0.0 %
threading  makespan     960 us      1 ms    990 us to 1.01 ms  −4.0 %
";

    #[test]
    fn the_table_has_a_line_per_time_and_ends_with_the_worst_error() {
        let both = [validation("asyncio", [1_010, 1_000]), validation("threading", [960, 1_000])];
        let text = table(&both, Some(0.02));
        assert!(text.starts_with(EXPECTED), "{text}");
        assert!(text.contains("0.0 %\n"), "{text}");
        assert!(text.ends_with(
            "\n\nworst error: \u{2212}4.0 % (makespan of threading in a.toml on CPython 3.13.1); \
             1 of 6 predictions are off by more than 2 %\n"
        ), "{text}");
    }

    #[test]
    fn csv_and_json_have_the_same_columns() {
        let both = [validation("a, b", [1_010, 1_000]), validation("none", [1, 10])];
        let csv = String::from_utf8(csv(&both)).unwrap();
        let mut lines = csv.lines();
        let headings: Vec<&str> = lines.next().unwrap().split(',').collect();
        assert_eq!(
            lines.next().unwrap(),
            "a.toml,python3,3.13.1,2,\"a, b\",3,makespan,1010000,1000000,990000,1010000,0.010000"
        );
        let json: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_slice(&json(&both)).unwrap();
        assert!(json.iter().all(|row| row.keys().eq(&headings)));
        assert_eq!(json.len(), 6);
    }

    #[test]
    fn runs_on_another_number_of_cores_are_of_another_group() {
        let mut all = ["asyncio", "threading", "sequential"].map(|tool| validation(tool, [1, 10]));
        all[1].cores = 4;
        let groups = groups(&all);
        let tools: Vec<Vec<&str>> = groups
            .iter()
            .map(|group| group.iter().map(|one| one.tool.as_str()).collect())
            .collect();
        assert_eq!(tools, [vec!["asyncio", "sequential"], vec!["threading"]]);
    }

    #[test]
    fn nothing_measured_is_said_in_every_format() {
        assert_eq!(table(&[], None), "Nothing was measured.\n");
        assert_eq!(json(&[]), b"[]\n");
        assert!(csv(&[]).starts_with(b"scenario,interpreter,python,cores,tool,"));
    }

    #[test]
    fn markdown_has_as_many_bars_in_every_line() {
        let text = markdown(&[validation("a|b", [1, 100])], None);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        let bars = |line: &&str| line.replace("\\|", "").matches('|').count();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines.iter().all(|line| bars(line) == HEADINGS.len() + 1), "{text}");
    }
}
