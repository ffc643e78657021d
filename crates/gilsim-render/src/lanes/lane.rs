//! Lanes while they are recorded: pieces are added at their ends, and merged where they become too many.

use std::collections::BTreeMap;

use super::piece::{Piece, coarsen};

/// Above this many pieces a lane for a picture is merged down to half of them or fewer.
///
/// Two neighbours that did not merge are wider than the grain together, and none that merged is wider than it.
/// A lane of nothing but short intervals therefore keeps at least an eighth of this number, about as many as a
/// figure has pixels.
const CAP: usize = 6144;

/// What a lane is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sort {
    Thread,
    Coroutine,
    Lock,
    Core,
}

/// The lanes of each [`Sort`], by number.
pub(super) type Store = [BTreeMap<u32, Lane>; 4];

/// The pieces of one lane, in the order of time.
#[derive(Clone, Default, Debug)]
pub(crate) struct Lane {
    /// Neighbours thinner than this were merged.
    pub(super) grain: u64,
    pub(super) pieces: Vec<Piece>,
}

impl Lane {
    /// Adds an interval that begins at or after the end of the last one; says whether there is one more.
    pub(super) fn push(&mut self, piece: Piece) -> bool {
        match self.pieces.last_mut() {
            Some(last) if last.goes_on_as(&piece) => {
                last.end = piece.end;
                false
            }
            _ => {
                self.pieces.push(piece);
                true
            }
        }
    }

    /// The same for a picture.
    pub(crate) fn push_bounded(&mut self, piece: Piece) {
        if self.push(piece) && self.pieces.len() > CAP {
            make_room(&mut [self], CAP / 2, 1, true);
        }
    }

    /// The pieces, with those thinner than `grain` merged.
    pub(crate) fn into_pieces(self, grain: u64) -> Vec<Piece> {
        coarsen(self.pieces, grain, true)
    }
}

/// Merges neighbours until there are at most `most` pieces in all; says how many there are. The grain starts at that of
/// the coarsest lane, for new intervals have not been merged at it yet, and grows by doubling, to `least` at first.
pub(super) fn make_room(lanes: &mut [&mut Lane], most: usize, least: u64, alike: bool) -> usize {
    let mut grain = lanes.iter().map(|lane| lane.grain).max().unwrap_or(0);
    loop {
        for lane in &mut *lanes {
            lane.pieces = coarsen(std::mem::take(&mut lane.pieces), grain, alike);
            lane.grain = grain;
        }
        let kept = lanes.iter().map(|lane| lane.pieces.len()).sum();
        if kept <= most {
            return kept;
        }
        grain = grain.saturating_mul(2).max(least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gilsim_core::trace::State;

    #[test]
    fn a_million_intervals_stay_under_the_cap_and_lose_no_time() {
        let mut lane = Lane::default();
        for turn in 0..1_000_000 {
            let state = if turn % 3 == 0 { State::Running } else { State::LockWait };
            lane.push_bounded(Piece::new(state, turn * 7, turn * 7 + 5));
            assert!(lane.pieces.len() <= CAP);
        }
        let pieces = lane.into_pieces(1);
        assert!(pieces.len() >= CAP / 8, "{}", pieces.len());
        assert_eq!(pieces.iter().map(Piece::covered).sum::<u64>(), 5_000_000);
        assert!(pieces.windows(2).all(|pair| pair[0].end <= pair[1].start));
        let drawn = coarsen(pieces, 7_000_000 / 800, true);
        assert!(drawn.iter().all(|piece| piece.state == State::LockWait));
    }
}
