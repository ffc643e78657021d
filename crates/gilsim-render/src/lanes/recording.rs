//! What is kept of one run.

use std::collections::BTreeMap;

use super::every::Every;
use super::lane::Store;
use super::piece::Piece;
use super::timeline::{Timeline, as_float};
use gilsim_core::ids::{CoreId, LockId, NameId, ProcessId, TaskId, ThreadId};
use gilsim_core::time::SimDuration;
use gilsim_core::trace::{Row, State};

/// What is kept of one run.
#[derive(Clone, Debug)]
pub struct Recording {
    pub(crate) makespan: u64,
    /// Lanes for a picture. Of threads only the main one, of coroutines none where there are too many.
    pub(crate) lanes: Lanes,
    pub(super) every: Option<Every>,
    /// Who waited longest for a lock.
    pub(crate) worst_waiter: Option<(ThreadId, u64)>,
    /// Whether threads and coroutines together are too many to be shown one by one.
    pub(crate) crowded: bool,
    pub(crate) task_count: usize,
    /// Cores in running, native and overhead.
    pub(crate) busy: Timeline<3>,
    /// Locks held.
    pub(crate) held: Timeline<1>,
    /// Tasks in each state.
    pub(crate) shares: Timeline<9>,
    /// Requests in flight.
    pub(crate) sites: Vec<(NameId, Timeline<1>)>,
    /// Task time by state, in nanoseconds.
    pub(crate) totals: [u128; 9],
    /// Whether anybody was ever in a state.
    pub(crate) occurs: [bool; 9],
}

impl Recording {
    /// How long the run took.
    pub const fn makespan(&self) -> SimDuration {
        SimDuration::from_nanos(self.makespan)
    }

    /// Every interval, where they were kept for a page.
    pub const fn every(&self) -> Option<&Every> {
        self.every.as_ref()
    }

    /// The share of all task time in a state, 0 to 1.
    pub fn share(&self, state: State) -> f64 {
        let all: u128 = self.totals.iter().sum();
        if all == 0 { 0.0 } else { as_float(self.totals[state as usize]) / as_float(all) }
    }

    /// How much of the run the busiest lock was held, 0 to 1; none where no lock was taken.
    pub fn lock_held_share(&self) -> Option<f64> {
        let most = self.lanes.locks.iter().map(|lock| lock.held).max()?;
        (self.makespan > 0).then(|| as_float(most) / as_float(u128::from(self.makespan)))
    }

    /// Whether coroutines have lanes of their own.
    pub(crate) const fn shows_coroutines(&self) -> bool {
        !self.crowded && !self.lanes.coroutines.is_empty()
    }

    /// Whether a task is ever on this thread, or on its loop.
    pub(crate) fn works(&self, thread: &ThreadRecord) -> bool {
        thread.works || self.lanes.coroutines.iter().any(|own| own.home == thread.thread)
    }
}

/// Lanes with those whose they are, each sort in the order of numbers.
#[derive(Clone, Default, Debug)]
pub(crate) struct Lanes {
    pub(crate) threads: Vec<ThreadRecord>,
    pub(crate) coroutines: Vec<CoroutineRecord>,
    pub(crate) locks: Vec<LockRecord>,
    pub(crate) cores: Vec<(CoreId, Vec<Piece>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct ThreadRecord {
    pub(crate) thread: ThreadId,
    pub(crate) process: ProcessId,
    /// Whether a task was ever on it.
    pub(crate) works: bool,
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
pub(crate) struct CoroutineRecord {
    pub(crate) task: TaskId,
    /// Its loop's thread.
    pub(crate) home: ThreadId,
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
pub(crate) struct LockRecord {
    pub(crate) process: ProcessId,
    pub(crate) held: u128,
    /// None where there are too many locks, or where it was held for no time.
    pub(crate) pieces: Option<Vec<Piece>>,
}

impl Lanes {
    pub(super) fn of(
        store: Store,
        seen: &Threads,
        held: &BTreeMap<LockId, Held>,
        homes: &BTreeMap<TaskId, ThreadId>,
    ) -> Self {
        let [threads, coroutines, mut locks, cores] = store;
        let threads = threads.into_iter().map(|(number, lane)| {
            let thread = ThreadId(number);
            let (process, works) = (seen.process(thread), seen.works(thread));
            ThreadRecord { thread, process, works, pieces: lane.pieces }
        });
        let coroutines = coroutines.into_iter().map(|(number, lane)| {
            let task = TaskId(number);
            let home = homes.get(&task).copied().unwrap_or(ThreadId::MAIN);
            CoroutineRecord { task, home, pieces: lane.pieces }
        });
        let locks = held.iter().map(|(lock, held)| LockRecord {
            process: seen.process(held.first),
            held: held.time,
            pieces: locks.remove(&lock.0).map(|lane| lane.pieces),
        });
        let cores = cores.into_iter().map(|(number, lane)| (CoreId(number), lane.pieces));
        Self {
            threads: threads.collect(),
            coroutines: coroutines.collect(),
            locks: locks.collect(),
            cores: cores.collect(),
        }
    }
}

/// What is kept of every lock.
#[derive(Debug)]
pub(super) struct Held {
    /// Who had it first.
    pub(super) first: ThreadId,
    pub(super) time: u128,
}

/// What is kept of every thread.
#[derive(Debug, Default)]
pub(super) struct Threads {
    seen: Vec<Option<Seen>>,
    /// How many were seen.
    pub(super) count: usize,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    process: ProcessId,
    lock_wait: u64,
    works: bool,
}

impl Threads {
    pub(super) fn see(&mut self, thread: ThreadId, row: &Row) {
        if self.seen.len() <= thread.index() {
            self.seen.resize(thread.index() + 1, None);
        }
        let seen = self.seen[thread.index()].get_or_insert_with(|| {
            self.count += 1;
            let process = row.process.unwrap_or(ProcessId::MAIN);
            Seen { process, lock_wait: 0, works: false }
        });
        seen.works |= row.task.is_some();
        if row.state == State::LockWait {
            let wait = row.end.saturating_since(row.start).as_nanos();
            seen.lock_wait = seen.lock_wait.saturating_add(wait);
        }
    }

    fn get(&self, thread: ThreadId) -> Option<Seen> {
        self.seen.get(thread.index()).copied().flatten()
    }

    fn process(&self, thread: ThreadId) -> ProcessId {
        self.get(thread).map_or(ProcessId::MAIN, |seen| seen.process)
    }

    fn works(&self, thread: ThreadId) -> bool {
        self.get(thread).is_some_and(|seen| seen.works)
    }

    /// Who waited longest for a lock, the first of those who waited equally long.
    pub(super) fn worst_waiter(&self) -> Option<(ThreadId, u64)> {
        let waits = self.seen.iter().enumerate().filter_map(|(thread, seen)| {
            let wait = (*seen)?.lock_wait;
            (wait > 0).then(|| (ThreadId::at(thread), wait))
        });
        waits.rev().max_by_key(|&(_, wait)| wait)
    }
}
