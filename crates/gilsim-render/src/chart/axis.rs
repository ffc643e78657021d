//! The axis of time: nanoseconds to tenths of a pixel, and ticks at round times.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// Round steps of ticks in nanoseconds up to one minute: 1, 2, 5 times a power of ten, then what clocks have.
const ROUND: [u64; 3] = [1, 2, 5];
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;

/// Time from 0 to `end` nanoseconds along a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeAxis {
    end: u64,
}

impl TimeAxis {
    /// An axis that ends at `end`, or after a nanosecond if that is zero.
    pub(super) fn until(end: u64) -> Self {
        Self { end: end.max(1) }
    }

    pub(super) const fn end(self) -> u64 {
        self.end
    }

    /// How much time there is to a pixel where the axis is `width` tenths of a pixel long, rounded up.
    pub(super) fn pixel(self, width: i32) -> u64 {
        let pixels = u64::try_from(width / 10).unwrap_or(1).max(1);
        self.end.div_ceil(pixels)
    }

    /// The finest round step of ticks that makes at most `most` of them.
    fn step(self, most: u64) -> u64 {
        let most = most.max(1);
        let fits = |step: &u64| self.end / step <= most;
        let decimal = (0..11).flat_map(|power| ROUND.map(|round| round * 10_u64.pow(power)));
        let clock = [10, 20, 30, 60, 120, 300, 600].map(|seconds| seconds * SECOND);
        decimal
            .take_while(|&step| step < 10 * SECOND)
            .chain(clock)
            .find(fits)
            .unwrap_or_else(|| self.decimal_minutes(most))
    }

    fn decimal_minutes(self, most: u64) -> u64 {
        let steps = (1..12).flat_map(|power| ROUND.map(|round| round * 10_u64.pow(power)));
        steps
            .filter_map(|minutes| minutes.checked_mul(MINUTE))
            .find(|step| self.end / step <= most)
            .unwrap_or(u64::MAX)
    }
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = u64;

    /// Rounded half up, without a float: the same on every machine.
    fn map(&self, value: &u64, limit: (i32, i32)) -> i32 {
        let width = i128::from(limit.1) - i128::from(limit.0);
        let end = i128::from(self.end);
        let offset = (i128::from(*value.min(&self.end)) * width * 2 + end).div_euclid(end * 2);
        limit.0 + i32::try_from(offset).expect("within the limits, which are 32 bits")
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<u64> {
        let step = self.step(hint.max_num_points().saturating_sub(1) as u64);
        (0..=self.end / step).map(|tick| tick * step).collect()
    }

    fn range(&self) -> Range<u64> {
        0..self.end
    }
}

/// Ticks are written in one unit all along the axis.
impl ValueFormatter<u64> for TimeAxis {
    fn format_ext(&self, value: &u64) -> String {
        let (unit, length) = match self.end {
            0..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            1_000_000..SECOND => ("ms", 1_000_000),
            SECOND..1_000_000_000_000 => ("s", SECOND),
            _ => ("min", MINUTE),
        };
        let (whole, rest) = (value / length, value % length);
        if rest == 0 {
            return format!("{whole} {unit}");
        }
        let thousandths = format!("{:03}", u128::from(rest) * 1000 / u128::from(length));
        format!("{whole}.{} {unit}", thousandths.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(end: u64) -> Vec<String> {
        let axis = TimeAxis::until(end);
        axis.key_points(9_usize).iter().map(|tick| axis.format_ext(tick)).collect()
    }

    #[test]
    fn ticks_stand_at_round_times_in_one_unit() {
        assert_eq!(ticks(100_000_000), ["0 ms", "20 ms", "40 ms", "60 ms", "80 ms", "100 ms"]);
        assert_eq!(ticks(150_200_000_000)[..3], ["0 s", "20 s", "40 s"]);
        assert_eq!(ticks(1_616_000_000)[..2], ["0 s", "0.2 s"]);
        assert_eq!(ticks(2_100_000_000)[..2], ["0 s", "0.5 s"]);
        assert_eq!(ticks(7), ["0 ns", "1 ns", "2 ns", "3 ns", "4 ns", "5 ns", "6 ns", "7 ns"]);
        assert_eq!(ticks(30 * MINUTE)[1], "5 min");
        assert_eq!(ticks(12_000)[1], "2 µs");
        assert_eq!(ticks(0), ["0 ns", "1 ns"]);
    }

    #[test]
    fn every_length_of_axis_has_two_to_nine_ticks() {
        let mut end = 1_u64;
        while end < u64::MAX / 3 {
            let count = ticks(end).len();
            assert!((2..=9).contains(&count), "{end} ns has {count}");
            end = end * 3 / 2 + 1;
        }
        assert!(!ticks(u64::MAX).is_empty());
    }

    #[test]
    fn the_ends_of_the_axis_map_to_the_ends_of_the_line() {
        let axis = TimeAxis::until(u64::MAX);
        assert_eq!(axis.map(&0, (1400, 9400)), 1400);
        assert_eq!(axis.map(&u64::MAX, (1400, 9400)), 9400);
        assert_eq!(TimeAxis::until(100).map(&250, (0, 1000)), 1000);
    }
}
