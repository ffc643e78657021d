//! What some tasks did, interval by interval: in one repetition of a program, and in its prediction.

use gilsim_core::ids::TaskId;
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_core::time::SimDuration;
use gilsim_core::trace::{Names, Row, Sink, State};

use super::{Repetition, ValidationError, played};

/// The most tasks whose intervals are kept.
pub(crate) const MOST_TASKS: usize = 20;

/// What a task did from one instant to another, in nanoseconds from the start of the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Interval {
    /// The task.
    pub task: TaskId,
    /// What it did. A real program cannot know when it waits for the lock or a core within a computation: there, one
    /// `running` or `native` interval covers both.
    pub state: State,
    /// The site, computation, semaphore or queue.
    pub name: String,
    /// Its begin.
    pub start: u64,
    /// Its end.
    pub end: u64,
    /// The CPU time within it, where a real program has measured one.
    pub cpu: Option<u64>,
}

/// The lanes of the same tasks, measured and predicted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Lanes {
    /// How many tasks there are; the lanes may be those of fewer.
    pub tasks: usize,
    /// When the repetition ended. How long the tool takes is the median of all repetitions, a
    /// [`Comparison`](super::Comparison).
    pub measured_end: SimDuration,
    /// When it ends as predicted for the same work.
    pub predicted_end: SimDuration,
    /// What was measured.
    pub measured: Vec<Interval>,
    /// What is predicted.
    pub predicted: Vec<Interval>,
}

/// Of how many tasks one has its intervals kept: the first, then every so many.
pub(super) fn stride(tasks: usize) -> usize {
    tasks.div_ceil(MOST_TASKS).max(1)
}

/// The lanes of the repetition of median makespan, and those of its prediction.
///
/// # Errors
/// When the work is not that of the scenario, or nothing was repeated.
pub(crate) fn lanes(
    scenario: &Scenario,
    run: &ToolRun,
    repetitions: &[Repetition],
) -> Result<Lanes, ValidationError> {
    let mut order: Vec<&Repetition> = repetitions.iter().collect();
    order.sort_by_key(|one| one.times.makespan);
    let middle = order.len().saturating_sub(1) / 2;
    let Some(median) = order.get(middle) else {
        return Err(ValidationError::Output("it did nothing".to_owned()));
    };
    let tasks = scenario.tasks.iter().map(|entry| entry.count as usize).sum();
    let mut kept = Kept { stride: stride(tasks), rows: Vec::new() };
    let played = played(scenario, run, &median.work, &median.notes, Some(&mut kept))?;
    Ok(Lanes {
        tasks,
        measured_end: median.times.makespan,
        predicted_end: played.totals.makespan,
        measured: median.intervals.clone(),
        predicted: kept.rows.iter().filter_map(|row| Interval::of(row, &played.names)).collect(),
    })
}

impl Interval {
    /// What a task is predicted to do.
    fn of(row: &Row, names: &Names) -> Option<Self> {
        Some(Self {
            task: row.task?,
            state: row.state,
            name: names.get(row.name).to_owned(),
            start: row.start.as_nanos(),
            end: row.end.as_nanos(),
            cpu: None,
        })
    }
}

/// Keeps the rows of some tasks.
struct Kept {
    stride: usize,
    rows: Vec<Row>,
}

impl Sink for Kept {
    fn row(&mut self, row: &Row) {
        if row.task.is_some_and(|task| task.index() % self.stride == 0) {
            self.rows.push(*row);
        }
    }
}
