//! Whether computing gives the interpreter lock up: a process whose threads use more than one core together must have.

use super::spans::{Piece, Span};
use super::waits::nanos;

/// More cores than this are busy only where computing has given the lock up.
const RELEASED: f64 = 1.3;

/// Shorter times of common computing say nothing.
const SHORT: i64 = 5_000_000;

/// A time in which threads compute without a pause of all.
#[derive(Default)]
struct Period {
    from: i64,
    to: i64,
    used: i64,
    computing: i64,
    /// CPU time of those that are asked about.
    theirs: i64,
}

impl Period {
    fn add(&mut self, piece: &Piece, is_theirs: bool) {
        let used = piece.cpu.min(piece.to - piece.from);
        self.to = self.to.max(piece.to);
        self.used += used;
        self.computing += piece.to - piece.from;
        self.theirs += if is_theirs { used } else { 0 };
    }

    /// CPU time and length, where several compute for some milliseconds, most of it those that are asked about.
    fn counted(&self) -> (i64, i64) {
        let length = self.to - self.from;
        let are_several = length > SHORT && 2 * self.computing > 3 * length;
        if are_several && 2 * self.theirs > self.used { (self.used, length) } else { (0, 0) }
    }
}

/// Whether computing of these spans of a process gives the lock up.
pub(super) fn is_released(spans: &[Span], are_theirs: impl Fn(&Span) -> bool) -> bool {
    let threads = spans.iter().filter(|span| !span.is_a_coroutine());
    let pieces = threads.flat_map(|span| span.pieces.iter().map(move |piece| (span, piece)));
    let mut pieces: Vec<(&Span, &Piece)> =
        pieces.filter(|(_, piece)| piece.to > piece.from).collect();
    pieces.sort_by_key(|(_, piece)| piece.from);
    let (mut used, mut length) = (0, 0);
    let mut period = Period::default();
    for (span, piece) in pieces {
        if piece.from > period.to {
            (used, length) = sum((used, length), period.counted());
            period = Period { from: piece.from, to: piece.to, ..Period::default() };
        }
        period.add(piece, are_theirs(span));
    }
    (used, length) = sum((used, length), period.counted());
    nanos(used) > RELEASED * nanos(length)
}

const fn sum(a: (i64, i64), b: (i64, i64)) -> (i64, i64) {
    (a.0 + b.0, a.1 + b.1)
}
