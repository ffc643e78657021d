//! For how long a call really waited. What a program sees of a wait ends when it has the interpreter lock again.

use super::spans::{On, Span, Wait};

/// Something happens in a process, in this order where it happens at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Pauses,
    /// A wait ends: of which span, in which piece.
    WaitEnds(usize, usize),
    GoesOn,
}

/// Threads hand the lock over within this time; the process is idle where none is between waits for longer.
const HANDOVER: i64 = 150_000;

/// Takes what is no waiting out of the waits of a process with a lock.
///
/// A wait that ends while others of the process are between waits may have been over before. The last instant at which the
/// process was idle is a lower bound. The kernel says of a socket when its data came, in ticks of some milliseconds.
pub(super) fn correct(spans: &mut [Span]) {
    let (mut busy, mut idle_from, mut idle_until) = (0_usize, i64::MIN / 2, i64::MIN / 2);
    for (at, change) in changes(spans) {
        let is_idle = busy == 0 && at - idle_from >= HANDOVER;
        match change {
            Change::Pauses => {
                busy -= 1;
                if busy == 0 {
                    idle_from = at;
                }
            }
            Change::GoesOn => {
                if is_idle {
                    idle_until = at;
                }
                busy += 1;
            }
            Change::WaitEnds(span, piece) => {
                if let Some(wait) = &mut spans[span].pieces[piece].wait {
                    let earliest = if is_idle { wait.end } else { idle_until.max(wait.begin) };
                    wait.length = length(wait, earliest);
                }
            }
        }
    }
}

fn changes(spans: &[Span]) -> Vec<(i64, Change)> {
    let mut changes = Vec::new();
    for (number, span) in spans.iter().enumerate().filter(|(_, span)| !span.is_a_coroutine()) {
        for (place, piece) in span.pieces.iter().enumerate() {
            if piece.to > piece.from {
                changes.extend([(piece.from, Change::GoesOn), (piece.to, Change::Pauses)]);
            }
            if let Some(wait) = &piece.wait {
                changes.push((wait.end, Change::WaitEnds(number, place)));
            }
        }
    }
    changes.sort_unstable();
    changes
}

fn length(wait: &Wait, earliest: i64) -> i64 {
    let whole = wait.end - wait.begin;
    match (wait.known, &wait.on) {
        (Some(known), _) if wait.is_asked => known.min(whole),
        (Some(known), _) => (wait.begin + known).clamp(earliest, wait.end) - wait.begin,
        (None, On::Site(_)) => earliest - wait.begin,
        (None, _) => whole,
    }
}

/// How much CPU time all threads had used by an instant.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Instants, and what was used by then, in nanoseconds.
    at: Vec<(i64, f64)>,
}

impl Used {
    /// Of all threads; within a piece the CPU time is spread evenly.
    pub(super) fn by<'a>(spans: impl Iterator<Item = &'a Span>) -> Self {
        let threads = spans.filter(|span| !span.is_a_coroutine());
        let pieces = threads.flat_map(|span| &span.pieces).filter(|piece| piece.to > piece.from);
        let mut slopes: Vec<(i64, f64)> = Vec::new();
        for piece in pieces {
            let slope = (nanos(piece.cpu) / nanos(piece.to - piece.from)).min(1.0);
            slopes.extend([(piece.from, slope), (piece.to, -slope)]);
        }
        slopes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (mut slope, mut sum, mut before) =
            (0.0, 0.0, slopes.first().map_or(0, |first| first.0));
        let mut at = Vec::with_capacity(slopes.len());
        for (instant, change) in slopes {
            sum += slope * nanos(instant - before);
            slope += change;
            before = instant;
            at.push((instant, sum));
        }
        Self { at }
    }

    /// From one instant to another.
    pub(super) fn between(&self, from: i64, to: i64) -> i64 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "CPU time of a recording in nanoseconds"
        )]
        let whole = (self.until(to) - self.until(from)) as i64;
        whole
    }

    fn until(&self, instant: i64) -> f64 {
        let next = self.at.partition_point(|(at, _)| *at <= instant);
        let Some((before, used)) = next.checked_sub(1).map(|last| self.at[last]) else {
            return 0.0;
        };
        let Some((after, more)) = self.at.get(next).copied() else { return used };
        used + (more - used) * nanos(instant - before) / nanos(after - before)
    }
}

/// As a number that can have a fraction.
#[expect(clippy::cast_precision_loss, reason = "a recording is shorter than 100 days")]
pub(super) const fn nanos(whole: i64) -> f64 {
    whole as f64
}
