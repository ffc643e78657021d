//! Intervals of a lane, and how neighbours are merged: no time is dropped, and what fills most gives the state.

use gilsim_core::ids::NameId;
use gilsim_core::trace::{Hold, Row, State};

use super::lane::Sort;

/// An interval, or several that were merged: 48 bytes, and 80 more where they were. What is absent is 0, what is there
/// is its number plus 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// The state, or the one that fills most of it.
    pub(crate) state: State,
    pub(crate) name: NameId,
    /// The task, plus 1.
    pub(crate) task: u32,
    pub(crate) step: u32,
    /// The thread, plus 1.
    pub(crate) thread: u32,
    /// The core, plus 1.
    pub(crate) core: u32,
    pub(crate) merged: Option<Box<Merged>>,
}

/// What was merged into one piece.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Merged {
    pub(crate) count: u64,
    /// Time in each state; less than the piece takes where there were gaps.
    pub(crate) times: [u64; 9],
}

impl Piece {
    pub(super) fn of_row(row: &Row) -> Self {
        Self {
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

    pub(super) fn of_hold(hold: &Hold) -> Self {
        let piece = Self::new(State::Running, hold.start.as_nanos(), hold.end.as_nanos());
        Self { thread: hold.thread.0 + 1, ..piece }
    }

    /// A piece of nobody in particular.
    pub(crate) const fn new(state: State, start: u64, end: u64) -> Self {
        let name = NameId::EMPTY;
        Self { start, end, state, name, task: 0, step: 0, thread: 0, core: 0, merged: None }
    }

    /// With no more than a picture tells: the task on a thread's lane, the thread on a lock's or a core's.
    pub(super) fn brief(&self, sort: Sort) -> Self {
        let (task, thread) = match sort {
            Sort::Thread => (self.task, 0),
            Sort::Coroutine => (0, 0),
            Sort::Lock | Sort::Core => (0, self.thread),
        };
        Self { task, step: 0, thread, core: 0, ..self.clone() }
    }

    /// The number that [`brief`](Self::brief) leaves.
    pub(crate) fn who(&self) -> Option<u32> {
        self.task.max(self.thread).checked_sub(1)
    }

    /// How much of it is filled; less than it takes where intervals with gaps between them were merged.
    pub(crate) fn covered(&self) -> u64 {
        self.merged.as_ref().map_or(self.end - self.start, |merged| merged.times.iter().sum())
    }

    /// The state that fills most of it after its own, and how much it fills; none where it has but one.
    pub(crate) fn runner_up(&self) -> Option<(State, u64)> {
        let times = self.merged.as_ref()?.times;
        let others = State::ALL.into_iter().rev().filter(|&state| state != self.state);
        let next = others.max_by_key(|&state| times[state as usize])?;
        (times[next as usize] > 0).then(|| (next, times[next as usize]))
    }

    /// Whether `next` is the rest of it, cut by the end of a time slice.
    pub(super) fn goes_on_as(&self, next: &Self) -> bool {
        self.merged.is_none()
            && self.end == next.start
            && (self.state, self.name, self.task, self.step, self.thread, self.core)
                == (next.state, next.name, next.task, next.step, next.thread, next.core)
    }

    fn merged(&self) -> Merged {
        self.merged.as_deref().cloned().unwrap_or_else(|| {
            let mut times = [0; 9];
            times[self.state as usize] = self.end - self.start;
            Merged { count: 1, times }
        })
    }

    fn absorb(&mut self, next: &Self) {
        let (mut all, other) = (self.merged(), next.merged());
        all.count += other.count;
        all.times.iter_mut().zip(other.times).for_each(|(sum, time)| *sum += time);
        // Of two states that fill the same time the first of the list wins, so that the outcome is one.
        let most = State::ALL.into_iter().rev().max_by_key(|&state| all.times[state as usize]);
        self.state = most.unwrap_or(self.state);
        self.name = NameId::EMPTY;
        (self.task, self.step, self.thread, self.core) = (0, 0, 0, 0);
        self.end = next.end;
        self.merged = Some(Box::new(all));
    }
}

/// Merges neighbours that are thinner than `grain`, at most to the width of `grain`. Where `alike`, merged ones that
/// touch then become one if both have the same state first and the same next.
pub(crate) fn coarsen(
    pieces: impl IntoIterator<Item = Piece>,
    grain: u64,
    alike: bool,
) -> Vec<Piece> {
    let mut coarse: Vec<Piece> = Vec::new();
    let mut open: Option<Piece> = None;
    for piece in pieces {
        let is_thin = piece.end - piece.start < grain;
        match &mut open {
            Some(group) if is_thin && piece.end - group.start <= grain => group.absorb(&piece),
            _ => {
                close(&mut coarse, open.take(), alike);
                if is_thin {
                    open = Some(piece);
                } else {
                    coarse.push(piece);
                }
            }
        }
    }
    close(&mut coarse, open, alike);
    coarse
}

/// Ends a group of merged pieces.
fn close(coarse: &mut Vec<Piece>, group: Option<Piece>, alike: bool) {
    let Some(group) = group else { return };
    match coarse.last_mut() {
        Some(last) if alike && is_alike(last, &group) => last.absorb(&group),
        _ => coarse.push(group),
    }
}

fn is_alike(last: &Piece, group: &Piece) -> bool {
    let is_solid = |piece: &Piece| piece.covered() == piece.end - piece.start;
    let next = |piece: &Piece| piece.runner_up().map(|(state, _)| state);
    last.merged.is_some()
        && last.end == group.start
        && last.state == group.state
        && is_solid(last)
        && is_solid(group)
        && next(last) == next(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coarse(rows: &[(State, u64, u64)]) -> Vec<(State, u64, u64, u64)> {
        let pieces = rows.iter().map(|&(state, start, end)| Piece::new(state, start, end));
        let coarse = coarsen(pieces, 100, true);
        coarse.iter().map(|p| (p.state, p.start, p.end, p.covered())).collect()
    }

    #[test]
    fn intervals_of_a_pixel_or_more_stay_exact() {
        let rows = [(State::Running, 0, 100), (State::Io, 100, 250), (State::Running, 300, 400)];
        assert_eq!(coarse(&rows), rows.map(|(state, start, end)| (state, start, end, end - start)));
    }

    #[test]
    fn thin_neighbours_merge_by_the_state_that_fills_most() {
        let rows = [
            (State::Running, 0, 10),
            (State::LockWait, 10, 40),
            (State::Running, 40, 55),
            (State::Io, 55, 500),
        ];
        assert_eq!(coarse(&rows), [(State::LockWait, 0, 55, 55), (State::Io, 55, 500, 445)]);
    }

    #[test]
    fn a_lone_thin_interval_is_neither_dropped_nor_widened() {
        assert_eq!(coarse(&[(State::Running, 1000, 1001)]), [(State::Running, 1000, 1001, 1)]);
    }

    #[test]
    fn gaps_between_merged_intervals_are_not_counted_as_filled() {
        let rows = [(State::Running, 0, 10), (State::Running, 50, 60)];
        assert_eq!(coarse(&rows), [(State::Running, 0, 60, 20)]);
    }

    #[test]
    fn what_was_merged_is_counted_and_no_time_is_lost() {
        let pieces = [
            Piece::new(State::Running, 0, 10),
            Piece::new(State::LockWait, 10, 40),
            Piece::new(State::Running, 45, 60),
            Piece::new(State::Io, 60, 500),
        ];
        let coarse = coarsen(pieces, 100, false);
        assert_eq!((coarse[0].state, coarse[0].start, coarse[0].end), (State::LockWait, 0, 60));
        let merged = coarse[0].merged.as_deref().unwrap();
        assert_eq!((merged.count, merged.times.iter().sum::<u64>()), (3, 55));
        assert_eq!(coarse[1..], [Piece::new(State::Io, 60, 500)]);
    }
}
