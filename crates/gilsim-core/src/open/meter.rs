//! How many were present at once, integrated over time. It keeps no record of who was present.

use crate::model::Horizon;
use crate::time::SimTime;

/// Stretches of equal length that the time before the horizon is cut into, at most.
const STRETCHES: u64 = 500;

/// How the time before a horizon is cut into stretches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    until: u64,
    warm_up: u64,
    step: u64,
}

impl Cut {
    pub(super) fn of(horizon: Horizon) -> Self {
        let until = horizon.until.as_nanos();
        Self { until, warm_up: horizon.warm_up.as_nanos(), step: until.div_ceil(STRETCHES).max(1) }
    }

    /// Begin and end of each stretch in nanoseconds; the last may be shorter.
    pub(super) fn stretches(self) -> impl Iterator<Item = (u64, u64)> {
        let begin = (0..self.until).step_by(usize::try_from(self.step).unwrap_or(usize::MAX));
        begin.map(move |begin| (begin, self.until.min(begin.saturating_add(self.step))))
    }

    fn count(self) -> usize {
        usize::try_from(self.until.div_ceil(self.step)).expect("stretches are few")
    }

    /// Nanoseconds from the warm-up to the horizon.
    pub(super) fn window(self) -> u64 {
        self.until - self.warm_up
    }
}

/// The integral of a number of presences over time. An interval is added in constant time.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    /// By how many more stretches are filled from the one before, by whole stretches alone.
    whole: Vec<i64>,
    /// Nanoseconds in each stretch, of those who were present for a part of it.
    part: Vec<u64>,
    /// Nanoseconds from the warm-up to the horizon.
    in_window: u128,
    /// Nanoseconds of the whole run.
    in_all: u128,
}

impl Meter {
    pub(super) fn new(cut: Cut) -> Self {
        Self {
            whole: vec![0; cut.count() + 1],
            part: vec![0; cut.count()],
            in_window: 0,
            in_all: 0,
        }
    }

    /// One more was there from `start` to `end`.
    pub(super) fn add(&mut self, cut: Cut, start: SimTime, end: SimTime) {
        let (start, end) = (start.as_nanos(), end.as_nanos());
        self.in_all += u128::from(end - start);
        let end = end.min(cut.until);
        self.in_window += u128::from(end.saturating_sub(start.max(cut.warm_up)));
        if start >= end {
            return;
        }
        let (first, last) = (start / cut.step, end / cut.step);
        let at = |stretch: u64| usize::try_from(stretch).expect("stretches are few");
        if first == last {
            self.part[at(first)] += end - start;
            return;
        }
        self.part[at(first)] += (first + 1) * cut.step - start;
        if let Some(part) = self.part.get_mut(at(last)) {
            *part += end - last * cut.step;
        }
        self.whole[at(first) + 1] += 1;
        self.whole[at(last)] -= 1;
    }

    /// Nanoseconds in each stretch.
    pub(super) fn areas(&self, cut: Cut) -> Vec<u128> {
        let mut filled = 0_i64;
        let parts = self.part.iter().zip(&self.whole).zip(cut.stretches());
        parts
            .map(|((part, change), (begin, end))| {
                filled += change;
                let filled = u128::try_from(filled).expect("who leaves has come");
                filled * u128::from(end - begin) + u128::from(*part)
            })
            .collect()
    }

    /// Nanoseconds from the warm-up to the horizon.
    pub(super) fn in_window(&self) -> u128 {
        self.in_window
    }

    /// Nanoseconds of the whole run.
    pub(super) fn in_all(&self) -> u128 {
        self.in_all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(until: u64, warm_up: u64) -> Cut {
        let at = SimTime::from_nanos;
        Cut::of(Horizon { until: at(until), warm_up: at(warm_up) })
    }

    #[test]
    fn areas_are_those_of_counting_each_nanosecond() {
        for until in [1, 7, 499, 500, 501, 1_250] {
            let cut = cut(until, until / 3);
            let mut meter = Meter::new(cut);
            let mut counted = vec![0_u128; usize::try_from(until).unwrap()];
            let intervals = (0..60_u64).map(|n| (n * 37 % (until + 20), n * 91 % 700 + 1));
            let mut all = 0;
            for (start, length) in intervals {
                meter.add(cut, SimTime::from_nanos(start), SimTime::from_nanos(start + length));
                all += u128::from(length);
                (start..(start + length).min(until))
                    .for_each(|ns| counted[usize::try_from(ns).unwrap()] += 1);
            }
            let areas = meter.areas(cut);
            let expected: Vec<u128> = cut
                .stretches()
                .map(|(begin, end)| {
                    (begin..end).map(|ns| counted[usize::try_from(ns).unwrap()]).sum()
                })
                .collect();
            assert_eq!(areas, expected, "until {until}");
            let from = usize::try_from(until / 3).unwrap();
            assert_eq!(meter.in_window(), counted[from..].iter().sum::<u128>(), "until {until}");
            assert_eq!(meter.in_all(), all);
        }
    }
}
