//! Expressions whose names and types are known to be right, and their values.
//!
//! All numbers are doubles: whole nanoseconds are exact up to 104 days. Only operations that IEEE 754
//! rounds correctly are used, so values are the same on every machine.

use std::ops::Range;

use gilsim_scenario::claims::{Constant, Tolerance};

/// A number.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Number {
    Literal(f64),
    /// A drawn value, by its position.
    Given(usize),
    /// A metric, by its position.
    Metric(usize),
    Negative(Box<Self>),
    Absolute(Box<Self>),
    Least(Vec<Self>),
    Greatest(Vec<Self>),
    /// An operation on two numbers, and where it stands.
    Arithmetic(Operation, Box<[Self; 2]>, Range<usize>),
    If(Box<Truth>, Box<[Self; 2]>),
}

/// What is done with two numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// True or false.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Truth {
    Literal(bool),
    /// A drawn value, by its position.
    Given(usize),
    Not(Box<Self>),
    And(Box<[Self; 2]>),
    Or(Box<[Self; 2]>),
    /// Two numbers, and by how much they may miss.
    Compare(Comparison, Box<[Number; 2]>, Tolerance),
    /// Whether two texts are the same.
    SameText(Box<[Text; 2]>),
    /// Whether both are true or both are false.
    BothOrNeither(Box<[Self; 2]>),
    If(Box<Self>, Box<[Self; 2]>),
}

/// How two numbers are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A text.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Text {
    Literal(String),
    /// A drawn value, by its position.
    Given(usize),
}

/// The values of the names in a case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    pub(super) given: &'a [Constant],
    /// `None` where the column is empty.
    pub(super) metrics: &'a [Option<f64>],
}

/// Why an expression has no value in a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// A division by zero, and where it stands.
    Zero(Range<usize>),
    /// A number too large to reckon with, and where it comes about.
    TooLarge(Range<usize>),
    /// A metric that is empty, by its position.
    Empty(usize),
}

impl Number {
    fn of(&self, values: Values<'_>) -> Result<f64, Trouble> {
        match self {
            Self::Literal(number) => Ok(*number),
            Self::Given(given) => match &values.given[*given] {
                Constant::Number(number) => Ok(*number),
                other => unreachable!("drawn value {given} is a number, not {other:?}"),
            },
            Self::Metric(metric) => values.metrics[*metric].ok_or(Trouble::Empty(*metric)),
            Self::Negative(number) => Ok(-number.of(values)?),
            Self::Absolute(number) => Ok(number.of(values)?.abs()),
            Self::Least(numbers) => fold(numbers, values, f64::min),
            Self::Greatest(numbers) => fold(numbers, values, f64::max),
            Self::Arithmetic(operation, sides, place) => {
                let [left, right] = [sides[0].of(values)?, sides[1].of(values)?];
                operation.of(left, right, place)
            }
            Self::If(truth, sides) => sides[usize::from(!truth.of(values)?)].of(values),
        }
    }
}

/// The numbers put together; there is at least one.
fn fold(
    numbers: &[Number],
    values: Values<'_>,
    together: fn(f64, f64) -> f64,
) -> Result<f64, Trouble> {
    let mut numbers = numbers.iter().map(|number| number.of(values));
    let first = numbers.next().expect("the reader asks for one number at least")?;
    numbers.try_fold(first, |so_far, number| Ok(together(so_far, number?)))
}

impl Operation {
    fn of(self, left: f64, right: f64, place: &Range<usize>) -> Result<f64, Trouble> {
        let divides = matches!(self, Self::Divide | Self::Remainder);
        if divides && right == 0.0 {
            return Err(Trouble::Zero(place.clone()));
        }
        let result = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Remainder => left % right,
        };
        if result.is_finite() { Ok(result) } else { Err(Trouble::TooLarge(place.clone())) }
    }
}

impl Truth {
    /// Whether it is true.
    pub(super) fn of(&self, values: Values<'_>) -> Result<bool, Trouble> {
        match self {
            Self::Literal(truth) => Ok(*truth),
            Self::Given(given) => match &values.given[*given] {
                Constant::Truth(truth) => Ok(*truth),
                other => unreachable!("drawn value {given} is true or false, not {other:?}"),
            },
            Self::Not(truth) => Ok(!truth.of(values)?),
            Self::And(sides) => Ok(sides[0].of(values)? && sides[1].of(values)?),
            Self::Or(sides) => Ok(sides[0].of(values)? || sides[1].of(values)?),
            Self::Compare(comparison, sides, tolerance) => {
                let [left, right] = [sides[0].of(values)?, sides[1].of(values)?];
                Ok(comparison.of(left, right, tolerance.slack(left, right)))
            }
            Self::SameText(sides) => Ok(sides[0].of(values) == sides[1].of(values)),
            Self::BothOrNeither(sides) => Ok(sides[0].of(values)? == sides[1].of(values)?),
            Self::If(truth, sides) => sides[usize::from(!truth.of(values)?)].of(values),
        }
    }
}

impl Comparison {
    #[expect(clippy::float_cmp, reason = "without slack, equal is what is asked for")]
    fn of(self, left: f64, right: f64, slack: f64) -> bool {
        let near = left == right || (left - right).abs() <= slack;
        match self {
            Self::Equal => near,
            Self::Unequal => !near,
            Self::LessOrEqual => left <= right || near,
            Self::GreaterOrEqual => left >= right || near,
            Self::Less => left < right + slack,
            Self::Greater => left + slack > right,
        }
    }
}

impl Text {
    fn of<'v>(&'v self, values: Values<'v>) -> &'v str {
        match self {
            Self::Literal(text) => text,
            Self::Given(given) => match &values.given[*given] {
                Constant::Text(text) => text,
                other => unreachable!("drawn value {given} is a text, not {other:?}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tolerance_forgives_so_much_and_no_more() {
        let compare = |comparison: Comparison, left: f64, right: f64, tolerance: Tolerance| {
            comparison.of(left, right, tolerance.slack(left, right))
        };
        let percent = Tolerance::Share(0.01);
        assert!(compare(Comparison::Equal, 100.0, 99.0, percent));
        assert!(!compare(Comparison::Equal, 100.0, 98.9, percent));
        assert!(!compare(Comparison::Unequal, 100.0, 99.0, percent));
        assert!(compare(Comparison::LessOrEqual, 100.0, 99.0, percent));
        assert!(!compare(Comparison::GreaterOrEqual, 98.9, 100.0, percent));
        assert!(compare(Comparison::Less, 100.0, 99.5, percent));
        assert!(!compare(Comparison::Less, 5.0, 5.0, Tolerance::None));
        assert!(compare(Comparison::Greater, 5.0, 9.0, Tolerance::Nanos(4.5)));
        assert!(compare(Comparison::LessOrEqual, 5.0, 5.0, Tolerance::None));
    }
}
