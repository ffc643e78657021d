//! What a scenario asks for in all: steps and time.

use super::Reader;
use super::fields::Fields;
use crate::fault::Fault;
use crate::limits;
use crate::tree::Node;
use gilsim_core::model::{
    Arrival, Distribution, Horizon, Object, Parcel, Payload, Retry, Scenario, Setting, Spends,
    StepSpec, TaskEntry,
};
use gilsim_core::time::SimDuration;

/// Steps of one task with every `repeat` unrolled.
pub(super) fn leaf_steps(steps: &[StepSpec]) -> u64 {
    let leaves = steps.iter().map(|step| {
        let (before, behind) = step.own_leaves();
        let lists =
            step.within().map(|(times, steps)| leaf_steps(steps).saturating_mul(times.into()));
        lists.fold(u64::from(before) + u64::from(behind), u64::saturating_add)
    });
    leaves.fold(0, u64::saturating_add)
}

fn retry_of(step: &StepSpec) -> Option<Retry> {
    match step.object() {
        Object::Attempts(attempts) => attempts.retry.filter(|retry| !retry.backoff.is_zero()),
        _ => None,
    }
}

/// Refuses a scenario whose tasks one after the other would take longer than the clock goes.
pub(super) fn check(reader: &mut Reader<'_>, fields: &Fields<'_>, scenario: &Scenario) {
    if !reader.faults.is_empty() {
        return;
    }
    let places = fields.get("tasks").and_then(Node::as_list).unwrap_or_default();
    for tool in &scenario.tools {
        let demands =
            scenario.tasks.iter().map(|entry| Demand::of(entry, &tool.setting, scenario.horizon));
        let demands: Vec<Demand> = demands.collect();
        let work = demands.iter().fold(0, |sum: u128, demand| sum.saturating_add(demand.work));
        let last = demands.iter().map(|demand| demand.last_arrival).max().unwrap_or(0);
        let total = last.saturating_add(work);
        if total <= limits::DEMAND_NANOS {
            continue;
        }
        let longest = (0..demands.len()).max_by_key(|index| demands[*index].total()).unwrap_or(0);
        let place = places.get(longest).map_or(fields.place, |node| node.place);
        let years = |nanos: u128| nanos / (u128::from(SimDuration::LONGEST.as_nanos()) / 100);
        let title =
            format!("the tasks together ask for {} years under `{}`", years(total), tool.label);
        let most =
            format!("at most {} are possible; most of it is here", years(limits::DEMAND_NANOS));
        reader.faults.push(Fault::new(place, title).label(most));
        return;
    }
}

/// Nanoseconds of an entry, at most for bounded distributions and roughly for others.
struct Demand {
    /// Until its last task arrives. The tasks of other entries arrive meanwhile.
    last_arrival: u128,
    /// That all its tasks wait and compute.
    work: u128,
}

impl Demand {
    fn of(entry: &TaskEntry, setting: &Setting, horizon: Option<Horizon>) -> Self {
        let until = horizon.map_or(u128::MAX, |horizon| horizon.until.as_nanos().into());
        let count = u128::from(entry.count);
        let task =
            steps_nanos(&entry.steps, setting).saturating_add(pickling(entry.payload, setting));
        let last_arrival = arrival_nanos(&entry.arrive, count).min(until);
        Self { last_arrival, work: task.saturating_mul(count) }
    }

    const fn total(&self) -> u128 {
        self.last_arrival.saturating_add(self.work)
    }
}

fn arrival_nanos(arrive: &Arrival, count: u128) -> u128 {
    match arrive {
        Arrival::AtOnce | Arrival::After(_) => 0,
        Arrival::Every(gap) => long(gap).saturating_mul(count),
        Arrival::Poisson { per_second } => {
            let rarest = SimDuration::LONGEST.as_secs_f64();
            let seconds = (1.0 / per_second).min(rarest);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive and bounded"
            )]
            let gap = (seconds * 1e9) as u128;
            gap.saturating_mul(count)
        }
        Arrival::Clients { think, .. } => long(think).saturating_mul(count),
        Arrival::At(instants) => {
            instants.iter().map(|instant| u128::from(instant.as_nanos())).max().unwrap_or(0)
        }
    }
}

fn pickling(payload: Payload, setting: &Setting) -> u128 {
    let costs = &setting.interpreter.profile.pickle;
    let each_way = |parcel: Parcel| {
        let rate = u128::from(costs.dumps_per_mib)
            + u128::from(costs.loads_per_mib)
            + u128::from(costs.pipe_per_mib)
            + u128::from(costs.read_per_mib);
        let object = costs.dumps_per_object.0 + costs.loads_per_object.0;
        (u128::from(parcel.bytes).saturating_mul(rate) >> 20)
            + u128::from(parcel.objects.saturating_sub(1)) * u128::from(object.as_nanos())
    };
    let measured = [payload.pickle, payload.unpickle].into_iter().flatten();
    let measured: u128 = measured.map(|it| 2 * u128::from(it.as_nanos())).sum();
    each_way(payload.send) + each_way(payload.receive) + measured
}

fn steps_nanos(steps: &[StepSpec], setting: &Setting) -> u128 {
    steps.iter().fold(0, |sum: u128, step| sum.saturating_add(step_nanos(step, setting)))
}

fn step_nanos(step: &StepSpec, setting: &Setting) -> u128 {
    let mut within = step.within().peekable();
    if within.peek().is_some() {
        let lists =
            within.map(|(times, steps)| steps_nanos(steps, setting).saturating_mul(times.into()));
        return lists.fold(backoff_nanos(step), u128::saturating_add);
    }
    let length = step.length(setting).map_or(0, long);
    if step.kind().spends == Some(Spends::Computing) {
        let permille = u128::from(setting.interpreter.profile.compute_permille);
        return length.saturating_mul(permille) / 1_000;
    }
    length
}

/// Nanoseconds of all waits between attempts; where there are many, the last ones are the longest or the shortest.
fn backoff_nanos(step: &StepSpec) -> u128 {
    let Some(retry) = retry_of(step) else { return 0 };
    let ends = [0, retry.times.saturating_sub(1)].map(|number| retry.wait(number)[1].as_nanos());
    u128::from(ends[0].max(ends[1])).saturating_mul(retry.times.into())
}

/// The longest value of a bounded distribution, a long one of others.
fn long(distribution: &Distribution) -> u128 {
    let longest = |all: &[SimDuration]| all.iter().copied().max().unwrap_or_default();
    let duration = match distribution {
        Distribution::Constant(duration) => *duration,
        Distribution::Uniform { high, .. } => *high,
        Distribution::Exponential { mean } => *mean,
        Distribution::Normal { mean, sd } => *mean + *sd,
        Distribution::LogNormal { p99, .. } => *p99,
        Distribution::Pareto { min, .. } => *min,
        Distribution::Cycle(all) | Distribution::Samples(all) => longest(all),
    };
    u128::from(duration.as_nanos())
}
