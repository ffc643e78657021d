//! Every interval of a run, for a page: exact up to a stated number of them.

use std::collections::BTreeMap;

use gilsim_core::trace::Row;

use super::lane::{Sort, Store, make_room};
use super::piece::Piece;
use super::recording::Lanes;

/// Intervals that a page shows one by one, all its runs together; where there are more, neighbours are merged.
pub(crate) const MOST_INTERVALS: usize = 1_000_000;
/// Threads that a run shows; as many coroutines, locks and cores.
const MOST_LANES: usize = 2_000;
/// Changes of the requests in flight that a site shows exactly.
const MOST_CHANGES: usize = 100_000;
/// What is merged first: neighbours shorter than a microsecond.
const FIRST_GRAIN: u64 = 1_000;

/// What is kept of a run for a page while it is recorded.
#[derive(Debug)]
pub(super) struct EveryRecorder {
    store: Store,
    /// How many lanes of each sort there are in all.
    counts: [usize; 4],
    most_lanes: usize,
    most_intervals: usize,
    /// Intervals that are kept.
    kept: usize,
    /// Whether tasks are coroutines, which have lanes of their own.
    pub(super) coroutines: bool,
    /// By site: by how much the requests in flight change, and when.
    sites: Vec<BTreeMap<u64, i64>>,
    site_grain: u64,
}

impl EveryRecorder {
    /// Of one of `runs` runs of a page.
    pub(super) fn new(sites: usize, coroutines: bool, runs: usize) -> Self {
        Self::with_room(sites, coroutines, MOST_INTERVALS / runs.max(1))
    }

    fn with_room(sites: usize, coroutines: bool, room: usize) -> Self {
        // A lane comes down to one interval at worst, so few enough lanes always fit.
        let most_intervals = room.max(64);
        Self {
            store: Store::default(),
            counts: [0; 4],
            most_lanes: MOST_LANES.min(most_intervals / 16),
            most_intervals,
            kept: 0,
            coroutines,
            sites: vec![BTreeMap::new(); sites],
            site_grain: 1,
        }
    }

    pub(super) fn push(&mut self, sort: Sort, lane: u32, piece: Piece) {
        let count = &mut self.counts[sort as usize];
        *count = (*count).max(lane as usize + 1);
        if lane as usize >= self.most_lanes {
            return;
        }
        let more = self.store[sort as usize].entry(lane).or_default().push(piece);
        self.kept += usize::from(more);
    }

    /// Merges neighbours where there are too many intervals.
    pub(super) fn make_room(&mut self) {
        if self.kept > self.most_intervals {
            let mut lanes: Vec<_> = self.store.iter_mut().flat_map(BTreeMap::values_mut).collect();
            self.kept = make_room(&mut lanes, self.most_intervals / 2, FIRST_GRAIN, false);
        }
    }

    /// Counts a request of a site.
    pub(super) fn request(&mut self, site: usize, row: &Row) {
        let grain = self.site_grain;
        let changes = &mut self.sites[site];
        *changes.entry(row.start.as_nanos() / grain * grain).or_default() += 1;
        *changes.entry(row.end.as_nanos() / grain * grain).or_default() -= 1;
        while self.sites[site].len() > MOST_CHANGES {
            self.site_grain *= 2;
            let grain = self.site_grain;
            for changes in &mut self.sites {
                let mut rounded = BTreeMap::new();
                for (at, change) in std::mem::take(changes) {
                    *rounded.entry(at / grain * grain).or_default() += change;
                }
                *changes = rounded;
            }
        }
    }

    /// Ends the recording; `records` says whose the lanes are.
    pub(super) fn finish(self, records: impl FnOnce(Store) -> Lanes) -> Every {
        let grains = self.store.iter().flat_map(BTreeMap::values).map(|lane| lane.grain);
        Every {
            grain: grains.max().unwrap_or(0),
            lanes: records(self.store),
            counts: self.counts,
            most_lanes: self.most_lanes,
            sites: self.sites,
            site_grain: self.site_grain,
        }
    }
}

/// Every interval of a run, up to a bound.
#[derive(Clone, Debug)]
pub struct Every {
    pub(crate) lanes: Lanes,
    counts: [usize; 4],
    most_lanes: usize,
    /// Neighbours thinner than this were merged; 0 where all are exact.
    pub(crate) grain: u64,
    /// By site.
    pub(crate) sites: Vec<BTreeMap<u64, i64>>,
    /// Changes of sites are counted at multiples of this.
    pub(crate) site_grain: u64,
}

impl Every {
    /// How many lanes of a sort there are in all, and how many of them are left out.
    pub(crate) const fn left_out(&self, sort: Sort) -> (usize, usize) {
        let count = self.counts[sort as usize];
        (count, count.saturating_sub(self.most_lanes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gilsim_core::sink::sample::row;
    use gilsim_core::trace::State;

    fn push(run: &mut EveryRecorder, thread: u32, state: State, start: u64, end: u64) {
        run.push(Sort::Thread, thread, Piece::new(state, start, end));
        run.make_room();
    }

    #[test]
    fn what_fits_is_kept_to_the_nanosecond() {
        let mut run = EveryRecorder::new(0, false, 1);
        push(&mut run, 0, State::Running, 0, 7);
        push(&mut run, 0, State::Running, 7, 9);
        push(&mut run, 0, State::LockWait, 9, 11);
        let pieces = &run.store[Sort::Thread as usize][&0].pieces;
        let kept: Vec<_> = pieces.iter().map(|p| (p.state, p.start, p.end)).collect();
        assert_eq!(kept, [(State::Running, 0, 9), (State::LockWait, 9, 11)]);
        assert_eq!(run.finish(|_| Lanes::default()).grain, 0);
    }

    #[test]
    fn what_does_not_fit_is_merged_and_keeps_its_time() {
        let mut run = EveryRecorder::with_room(0, true, 1_000);
        for turn in 0..100_000_u64 {
            let (thread, at) = (u32::try_from(turn % 5).unwrap(), turn * 1_000);
            let state = if turn % 2 == 0 { State::Running } else { State::Io };
            push(&mut run, thread, state, at, at + 900);
        }
        assert!(run.kept <= 1_000 && run.kept > 100, "{}", run.kept);
        let lanes = run.store.iter().flat_map(BTreeMap::values);
        let time: u64 = lanes.flat_map(|lane| &lane.pieces).map(Piece::covered).sum();
        assert_eq!(time, 90_000_000);
        assert!(run.finish(|_| Lanes::default()).grain > 0);
    }

    #[test]
    fn lanes_beyond_the_limit_are_counted_and_left_out() {
        let mut run = EveryRecorder::with_room(0, false, 64);
        for thread in 0..1_000 {
            push(&mut run, thread, State::Io, u64::from(thread), u64::from(thread) + 10_000);
        }
        assert_eq!(run.store[Sort::Thread as usize].len(), 4);
        assert_eq!(run.finish(|_| Lanes::default()).left_out(Sort::Thread), (1_000, 996));
    }

    #[test]
    fn requests_in_flight_go_up_and_down_and_end_at_none() {
        let mut run = EveryRecorder::new(1, true, 1);
        for turn in 0..200_000_u64 {
            run.request(0, &row(State::Suspended, turn * 3, turn * 3 + 2));
        }
        let changes = &run.sites[0];
        assert!(changes.len() <= MOST_CHANGES && run.site_grain > 1);
        assert_eq!(changes.values().sum::<i64>(), 0);
        assert!(changes.keys().all(|at| at % run.site_grain == 0));
    }
}
