//! One case of a claim: its scenario, the runs of the tools that the claim names, and what came of it.

use std::ops::Range;

use super::Claim;
use super::Stop;
use super::case::Case;
use super::expression::{Trouble, Truth, Values};
use super::metric::{Compares, Which};
use crate::listener::Listener;
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_core::run::{Prepared, Run, compare};
use gilsim_render::report;
use gilsim_scenario::claims::{ClaimFile, Filled, Located, NamedProfile};
use gilsim_scenario::{Fault, shortened};

/// What came of a case.
#[derive(Debug)]
pub(super) enum Came {
    /// `when` is not true of it.
    NotCounted,
    /// What is expected is true.
    Held,
    /// What is expected is not.
    Failed(Seen),
}

/// What was seen of a case.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Seen {
    /// The metrics that the claim names, in their order; `None` where a column is empty.
    pub(super) metrics: Vec<Option<f64>>,
    /// Who waits for what, where a tool deadlocked.
    pub(super) deadlock: Option<String>,
}

/// A case that is being played.
pub(super) struct Trial<'a> {
    pub(super) file: &'a ClaimFile,
    pub(super) claim: &'a Claim,
    pub(super) listener: &'a dyn Listener,
}

impl Trial<'_> {
    /// Whether `when` can be evaluated without playing anything.
    pub(super) fn is_cheap(&self) -> bool {
        self.claim.metrics.iter().all(|metric| !metric.in_when)
    }

    /// The text of the scenario.
    pub(super) fn filled(&self, case: &Case, profile: Option<&NamedProfile>) -> Filled {
        let text = &self.claim.text;
        text.template.fill(&case.texts(&text.given), profile)
    }

    /// Plays a case under a profile.
    ///
    /// # Errors
    /// When the scenario is wrong, an expression has no value, or the audit finds a law broken.
    pub(super) fn play(&self, case: &Case, profile: Option<&NamedProfile>) -> Result<Came, Stop> {
        let text = &self.claim.text;
        let constants = case.constants(&text.given);
        let no_metrics = vec![None; self.claim.metrics.len()];
        let given = Values { given: &constants, metrics: &no_metrics };
        if self.is_cheap() && !self.when(given, case)? {
            return Ok(Came::NotCounted);
        }
        let words = self.words(case, profile);
        let loaded = text
            .template
            .load(&self.filled(case, profile), &text.given, &words, &self.file.sources)
            .map_err(Stop::Faults)?;
        let scenario = loaded.scenario;
        self.check_labels(&scenario)?;
        let runs = self.runs(&scenario, &words)?;
        let stuck = runs.iter().find_map(|(tool, run)| Some((tool, run.outcome.as_ref().err()?)));
        let deadlock = stuck.map(|(tool, stuck)| report::deadlock(&tool.label, stuck));
        let finished = runs.iter().filter(|(_, run)| run.outcome.is_ok());
        let of = |metric: &super::Metric| {
            let (_, run) = finished.clone().find(|(tool, _)| tool.label == metric.label)?;
            metric.of(&scenario, run)
        };
        let metrics: Vec<Option<f64>> = self.claim.metrics.iter().map(of).collect();
        let deadlocked = |in_when: bool| {
            let mut metrics = self.claim.metrics.iter().filter(|metric| metric.in_when == in_when);
            metrics.any(|metric| !finished.clone().any(|(tool, _)| tool.label == metric.label))
        };
        if deadlocked(true) {
            return Ok(Came::NotCounted);
        }
        let values = Values { given: &constants, metrics: &metrics };
        if !self.is_cheap() && !self.when(values, case)? {
            return Ok(Came::NotCounted);
        }
        if deadlocked(false) {
            return Ok(Came::Failed(Seen { metrics, deadlock }));
        }
        let holds = self.value(&self.claim.expect, &text.expect, values, case)?;
        Ok(if holds { Came::Held } else { Came::Failed(Seen { metrics, deadlock: None }) })
    }

    /// Which case it is, for messages.
    pub(super) fn words(&self, case: &Case, profile: Option<&NamedProfile>) -> String {
        let mut words = case.words(&self.claim.text.given);
        if let Some(profile) = profile {
            let comma = if words.is_empty() { "" } else { ", " };
            words.extend([comma, "profile ", &profile.name]);
        }
        if words.is_empty() { words } else { format!("in the case {}", report::one_line(&words)) }
    }

    fn when(&self, values: Values<'_>, case: &Case) -> Result<bool, Stop> {
        match (&self.claim.when, &self.claim.text.when) {
            (Some(when), Some(text)) => self.value(when, text, values, case),
            _ => Ok(true),
        }
    }

    fn value(
        &self,
        truth: &Truth,
        text: &Located,
        values: Values<'_>,
        case: &Case,
    ) -> Result<bool, Stop> {
        truth.of(values).map_err(|trouble| {
            let fault = match trouble {
                Trouble::Zero(place) => text.fault(place, "division by zero"),
                Trouble::TooLarge(place) => {
                    text.fault(place, "the number becomes too large to reckon with")
                }
                Trouble::Empty(metric) => self.empty(metric),
            };
            let words = self.words(case, None);
            let fault = if words.is_empty() { fault } else { fault.help(words) };
            Stop::Faults(self.file.faults(vec![fault]))
        })
    }

    /// A metric that has no value.
    fn empty(&self, metric: usize) -> Fault {
        let metric = &self.claim.metrics[metric];
        let title = format!("`{}` is empty", metric.written());
        let fault = self.located(metric.in_when).fault(metric.place.clone(), title);
        fault.label("this metric is a ratio of times, and its divisor is zero or missing")
    }

    fn located(&self, in_when: bool) -> &Located {
        let text = &self.claim.text;
        text.when.as_ref().filter(|_| in_when).unwrap_or(&text.expect)
    }

    /// Refuses metrics of tools that the scenario does not have.
    fn check_labels(&self, scenario: &Scenario) -> Result<(), Stop> {
        let labels: Vec<&str> = scenario.tools.iter().map(|run| run.label.as_str()).collect();
        let mut faults = Vec::new();
        for metric in &self.claim.metrics {
            let located = self.located(metric.in_when);
            let place = metric.place.clone();
            if !labels.contains(&metric.label.as_str()) {
                let label = &metric.label;
                let title = format!("the scenario has no tool of label `{}`", shortened(label));
                faults.push(located.fault(place, title).suggest(label, labels.iter().copied()));
            } else if metric.compares() == Compares::Sequential && scenario.yardstick().is_none() {
                let title = "there is no `speedup` in a scenario without the tool `sequential`";
                faults.push(located.fault(place, title).label("measured against `sequential`"));
            } else if let Some(which) = metric.entry().filter(|it| it.find(scenario).is_none()) {
                faults.push(no_such_entry(which, scenario, located, place));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Stop::Faults(self.file.faults(faults))) }
    }

    /// Whether a tool has to be played.
    fn is_wanted(&self, run: &ToolRun, scenario: &Scenario) -> bool {
        self.claim.metrics.iter().any(|metric| match metric.compares() {
            Compares::Everybody => true,
            Compares::Sequential if scenario.yardstick() == Some(&run.label) => true,
            _ => metric.label == run.label,
        })
    }

    /// Plays the tools that are wanted and sets them against each other.
    fn runs<'s>(
        &self,
        scenario: &'s Scenario,
        words: &str,
    ) -> Result<Vec<(&'s ToolRun, Run)>, Stop> {
        let mut runs = Vec::new();
        for tool in scenario.tools.iter().filter(|tool| self.is_wanted(tool, scenario)) {
            self.listener.admit(scenario, tool).map_err(Stop::Wrong)?;
            match audited(scenario, tool) {
                Err(Stop::Wrong(wrong)) if !words.is_empty() => {
                    return Err(Stop::Wrong(format!("{wrong} ({words})")));
                }
                run => runs.push((tool, run?)),
            }
        }
        compare(scenario, runs.iter_mut().map(|(_, run)| run));
        Ok(runs)
    }
}

/// That the scenario has no such entry.
fn no_such_entry(
    which: &Which,
    scenario: &Scenario,
    located: &Located,
    place: Range<usize>,
) -> Fault {
    match which {
        Which::Named(name) => {
            let title =
                format!("the scenario has no `[[tasks]]` of the name `{}`", shortened(name));
            let names = scenario.tasks.iter().map(|entry| entry.name.as_str());
            located.fault(place, title).suggest(name, names)
        }
        Which::Numbered(number) => {
            let title = format!("the scenario has no `[[tasks]]` of the number {number}");
            let has = scenario.tasks.len();
            located.fault(place, title).label(format!("it has {has}, numbered from 0"))
        }
    }
}

/// A run under the audit.
fn audited(scenario: &Scenario, tool: &ToolRun) -> Result<Run, Stop> {
    let wrong = |error| Stop::Wrong(report::too_large(&tool.label, &error));
    let prepared = Prepared::new(scenario, tool, 0).map_err(wrong)?;
    let (run, violations) = prepared.play_audited(None).map_err(wrong)?;
    match violations.first() {
        Some(violation) => {
            Err(Stop::Bug(format!("`{}`: {violation}", report::one_line(&tool.label))))
        }
        None => Ok(run),
    }
}
