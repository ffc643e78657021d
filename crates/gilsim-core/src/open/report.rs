//! What is known of an open system after a run: means over time, and whether it serves its load.

use serde::Serialize;

use crate::model::Horizon;
use crate::sink::fraction::Fraction;

use super::load::Load;
use super::queues::{Kind, Queues};

/// Waiting tasks that a backlog grows by at least, and its share of the tasks that arrive meanwhile in hundredths.
const GROWN_TASKS: u128 = 10;
const GROWN_PERCENT: u128 = 5;

/// A run of an open system in numbers. Means and rates are of the time from the warm-up to the horizon.
#[derive(Clone, Serialize, Debug)]
pub struct OpenReport {
    /// Tasks arrive before it, in nanoseconds.
    pub until_ns: u64,
    /// Response times count from it on, in nanoseconds.
    pub warm_up_ns: u64,
    /// Tasks that arrived.
    pub arrived: u64,
    /// Tasks that arrived after the warm-up: those of the response times.
    pub counted: u64,
    /// Their number per second.
    pub arrivals_per_s: Option<Fraction>,
    /// Tasks per second that were done.
    pub done_per_s: Option<Fraction>,
    /// Tasks in the system, on average over time.
    pub in_system_mean: Option<Fraction>,
    /// Those of them that waited for something inside it: not a site's or a timer's answer, nor its own computing.
    pub waiting_mean: Option<Fraction>,
    /// Whether the load can be served: no more is asked of anything than it can do, and no backlog grows. That of clients
    /// always can: they wait for their answers.
    pub served: bool,
    /// Tasks that waited at the horizon, on average over the last five-hundredth of the time before it.
    pub backlog: Option<Fraction>,
    /// What serves and is waited for.
    pub resources: Vec<ResourceReport>,
}

/// What serves and is waited for, in numbers.
#[derive(Clone, Serialize, Debug)]
pub struct ResourceReport {
    /// What sort of thing it is, as in queues.csv.
    pub kind: &'static str,
    /// The name of a site, semaphore or queue; empty else.
    pub name: String,
    /// How many it serves at once, where that is bounded and known.
    pub capacity: Option<u32>,
    /// How many it served, on average over time.
    pub busy_mean: Option<Fraction>,
    /// The same over its capacity.
    pub utilisation: Option<Fraction>,
    /// How many waited for it, on average over time.
    pub waiting_mean: Option<Fraction>,
    /// What all tasks that arrived ask of it over what it can do before the horizon, without bookkeeping; those of clients
    /// ask for no more than is served, and do not count, nor do those that come after all of others.
    pub offered_load: Option<Fraction>,
}

impl OpenReport {
    /// What the run of an open system says.
    pub fn of(queues: &Queues, horizon: Horizon, loads: &[Load]) -> Self {
        let window = u128::from(queues.cut.window());
        let system = &queues.resources[0];
        let mean = |nanos: u128| Fraction::of(nanos, window);
        let per_second = |count: u64| Fraction::of(u128::from(count) * 1_000_000_000, window);
        let resources: Vec<ResourceReport> = queues.resources[1..]
            .iter()
            .map(|one| {
                let load = loads.iter().find(|load| load.kind == one.kind && load.name == one.name);
                let busy = one.busy.as_ref().map(super::meter::Meter::in_window);
                let until = u128::from(horizon.until.as_nanos());
                ResourceReport {
                    kind: one.kind.name(),
                    name: one.name.clone(),
                    capacity: load.map(|load| load.capacity),
                    busy_mean: busy.and_then(mean),
                    utilisation: load.zip(busy).and_then(|(load, busy)| {
                        Fraction::of(busy, window * u128::from(load.capacity))
                    }),
                    waiting_mean: mean(one.waiting.in_window()),
                    offered_load: load.and_then(|load| {
                        Fraction::of(load.demand?, until * u128::from(load.capacity))
                    }),
                }
            })
            .collect();
        let areas = system.waiting.areas(queues.cut);
        let is_open = loads.iter().any(|load| load.demand.is_some());
        let overloaded = resources.iter().any(ResourceReport::is_overloaded);
        let last = queues.cut.stretches().last();
        let backlog = areas
            .last()
            .zip(last)
            .and_then(|(area, (begin, end))| Fraction::of(*area, u128::from(end - begin)));
        Self {
            until_ns: horizon.until.as_nanos(),
            warm_up_ns: horizon.warm_up.as_nanos(),
            arrived: queues.arrived,
            counted: queues.counted,
            arrivals_per_s: per_second(queues.counted),
            done_per_s: per_second(queues.done_in_window),
            in_system_mean: system.busy.as_ref().and_then(|busy| mean(busy.in_window())),
            waiting_mean: mean(system.waiting.in_window()),
            served: !is_open || !overloaded && !grows(&areas, horizon, queues.arrived),
            backlog,
            resources,
        }
    }

    /// Why the response times say nothing, in words: the load is not served, or no task counts. None where they do.
    pub fn warning(&self) -> Option<String> {
        if self.served {
            let none_counts = "no task arrives between `run.warm_up` and `run.until`: there are no response times";
            return (self.counted == 0).then(|| none_counts.to_owned());
        }
        let backlog = self.backlog.map_or(0, |tasks| tasks.millionths().div_ceil(1_000_000));
        let s = if backlog == 1 { "" } else { "s" };
        let waits = format!("{backlog} task{s}");
        let asked = self.resources.iter().filter(|one| one.is_overloaded());
        let worst = asked.max_by_key(|one| one.offered_load);
        let why = worst.map_or_else(
            || format!("ever more tasks wait, {waits} when the last ones arrive"),
            |one| {
                let load = one.offered_load.map_or(0, Fraction::millionths) / 10_000;
                format!("it asks for {load} % of what {} can do; {waits} wait when the last ones arrive", one.words())
            },
        );
        Some(format!(
            "the load cannot be served: {why}; response times grow with `run.until` and belong to no steady state"
        ))
    }
}

impl ResourceReport {
    fn is_overloaded(&self) -> bool {
        self.offered_load.is_some_and(|load| load >= Fraction::ONE)
    }

    /// What it is called in a sentence.
    fn words(&self) -> String {
        let of = |noun: &str| match self.capacity {
            Some(1) | None => format!("the {noun}"),
            Some(count) => format!("the {count} {noun}s"),
        };
        match self.kind {
            "workers" => of("worker"),
            "cores" => of("core"),
            "site" => {
                let s = if self.capacity == Some(1) { "" } else { "s" };
                format!(
                    "the {} connection{s} of `{}`",
                    self.capacity.unwrap_or_default(),
                    self.name
                )
            }
            "lock" => "the interpreter lock".to_owned(),
            "loop" => "the event loop".to_owned(),
            _ => "asyncio's `limit`".to_owned(),
        }
    }
}

/// Whether ever more wait: more in each quarter of the time than in the one before, and by so much that this is
/// neither chance nor the beginning.
fn grows(areas: &[u128], horizon: Horizon, arrived: u64) -> bool {
    let quarter = areas.len().div_ceil(4).max(1);
    let sums: Vec<u128> = areas.chunks(quarter).map(|areas| areas.iter().sum()).collect();
    let [first, second, third, fourth] = sums[..] else { return false };
    let length = u128::from(horizon.until.as_nanos()) / 4;
    // From the middle of the second quarter to that of the fourth half of all tasks arrive.
    let least = GROWN_TASKS.max(u128::from(arrived) / 2 * GROWN_PERCENT / 100);
    first < second && second < third && third < fourth && fourth - second > least * length
}

/// How many were served and how many waited on average over a stretch of time: a row of queues.csv.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stretch<'a> {
    /// What kind of thing is served or waited for.
    pub kind: Kind,
    /// Its name.
    pub name: &'a str,
    /// When the stretch begins, in nanoseconds.
    pub start_ns: u64,
    /// When it ends, in nanoseconds.
    pub end_ns: u64,
    /// How many are served; `None` where nothing is counted.
    pub busy: Option<Fraction>,
    /// How many wait.
    pub waiting: Fraction,
}

impl Queues {
    /// The stretches of everything that was ever used or waited for, and those of the system as a whole.
    pub fn stretches(&self) -> Vec<Stretch<'_>> {
        let mut stretches = Vec::new();
        for one in &self.resources {
            let busy = one.busy.as_ref().map(|busy| busy.areas(self.cut));
            let waiting = one.waiting.areas(self.cut);
            let is_unused = busy.iter().flatten().chain(&waiting).all(|area| *area == 0);
            if is_unused && one.kind != Kind::System {
                continue;
            }
            for (index, (start_ns, end_ns)) in self.cut.stretches().enumerate() {
                let length = u128::from(end_ns - start_ns);
                let mean = |area| Fraction::of(area, length).unwrap_or(Fraction::ZERO);
                let busy = busy.as_ref().map(|busy| mean(busy[index]));
                let waiting = mean(waiting[index]);
                let (kind, name) = (one.kind, one.name.as_str());
                stretches.push(Stretch { kind, name, start_ns, end_ns, busy, waiting });
            }
        }
        stretches
    }
}
