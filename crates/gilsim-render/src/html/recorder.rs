//! Takes a run as it streams by and keeps its lanes for a page, exact up to a stated number of intervals.

use std::collections::BTreeMap;

use super::lane::{Piece, coarsen};
use gilsim_core::ids::{LockId, NameId, ProcessId, ThreadId};
use gilsim_core::time::SimDuration;
use gilsim_core::trace::{Hold, Row, Sink, State};

/// Intervals that a page shows one by one, all its runs together; where there are more, neighbours are merged.
pub const MOST_INTERVALS: usize = 1_000_000;
/// Threads that a run shows; as many tasks, locks and cores.
const MOST_LANES: usize = 2_000;
/// Changes of the requests in flight that a site shows exactly.
const MOST_CHANGES: usize = 100_000;

/// Listens to one run: see [`Recorder::finish`].
///
/// Memory: 56 bytes for each interval of a lane, up to a million of them and as much again while they are merged, so
/// 112 MB at the very worst; 100 more where intervals were merged; and 4 MB for each site. A row is an interval of a
/// thread, of a core and of a coroutine.
#[derive(Debug, Default)]
pub struct Recorder {
    pub(super) threads: Lanes,
    pub(super) tasks: Lanes,
    pub(super) locks: Lanes,
    pub(super) cores: Lanes,
    /// By thread.
    pub(super) processes: Vec<ProcessId>,
    /// By lock: who had it first.
    pub(super) first_holders: BTreeMap<LockId, ThreadId>,
    pub(super) sites: Vec<(NameId, BTreeMap<u64, i64>)>,
    /// Whether tasks are coroutines, which have lanes of their own.
    coroutines: bool,
    most_intervals: usize,
    /// Intervals that are kept.
    kept: usize,
    /// Neighbours thinner than this are merged; 0 while all are exact.
    pub(super) grain: u64,
    /// Changes of sites are counted at multiples of this.
    pub(super) site_grain: u64,
    pub(super) totals: [u128; 9],
    pub(super) occurs: [bool; 9],
    pub(super) makespan: u64,
}

/// Lanes of one sort, by number.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    pub(super) pieces: Vec<Vec<Piece>>,
    most: usize,
    /// How many there are in all.
    pub(super) count: usize,
}

impl Lanes {
    fn of(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// How many are left out.
    pub(super) const fn left_out(&self) -> usize {
        self.count.saturating_sub(self.most)
    }

    /// Adds a piece; says whether there is one more.
    fn push(&mut self, lane: usize, piece: Piece) -> bool {
        self.count = self.count.max(lane + 1);
        if lane >= self.most {
            return false;
        }
        if self.pieces.len() <= lane {
            self.pieces.resize_with(lane + 1, Vec::new);
        }
        let pieces = &mut self.pieces[lane];
        match pieces.last_mut() {
            Some(last) if continues(last, &piece) => {
                last.end = piece.end;
                false
            }
            _ => {
                pieces.push(piece);
                true
            }
        }
    }

    fn coarsen(&mut self, grain: u64) -> usize {
        self.pieces.iter_mut().for_each(|pieces| coarsen(pieces, grain));
        self.pieces.iter().map(Vec::len).sum()
    }
}

/// Whether a piece is the rest of the one before it, cut by the end of a time slice.
fn continues(last: &Piece, next: &Piece) -> bool {
    last.merged.is_none()
        && last.end == next.start
        && *last == Piece { start: last.start, end: last.end, ..next.clone() }
}

impl Recorder {
    /// A recorder of one of `runs` runs of a page. `sites` are the names that mean a site in the rows to come, and
    /// `coroutines` says whether tasks live on an event loop.
    pub fn new(sites: &[NameId], coroutines: bool, runs: usize) -> Self {
        Self::with_room(sites, coroutines, MOST_INTERVALS / runs.max(1))
    }

    fn with_room(sites: &[NameId], coroutines: bool, room: usize) -> Self {
        // A lane comes down to one interval at worst, so few enough lanes always fit.
        let most_intervals = room.max(64);
        let lanes = || Lanes::of(MOST_LANES.min(most_intervals / 16));
        Self {
            threads: lanes(),
            tasks: lanes(),
            locks: lanes(),
            cores: lanes(),
            sites: sites.iter().map(|site| (*site, BTreeMap::new())).collect(),
            coroutines,
            most_intervals,
            site_grain: 1,
            ..Self::default()
        }
    }

    /// Ends the recording of a run that took `makespan`.
    #[must_use]
    pub fn finish(mut self, makespan: SimDuration) -> Self {
        self.makespan = makespan.as_nanos();
        self
    }

    /// The process of a thread.
    pub(super) fn process(&self, thread: ThreadId) -> ProcessId {
        self.processes.get(thread.index()).copied().unwrap_or(ProcessId::MAIN)
    }

    fn make_room(&mut self) {
        if self.kept <= self.most_intervals {
            return;
        }
        // New intervals have not been merged at the present grain; it only grows if that is not enough.
        loop {
            let lanes = [&mut self.threads, &mut self.tasks, &mut self.locks, &mut self.cores];
            self.kept = lanes.into_iter().map(|lanes| lanes.coarsen(self.grain)).sum();
            if self.kept <= self.most_intervals / 2 {
                return;
            }
            self.grain = self.grain.saturating_mul(2).max(1_000);
        }
    }

    fn request(&mut self, row: &Row) {
        let Some(site) = self.sites.iter().position(|(name, _)| *name == row.name) else { return };
        let grain = self.site_grain;
        let changes = &mut self.sites[site].1;
        *changes.entry(row.start.as_nanos() / grain * grain).or_default() += 1;
        *changes.entry(row.end.as_nanos() / grain * grain).or_default() -= 1;
        while self.sites[site].1.len() > MOST_CHANGES {
            self.site_grain *= 2;
            let grain = self.site_grain;
            for (_, changes) in &mut self.sites {
                let mut rounded = BTreeMap::new();
                for (at, change) in std::mem::take(changes) {
                    *rounded.entry(at / grain * grain).or_default() += change;
                }
                *changes = rounded;
            }
        }
    }
}

/// A row as a piece of a lane.
fn piece(row: &Row) -> Piece {
    Piece {
        start: row.start.as_nanos(),
        end: row.end.as_nanos(),
        state: row.state,
        name: row.name,
        task: row.task.map_or(0, |task| task.0 + 1),
        step: row.task.map_or(0, |_| row.step),
        thread: row.thread.map_or(0, |thread| thread.0 + 1),
        core: row.core.map_or(0, |core| core.0 + 1),
        merged: None,
    }
}

impl Sink for Recorder {
    fn row(&mut self, row: &Row) {
        self.occurs[row.state as usize] = true;
        let piece = piece(row);
        let mut more = 0;
        if let Some(thread) = row.thread {
            if self.processes.len() <= thread.index() {
                self.processes.resize(thread.index() + 1, ProcessId::MAIN);
            }
            self.processes[thread.index()] = row.process.unwrap_or(ProcessId::MAIN);
            more += usize::from(self.threads.push(thread.index(), piece.clone()));
        }
        if let Some(core) = row.core {
            more += usize::from(self.cores.push(core.index(), piece.clone()));
        }
        if let Some(task) = row.task {
            self.totals[row.state as usize] += u128::from(piece.end - piece.start);
            if self.coroutines && row.state != State::Queued {
                more += usize::from(self.tasks.push(task.index(), piece));
            }
            if matches!(row.state, State::Io | State::Suspended) {
                self.request(row);
            }
        }
        self.kept += more;
        self.make_room();
    }

    fn hold(&mut self, hold: &Hold) {
        let (start, end) = (hold.start.as_nanos(), hold.end.as_nanos());
        self.first_holders.entry(hold.lock).or_insert(hold.thread);
        if start >= end {
            return;
        }
        let (state, name, thread) = (State::Running, NameId::EMPTY, hold.thread.0 + 1);
        let piece =
            Piece { start, end, state, name, task: 0, step: 0, thread, core: 0, merged: None };
        self.kept += usize::from(self.locks.push(hold.lock.index(), piece));
        self.make_room();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gilsim_core::ids::{CoreId, TaskId};
    use gilsim_core::time::SimTime;

    fn row(task: u32, state: State, start: u64, end: u64) -> Row {
        Row {
            task: Some(TaskId(task)),
            step: 0,
            state,
            name: NameId::EMPTY,
            start: SimTime::from_nanos(start),
            end: SimTime::from_nanos(end),
            process: Some(ProcessId::MAIN),
            thread: Some(ThreadId(task)),
            core: state.on_core().then_some(CoreId(0)),
        }
    }

    #[test]
    fn what_fits_is_kept_to_the_nanosecond() {
        let mut run = Recorder::new(&[], false, 1);
        run.row(&row(0, State::Running, 0, 7));
        run.row(&row(0, State::Running, 7, 9));
        run.row(&row(0, State::LockWait, 9, 11));
        let kept: Vec<_> =
            run.threads.pieces[0].iter().map(|p| (p.state, p.start, p.end)).collect();
        assert_eq!(kept, [(State::Running, 0, 9), (State::LockWait, 9, 11)]);
        assert_eq!((run.cores.pieces[0].len(), run.grain), (1, 0));
    }

    #[test]
    fn what_does_not_fit_is_merged_and_keeps_its_time() {
        let mut run = Recorder::with_room(&[], true, 1_000);
        for turn in 0..100_000_u64 {
            let (task, at) = (u32::try_from(turn % 5).unwrap(), turn * 1_000);
            let state = if turn % 2 == 0 { State::Running } else { State::Io };
            run.row(&row(task, state, at, at + 900));
        }
        assert!(run.kept <= 1_000 && run.kept > 100 && run.grain > 0, "{}", run.kept);
        let pieces = run.threads.pieces.iter().flatten();
        let time: u64 = pieces
            .map(|piece| match &piece.merged {
                Some(merged) => merged.times.iter().sum(),
                None => piece.end - piece.start,
            })
            .sum();
        assert_eq!(time, 90_000_000);
    }

    #[test]
    fn lanes_beyond_the_limit_are_counted_and_left_out() {
        let mut run = Recorder::with_room(&[], false, 64);
        for task in 0..1_000 {
            run.row(&row(task, State::Io, u64::from(task), u64::from(task) + 10_000));
        }
        assert_eq!((run.threads.pieces.len(), run.threads.left_out()), (4, 996));
    }

    #[test]
    fn requests_in_flight_go_up_and_down_and_end_at_none() {
        let mut names = gilsim_core::trace::Names::default();
        let shop = names.intern("shop");
        let mut run = Recorder::new(&[shop], true, 1);
        for turn in 0..200_000_u64 {
            run.row(&Row { name: shop, ..row(0, State::Suspended, turn * 3, turn * 3 + 2) });
        }
        let changes = &run.sites[0].1;
        assert!(changes.len() <= MOST_CHANGES && run.site_grain > 1);
        assert_eq!(changes.values().sum::<i64>(), 0);
        assert!(changes.keys().all(|at| at % run.site_grain == 0));
    }
}
