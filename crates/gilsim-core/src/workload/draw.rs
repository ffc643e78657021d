//! Distributions: from random bits to durations, always with the same number of bits.

use crate::model::Distribution;
use crate::time::SimDuration;

use super::BLOCK;
use super::script::Odds;

/// What is drawn from.
#[derive(Clone, Copy)]
pub(super) enum Law<'a> {
    /// An exponential distribution of that mean in nanoseconds.
    Exponential(f64),
    /// Any other distribution.
    Other(&'a Distribution),
}

impl<'a> Law<'a> {
    pub(super) fn of(distribution: &'a Distribution) -> Self {
        match distribution {
            Distribution::Exponential { mean } => Self::Exponential(nanos(*mean)),
            other => Self::Other(other),
        }
    }

    /// As many draws as there are lots of 128 random bits.
    pub(super) fn draw(self, bits: &[[u64; 2]], draws: &mut [SimDuration; BLOCK]) {
        match self {
            Self::Exponential(mean) => exponentials(mean, bits, draws),
            Self::Other(distribution) => {
                for (made, bits) in draws.iter_mut().zip(bits) {
                    *made = draw(distribution, *bits);
                }
            }
        }
    }
}

fn draw(distribution: &Distribution, [a, b]: [u64; 2]) -> SimDuration {
    match distribution {
        Distribution::Constant(constant) => *constant,
        Distribution::Uniform { low, high } => {
            let span = u128::from(high.as_nanos() - low.as_nanos()) + 1;
            let offset = (u128::from(a) * span) >> 64;
            *low + SimDuration::from_nanos(u64::try_from(offset).expect("less than the span"))
        }
        Distribution::Exponential { .. } => unreachable!("these have a law of their own"),
        Distribution::Normal { mean, sd } => {
            from_nanos(nanos(*mean) + nanos(*sd) * standard_normal(a, b))
        }
        Distribution::LogNormal { p50, p99 } => {
            let sigma = libm::log(nanos(*p99) / nanos(*p50)) / Z_99;
            from_nanos(nanos(*p50) * libm::exp(sigma * standard_normal(a, b)))
        }
        Distribution::Pareto { min, shape } => {
            from_nanos(nanos(*min) * libm::pow(open_unit(a), -1.0 / shape))
        }
        Distribution::Cycle(_) => unreachable!("cycles are counted, not drawn"),
        Distribution::Samples(samples) => {
            let index = (u128::from(a) * samples.len() as u128) >> 64;
            samples[usize::try_from(index).expect("less than the length")]
        }
    }
}

/// The 99th percentile of the standard normal distribution.
const Z_99: f64 = 2.326_347_874_040_841;

impl Odds {
    /// Whether what is so likely happens, by 53 random bits: what is certain always does.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub(super) fn come_true(self, bits: u64) -> bool {
        ((bits >> 11).cast_signed() as f64) < self.0 * (1_u64 << 53) as f64
    }
}

/// Uniform on (0, 1]: the top 53 bits, and never zero.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
fn open_unit(bits: u64) -> f64 {
    ((bits >> 11) + 1).cast_signed() as f64 / (1_u64 << 53) as f64
}

/// Exponential draws, in two loops: so the processor works on several logarithms at once.
fn exponentials(mean_ns: f64, bits: &[[u64; 2]], draws: &mut [SimDuration; BLOCK]) {
    let mut logarithms = [0.0; BLOCK];
    for (logarithm, [bits, _]) in logarithms.iter_mut().zip(bits) {
        *logarithm = libm::log(open_unit(*bits));
    }
    for (draw, logarithm) in draws.iter_mut().zip(&logarithms[..bits.len()]) {
        *draw = from_nanos(-mean_ns * logarithm);
    }
}

/// Box and Muller's transform, one of its two values.
fn standard_normal(a: u64, b: u64) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(open_unit(a)));
    radius * libm::cos(2.0 * std::f64::consts::PI * open_unit(b))
}

#[expect(clippy::cast_precision_loss, reason = "a draw need not be exact to the nanosecond")]
fn nanos(duration: SimDuration) -> f64 {
    // A signed number becomes a double in one step, an unsigned one in several; no duration has the sign's bit.
    duration.as_nanos().cast_signed() as f64
}

/// The nearest whole nanosecond, between zero and the longest duration.
#[expect(clippy::cast_possible_truncation, reason = "clamped first")]
fn from_nanos(ns: f64) -> SimDuration {
    let ns = ns.clamp(0.0, nanos(SimDuration::LONGEST));
    let whole = SimDuration::from_nanos((ns as i64).cast_unsigned());
    let rest = ns - nanos(whole);
    SimDuration::from_nanos(whole.as_nanos() + u64::from(rest >= 0.5))
}
