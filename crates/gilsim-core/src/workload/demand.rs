//! How much is asked for in all, and what is too much to be played.

use std::fmt;

use crate::ids::ComputationId;
use crate::model::{Payload, Setting};

use super::{Column, Entry, Length, Spent, Step, Workload};

/// A run that is beyond what gilsim can count or keep.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TooLarge {
    /// Simulated time would pass 2^62 ns (146 years).
    Time,
    /// More tasks would arrive before the horizon than gilsim keeps.
    Tasks,
    /// More lists of steps would be done at the same time than gilsim keeps.
    Lists,
    /// Threads would take turns that often.
    Turns(u128),
}

/// The most turns that the threads of a run may take: hours of playing.
pub const TURNS: u128 = 10_000_000_000;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time => f.write_str(
                "the waits and computations of this run add up to more than 146 years, \
                 the most that gilsim counts: use shorter durations or fewer tasks",
            ),
            Self::Tasks => f.write_str(
                "more than 20 million tasks of one entry arrive before `run.until`, more than gilsim keeps: \
                 make the gaps longer, or `run.until` earlier",
            ),
            Self::Lists => f.write_str(
                "the tasks of this run have more than 200 million lists in their `all` and `first`, more than gilsim \
                 keeps: use fewer tasks, or fewer lists",
            ),
            Self::Turns(turns) => write!(
                f,
                "threads of this run may take turns at the lock or the cores {turns} times, and gilsim plays no more \
                 than {TURNS}: use a longer `switch_interval` and `quantum`, shorter computations, smaller payloads, \
                 or fewer tasks",
            ),
        }
    }
}

impl std::error::Error for TooLarge {}

/// The most simulated time that the demands of one run may add up to.
const LONGEST_RUN: u128 = 1 << 62;

impl Workload {
    /// Refuses a run whose demands cannot be added up in 64 bits, whatever the schedule.
    pub(super) fn check_total(&self, setting: &Setting) -> Result<(), TooLarge> {
        let factor = u128::from(setting.interpreter.profile.compute_permille).max(1_000);
        let last = self.instants.iter().max().map_or(0, |last| last.as_nanos());
        let mut total = u128::from(last);
        for (index, entry) in self.entries.iter().enumerate() {
            let constant: u128 = self.script(index).iter().map(Step::constant_nanos).sum();
            total += constant * u128::from(entry.count) * factor / 1_000;
            total += entry.closed.map_or(0, |closed| closed.think.constant_nanos())
                * u128::from(entry.count);
        }
        total += self.columns.iter().map(Column::total).sum::<u128>() * factor / 1_000;
        if total > LONGEST_RUN { Err(TooLarge::Time) } else { Ok(()) }
    }

    /// Nanoseconds of CPU time that all computations together demand, of those that `counts` says yes to.
    pub fn computing_nanos(&self, counts: impl Fn(Option<ComputationId>) -> bool) -> u128 {
        let of_step = |(entry, step): (usize, &Step)| match step.action.spends() {
            Some((Spent::Computing(computation), length)) if counts(computation) => {
                self.total_length(entry, length)
            }
            _ => 0,
        };
        let entries = 0..self.entry_count();
        let steps = entries.flat_map(|entry| self.script(entry).iter().map(move |it| (entry, it)));
        steps.map(of_step).sum()
    }

    /// How many steps all tasks take together, and how long they wait and compute.
    pub fn demand(&self) -> Demand {
        let mut demand = Demand::default();
        for entry in 0..self.entry_count() {
            for step in self.script(entry) {
                if step.action.is_leaf() {
                    demand.steps += u128::from(self.tasks_of(entry));
                }
                if let Some((_, length)) = step.action.spends() {
                    demand.nanos += self.total_length(entry, length);
                }
            }
        }
        demand
    }

    /// The sum over all tasks of what is asked of their payloads.
    pub fn sum_of_payloads(&self, of: impl Fn(Payload) -> u128) -> u128 {
        let of_entry = |entry: &Entry| u128::from(entry.count) * of(entry.payload);
        self.entries.iter().map(of_entry).sum()
    }

    /// Whether any task has a payload.
    pub fn sends_something(&self) -> bool {
        self.entries.iter().any(|entry| entry.payload.is_something())
    }
}

/// What all tasks together ask for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Demand {
    /// Leaf steps.
    pub steps: u128,
    /// Nanoseconds of waiting and computing.
    pub nanos: u128,
}

impl Step {
    fn constant_nanos(&self) -> u128 {
        match self.action.spends() {
            Some((_, length)) => length.constant_nanos(),
            None => 0,
        }
    }
}

impl Length {
    fn constant_nanos(self) -> u128 {
        match self {
            Self::Constant(length) => u128::from(length.as_nanos()),
            Self::Drawn(_) => 0,
        }
    }
}
