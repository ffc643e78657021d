//! Waiting for others: for which share of their time the tasks of each entry do.

use std::collections::BTreeSet;

use gilsim_core::ids::TaskId;
use gilsim_core::model::Scenario;
use gilsim_core::sink::fraction::Fraction;
use gilsim_core::trace::{Row, Sink, State};

/// Listens to a run and adds up the time of each entry's tasks.
#[derive(Clone, Debug)]
pub struct Waits {
    /// The number of the first task after each entry.
    ends: Vec<u32>,
    times: Vec<Times>,
}

#[derive(Clone, Copy, Default, Debug)]
struct Times {
    all: u128,
    waiting: u128,
}

impl Waits {
    /// For scenarios with several entries, each with a name of its own and a known number of tasks.
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let entries = &scenario.tasks;
        let mut names = BTreeSet::from([""]);
        let is_bounded = |endless: bool| !endless && scenario.horizon.is_none();
        let mut all = entries.iter();
        if entries.len() < 2 || !all.all(|it| is_bounded(it.endless) && names.insert(&it.name)) {
            return None;
        }
        let mut end = 0;
        let ends = entries.iter().map(|entry| {
            end += entry.count;
            end
        });
        Some(Self { ends: ends.collect(), times: vec![Times::default(); entries.len()] })
    }

    /// For each entry, the share of its tasks' time in which they wait for others: for the lock, for a core or their loop, for
    /// a permit, an item, a connection or an executor, or for a worker.
    pub(super) fn shares(&self) -> impl Iterator<Item = Fraction> {
        self.times.iter().map(|times| Fraction::of(times.waiting, times.all).unwrap_or_default())
    }

    fn entry(&self, task: TaskId) -> usize {
        self.ends.partition_point(|end| *end <= task.0)
    }
}

impl Sink for Waits {
    fn row(&mut self, row: &Row) {
        let Some(task) = row.task else { return };
        let entry = self.entry(task);
        let length = u128::from(row.length().as_nanos());
        let times = &mut self.times[entry];
        times.all += length;
        if matches!(row.state, State::LockWait | State::Ready | State::Sync | State::Queued) {
            times.waiting += length;
        }
    }
}
