//! What people and programs read of the claims: lines and tables, CSV, JSON, Markdown.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::case::shown_time;
use super::counter::expected;
use super::metric::Metric;
use super::{Claim, CounterExample, Suite, Verdict};
use gilsim_render::report::{self, one_line};
use gilsim_render::table::{self, Escape, Table, escaped};

/// What came of a claim, as it is shown.
#[derive(Debug)]
pub struct Shown<'a> {
    suite: &'a Suite,
    claim: &'a Claim,
    verdict: &'a Verdict,
    as_said: bool,
    /// Where the counter-example is written.
    scenario: Option<&'a str>,
}

impl<'a> Shown<'a> {
    /// What came of claim number `claim`, from 0; its counter-example is written to `scenario`.
    pub fn new(
        suite: &'a Suite,
        claim: usize,
        verdict: &'a Verdict,
        scenario: Option<&'a str>,
    ) -> Self {
        let as_said = suite.is_as_said(claim, verdict);
        Self { suite, claim: &suite.claims[claim], verdict, as_said, scenario }
    }

    /// Whether the claim is as its file says.
    pub fn is_as_said(&self) -> bool {
        self.as_said
    }

    fn result(&self) -> &'static str {
        match (self.claim.text.holds, &self.verdict.counter) {
            (true, None) => "holds",
            (true, Some(_)) => "false",
            (false, Some(_)) => "refuted",
            (false, None) => "not refuted",
        }
    }

    /// The cases in words.
    fn cases(&self) -> String {
        let Verdict { counted, of, counter } = self.verdict;
        match counter {
            Some(counter) => format!("case {}", counter.number + 1),
            None if counted == of => report::counted(*of, "case"),
            None => format!("{counted} of {of} cases"),
        }
    }

    /// The names and values of the counter-example.
    fn findings(&self) -> Option<Vec<(String, String)>> {
        let counter = self.verdict.counter.as_ref()?;
        let texts = counter.case.texts(&self.claim.text.given).into_iter();
        let mut rows: Vec<(String, String)> =
            texts.map(|(name, text)| (name.to_owned(), one_line(&text))).collect();
        rows.extend(counter.profile.as_ref().map(|name| ("profile".to_owned(), one_line(name))));
        let metrics = self.claim.metrics.iter().zip(&counter.seen.metrics);
        rows.extend(
            metrics
                .map(|(metric, value)| (one_line(&metric.written()), value_words(metric, *value))),
        );
        Some(rows)
    }

    /// The counter-example as a table, and where it is.
    fn table(&self, counter: &CounterExample) -> String {
        const INDENT: &str = "        ";
        let mut table = Table::with_texts(2, ["", ""]);
        for (name, value) in self.findings().unwrap_or_default() {
            table.push([name, value]);
        }
        table.push(["expected".to_owned(), expected(self.claim)]);
        if let Some(path) = self.scenario {
            table.push(["see".to_owned(), format!("gilsim run {}", one_line(path))]);
        }
        let case = counter.number + 1;
        let mut text = format!("{INDENT}the smallest counter-example that case {case} leads to:\n");
        let told = counter.seen.deadlock.iter().flat_map(|told| told.lines());
        for line in table.screen().lines().chain(told) {
            let _ = writeln!(text, "{INDENT}  {}", line.trim_end());
        }
        text
    }

    /// The line of the claim, and below it its counter-example. `colour` allows ANSI codes.
    pub fn lines(&self, colour: bool) -> String {
        let mark = if self.as_said { "  ok" } else { "FAIL" };
        let mark = if colour && !self.as_said {
            format!("\u{1b}[1m{mark}\u{1b}[0m")
        } else {
            mark.to_owned()
        };
        let (number, result) = (self.claim.number, self.result());
        let (cases, says) = (self.cases(), one_line(&self.claim.text.says));
        let mut text = format!("{mark} {number:>3}  {result:<7}  {cases:<9}  {says}\n");
        if let Some(counter) = &self.verdict.counter {
            text.push_str(&self.table(counter));
        }
        text
    }

    /// A row of a Markdown page.
    fn row(&self) -> [String; 5] {
        let says = escaped(&one_line(&self.claim.text.says));
        let found = self.findings().unwrap_or_default().into_iter();
        let found: Vec<String> = found.map(|(name, value)| format!("{name} = {value}")).collect();
        let mark = if self.as_said { "ok" } else { "**FAIL**" };
        let found = escaped(&one_line(&found.join(", ")));
        [mark.to_owned(), says, self.result().to_owned(), self.cases(), found]
    }

    fn record(&self) -> Record<'_> {
        let text = &self.claim.text;
        let counter = self.verdict.counter.as_ref();
        let given = counter.map(|counter| {
            let texts = counter.case.texts(&text.given).into_iter();
            texts.map(|(name, text)| (name.to_owned(), json!(text))).collect()
        });
        let metrics = counter.map(|counter| {
            let pairs = self.claim.metrics.iter().zip(&counter.seen.metrics);
            pairs.map(|(metric, value)| (metric.written(), number(*value))).collect()
        });
        Record {
            file: &self.suite.file.name,
            claim: self.claim.number,
            says: &text.says,
            held_true: text.holds,
            result: self.result(),
            as_stated: self.as_said,
            cases: self.verdict.counted,
            given,
            profile: counter.and_then(|counter| counter.profile.as_deref()),
            metrics,
            deadlock: counter.and_then(|counter| counter.seen.deadlock.as_deref()),
            scenario: self.scenario,
        }
    }
}

/// A claim and what came of it, for programs.
#[derive(Serialize, Default)]
struct Record<'a> {
    file: &'a str,
    claim: usize,
    says: &'a str,
    held_true: bool,
    result: &'a str,
    as_stated: bool,
    /// Cases that count; where there is a counter-example, up to the one that led to it.
    cases: u64,
    given: Option<Map<String, Value>>,
    profile: Option<&'a str>,
    metrics: Option<Map<String, Value>>,
    deadlock: Option<&'a str>,
    scenario: Option<&'a str>,
}

/// A number as JSON has it: whole where it is whole.
fn number(value: Option<f64>) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small enough")]
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => json!(value as i64),
        other => json!(other),
    }
}

/// A metric's value in words.
pub(super) fn value_words(metric: &Metric, value: Option<f64>) -> String {
    match value {
        None => "none".to_owned(),
        Some(value) if metric.is_time() => {
            let shown = shown_time(value);
            let exact = format!("{value} ns");
            if shown == exact { exact } else { format!("{shown} ({exact})") }
        }
        Some(value) => value.to_string(),
    }
}

/// How many claims are as their files say, in a sentence.
pub fn verdict(shown: &[Shown<'_>]) -> String {
    let failed = shown.iter().filter(|one| !one.as_said).count();
    let (all, kept) = (shown.len(), shown.len() - failed);
    match failed {
        0 if all == 1 => "the claim holds as stated\n".to_owned(),
        0 => format!("all {all} claims hold as stated\n"),
        _ => {
            format!("{kept} of {} as stated, {failed} not\n", report::counted(all as u64, "claim"))
        }
    }
}

/// All claims as a table of a Markdown page.
pub fn markdown(shown: &[Shown<'_>]) -> String {
    let headings = ["", "claim", "result", "cases", "counter-example"];
    let mut table = Table::with_texts(headings.len(), headings);
    for one in shown {
        table.push(one.row());
    }
    format!("{}\n{}", table.markdown(Escape::Nothing), verdict(shown))
}

/// All claims as JSON.
pub fn json(shown: &[Shown<'_>]) -> Vec<u8> {
    table::json(&shown.iter().map(Shown::record).collect::<Vec<_>>())
}

/// All claims as CSV; what is drawn and found stands in one field each, as `name=value` with semicolons.
pub fn csv(shown: &[Shown<'_>]) -> Vec<u8> {
    let records: Vec<Record<'_>> = shown.iter().map(Shown::record).collect();
    Table::of_records(&records).csv()
}
