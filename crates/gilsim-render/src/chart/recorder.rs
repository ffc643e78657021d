//! Takes a run as it streams by and keeps what a figure can show of it, in bounded memory.

use std::collections::BTreeMap;

use super::lane::{Lane, Piece};
use super::timeline::{Timeline, as_float};
use gilsim_core::ids::{CoreId, LockId, NameId, ProcessId, TaskId, ThreadId};
use gilsim_core::time::SimDuration;
use gilsim_core::trace::{Hold, Row, Sink, State};

/// Threads and coroutines that a panel shows one by one; above it shows shares of all tasks.
pub const MOST_WORKERS: usize = 40;
/// Cores and locks that are recorded one by one.
const MOST_RESOURCES: usize = 16;

/// Listens to one run and keeps a bounded reduction of it for a chart: see [`Recorder::finish`].
///
/// Memory: at most 40 lanes of threads, 40 of tasks, 16 of cores and 16 of locks, each of at most 6,144 pieces of
/// 48 bytes (120 where short intervals were merged), so 83 MB at the very worst and a few in practice; 0.9 MB for the
/// shares of the states and 0.1 MB for each site; besides, 32 bytes a thread, 1 byte a task and 64 bytes a lock.
#[derive(Debug, Default)]
pub struct Recorder {
    threads: BTreeMap<ThreadId, Lane>,
    tasks: BTreeMap<TaskId, TaskLane>,
    locks: BTreeMap<LockId, LockLane>,
    cores: BTreeMap<CoreId, Lane>,
    seen: Vec<Option<Seen>>,
    thread_count: usize,
    coroutine: Vec<bool>,
    coroutine_count: usize,
    busy: Timeline<3>,
    held: Timeline<1>,
    shares: Timeline<9>,
    sites: Vec<(NameId, Timeline<1>)>,
    site_of: BTreeMap<NameId, usize>,
    totals: [u128; 9],
}

/// What is kept of every thread.
#[derive(Clone, Copy, Debug)]
struct Seen {
    process: ProcessId,
    lock_wait: u64,
    /// Whether a task was ever on it.
    works: bool,
}

#[derive(Debug, Default)]
struct TaskLane {
    lane: Lane,
    /// The first thread it was on: for a coroutine, its loop's. One that waits before it is on any is on
    /// the main thread's loop.
    home: Option<ThreadId>,
}

#[derive(Debug)]
struct LockLane {
    first: ThreadId,
    held: u128,
    lane: Option<Lane>,
}

impl Recorder {
    /// A recorder of a run. `sites` are the names that mean a site in the rows to come, in the order of their lanes.
    pub fn new(sites: impl IntoIterator<Item = NameId>) -> Self {
        let mut recorder = Self::default();
        for name in sites {
            recorder.site_of.entry(name).or_insert_with(|| {
                recorder.sites.push((name, Timeline::default()));
                recorder.sites.len() - 1
            });
        }
        recorder
    }

    /// Ends the recording of a run that took `makespan`.
    pub fn finish(self, makespan: SimDuration) -> Recording {
        let makespan = makespan.as_nanos();
        // A quarter of a figure's pixel or less, so that a figure loses nothing by it.
        let grain = makespan / 4096;
        let seen = self.seen;
        let process = |thread: ThreadId| process_of(&seen, thread);
        let threads = self.threads.into_iter().map(|(thread, lane)| ThreadRecord {
            thread,
            process: process(thread),
            works: seen.get(thread.index()).copied().flatten().is_some_and(|seen| seen.works),
            pieces: lane.into_pieces(grain),
        });
        let coroutines = self.tasks.into_iter().filter(|(task, _)| self.coroutine[task.index()]);
        let coroutines = coroutines.map(|(task, kept)| CoroutineRecord {
            task,
            home: kept.home.unwrap_or(ThreadId::MAIN),
            pieces: kept.lane.into_pieces(grain),
        });
        let locks = self.locks.into_values().map(|kept| LockRecord {
            process: process(kept.first),
            held: kept.held,
            pieces: kept.lane.map(|lane| lane.into_pieces(grain)),
        });
        let cores = self.cores.into_iter().map(|(core, lane)| (core, lane.into_pieces(grain)));
        Recording {
            makespan,
            threads: threads.collect(),
            coroutines: coroutines.collect(),
            locks: locks.collect(),
            cores: cores.collect(),
            worst_waiter: worst_waiter(&seen),
            crowded: self.thread_count + self.coroutine_count > MOST_WORKERS,
            task_count: self.coroutine.len(),
            busy: self.busy,
            held: self.held,
            shares: self.shares,
            sites: self.sites,
            totals: self.totals,
        }
    }

    fn on_thread(&mut self, thread: ThreadId, row: &Row) {
        if self.seen.len() <= thread.index() {
            self.seen.resize(thread.index() + 1, None);
        }
        let seen = self.seen[thread.index()].get_or_insert_with(|| {
            self.thread_count += 1;
            let process = row.process.unwrap_or(ProcessId::MAIN);
            Seen { process, lock_wait: 0, works: false }
        });
        seen.works |= row.task.is_some();
        if row.state == State::LockWait {
            seen.lock_wait = seen.lock_wait.saturating_add(length(row));
        }
        if self.thread_count > MOST_WORKERS {
            self.threads.retain(|&thread, _| thread == ThreadId::MAIN);
            if thread != ThreadId::MAIN {
                return;
            }
        }
        let lane = self.threads.entry(thread).or_default();
        lane.push(row.state, row.name, row.task.map(|task| task.0), span(row));
    }

    fn on_task(&mut self, task: TaskId, row: &Row) {
        self.totals[row.state as usize] += u128::from(length(row));
        self.shares.add(row.state as usize, span(row));
        if self.coroutine.len() <= task.index() {
            self.coroutine.resize(task.index() + 1, false);
        }
        // Only a task that lives on an event loop is off its thread while it is under way.
        let off_thread = row.thread.is_none() && row.state != State::Queued;
        if off_thread && !self.coroutine[task.index()] {
            self.coroutine[task.index()] = true;
            self.coroutine_count += 1;
        }
        self.keep_task_lane(task, row);
        if matches!(row.state, State::Io | State::Suspended)
            && let Some(&site) = self.site_of.get(&row.name)
        {
            self.sites[site].1.add(0, span(row));
        }
    }

    fn keep_task_lane(&mut self, task: TaskId, row: &Row) {
        if self.coroutine_count > MOST_WORKERS {
            self.tasks.clear();
            return;
        }
        let is_coroutine = self.coroutine[task.index()];
        if !self.tasks.contains_key(&task) && self.tasks.len() >= MOST_WORKERS {
            let coroutine = &self.coroutine;
            self.tasks.retain(|task, _| coroutine[task.index()]);
            if !is_coroutine {
                return;
            }
        }
        let kept = self.tasks.entry(task).or_default();
        let off_thread = row.thread.is_none() && row.state != State::Queued;
        kept.home = kept.home.or(row.thread).or(off_thread.then_some(ThreadId::MAIN));
        if row.state != State::Queued {
            kept.lane.push(row.state, row.name, None, span(row));
        }
    }

    fn on_core(&mut self, core: CoreId, row: &Row) {
        let series = match row.state {
            State::Running => 0,
            State::Native => 1,
            State::Overhead => 2,
            _ => return,
        };
        self.busy.add(series, span(row));
        if core.index() < MOST_RESOURCES {
            let lane = self.cores.entry(core).or_default();
            lane.push(row.state, row.name, row.thread.map(|thread| thread.0), span(row));
        }
    }
}

impl Sink for Recorder {
    fn row(&mut self, row: &Row) {
        if let Some(thread) = row.thread {
            self.on_thread(thread, row);
        }
        if let Some(task) = row.task {
            self.on_task(task, row);
        }
        if let Some(core) = row.core {
            self.on_core(core, row);
        }
    }

    fn hold(&mut self, hold: &Hold) {
        let (start, end) = (hold.start.as_nanos(), hold.end.as_nanos());
        if start >= end {
            return;
        }
        self.held.add(0, (start, end));
        let keep = self.locks.len() < MOST_RESOURCES;
        let kept = self.locks.entry(hold.lock).or_insert_with(|| LockLane {
            first: hold.thread,
            held: 0,
            lane: keep.then(Lane::default),
        });
        kept.held += u128::from(end - start);
        if let Some(lane) = &mut kept.lane {
            lane.push(State::Running, NameId::EMPTY, Some(hold.thread.0), (start, end));
        }
    }
}

/// Zero where a row ends before it begins, which none does.
fn length(row: &Row) -> u64 {
    row.end.saturating_since(row.start).as_nanos()
}

fn span(row: &Row) -> (u64, u64) {
    (row.start.as_nanos(), row.end.as_nanos())
}

fn process_of(seen: &[Option<Seen>], thread: ThreadId) -> ProcessId {
    seen.get(thread.index()).copied().flatten().map_or(ProcessId::MAIN, |seen| seen.process)
}

/// The one that waited longest for a lock; of several, the first.
fn worst_waiter(seen: &[Option<Seen>]) -> Option<(ThreadId, u64)> {
    let waits = seen.iter().enumerate().filter_map(|(thread, seen)| {
        let wait = (*seen)?.lock_wait;
        (wait > 0).then(|| (ThreadId::at(thread), wait))
    });
    waits.rev().max_by_key(|&(_, wait)| wait)
}

/// What is kept of one run for a chart.
#[derive(Clone, Debug)]
pub struct Recording {
    pub(super) makespan: u64,
    /// In order of birth; only the main one where there are too many.
    pub(super) threads: Vec<ThreadRecord>,
    /// By task; none where there are too many.
    pub(super) coroutines: Vec<CoroutineRecord>,
    pub(super) locks: Vec<LockRecord>,
    pub(super) cores: Vec<(CoreId, Vec<Piece>)>,
    pub(super) worst_waiter: Option<(ThreadId, u64)>,
    /// Whether threads and coroutines together are too many to be shown one by one.
    pub(super) crowded: bool,
    pub(super) task_count: usize,
    /// Cores in running, native and overhead.
    pub(super) busy: Timeline<3>,
    /// Locks held.
    pub(super) held: Timeline<1>,
    /// Tasks in each state.
    pub(super) shares: Timeline<9>,
    /// Requests in flight.
    pub(super) sites: Vec<(NameId, Timeline<1>)>,
    /// Task time by state, in nanoseconds.
    pub(super) totals: [u128; 9],
}

#[derive(Clone, Debug)]
pub(super) struct ThreadRecord {
    pub(super) thread: ThreadId,
    pub(super) process: ProcessId,
    /// Whether a task was ever on it.
    pub(super) works: bool,
    pub(super) pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
pub(super) struct CoroutineRecord {
    pub(super) task: TaskId,
    /// Its loop's thread.
    pub(super) home: ThreadId,
    pub(super) pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
pub(super) struct LockRecord {
    pub(super) process: ProcessId,
    pub(super) held: u128,
    /// None where there are too many locks.
    pub(super) pieces: Option<Vec<Piece>>,
}

impl Recording {
    /// How long the run took.
    pub const fn makespan(&self) -> SimDuration {
        SimDuration::from_nanos(self.makespan)
    }

    /// The share of all task time in a state, 0 to 1.
    pub fn share(&self, state: State) -> f64 {
        let all: u128 = self.totals.iter().sum();
        if all == 0 { 0.0 } else { as_float(self.totals[state as usize]) / as_float(all) }
    }

    /// How much of the run the busiest lock was held, 0 to 1; none where no lock was taken.
    pub fn lock_held_share(&self) -> Option<f64> {
        let most = self.locks.iter().map(|lock| lock.held).max()?;
        (self.makespan > 0).then(|| as_float(most) / as_float(u128::from(self.makespan)))
    }

    /// Whether coroutines have lanes of their own.
    pub(super) const fn shows_coroutines(&self) -> bool {
        !self.crowded && !self.coroutines.is_empty()
    }

    /// Whether a task is ever on this thread, or on its loop.
    pub(super) fn works(&self, thread: &ThreadRecord) -> bool {
        thread.works || self.coroutines.iter().any(|own| own.home == thread.thread)
    }
}
