//! Decimal numbers, read digit by digit.

/// A decimal number as a text spells it. No digit is lost: it becomes an integer only together with a unit.
#[derive(Clone, Copy, Debug)]
pub struct Decimal<'t> {
    negative: bool,
    /// The digits before the point.
    whole: &'t str,
    /// The digits behind the point.
    fraction: &'t str,
    exponent: i64,
}

/// Why a number of units is not a whole number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecimalError {
    /// A part of one is left over.
    TooFine,
    /// It does not fit 64 bits.
    TooLarge,
}

impl<'t> Decimal<'t> {
    /// Reads a number that stands alone: `12`, `-0.5`, `+5.`, `.5`, `1.5e-05`.
    pub fn parse(text: &'t str) -> Option<Self> {
        let (negative, text) = signed(text);
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let has_digits = !(whole.is_empty() && fraction.is_empty());
        let is_number = has_digits && are_digits(whole) && are_digits(fraction);
        is_number.then_some(Self { negative, whole, fraction, exponent })
    }

    /// Reads the number before a unit, `12` or `0.5`: no sign, no exponent, and digits on both sides of a point.
    /// What follows it comes along, without blanks before it.
    pub fn before_unit(text: &'t str) -> (Option<Self>, &'t str) {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let has_bare_point = number.starts_with('.') || number.ends_with('.');
        let number = if has_bare_point { None } else { Self::parse(number) };
        (number, unit.trim_start())
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.negative && self.digits().any(|digit| digit != 0)
    }

    /// A number from [`Decimal::before_unit`] times `unit`.
    ///
    /// # Errors
    /// When the product is not whole, or does not fit.
    pub fn times(self, unit: u64) -> Result<u64, DecimalError> {
        let fraction = self.fraction.trim_end_matches('0');
        let whole = integer(self.whole).and_then(|whole| whole.checked_mul(unit.into()));
        let part = integer(fraction).and_then(|part| part.checked_mul(unit.into()));
        let places = u32::try_from(fraction.len()).ok();
        let scale = places.and_then(|places| 10_u128.checked_pow(places));
        let part = part.zip(scale).filter(|(part, scale)| part.is_multiple_of(*scale));
        let whole =
            whole.filter(|whole| *whole <= u64::MAX.into()).ok_or(DecimalError::TooLarge)?;
        let (part, scale) = part.ok_or(DecimalError::TooFine)?;
        u64::try_from(whole + part / scale).map_err(|_| DecimalError::TooLarge)
    }

    /// The number without its sign times 10^`places`. What is below 1 is cut off; `None` where it does not fit.
    pub fn shifted(self, places: u32) -> Option<u128> {
        if self.digits().all(|digit| digit == 0) {
            return Some(0);
        }
        let point = i64::try_from(self.whole.len()).ok()? + self.exponent + i64::from(places);
        let kept = usize::try_from(point.max(0)).ok()?;
        sum(self.digits().chain(std::iter::repeat(0)).take(kept))
    }

    fn digits(self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes()).map(|digit| digit - b'0')
    }
}

/// Whether there is a minus, and the text without its sign.
fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// The exponent; one that is beyond all bounds is cut to what is beyond all bounds too.
fn read_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = signed(text);
    if digits.is_empty() || !are_digits(digits) {
        return None;
    }
    let size = i64::from(digits.parse::<i32>().unwrap_or(i32::MAX));
    Some(if negative { -size } else { size })
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn integer(digits: &str) -> Option<u128> {
    sum(digits.bytes().map(|digit| digit - b'0'))
}

fn sum(mut digits: impl Iterator<Item = u8>) -> Option<u128> {
    digits.try_fold(0_u128, |sum, digit| sum.checked_mul(10)?.checked_add(digit.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thousandths(text: &str) -> Option<u128> {
        Decimal::parse(text)?.shifted(3)
    }

    #[test]
    fn a_number_that_stands_alone_may_have_a_sign_a_point_and_an_exponent() {
        let cases = [
            ("0", 0),
            ("12", 12_000),
            ("+1", 1_000),
            ("-1.5", 1_500),
            (".5", 500),
            ("5.", 5_000),
            ("1.5e+1", 15_000),
            ("1E-2", 10),
            ("0.00199", 1),
            ("0e99999999999999999999", 0),
            ("1e-99999999999999999999", 0),
        ];
        for (text, value) in cases {
            assert_eq!(thousandths(text), Some(value), "{text}");
        }
        assert_eq!(thousandths("1e99999999999999999999"), None);
        for text in [
            "", ".", "+", "e5", "1e", "1e+", "1.2.3", "--1", "1_0", "0x1", "nan", "inf", " 1",
            "1 ", "٣",
        ] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_zero_with_a_minus_is_a_zero() {
        let is_negative = |text| Decimal::parse(text).unwrap().is_negative();
        assert!(is_negative("-0.01") && !is_negative("-0.0") && !is_negative("1"));
    }

    #[test]
    fn the_number_before_a_unit_is_plain() {
        let read = |text| {
            let (number, unit) = Decimal::before_unit(text);
            (number.map(|number| number.times(1_000)), unit)
        };
        assert_eq!(read("1.5 ms"), (Some(Ok(1_500)), "ms"));
        assert_eq!(read("007"), (Some(Ok(7_000)), ""));
        assert_eq!(read("0.0005s"), (Some(Err(DecimalError::TooFine)), "s"));
        assert_eq!(read("18446744073709551.616"), (Some(Err(DecimalError::TooLarge)), ""));
        assert_eq!(read("1e3s"), (Some(Ok(1_000)), "e3s"));
        for text in ["", "s", "-1s", "+1s", ".5s", "5.s", "1.2.3s"] {
            assert!(read(text).0.is_none(), "{text}");
        }
    }
}
