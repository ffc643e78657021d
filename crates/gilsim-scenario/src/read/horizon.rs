//! `[run]`: how long tasks arrive, and about how many that makes.

use std::sync::Arc;

use super::Reader;
use super::fields::Fields;
use crate::fault::Fault;
use crate::source::Place;
use crate::{keys, limits};
use gilsim_core::model::{Arrival, Distribution, Horizon};
use gilsim_core::time::{SimDuration, SimTime};

/// Reads `[run]`, if there is one.
pub(super) fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Horizon> {
    let node = fields.get("run")?;
    let fields = reader.fields(node, &keys::RUN)?;
    let warm_up = reader.duration_at(&fields, "warm_up").unwrap_or(SimDuration::ZERO);
    reader.required(&fields, "until")?;
    let until = reader.positive_duration_at(&fields, "until")?;
    if warm_up >= until {
        let node = fields.get("warm_up")?;
        let fault = Fault::new(node.place, "`warm_up` is not shorter than `until`");
        let until_place = fields.get("until").map_or(node.place, |until| until.place);
        let fault =
            fault.label("no task would count").related(until_place, "tasks arrive until then");
        return reader.refuse(fault);
    }
    let instant = |duration: SimDuration| SimTime::from_nanos(duration.as_nanos());
    Some(Horizon { until: instant(until), warm_up: instant(warm_up) })
}

impl Reader<'_> {
    /// About how many tasks of an entry without a count arrive before the horizon; at `place` stands `arrive`.
    pub(super) fn endless_count(
        &mut self,
        arrive: &Arrival,
        horizon: Horizon,
        place: Place,
    ) -> Option<u32> {
        let until = horizon.until.as_nanos();
        let gap = match arrive {
            Arrival::Every(gap) => usual(gap),
            Arrival::Poisson { per_second } => 1e9 / per_second,
            Arrival::AtOnce | Arrival::At(_) | Arrival::Clients { .. } | Arrival::After(_) => {
                return None;
            }
        };
        if gap <= 0.0 {
            let fault =
                Fault::new(place, "gaps of no length put endlessly many tasks before `until`");
            return self.refuse(fault.label("expected a longer gap, or a `count`"));
        }
        #[expect(clippy::cast_precision_loss, reason = "about how many")]
        let about = until as f64 / gap;
        #[expect(clippy::cast_precision_loss, reason = "a limit is a round number")]
        if about > limits::TASKS as f64 {
            let title = format!("about {about:.0} tasks arrive before `until`");
            let most = format!("at most {} are possible", limits::TASKS);
            return self.refuse(Fault::new(place, title).label(most));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounded above"
        )]
        let count = (about as u32).max(1);
        Some(count)
    }

    /// The instants before the horizon; a fault where there is none.
    pub(super) fn before_horizon(
        &mut self,
        instants: &[SimTime],
        horizon: Horizon,
        place: Place,
    ) -> Option<Arc<[SimTime]>> {
        let left: Arc<[SimTime]> =
            instants.iter().copied().filter(|instant| *instant < horizon.until).collect();
        if left.is_empty() {
            let fault = Fault::new(place, "no task of this entry arrives before `run.until`");
            return self.refuse(fault.label("expected an earlier instant"));
        }
        Some(left)
    }
}

/// A length that is about the mean, in nanoseconds; the median of what may have no mean.
#[expect(clippy::cast_precision_loss, reason = "about the mean")]
fn usual(distribution: &Distribution) -> f64 {
    let nanos = |duration: &SimDuration| duration.as_nanos() as f64;
    match distribution {
        Distribution::Constant(duration) => nanos(duration),
        Distribution::Uniform { low, high } => f64::midpoint(nanos(low), nanos(high)),
        Distribution::Exponential { mean } => nanos(mean),
        // Clamped at zero, half of the values of a mean of zero are above it.
        Distribution::Normal { mean, sd } => nanos(mean).max(nanos(sd) * 0.4),
        Distribution::LogNormal { p50, .. } => nanos(p50),
        Distribution::Pareto { min, .. } => nanos(min),
        Distribution::Cycle(all) | Distribution::Samples(all) => {
            all.iter().map(nanos).sum::<f64>() / all.len().max(1) as f64
        }
    }
}
