//! Simulated time: whole nanoseconds, and nothing but whole nanoseconds.

mod decimal;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};
use std::str::FromStr;

pub use decimal::{Decimal, DecimalError};

/// An instant of simulated time: whole nanoseconds since the run began.
///
/// Integer on purpose. Two events are simultaneous exactly when their times are
/// equal, so a tie is a fact about the model and never about rounding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct SimTime(u64);

/// A length of simulated time in whole nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct SimDuration(u64);

impl SimTime {
    /// The start of every run.
    pub const ZERO: Self = Self(0);
    /// Later than every instant that a run can reach.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `ns` nanoseconds after the start.
    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to this instant, zero if `earlier` is later.
    pub const fn saturating_since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration that a scenario may name: 100 years of 365.25 days.
    pub const LONGEST: Self = Self(100 * 36_525 * 864 * 1_000_000_000);

    /// A duration of `ns` nanoseconds.
    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }

    /// A duration of `us` microseconds.
    pub const fn from_micros(us: u64) -> Self {
        Self(us * 1_000)
    }

    /// A duration of `ms` milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }

    /// A duration of `s` seconds.
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000_000)
    }

    /// The nearest whole number of nanoseconds to a number of seconds, halves up; the sign does not count. `None` where
    /// that is longer than [`Self::LONGEST`].
    pub fn from_decimal_secs(seconds: Decimal<'_>) -> Option<Self> {
        let tenths = seconds.shifted(10)?;
        let nanos = u64::try_from(tenths / 10 + u128::from(tenths % 10 >= 5)).ok()?;
        Some(Self(nanos)).filter(|duration| *duration <= Self::LONGEST)
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds, for display and statistics only: never for the clock.
    #[expect(clippy::cast_precision_loss, reason = "display only")]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The difference, zero where `other` is longer.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// A poll's timeout as it reaches the kernel, of whole `grains`: milliseconds. `EpollSelector.select` in `Lib/selectors.py`
    /// rounds it up to them, but as a float of seconds, and `poll` in `Modules/selectmodule.c` rounds that up once more: 9 ms
    /// are 0.009000000000000001 s, and become 10. Multiplication of floats is exact to the bit everywhere.
    pub(crate) fn rounded_up_as_float(self, grain: Self) -> Self {
        if grain.is_zero() {
            return self;
        }
        let grains = self.0.div_ceil(grain.0);
        #[expect(clippy::cast_precision_loss, reason = "the float is the rule")]
        let [seconds, nanos] = [grain.0 as f64 / 1e9 * grains as f64, (grains * grain.0) as f64];
        Self(grains + u64::from(seconds * 1e9 > nanos)) * grain.0
    }

    /// This duration times `numerator / denominator`, rounded half up.
    ///
    /// # Panics
    /// When the denominator is zero or the product does not fit.
    #[must_use]
    pub fn scaled(self, numerator: u64, denominator: u64) -> Self {
        let product = u128::from(self.0) * u128::from(numerator) + u128::from(denominator / 2);
        let quotient = product / u128::from(denominator);
        Self(u64::try_from(quotient).expect("a scaled duration fits 64 bits"))
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, length: SimDuration) -> Self {
        Self(self.0 + length.0)
    }
}

impl AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, length: SimDuration) {
        self.0 += length.0;
    }
}

impl Sub for SimTime {
    type Output = SimDuration;
    fn sub(self, earlier: Self) -> SimDuration {
        SimDuration(self.0 - earlier.0)
    }
}

impl Add for SimDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for SimDuration {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for SimDuration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl SubAssign for SimDuration {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Mul<u64> for SimDuration {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0 * times)
    }
}

impl Sum for SimDuration {
    fn sum<I: Iterator<Item = Self>>(durations: I) -> Self {
        durations.fold(Self::ZERO, Add::add)
    }
}

/// The units of a duration, longest first, with their length in nanoseconds.
pub const UNITS: [(&str, u64); 5] =
    [("min", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];

/// Why a text is not a duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DurationError {
    /// No digits where the number should be, or something odd within it.
    Number,
    /// The number stands without a unit.
    MissingUnit,
    /// The unit is none of [`UNITS`].
    Unit,
    /// Finer than a nanosecond.
    TooFine,
    /// Longer than [`SimDuration::LONGEST`].
    TooLong,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "a duration starts with a number, like `1.5ms`",
            Self::MissingUnit => "a duration needs a unit: ns, us, ms, s or min",
            Self::Unit => "the units are ns, us, ms, s and min",
            Self::TooFine => "time is counted in whole nanoseconds",
            Self::TooLong => "the longest duration is 100 years",
        })
    }
}

impl std::error::Error for DurationError {}

/// Reads `3ns`, `20us`, `1.5ms`, `2s`, `2min`: a plain decimal number and a unit, exact to the nanosecond.
impl FromStr for SimDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let (number, unit) = Decimal::before_unit(text);
        let number = number.ok_or(DurationError::Number)?;
        if unit.is_empty() {
            return Err(DurationError::MissingUnit);
        }
        let (_, length) =
            UNITS.into_iter().find(|(name, _)| *name == unit).ok_or(DurationError::Unit)?;
        let nanos = number.times(length).map_err(|error| match error {
            DecimalError::TooFine => DurationError::TooFine,
            DecimalError::TooLarge => DurationError::TooLong,
        })?;
        if nanos > Self::LONGEST.0 { Err(DurationError::TooLong) } else { Ok(Self(nanos)) }
    }
}

/// Writes the duration as people read it, with up to four significant digits: `1.5 s`, `20 ms`, `312 us`.
///
/// For exact output print [`SimDuration::as_nanos`].
impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0 s");
        }
        let rounded = round_to_significant(self.0, 4);
        let (unit, length) = UNITS[1..]
            .iter()
            .copied()
            .find(|(_, length)| rounded >= *length)
            .expect("a nanosecond is the shortest non-zero duration");
        let (whole, fraction) = (rounded / length, rounded % length);
        if fraction == 0 {
            return write!(f, "{whole} {unit}");
        }
        let width = length.ilog10() as usize;
        let digits = format!("{fraction:0width$}");
        write!(f, "{whole}.{} {unit}", digits.trim_end_matches('0'))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

/// Rounds half up to `digits` significant decimal digits.
fn round_to_significant(value: u64, digits: u32) -> u64 {
    let length = value.ilog10() + 1;
    if length <= digits {
        return value;
    }
    let grain = 10_u64.pow(length - digits);
    (value / grain + u64::from(value % grain >= grain / 2)) * grain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_in_its_own_unit_with_four_digits() {
        let cases = [
            (0, "0 s"),
            (3, "3 ns"),
            (20_000, "20 us"),
            (1_500_000, "1.5 ms"),
            (150_214_345_678, "150.2 s"),
            (999_996_000, "1 s"),
            (1_000_000_000, "1 s"),
        ];
        for (ns, shown) in cases {
            assert_eq!(SimDuration::from_nanos(ns).to_string(), shown);
        }
    }

    #[test]
    fn a_duration_is_read_exactly_or_refused() {
        let good = [("3ns", 3), ("20us", 20_000), ("1.5ms", 1_500_000), ("2 s", 2_000_000_000)];
        for (text, ns) in good {
            assert_eq!(text.parse(), Ok(SimDuration::from_nanos(ns)), "{text}");
        }
        assert_eq!("2min".parse(), Ok(SimDuration::from_secs(120)));
        assert_eq!("0.000000001s".parse(), Ok(SimDuration::from_nanos(1)));
        let bad = [
            ("", DurationError::Number),
            ("-1ms", DurationError::Number),
            ("1..5ms", DurationError::Number),
            ("1.ms", DurationError::Number),
            ("5", DurationError::MissingUnit),
            ("5 sec", DurationError::Unit),
            ("0.5ns", DurationError::TooFine),
            ("1.0000000001s", DurationError::TooFine),
            ("99999999999999999999s", DurationError::TooLong),
            ("60000000min", DurationError::TooLong),
        ];
        for (text, error) in bad {
            assert_eq!(text.parse::<SimDuration>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_time_out_is_rounded_up_as_a_float_of_seconds() {
        let rounded = |nanos, grain| SimDuration(nanos).rounded_up_as_float(grain).as_nanos();
        let grain = SimDuration::from_millis(1);
        assert_eq!(rounded(0, grain), 0);
        assert_eq!(rounded(1_000_000, grain), 1_000_000);
        assert_eq!(rounded(1_000_001, grain), 2_000_000);
        assert_eq!(rounded(7, SimDuration::ZERO), 7);
        let one_more = |ms: &u64| rounded(ms * 1_000_000, grain) > ms * 1_000_000;
        let found: Vec<u64> = (1..60).filter(one_more).collect();
        assert_eq!(found, [9, 13, 18, 26, 36, 52, 59], "measured with epoll up to 20");
        assert_eq!((1..=1_000).filter(one_more).count(), 112);
    }

    #[test]
    fn scaling_rounds_half_up() {
        assert_eq!(SimDuration::from_nanos(5).scaled(14, 10).as_nanos(), 7);
        assert_eq!(SimDuration::from_nanos(1).scaled(1, 2).as_nanos(), 1);
        assert_eq!(SimDuration::from_nanos(1).scaled(1, 3).as_nanos(), 0);
    }
}
