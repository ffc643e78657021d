//! What is changed, and a scenario with that change.

use gilsim_core::model::{Distribution, Scenario, Spends, ToolRun};
use gilsim_core::time::SimDuration;
use gilsim_core::tools::OwnKey;

use super::costs;

/// One thing that is made faster, or one more of it, or none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// The latency of the site at that place.
    Site(usize),
    /// The time of the computation at that place.
    Computation(usize),
    /// Waits for a bare duration.
    BareWaits,
    /// Computations of a bare duration.
    BareComputations,
    /// A cost of the profile.
    Cost(String),
    /// How long a waiter for the lock waits before it asks.
    SwitchInterval,
    /// No interpreter lock.
    NoLock,
    /// One more core.
    Core,
    /// One more worker.
    Worker,
    /// One more place within asyncio's limit.
    Limit,
    /// One more connection of the site at that place.
    Connection(usize),
    /// One more permit of the semaphore at that place.
    Permit(usize),
    /// One more slot of the bounded queue at that place.
    Slot(usize),
}

/// Python's shortest switch interval.
const SHORTEST_SWITCH: SimDuration = SimDuration::from_micros(1);

impl Change {
    /// All that can be changed in a tool's run.
    pub(super) fn all(scenario: &Scenario, run: &ToolRun) -> Vec<Self> {
        let setting = &run.setting;
        let mut all: Vec<Self> = (0..setting.sites.len()).map(Self::Site).collect();
        all.extend((0..setting.computations.len()).map(Self::Computation));
        all.extend(has_bare(scenario, Spends::Waiting).then_some(Self::BareWaits));
        all.extend(has_bare(scenario, Spends::Computing).then_some(Self::BareComputations));
        all.extend(costs::names(&setting.interpreter.profile).into_iter().map(Self::Cost));
        if setting.interpreter.lock {
            all.extend([Self::SwitchInterval, Self::NoLock]);
        }
        all.push(Self::Core);
        all.extend(run.tool.takes(OwnKey::Workers).then_some(Self::Worker));
        all.extend(run.limit.map(|_| Self::Limit));
        let limited =
            (0..setting.sites.len()).filter(|site| setting.sites[*site].connections.is_some());
        all.extend(limited.map(Self::Connection));
        all.extend((0..scenario.semaphores.len()).map(Self::Permit));
        let queues = &scenario.queues;
        let bounded = (0..queues.len()).filter(|queue| queues[*queue].capacity.is_some());
        all.extend(bounded.map(Self::Slot));
        all
    }

    /// Whether it can be made more or less faster; else it is done or not.
    pub(super) fn is_gradual(&self) -> bool {
        match self {
            Self::Site(_)
            | Self::Computation(_)
            | Self::BareWaits
            | Self::BareComputations
            | Self::Cost(_)
            | Self::SwitchInterval => true,
            Self::NoLock
            | Self::Core
            | Self::Worker
            | Self::Limit
            | Self::Connection(_)
            | Self::Permit(_)
            | Self::Slot(_) => false,
        }
    }

    /// Kind and name, as whatif.csv has them.
    pub(super) fn names(&self, scenario: &Scenario, run: &ToolRun) -> (&'static str, String) {
        let site = |site: usize| run.setting.sites[site].name.clone();
        match self {
            Self::Site(at) => ("site", site(*at)),
            Self::Computation(at) => ("computation", run.setting.computations[*at].name.clone()),
            Self::BareWaits => ("bare_waits", String::new()),
            Self::BareComputations => ("bare_computations", String::new()),
            Self::Cost(name) => ("cost", name.clone()),
            Self::SwitchInterval => ("switch_interval", String::new()),
            Self::NoLock => ("no_lock", String::new()),
            Self::Core => ("one_more_core", String::new()),
            Self::Worker => ("one_more_worker", String::new()),
            Self::Limit => ("one_more_in_limit", String::new()),
            Self::Connection(at) => ("one_more_connection", site(*at)),
            Self::Permit(at) => ("one_more_permit", scenario.semaphores[*at].name.clone()),
            Self::Slot(at) => ("one_more_slot", scenario.queues[*at].name.clone()),
        }
    }

    /// The scenario and the run with it; what is gradual by so many percent, up to 100.
    pub(super) fn made(
        &self,
        scenario: &Scenario,
        run: &ToolRun,
        percent: u32,
    ) -> (Scenario, ToolRun) {
        let (mut scenario, mut run) = (scenario.clone(), run.clone());
        let setting = &mut run.setting;
        match self {
            Self::Site(at) => shorten(&mut setting.sites[*at].latency, percent),
            Self::Computation(at) => shorten(&mut setting.computations[*at].time, percent),
            Self::BareWaits => {
                each_bare(&mut scenario, Spends::Waiting, &mut |time| shorten(time, percent));
            }
            Self::BareComputations => {
                each_bare(&mut scenario, Spends::Computing, &mut |time| shorten(time, percent));
            }
            Self::Cost(name) => {
                let interpreter = &mut setting.interpreter;
                interpreter.profile = costs::faster(&interpreter.profile, name, percent);
                if name == "machine.wake_latency" {
                    let latency = &mut setting.machine.wake_latency;
                    *latency = latency.scaled(u64::from(100 - percent), 100);
                }
            }
            Self::SwitchInterval => {
                let interval = &mut setting.interpreter.switch_interval;
                *interval = interval.scaled(u64::from(100 - percent), 100).max(SHORTEST_SWITCH);
            }
            Self::NoLock => setting.interpreter.lock = false,
            Self::Core => setting.machine.cores += 1,
            Self::Worker => run.workers += 1,
            Self::Limit => run.limit = run.limit.map(|limit| limit + 1),
            Self::Connection(at) => {
                let connections = &mut setting.sites[*at].connections;
                *connections = connections.map(|connections| connections + 1);
            }
            Self::Permit(at) => {
                let permits = &mut scenario.semaphores[*at].permits;
                *permits = permits.saturating_add(1);
            }
            Self::Slot(at) => {
                let capacity = &mut scenario.queues[*at].capacity;
                *capacity = capacity.map(|capacity| capacity.saturating_add(1));
            }
        }
        (scenario, run)
    }
}

/// In words, for tables and charts: `site shop`, `one more core`.
pub(super) fn words(kind: &str, name: &str) -> String {
    let kind = match kind {
        "bare_waits" => "waits without a name",
        "bare_computations" => "computations without a name",
        "switch_interval" => "the lock's switch interval",
        "no_lock" => "no lock",
        "one_more_core" => "one more core",
        "one_more_worker" => "one more worker",
        "one_more_in_limit" => "one more within the limit",
        "one_more_connection" => "one more connection to",
        "one_more_permit" => "one more permit of semaphore",
        "one_more_slot" => "one more slot of queue",
        kind => kind,
    };
    format!("{kind} {name}").trim_end().to_owned()
}

/// Whether any task spends a length on that which has no name.
fn has_bare(scenario: &Scenario, spent: Spends) -> bool {
    let mut found = false;
    each_bare(&mut scenario.clone(), spent, &mut |_| found = true);
    found
}

/// Changes all lengths spent on that which have no name.
fn each_bare(scenario: &mut Scenario, spent: Spends, change: &mut dyn FnMut(&mut Distribution)) {
    for step in scenario.tasks.iter_mut().flat_map(|entry| &mut entry.steps) {
        step.each_bare_length(spent, change);
    }
}

/// Every draw of the distribution so many percent shorter.
fn shorten(distribution: &mut Distribution, percent: u32) {
    let left = u64::from(100 - percent);
    let short = |duration: &SimDuration| duration.scaled(left, 100);
    *distribution = match &*distribution {
        _ if left == 0 => Distribution::Constant(SimDuration::ZERO),
        Distribution::Constant(duration) => Distribution::Constant(short(duration)),
        Distribution::Uniform { low, high } => {
            Distribution::Uniform { low: short(low), high: short(high) }
        }
        Distribution::Exponential { mean } => Distribution::Exponential { mean: short(mean) },
        Distribution::Normal { mean, sd } => {
            Distribution::Normal { mean: short(mean), sd: short(sd) }
        }
        Distribution::LogNormal { p50, p99 } => {
            // Its median is positive, however short.
            let p50 = short(p50).max(SimDuration::from_nanos(1));
            Distribution::LogNormal { p50, p99: short(p99).max(p50) }
        }
        Distribution::Pareto { min, shape } => {
            Distribution::Pareto { min: short(min), shape: *shape }
        }
        Distribution::Cycle(all) => Distribution::Cycle(all.iter().map(short).collect()),
        Distribution::Samples(all) => Distribution::Samples(all.iter().map(short).collect()),
    };
}
