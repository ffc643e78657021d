//! One lane's history in bounded memory: long intervals exact, short ones merged by what fills most of them.

use gilsim_core::ids::NameId;
use gilsim_core::trace::State;

/// Above this many pieces a lane is coarsened to half of them or fewer.
///
/// Two neighbours that did not merge are wider than the grain together, and none that merged is wider than it.
/// A lane of nothing but short intervals therefore keeps at least an eighth of this number, about as many as a
/// figure has pixels.
const CAP: usize = 6144;

/// A stretch of a lane: 48 bytes, and 72 more where intervals of several states were merged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    pub(super) start: u64,
    pub(super) end: u64,
    /// How much of `start..end` is filled; less where intervals with gaps between them were merged.
    pub(super) covered: u64,
    /// The state, or the one that fills most of it.
    pub(super) state: State,
    pub(super) name: NameId,
    /// The task on a thread's lane, the thread on a core's or a lock's.
    pub(super) who: Option<u32>,
    /// Time in each state, where intervals of several were merged.
    pub(super) mix: Option<Box<[u64; 9]>>,
}

impl Piece {
    fn times(&self) -> [u64; 9] {
        self.mix.as_deref().copied().unwrap_or_else(|| {
            let mut times = [0; 9];
            times[self.state as usize] = self.covered;
            times
        })
    }

    const fn is_solid(&self) -> bool {
        self.covered == self.end - self.start
    }

    /// The state that fills most of it after `state`, and how much it fills; none where it has but one.
    pub(super) fn runner_up(&self) -> Option<(State, u64)> {
        let times = self.mix.as_deref()?;
        let others = State::ALL.into_iter().rev().filter(|&state| state != self.state);
        let next = others.max_by_key(|&state| times[state as usize])?;
        (times[next as usize] > 0).then(|| (next, times[next as usize]))
    }

    fn absorb(&mut self, next: &Self) {
        let mut times = self.times();
        for (sum, time) in times.iter_mut().zip(next.times()) {
            *sum += time;
        }
        // Of two states that fill the same time the first of the list wins, so that the outcome is one.
        let most = State::ALL.into_iter().rev().max_by_key(|&state| times[state as usize]);
        self.state = most.unwrap_or(self.state);
        self.covered += next.covered;
        self.end = self.end.max(next.end);
        self.mix = Some(Box::new(times));
    }
}

/// Merges neighbours that are thinner than `grain` together, at most to the width of `grain`, by the state that
/// fills most of them. No time is dropped: `covered` adds up.
pub(super) fn coarsen(pieces: impl IntoIterator<Item = Piece>, grain: u64) -> Vec<Piece> {
    let mut merged: Vec<Piece> = Vec::new();
    let mut open: Option<Piece> = None;
    for piece in pieces {
        if let Some(group) = &mut open
            && piece.end - piece.start < grain
            && piece.end.saturating_sub(group.start) <= grain
        {
            group.absorb(&piece);
            continue;
        }
        close(&mut merged, open.take());
        if piece.end - piece.start < grain {
            open = Some(piece);
        } else {
            merged.push(piece);
        }
    }
    close(&mut merged, open);
    merged
}

/// Ends a group; groups that touch become one where both have the same state first and the same next.
fn close(merged: &mut Vec<Piece>, group: Option<Piece>) {
    let Some(group) = group else { return };
    match merged.last_mut() {
        Some(last)
            if last.mix.is_some()
                && last.is_solid()
                && group.is_solid()
                && last.end == group.start
                && last.state == group.state
                && next(last) == next(&group) =>
        {
            last.absorb(&group);
        }
        _ => merged.push(group),
    }
}

fn next(piece: &Piece) -> Option<State> {
    piece.runner_up().map(|(state, _)| state)
}

/// The pieces of one lane, in the order of time.
#[derive(Clone, Default, Debug)]
pub(super) struct Lane {
    grain: u64,
    pieces: Vec<Piece>,
}

impl Lane {
    /// Adds an interval that begins at or after the end of the last one.
    pub(super) fn push(
        &mut self,
        state: State,
        name: NameId,
        who: Option<u32>,
        (start, end): (u64, u64),
    ) {
        if start >= end {
            return;
        }
        let piece = Piece { start, end, covered: end - start, state, name, who, mix: None };
        match self.pieces.last_mut() {
            Some(last) if continues(last, &piece) => {
                last.end = end;
                last.covered += piece.covered;
            }
            _ => self.pieces.push(piece),
        }
        if self.pieces.len() > CAP {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        // New intervals have not been merged at the present grain yet; it only grows if that is not enough.
        self.grain = self.grain.max(1);
        loop {
            self.pieces = coarsen(std::mem::take(&mut self.pieces), self.grain);
            if self.pieces.len() <= CAP / 2 {
                return;
            }
            self.grain = self.grain.saturating_mul(2);
        }
    }

    /// The pieces, with those thinner than `grain` merged.
    pub(super) fn into_pieces(self, grain: u64) -> Vec<Piece> {
        coarsen(self.pieces, grain)
    }
}

/// Whether a piece is the rest of the one before it, cut by the end of a time slice.
fn continues(last: &Piece, next: &Piece) -> bool {
    last.mix.is_none()
        && last.end == next.start
        && last.state == next.state
        && last.name == next.name
        && last.who == next.who
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(rows: &[(State, u64, u64)]) -> Lane {
        let mut lane = Lane::default();
        for &(state, start, end) in rows {
            lane.push(state, NameId::EMPTY, None, (start, end));
        }
        lane
    }

    fn shown(pieces: &[Piece]) -> Vec<(State, u64, u64, u64)> {
        pieces.iter().map(|p| (p.state, p.start, p.end, p.covered)).collect()
    }

    #[test]
    fn intervals_of_a_pixel_or_more_stay_exact() {
        let rows = [(State::Running, 0, 100), (State::Io, 100, 250), (State::Running, 300, 400)];
        let pieces = lane(&rows).into_pieces(100);
        assert_eq!(
            shown(&pieces),
            rows.map(|(state, start, end)| (state, start, end, end - start))
        );
    }

    #[test]
    fn thin_neighbours_merge_by_the_state_that_fills_most() {
        let pieces = lane(&[
            (State::Running, 0, 10),
            (State::LockWait, 10, 40),
            (State::Running, 40, 55),
            (State::Io, 55, 500),
        ])
        .into_pieces(100);
        assert_eq!(shown(&pieces), [(State::LockWait, 0, 55, 55), (State::Io, 55, 500, 445)]);
    }

    #[test]
    fn a_lone_thin_interval_is_neither_dropped_nor_widened() {
        let pieces = lane(&[(State::Running, 1000, 1001)]).into_pieces(500);
        assert_eq!(shown(&pieces), [(State::Running, 1000, 1001, 1)]);
    }

    #[test]
    fn gaps_between_merged_intervals_are_not_counted_as_filled() {
        let pieces = lane(&[(State::Running, 0, 10), (State::Running, 50, 60)]).into_pieces(100);
        assert_eq!(shown(&pieces), [(State::Running, 0, 60, 20)]);
    }

    #[test]
    fn a_million_intervals_stay_under_the_cap_and_lose_no_time() {
        let mut lane = Lane::default();
        for turn in 0..1_000_000 {
            let state = if turn % 3 == 0 { State::Running } else { State::LockWait };
            lane.push(
                state,
                NameId::EMPTY,
                Some(turn),
                (u64::from(turn) * 7, u64::from(turn) * 7 + 5),
            );
            assert!(lane.pieces.len() <= CAP);
        }
        let pieces = lane.into_pieces(1);
        assert!(pieces.len() >= CAP / 8, "{}", pieces.len());
        assert_eq!(pieces.iter().map(|piece| piece.covered).sum::<u64>(), 5_000_000);
        assert!(pieces.windows(2).all(|pair| pair[0].end <= pair[1].start));
        let drawn = coarsen(pieces, 7_000_000 / 800);
        assert!(drawn.iter().all(|piece| piece.state == State::LockWait));
    }
}
