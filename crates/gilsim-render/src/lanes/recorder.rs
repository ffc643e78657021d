//! Takes a run as it streams by and keeps its lanes, its levels over time and a few sums.

use std::collections::BTreeMap;

use super::every::EveryRecorder;
use super::lane::{Lane, Sort, Store};
use super::piece::Piece;
use super::recording::{Held, Lanes, Recording, Threads};
use super::timeline::Timeline;
use gilsim_core::ids::{CoreId, LockId, NameId, TaskId, ThreadId};
use gilsim_core::time::SimDuration;
use gilsim_core::trace::{Hold, Row, Sink, State};

/// Threads and coroutines that a panel shows one by one; above it shows shares of all tasks.
pub(crate) const MOST_WORKERS: usize = 40;
/// Cores and locks that are recorded one by one.
const MOST_RESOURCES: usize = 16;

/// Listens to one run: see [`Recorder::finish`].
///
/// Memory: for a picture, at most 40 lanes of threads, 40 of tasks, 16 of cores and 16 of locks, each of at most 6,144
/// pieces of 48 bytes (128 where short intervals were merged), so 88 MB at the very worst and a few in practice; 0.9 MB
/// for the shares of the states and 0.1 MB for each site; besides, 24 bytes a thread, 1 byte a task and 48 bytes a lock.
/// For a page, 48 bytes for each interval of a lane, up to a million of them and as much again while they are merged, so
/// 96 MB at the very worst; 80 more where intervals were merged; and 4 MB for each site. A row is an interval of a
/// thread, of a core and of a coroutine.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Lanes for a picture.
    store: Store,
    /// By the tasks with a lane there: the first thread it was on.
    homes: BTreeMap<TaskId, ThreadId>,
    every: Option<EveryRecorder>,
    threads: Threads,
    locks: BTreeMap<LockId, Held>,
    coroutine: Vec<bool>,
    coroutine_count: usize,
    busy: Timeline<3>,
    held: Timeline<1>,
    shares: Timeline<9>,
    sites: Vec<(NameId, Timeline<1>)>,
    site_of: BTreeMap<NameId, usize>,
    totals: [u128; 9],
    occurs: [bool; 9],
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

    /// Keeps every interval, too, for a page of `runs` runs. `coroutines` says whether tasks live on an event loop.
    #[must_use]
    pub fn for_page(mut self, coroutines: bool, runs: usize) -> Self {
        self.every = Some(EveryRecorder::new(self.sites.len(), coroutines, runs));
        self
    }

    /// Ends the recording of a run that took `makespan`.
    pub fn finish(mut self, makespan: SimDuration) -> Recording {
        let makespan = makespan.as_nanos();
        // A quarter of a figure's pixel or less, so that a figure loses nothing by it.
        let grain = makespan / 4096;
        for lane in self.store.iter_mut().flat_map(BTreeMap::values_mut) {
            lane.pieces = std::mem::take(lane).into_pieces(grain);
        }
        let coroutine = &self.coroutine;
        self.store[Sort::Coroutine as usize].retain(|task, _| coroutine[*task as usize]);
        let (threads, locks, homes) = (&self.threads, &self.locks, &self.homes);
        let records = |store| Lanes::of(store, threads, locks, homes);
        let mut lanes = records(self.store);
        lanes.locks.retain(|lock| lock.held > 0);
        Recording {
            makespan,
            lanes,
            every: self.every.map(|every| every.finish(records)),
            worst_waiter: self.threads.worst_waiter(),
            crowded: self.threads.count + self.coroutine_count > MOST_WORKERS,
            task_count: self.coroutine.len(),
            busy: self.busy,
            held: self.held,
            shares: self.shares,
            sites: self.sites,
            totals: self.totals,
            occurs: self.occurs,
        }
    }

    fn lane(&mut self, sort: Sort, number: u32) -> &mut Lane {
        self.store[sort as usize].entry(number).or_default()
    }

    fn on_thread(&mut self, thread: ThreadId, row: &Row, piece: &Piece) {
        self.threads.see(thread, row);
        if let Some(every) = &mut self.every {
            every.push(Sort::Thread, thread.0, piece.clone());
        }
        if self.threads.count > MOST_WORKERS {
            self.store[Sort::Thread as usize].retain(|&thread, _| thread == ThreadId::MAIN.0);
            if thread != ThreadId::MAIN {
                return;
            }
        }
        self.lane(Sort::Thread, thread.0).push_bounded(piece.brief(Sort::Thread));
    }

    fn on_task(&mut self, task: TaskId, row: &Row, piece: &Piece) {
        self.totals[row.state as usize] += u128::from(piece.end - piece.start);
        self.shares.add(row.state as usize, (piece.start, piece.end));
        if self.coroutine.len() <= task.index() {
            self.coroutine.resize(task.index() + 1, false);
        }
        // Only a task that lives on an event loop is off its thread while it is under way.
        let off_thread = row.thread.is_none() && row.state != State::Queued;
        if off_thread && !self.coroutine[task.index()] {
            self.coroutine[task.index()] = true;
            self.coroutine_count += 1;
        }
        if let Some(every) = self.every.as_mut().filter(|every| every.coroutines)
            && row.state != State::Queued
        {
            every.push(Sort::Coroutine, task.0, piece.clone());
        }
        self.keep_task_lane(task, row, piece);
        if matches!(row.state, State::Io | State::Suspended)
            && let Some(&site) = self.site_of.get(&row.name)
        {
            self.sites[site].1.add(0, (piece.start, piece.end));
            if let Some(every) = &mut self.every {
                every.request(site, row);
            }
        }
    }

    /// Keeps the lanes of tasks that are coroutines or may turn out to be, where they are few enough to be shown.
    fn keep_task_lane(&mut self, task: TaskId, row: &Row, piece: &Piece) {
        let lanes = &mut self.store[Sort::Coroutine as usize];
        if self.coroutine_count > MOST_WORKERS {
            lanes.clear();
            self.homes.clear();
            return;
        }
        if !lanes.contains_key(&task.0) && lanes.len() >= MOST_WORKERS {
            let coroutine = &self.coroutine;
            lanes.retain(|task, _| coroutine[*task as usize]);
            self.homes.retain(|task, _| coroutine[task.index()]);
            if !coroutine[task.index()] {
                return;
            }
        }
        let lane = lanes.entry(task.0).or_default();
        if row.state != State::Queued {
            // One that waits before it is on any thread is on the main thread's loop.
            self.homes.entry(task).or_insert(row.thread.unwrap_or(ThreadId::MAIN));
            lane.push_bounded(piece.brief(Sort::Coroutine));
        }
    }

    fn on_core(&mut self, core: CoreId, row: &Row, piece: &Piece) {
        if let Some(every) = &mut self.every {
            every.push(Sort::Core, core.0, piece.clone());
        }
        let series = match row.state {
            State::Running => 0,
            State::Native => 1,
            State::Overhead => 2,
            _ => return,
        };
        self.busy.add(series, (piece.start, piece.end));
        if core.index() < MOST_RESOURCES {
            self.lane(Sort::Core, core.0).push_bounded(piece.brief(Sort::Core));
        }
    }
}

impl Sink for Recorder {
    fn row(&mut self, row: &Row) {
        self.occurs[row.state as usize] = true;
        if row.start >= row.end {
            return;
        }
        let piece = Piece::of_row(row);
        if let Some(thread) = row.thread {
            self.on_thread(thread, row, &piece);
        }
        if let Some(core) = row.core {
            self.on_core(core, row, &piece);
        }
        // What a task does at the same time as other things is told by the lanes of its threads.
        if let Some(task) = row.task.filter(|_| row.list == 0) {
            self.on_task(task, row, &piece);
        }
        if let Some(every) = &mut self.every {
            every.make_room();
        }
    }

    fn hold(&mut self, hold: &Hold) {
        let Held { time, .. } =
            self.locks.entry(hold.lock).or_insert(Held { first: hold.thread, time: 0 });
        let (start, end) = (hold.start.as_nanos(), hold.end.as_nanos());
        if start >= end {
            return;
        }
        *time += u128::from(end - start);
        self.held.add(0, (start, end));
        let piece = Piece::of_hold(hold);
        let lanes = &mut self.store[Sort::Lock as usize];
        if lanes.len() < MOST_RESOURCES || lanes.contains_key(&hold.lock.0) {
            lanes.entry(hold.lock.0).or_default().push_bounded(piece.clone());
        }
        if let Some(every) = &mut self.every {
            every.push(Sort::Lock, hold.lock.0, piece);
            every.make_room();
        }
    }
}
