//! A case: one value for each name of `given`; how cases are drawn, and which are smaller.

use gilsim_core::time::{SimDuration, UNITS};
use gilsim_core::workload;
use gilsim_scenario::claims::{Constant, Given, Values};

/// One value for each name, as a number that grows from the low end: the value itself, or the position in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Case(pub(super) Vec<u64>);

/// Ends that are farther apart than so many times are drawn evenly over their orders of magnitude.
const WIDE: u64 = 32;

/// The first and the last value.
pub(super) fn ends(values: &Values) -> (u64, u64) {
    match values {
        Values::Whole(low, high) | Values::Durations(low, high) => (*low, *high),
        Values::Choice(choices) => (0, choices.len() as u64 - 1),
    }
}

/// One of the values, made from 64 random bits.
fn draw(values: &Values, bits: u64) -> u64 {
    let (low, high) = ends(values);
    let is_list = matches!(values, Values::Choice(_));
    if is_list || high / low.max(1) < WIDE {
        let offset = (u128::from(bits) * (u128::from(high - low) + 1)) >> 64;
        return low + u64::try_from(offset).expect("less than the span");
    }
    let drawn = log_uniform(low, high, bits);
    match values {
        Values::Durations(..) => two_digits(drawn).clamp(low, high),
        _ => drawn,
    }
}

/// How a value stands in the scenario's text.
pub(super) fn text(values: &Values, value: u64) -> String {
    match values {
        Values::Whole(..) => value.to_string(),
        Values::Durations(..) => exact(value),
        Values::Choice(choices) => choices[index(value)].text.clone(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "expressions reckon with doubles")]
fn constant(values: &Values, value: u64) -> Constant {
    match values {
        Values::Whole(..) | Values::Durations(..) => Constant::Number(value as f64),
        Values::Choice(choices) => choices[index(value)].value.clone(),
    }
}

fn index(value: u64) -> usize {
    usize::try_from(value).expect("a position in a list")
}

/// A number from `low` to `high`, each order of magnitude as likely as any other.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a draw need not be exact, and is clamped"
)]
fn log_uniform(low: u64, high: u64, bits: u64) -> u64 {
    let unit = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    // Zero has no order of magnitude: it counts as if everything were one more.
    let shift = if low == 0 { 1.0 } else { 0.0 };
    let (first, last) = (libm::log(low as f64 + shift), libm::log(high as f64 + shift + 1.0));
    let drawn = libm::floor(libm::exp(first + unit * (last - first)) - shift);
    (drawn.max(0.0) as u64).clamp(low, high)
}

/// The number with all digits but the first two zero: values that people read at a glance, and that meet
/// now and then.
fn two_digits(number: u64) -> u64 {
    let grain = 10_u64.pow(number.max(1).ilog10().saturating_sub(1));
    number / grain * grain
}

/// The next number that has so many digits and zeros behind them.
pub(super) fn rounded_up(number: u64, digits: u32) -> u64 {
    let grain = 10_u64.pow((number.max(1).ilog10() + 1).saturating_sub(digits));
    number.checked_next_multiple_of(grain).unwrap_or(number)
}

/// A length of time without rounding, in the largest unit that it fills.
pub(super) fn exact(nanos: u64) -> String {
    let fits = |(_, length): &&(&str, u64)| nanos >= *length;
    let (unit, length) = UNITS[1..].iter().find(fits).copied().unwrap_or(("ns", 1));
    let (whole, fraction) = (nanos / length, nanos % length);
    if fraction == 0 {
        return format!("{whole}{unit}");
    }
    let width = length.ilog10() as usize;
    let digits = format!("{fraction:0width$}");
    format!("{whole}.{}{unit}", digits.trim_end_matches('0'))
}

impl Case {
    /// A case, drawn from a seed, the number of its claim, its own number, and how often it was drawn before. The first
    /// one has the low end of everything and the second the high end.
    pub(super) fn draw(given: &[Given], seed: u64, claim: u64, case: u64, attempt: u64) -> Self {
        let values = given.iter().enumerate().map(|(position, given)| match (case, attempt) {
            (0, 0) => ends(&given.values).0,
            (1, 0) => ends(&given.values).1,
            _ => {
                let number = (attempt << 32) | position as u64;
                draw(&given.values, workload::bits(seed, [claim, case], number))
            }
        });
        Self(values.collect())
    }

    /// The values as the scenario's text has them, by name.
    pub(super) fn texts<'g>(&self, given: &'g [Given]) -> Vec<(&'g str, String)> {
        let pairs = given.iter().zip(&self.0);
        pairs.map(|(given, value)| (given.name.as_str(), text(&given.values, *value))).collect()
    }

    /// The values as expressions have them.
    pub(super) fn constants(&self, given: &[Given]) -> Vec<Constant> {
        given.iter().zip(&self.0).map(|(given, value)| constant(&given.values, *value)).collect()
    }

    /// In words: `cores = 4, work = 5ms`.
    pub(super) fn words(&self, given: &[Given]) -> String {
        let texts = self.texts(given).into_iter();
        texts.map(|(name, text)| format!("{name} = {text}")).collect::<Vec<_>>().join(", ")
    }

    /// The case half-way to the low end of everything.
    pub(super) fn halved(&self, given: &[Given]) -> Self {
        let pairs = given.iter().zip(&self.0);
        Self(pairs.map(|(given, value)| middle(ends(&given.values).0, *value)).collect())
    }

    /// The same case with another value at a position.
    pub(super) fn with(&self, position: usize, value: u64) -> Self {
        let mut case = self.clone();
        case.0[position] = value;
        case
    }
}

/// Half-way between two numbers, nearer the lower one.
pub(super) fn middle(low: u64, high: u64) -> u64 {
    low + (high - low) / 2
}

/// A number of nanoseconds as people read it.
pub(super) fn shown_time(nanos: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, and times are not negative"
    )]
    SimDuration::from_nanos(nanos as u64).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(values: Values) -> Vec<Given> {
        vec![Given { name: "x".to_owned(), values }]
    }

    fn drawn(values: Values, cases: u64) -> Vec<u64> {
        let given = given(values);
        (0..cases).map(|case| Case::draw(&given, 7, 0, case, 0).0[0]).collect()
    }

    #[test]
    fn draws_stay_within_their_range_and_reach_both_ends() {
        let small = drawn(Values::Whole(3, 6), 200);
        assert_eq!((small[0], small[1]), (3, 6));
        assert!((3..=6).all(|value| small[2..].contains(&value)));
        let all = drawn(Values::Whole(0, u64::MAX), 200);
        assert_eq!((all[0], all[1]), (0, u64::MAX));
        let one = drawn(Values::Durations(5, 5), 10);
        assert!(one.iter().all(|value| *value == 5));
    }

    #[test]
    fn wide_ranges_are_drawn_over_their_orders_of_magnitude() {
        let times = drawn(Values::Durations(1_000, 1_000_000_000), 400);
        let short = times.iter().filter(|time| **time < 1_000_000).count();
        assert!((120..280).contains(&short), "{short} of 400 below the geometric mean");
        assert!(times.iter().all(|time| (1_000..=1_000_000_000).contains(time)));
        assert!(times.iter().all(|time| two_digits(*time) == *time));
    }

    #[test]
    fn a_number_is_rounded_up_to_its_first_digits() {
        for (number, digits, rounded) in [
            (0, 2, 0),
            (7, 2, 7),
            (99, 2, 99),
            (101, 2, 110),
            (6_666_667, 2, 6_700_000),
            (1_001, 3, 1_010),
        ] {
            assert_eq!(rounded_up(number, digits), rounded);
        }
        assert_eq!(rounded_up(u64::MAX, 2), u64::MAX);
    }

    #[test]
    fn a_duration_is_written_without_rounding() {
        for (nanos, text) in [
            (0, "0ns"),
            (5, "5ns"),
            (5_000_001, "5.000001ms"),
            (1_500, "1.5us"),
            (2_000_000_000, "2s"),
            (90_000_000_000, "90s"),
        ] {
            assert_eq!(exact(nanos), text);
            assert_eq!(text.parse::<SimDuration>().unwrap().as_nanos(), nanos);
        }
    }

    #[test]
    fn a_draw_depends_on_the_seed_the_claim_the_case_and_the_attempt() {
        let given = given(Values::Whole(0, u64::MAX));
        let base = Case::draw(&given, 1, 2, 3, 4);
        assert_eq!(Case::draw(&given, 1, 2, 3, 4), base);
        for (seed, claim, case, attempt) in [(0, 2, 3, 4), (1, 0, 3, 4), (1, 2, 4, 4), (1, 2, 3, 0)]
        {
            assert_ne!(Case::draw(&given, seed, claim, case, attempt), base);
        }
    }
}
