//! Measured times as recordings write them: decimal numbers, summed exactly and rounded once.

use std::fmt;
use std::ops::Add;

use gilsim_core::time::{Decimal, SimDuration};

/// Decimal places of a nanosecond that are kept until the sum is rounded.
const PLACES: u32 = 18;

/// One nanosecond.
const NANO: u128 = 10_u128.pow(PLACES);

/// What a plain number counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// Seconds, as curl writes them.
    Seconds,
    /// Milliseconds, as browsers write them.
    Milliseconds,
}

/// A time in nanoseconds with eighteen decimal places, far finer than any recording.
///
/// Browsers print binary fractions (`40.30699998838825` milliseconds); reading the digits and rounding
/// once, to the nearest nanosecond, gives the clock's own value back (40.307 ms) without any drift.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(super) struct ExactTime(u128);

/// Why a text is not a measured time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NumberError {
    /// Not a decimal number.
    NotANumber,
    /// Below zero.
    Negative,
    /// Longer than [`SimDuration::LONGEST`].
    TooLong,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "a time should be a number",
            Self::Negative => "a time should not be below zero",
            Self::TooLong => "a time should not be longer than 100 years",
        })
    }
}

impl NumberError {
    /// What is wrong with a plain number of `unit`.
    pub(super) fn of(self, unit: Unit) -> String {
        match (self, unit) {
            (Self::NotANumber, Unit::Seconds) => format!("{self} of seconds"),
            (Self::NotANumber, Unit::Milliseconds) => format!("{self} of milliseconds"),
            (Self::Negative | Self::TooLong, _) => self.to_string(),
        }
    }
}

impl ExactTime {
    /// Reads a decimal number, with an exponent or without.
    pub(super) fn parse(text: &str, unit: Unit) -> Result<Self, NumberError> {
        let number = Decimal::parse(text).ok_or(NumberError::NotANumber)?;
        if number.is_negative() {
            return Err(NumberError::Negative);
        }
        let unit = match unit {
            Unit::Seconds => 9,
            Unit::Milliseconds => 6,
        };
        let time = Self(number.shifted(unit + PLACES).ok_or(NumberError::TooLong)?);
        time.rounded().map(|_| time)
    }

    /// The nearest whole nanosecond, halves up.
    pub(super) fn rounded(self) -> Result<SimDuration, NumberError> {
        let nanos = (self.0 + NANO / 2) / NANO;
        let nanos = u64::try_from(nanos).map_err(|_| NumberError::TooLong)?;
        let duration = SimDuration::from_nanos(nanos);
        if duration > SimDuration::LONGEST { Err(NumberError::TooLong) } else { Ok(duration) }
    }

    /// The difference, zero where `other` is longer.
    pub(super) fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// By how much the two differ.
    pub(super) fn distance(self, other: Self) -> Self {
        Self(self.0.abs_diff(other.0))
    }
}

/// A parsed time is at most 100 years, a hundredth of what 128 bits hold, so that a few of them can be added.
impl Add for ExactTime {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Result<u64, NumberError> {
        ExactTime::parse(text, Unit::Milliseconds)?.rounded().map(SimDuration::as_nanos)
    }

    #[test]
    fn a_number_is_read_digit_by_digit_and_rounded_half_up() {
        let cases = [
            ("0", 0),
            ("153", 153_000_000),
            ("40.30699998838825", 40_307_000),
            ("0.0000005", 1),
            ("0.00000049999999999999999999999999", 0),
            ("1.4999999621068127e-05", 15),
            ("1E3", 1_000_000_000),
            ("1e+2", 100_000_000),
            ("0e2147483647", 0),
            ("1e-2147483647", 0),
            ("9007199254.740993", 9_007_199_254_740_993),
            (".5", 500_000),
            ("+1", 1_000_000),
        ];
        for (text, nanos) in cases {
            assert_eq!(millis(text), Ok(nanos), "{text}");
        }
        assert_eq!(
            ExactTime::parse("0.068351", Unit::Seconds).unwrap().rounded(),
            Ok(SimDuration::from_micros(68_351))
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let cases = [
            ("", NumberError::NotANumber),
            (".", NumberError::NotANumber),
            ("1.2.3", NumberError::NotANumber),
            ("\"12\"", NumberError::NotANumber),
            ("1e", NumberError::NotANumber),
            ("NaN", NumberError::NotANumber),
            ("1_0", NumberError::NotANumber),
            ("-1", NumberError::Negative),
            ("-0.5e3", NumberError::Negative),
            ("-x", NumberError::NotANumber),
            ("1e300", NumberError::TooLong),
            ("1e2147483647", NumberError::TooLong),
            ("3155760000000.000001", NumberError::TooLong),
        ];
        for (text, error) in cases {
            assert_eq!(millis(text), Err(error), "{text}");
        }
        assert_eq!(millis("3155760000000"), Ok(SimDuration::LONGEST.as_nanos()));
    }

    #[test]
    fn a_sum_is_rounded_once() {
        let third = ExactTime::parse("0.0000004", Unit::Milliseconds).unwrap();
        assert_eq!(third.rounded(), Ok(SimDuration::ZERO));
        assert_eq!((third + third + third).rounded(), Ok(SimDuration::from_nanos(1)));
    }
}
