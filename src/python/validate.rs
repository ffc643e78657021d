//! Prediction beside measurement: a scenario simulated, and done for real with the same work.
//!
//! A repetition of the program is predicted with the CPU time that its computations really took, since
//! the speed of a machine drifts, and with what it costs to note that. Where steps are tiny, notes would take longer than
//! what they tell of: then the program notes nothing, and is predicted for the work that the scenario has. What is compared
//! are the medians over the repetitions.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;

use crate::python::interpreter::Identity;
use gilsim_core::ids::TaskId;
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_core::profile::{Cost, Profile};
use gilsim_core::run::{Prepared, Run};
use gilsim_core::sink::summary::responses;
use gilsim_core::time::SimDuration;
use gilsim_core::trace::{Sink, State, Stuck};
use gilsim_core::workload::{Notes, TooLarge, Workload};

mod lanes;
pub(crate) mod report;

pub(crate) use lanes::{Interval, Lanes, lanes};

/// The most CPU time of one repetition that is believed: 10 years, far from where sums end.
const MOST_WORK: u128 = 10 * 365 * 86_400 * 1_000_000_000;

/// Why there is nothing to compare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ValidationError {
    /// This Python cannot do the scenario as it stands: why, and the way out.
    Unfit(String),
    /// What the program wrote is not what such programs write.
    Output(String),
    /// The scenario deadlocks; a real program would hang.
    Deadlock(Vec<Stuck>),
    /// The scenario asks for more time than can be counted.
    TooLarge(TooLarge),
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit(why) => f.write_str(why),
            Self::Output(what) => write!(f, "the program's output cannot be used: {what}"),
            Self::Deadlock(_) => f.write_str("it deadlocks in the simulation, so it was not run"),
            Self::TooLarge(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ValidationError {}

/// The times that are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Times {
    /// From nothing made to everything shut down.
    pub makespan: SimDuration,
    /// Of the response times, if they were noted.
    pub responses: Option<Responses>,
}

/// What is compared of the response times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Responses {
    /// The median.
    pub p50: SimDuration,
    /// The 95th percentile.
    pub p95: SimDuration,
}

/// One repetition of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Repetition {
    /// What it measured.
    pub times: Times,
    /// What its computations really took: task, leaf step, CPU time.
    pub work: Vec<(TaskId, u32, SimDuration)>,
    /// What it costs that it noted that.
    pub notes: Notes,
    /// What some of its tasks did: at most [`MOST_TASKS`] of them.
    pub intervals: Vec<Interval>,
}

/// What one tool of a scenario made of it on one Python, predicted and measured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Validation {
    /// The scenario as the user named it.
    pub scenario: String,
    /// The Python as the user named it.
    pub interpreter: String,
    /// Its version: `3.13.1`.
    pub python: String,
    /// How many cores were used.
    pub cores: u32,
    /// The label of the tool.
    pub tool: String,
    /// How many repetitions there are.
    pub repeats: usize,
    /// Makespan and, where response times were noted, p50 and p95.
    pub comparisons: Vec<Comparison>,
    /// What some tasks did, where the program noted it.
    pub lanes: Option<Lanes>,
}

/// One time, predicted and measured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Comparison {
    /// `makespan`, `p50` or `p95`.
    pub metric: &'static str,
    /// The median of the predictions.
    pub predicted: SimDuration,
    /// The median of the measurements.
    pub measured: SimDuration,
    /// The shortest measurement.
    pub shortest: SimDuration,
    /// The longest one.
    pub longest: SimDuration,
}

impl Comparison {
    /// How far the prediction is from the measurement, as a share of it: 0.02 is 2 % too long. `None` where
    /// nothing was measured but zero.
    #[expect(clippy::cast_precision_loss, reason = "an error is no exact number")]
    pub(crate) fn error(&self) -> Option<f64> {
        let (predicted, measured) = (self.predicted.as_nanos(), self.measured.as_nanos());
        let miss = i128::from(predicted) - i128::from(measured);
        (measured > 0).then(|| miss as f64 / measured as f64)
    }

    /// Whether the prediction is within `tolerance`, a share of the measurement. A miss of up to half the spread
    /// of the measurements is noise, and counts as none.
    pub(crate) fn is_within(&self, tolerance: f64) -> bool {
        let miss = self.predicted.as_nanos().abs_diff(self.measured.as_nanos());
        let spread = self.longest.as_nanos().saturating_sub(self.shortest.as_nanos());
        if miss <= spread / 2 {
            return true;
        }
        self.error().map_or(self.predicted == self.measured, |error| error.abs() <= tolerance)
    }
}

/// The run as this Python on this machine does it, with the costs of `profile`. What the scenario says of
/// the number of workers, sites, computations and the switch interval holds; what it says of costs, time slices and
/// more cores than there are does not.
///
/// # Errors
/// When this Python cannot do it.
pub(crate) fn fitted(
    run: &ToolRun,
    profile: &Profile,
    identity: &Identity,
) -> Result<ToolRun, ValidationError> {
    let (tool, python) = (run.tool.name(), format!("Python {}", identity.version));
    let since = run.descriptor().since.as_ref();
    if let Some(since) = since.filter(|_| !profile.has(run.tool)) {
        let unfit = format!("{python} has no {tool}: {}", since.words);
        return Err(ValidationError::Unfit(unfit));
    }
    if !run.setting.interpreter.lock && identity.locked {
        let way_out = "take a free-threaded build";
        return Err(ValidationError::Unfit(format!(
            "the scenario has no interpreter lock and {python} does: {way_out}"
        )));
    }
    let mut run = run.clone();
    let setting = &mut run.setting;
    setting.machine.cores = setting.machine.cores.min(identity.cores.max(1));
    setting.machine.quantum = profile.machine.quantum.0;
    setting.machine.wake_latency = profile.machine.wake_latency.0;
    setting.interpreter.lock = identity.locked;
    // The program calibrates its computations, so they take what the scenario says.
    setting.interpreter.profile = Arc::new(Profile { compute_permille: 1_000, ..profile.clone() });
    Ok(run)
}

/// The times that the simulation predicts for the work as the scenario has it.
///
/// # Errors
/// When the scenario deadlocks or is too large.
pub(crate) fn forecast(scenario: &Scenario, run: &ToolRun) -> Result<Times, ValidationError> {
    simulated(scenario, run, &[], &Notes::default())
}

/// The run where processes have been started before.
fn without_first_starts(run: &ToolRun) -> ToolRun {
    let mut later = run.clone();
    let process = &mut Arc::make_mut(&mut later.setting.interpreter.profile).process;
    for costs in [&mut process.fork, &mut process.spawn, &mut process.forkserver] {
        costs.first = Cost::default();
    }
    later
}

/// Sets what was measured beside what is predicted for the same work: makespan, p50, p95.
///
/// # Errors
/// When the work is not that of the scenario, or nothing was repeated.
pub(crate) fn compared(
    scenario: &Scenario,
    run: &ToolRun,
    repetitions: &[Repetition],
) -> Result<Vec<Comparison>, ValidationError> {
    if repetitions.is_empty() {
        return Err(ValidationError::Output("it did nothing".to_owned()));
    }
    // Only the first repetition of a program starts the resource tracker and the fork server.
    let later = without_first_starts(run);
    let runs = std::iter::once(run).chain(std::iter::repeat(&later));
    let predicted: Result<Vec<Times>, ValidationError> = repetitions
        .iter()
        .zip(runs)
        .map(|(one, run)| simulated(scenario, run, &one.work, &one.notes))
        .collect();
    let predicted = predicted?;
    let measured: Vec<Times> = repetitions.iter().map(|one| one.times).collect();
    let compare = |metric, of| comparison(metric, [&predicted, &measured], of);
    let all = [
        compare("makespan", |times| Some(times.makespan)),
        compare("p50", |times| Some(times.responses?.p50)),
        compare("p95", |times| Some(times.responses?.p95)),
    ];
    Ok(all.into_iter().flatten().collect())
}

/// One of the predicted and measured times, if it was measured.
fn comparison(
    metric: &'static str,
    [predicted, measured]: [&[Times]; 2],
    of: fn(&Times) -> Option<SimDuration>,
) -> Option<Comparison> {
    let sorted = |times: &[Times]| {
        let mut values: Vec<SimDuration> = times.iter().map(of).collect::<Option<_>>()?;
        values.sort_unstable();
        Some(values)
    };
    let (predicted, measured) = (sorted(predicted)?, sorted(measured)?);
    let middle = (measured.len() - 1) / 2;
    Some(Comparison {
        metric,
        predicted: predicted[middle],
        measured: measured[middle],
        shortest: measured[0],
        longest: measured[measured.len() - 1],
    })
}

/// Plays the scenario with these lengths of computations in place of its own, and with notes.
fn played(
    scenario: &Scenario,
    tool: &ToolRun,
    work: &[(TaskId, u32, SimDuration)],
    notes: &Notes,
    sink: Option<&mut dyn Sink>,
) -> Result<Run, ValidationError> {
    let drawn = Workload::sample(scenario, &tool.setting, 0);
    let mut workload = drawn.map_err(ValidationError::TooLarge)?;
    for (task, step, length) in work {
        if !workload.set_computation(*task, *step, *length) {
            let what = format!("step {step} of task {} computes nothing in the scenario", task.0);
            return Err(ValidationError::Output(what));
        }
    }
    workload.add_notes(notes);
    let prepared = Prepared::of_drawn(scenario, tool, 0, workload);
    prepared.and_then(|it| it.play(sink)).map_err(ValidationError::TooLarge)
}

/// The times of the scenario with these lengths of computations in place of its own, and with notes.
fn simulated(
    scenario: &Scenario,
    tool: &ToolRun,
    work: &[(TaskId, u32, SimDuration)],
    notes: &Notes,
) -> Result<Times, ValidationError> {
    let played = played(scenario, tool, work, notes, None)?;
    let row = played.outcome.map_err(ValidationError::Deadlock)?;
    let [makespan, p50, p95] =
        [row.makespan_ns, row.response.p50_ns, row.response.p95_ns].map(SimDuration::from_nanos);
    Ok(Times { makespan, responses: Some(Responses { p50, p95 }) })
}

/// What a program prints with `--json`, a line for each repetition.
#[derive(Deserialize)]
struct PrintedRun {
    #[serde(rename = "makespan_ns")]
    makespan: u64,
    #[serde(rename = "responses_ns")]
    responses: Option<Vec<u64>>,
    #[serde(rename = "note_ns", default)]
    note: u64,
    #[serde(rename = "computation_ns", default)]
    computation: u64,
}

/// What a note is when it is pickled: a tuple of seven, most of them numbers.
const NOTE: (u64, u32) = (32, 8);

impl PrintedRun {
    fn notes(&self) -> Notes {
        if self.note == 0 {
            return Notes::default();
        }
        let [step, computation] = [self.note, self.computation].map(SimDuration::from_nanos);
        Notes { step, computation, bytes: NOTE.0, objects: NOTE.1 }
    }

    fn times(self) -> Times {
        let responses = self.responses.map(|lengths| {
            let found = responses(lengths);
            let [p50, p95] = [found.p50_ns, found.p95_ns].map(SimDuration::from_nanos);
            Responses { p50, p95 }
        });
        Times { makespan: SimDuration::from_nanos(self.makespan), responses }
    }
}

/// The columns of a program's trace that are needed here.
#[derive(Deserialize)]
struct TraceRow {
    replicate: usize,
    task: u32,
    step: u32,
    state: String,
    name: String,
    start_ns: u64,
    end_ns: u64,
    cpu_ns: Option<u64>,
}

/// The repetitions of a program for so many tasks: `json` is what it printed with `--json`, `trace` what it wrote
/// with `--trace`, empty without. Of a program that was stopped midway, those that it had finished.
///
/// # Errors
/// When they are not what such programs write.
pub(crate) fn repetitions(
    json: &str,
    trace: &str,
    tasks: usize,
) -> Result<Vec<Repetition>, ValidationError> {
    let garbled = |error: &dyn fmt::Display| ValidationError::Output(error.to_string());
    let mut repetitions = Vec::new();
    for line in whole_lines(json).lines() {
        let run: PrintedRun = serde_json::from_str(line).map_err(|error| garbled(&error))?;
        let ended = run.responses.as_ref().map(Vec::len);
        if let Some(ended) = ended.filter(|ended| *ended != tasks) {
            return Err(garbled(&format!("{ended} tasks ended, and there are {tasks}")));
        }
        let notes = run.notes();
        let (work, intervals) = (Vec::new(), Vec::new());
        repetitions.push(Repetition { times: run.times(), work, notes, intervals });
    }
    let stride = lanes::stride(tasks);
    for row in csv::Reader::from_reader(whole_lines(trace).as_bytes()).deserialize() {
        let TraceRow { replicate, task, step, state, name, start_ns, end_ns, cpu_ns } =
            row.map_err(|error| garbled(&error))?;
        // One that has not finished has its rows, and no line of its own.
        let Some(one) = repetitions.get_mut(replicate) else { continue };
        let (task, named) = (TaskId(task), State::ALL.into_iter().find(|one| one.name() == state));
        let state = named.ok_or_else(|| garbled(&format!("there is no state `{state}`")))?;
        if let Some(cpu) = cpu_ns {
            one.work.push((task, step, SimDuration::from_nanos(cpu)));
        }
        if task.index() % stride == 0 {
            let (start, end) = (start_ns, end_ns.max(start_ns));
            one.intervals.push(Interval { task, state, name, start, end, cpu: cpu_ns });
        }
    }
    let total = |one: &Repetition| -> u128 {
        one.work.iter().map(|(_, _, cpu)| u128::from(cpu.as_nanos())).sum()
    };
    if repetitions.iter().any(|one| total(one) > MOST_WORK) {
        return Err(garbled(&"its computations took longer than 10 years"));
    }
    Ok(repetitions)
}

/// The text up to the end of its last line: what a program that was stopped left behind it is no line.
fn whole_lines(text: &str) -> &str {
    text.rfind('\n').map_or("", |end| &text[..=end])
}

#[cfg(test)]
mod tests;
