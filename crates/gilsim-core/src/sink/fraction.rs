//! Fractions as the results give them: exact up to one rounding, to six decimals.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A fraction in whole millionths, rounded half up once when it is made.
///
/// An integer on purpose: it is compared and printed exactly, on every machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Fraction(u128);

/// How many parts make a whole.
const PARTS: u128 = 1_000_000;

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole.
    pub const ONE: Self = Self(PARTS);

    /// `numerator / denominator`, rounded half up to six decimals; `None` where the denominator is zero
    /// or the quotient does not fit 128 bits of millionths.
    pub fn of(numerator: u128, denominator: u128) -> Option<Self> {
        let whole = numerator.checked_div(denominator)?;
        let rest = numerator % denominator;
        let scaled = rest.checked_mul(PARTS)?;
        let up = u128::from(scaled % denominator >= denominator.div_ceil(2));
        whole.checked_mul(PARTS)?.checked_add(scaled / denominator + up).map(Self)
    }

    /// Millionths.
    pub const fn millionths(self) -> u128 {
        self.0
    }

    /// The nearest floating-point number, for charts and statistics.
    #[expect(clippy::cast_precision_loss, reason = "the nearest number is what is asked for")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// Writes all six decimals: `0.250000`.
impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / PARTS, self.0 % PARTS)
    }
}

/// Reads what is written: digits, a point, six digits.
impl FromStr for Fraction {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (whole, rest) = text.split_once('.').ok_or(())?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if rest.len() != 6 || !digits(whole) || !digits(rest) {
            return Err(());
        }
        let (whole, rest): (u128, u128) =
            (whole.parse().map_err(drop)?, rest.parse().map_err(drop)?);
        whole.checked_mul(PARTS).and_then(|parts| parts.checked_add(rest)).map(Self).ok_or(())
    }
}

impl Serialize for Fraction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(numerator: u128, denominator: u128) -> String {
        Fraction::of(numerator, denominator).map_or_else(String::new, |f| f.to_string())
    }

    #[test]
    fn a_fraction_has_six_decimals_rounded_half_up() {
        assert_eq!(shown(1, 4), "0.250000");
        assert_eq!(shown(2, 3), "0.666667");
        assert_eq!(shown(1, 3), "0.333333");
        assert_eq!(shown(1, 2_000_000), "0.000001");
        assert_eq!(shown(1, 2_000_001), "0.000000");
        assert_eq!(shown(19_999_999, 20_000_000), "1.000000");
        assert_eq!(shown(150, 2), "75.000000");
    }

    #[test]
    fn a_fraction_is_read_as_it_is_written() {
        for (n, d) in [(1, 3), (0, 1), (u128::MAX / PARTS, 1), (123_456_789, 1_000)] {
            let fraction = Fraction::of(n, d).unwrap();
            assert_eq!(fraction.to_string().parse(), Ok(fraction));
        }
        for wrong in ["", "1", "1.5", "+1.000000", ".000000", "1.0000000", "1.00000x"] {
            assert_eq!(wrong.parse::<Fraction>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn a_half_of_an_odd_denominator_is_not_rounded_up_too_early() {
        assert_eq!(shown(500_000, 1_000_000_000_001), "0.000000");
        assert_eq!(shown(500_001, 1_000_000_000_001), "0.000001");
    }

    #[test]
    fn a_fraction_of_nothing_is_none() {
        assert_eq!(Fraction::of(1, 0), None);
        assert_eq!(Fraction::of(0, 0), None);
        assert_eq!(Fraction::of(0, 5), Some(Fraction::ZERO));
    }

    #[test]
    fn a_quotient_too_large_is_none_rather_than_wrong() {
        assert_eq!(Fraction::of(u128::MAX, 1), None);
        assert!(Fraction::of(u128::from(u64::MAX) * 1_000_000, 1).is_some());
    }

    #[test]
    fn json_gives_the_digits_that_the_text_gives() {
        for (n, d) in [(1, 3), (2, 3), (7, 1), (123_456_789_123, 1_000_000)] {
            let fraction = Fraction::of(n, d).unwrap();
            let digits = |text: &str| text.trim_end_matches('0').to_owned();
            assert_eq!(
                digits(&serde_json::to_string(&fraction).unwrap()),
                digits(&fraction.to_string())
            );
        }
    }
}
