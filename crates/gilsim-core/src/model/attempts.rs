//! Steps that are tried.

use crate::time::SimDuration;

use super::StepSpec;

/// Steps that may fail or run out of time, and what follows then.
#[derive(Clone, PartialEq, Debug)]
pub struct Try {
    /// What is tried.
    pub steps: Vec<StepSpec>,
    /// How long each attempt may take; positive.
    pub timeout: Option<SimDuration>,
    /// Attempts after the first.
    pub retry: Option<Retry>,
    /// What is done when the last attempt has failed; without it the step fails.
    pub otherwise: Option<Vec<StepSpec>>,
}

/// Attempts after the first one: the k-th of them, from 0, comes `backoff` times `factor` to the power of k after the one
/// before it has failed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Retry {
    /// How many at most.
    pub times: u32,
    /// How long after a failure the first of them begins.
    pub backoff: SimDuration,
    /// How many times longer each further wait is; finite and positive.
    pub factor: f64,
    /// By which share of itself a wait is longer or shorter, drawn evenly; from 0 to 1.
    pub jitter: f64,
}

impl Try {
    /// How many attempts there are at most.
    pub fn attempts(&self) -> u32 {
        self.retry.map_or(0, |retry| retry.times).saturating_add(1)
    }

    /// How many waits there are between attempts: steps of their own.
    pub fn waits(&self) -> u32 {
        let retry = self.retry.filter(|retry| !retry.backoff.is_zero());
        retry.map_or(0, |retry| retry.times)
    }

    /// Whether these waits are drawn.
    pub fn draws_waits(&self) -> bool {
        self.waits() > 0 && self.retry.is_some_and(|retry| retry.jitter > 0.0)
    }
}

impl Retry {
    /// Whether waits differ in length but for the jitter.
    #[expect(clippy::float_cmp, reason = "nothing but one times as long is as long")]
    pub fn grows(&self) -> bool {
        self.factor != 1.0 && self.times > 1 && !self.backoff.is_zero()
    }

    /// The shortest and the longest wait before the retry of that number, from 0. Lengths beyond the longest duration are
    /// that long.
    pub fn wait(&self, number: u32) -> [SimDuration; 2] {
        let middle = self.backoff.as_secs_f64() * libm::pow(self.factor, f64::from(number));
        [1.0 - self.jitter, 1.0 + self.jitter].map(|share| whole_nanos(middle * share))
    }
}

/// The nearest whole number of nanoseconds, up to the longest duration.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped first")]
fn whole_nanos(seconds: f64) -> SimDuration {
    let longest = SimDuration::LONGEST;
    if seconds >= longest.as_secs_f64() {
        return longest;
    }
    SimDuration::from_nanos(libm::round(seconds.max(0.0) * 1e9) as u64)
}
