//! How many are served by each resource, and how many wait for it, over the time of a run.

use crate::ids::NameId;
use crate::model::Horizon;
use crate::plan::{Plan, QueueRules};
use crate::trace::{Finished, Hold, Row, Sink, State};

use super::meter::{Cut, Meter};

/// What sort of thing is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The whole system. In it are the tasks that have arrived and are not done; those of them that wait for something
    /// inside the program are waiting.
    System,
    /// The threads or processes that take tasks. Tasks that were not started are waiting.
    Workers,
    /// The event loop.
    Loop,
    /// asyncio's `limit`.
    Limit,
    /// The cores of the machine.
    Cores,
    /// Interpreter locks, all of them together.
    Lock,
    /// A site.
    Site,
    /// A semaphore of the scenario.
    Semaphore,
    /// A lock of the scenario.
    Mutex,
    /// An event of the scenario.
    Event,
    /// A barrier of the scenario.
    Barrier,
    /// A limiter of the scenario.
    Limiter,
    /// A queue of the scenario.
    Queue,
    /// An executor that steps are offloaded to.
    Executor,
}

impl Kind {
    /// The name that queues.csv uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Workers => "workers",
            Self::Loop => "loop",
            Self::Limit => "limit",
            Self::Cores => "cores",
            Self::Lock => "lock",
            Self::Site => "site",
            Self::Semaphore => "semaphore",
            Self::Mutex => "mutex",
            Self::Event => "event",
            Self::Barrier => "barrier",
            Self::Limiter => "limiter",
            Self::Queue => "queue",
            Self::Executor => "executor",
        }
    }
}

/// One thing that serves and is waited for.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) kind: Kind,
    /// The name of a site, semaphore or queue; empty else.
    pub(super) name: String,
    /// How many are served; none where that is not seen in the rows.
    pub(super) busy: Option<Meter>,
    pub(super) waiting: Meter,
}

/// Places of the resources that are always there.
const SYSTEM: usize = 0;
const CORES: usize = 1;
const WORKERS: usize = 2;
const LOOP: usize = 3;
const LOCK: usize = 4;

/// Listens to a run of an open system. Its memory does not grow with the run.
#[derive(Clone, Debug)]
pub struct Queues {
    pub(super) cut: Cut,
    pub(super) resources: Vec<Resource>,
    /// By name: what waits in `sync` rows of that name is for, and which site `io` rows of that name are at.
    synced: Vec<Option<usize>>,
    sites: Vec<Option<usize>>,
    loop_name: Option<NameId>,
    pub(super) arrived: u64,
    pub(super) counted: u64,
    pub(super) done_in_window: u64,
    horizon: Horizon,
}

impl Queues {
    /// Listens to a run of that plan.
    pub fn new(plan: &Plan, horizon: Horizon) -> Self {
        let names = plan.names.iter().count();
        let mut queues = Self {
            cut: Cut::of(horizon),
            resources: Vec::new(),
            synced: vec![None; names],
            sites: vec![None; names],
            loop_name: plan.names.find("loop"),
            arrived: 0,
            counted: 0,
            done_in_window: 0,
            horizon,
        };
        queues.push(Kind::System, "", true);
        queues.push(Kind::Cores, "", true);
        queues.push(Kind::Workers, "", false);
        queues.push(Kind::Loop, "", false);
        queues.push(Kind::Lock, "", true);
        for site in &plan.sites {
            let place = queues.push(Kind::Site, plan.names.get(site.name), true);
            queues.sites[site.name.index()] = Some(place);
            queues.synced[site.name.index()] = Some(place);
        }
        let mut waited_by = |kind: Kind, name: NameId| {
            let text = if matches!(kind, Kind::Limit | Kind::Executor) {
                ""
            } else {
                plan.names.get(name)
            };
            let place = queues.push(kind, text, false);
            queues.synced[name.index()] = Some(place);
        };
        // Who waits for what is beside a thing waits for that thing.
        let shown = plan.semaphores.iter().enumerate().filter(|(_, it)| it.stands_for.is_none());
        for (index, semaphore) in shown {
            let own = index >= plan.scenario_semaphores;
            let kind = match (own, semaphore.is_lock) {
                (true, _) => Kind::Limit,
                (false, true) => Kind::Mutex,
                (false, false) => Kind::Semaphore,
            };
            waited_by(kind, semaphore.name);
        }
        for QueueRules { name, .. } in &plan.queues {
            waited_by(Kind::Queue, *name);
        }
        plan.flags.iter().for_each(|name| waited_by(Kind::Event, *name));
        plan.barriers.iter().for_each(|it| waited_by(Kind::Barrier, it.name));
        plan.limiters.iter().for_each(|it| waited_by(Kind::Limiter, it.name));
        if let Some(name) = plan.names.find("executor").filter(|_| !plan.executors.is_empty()) {
            waited_by(Kind::Executor, name);
        }
        queues
    }

    fn push(&mut self, kind: Kind, name: &str, is_seen: bool) -> usize {
        let busy = is_seen.then(|| Meter::new(self.cut));
        let waiting = Meter::new(self.cut);
        self.resources.push(Resource { kind, name: name.to_owned(), busy, waiting });
        self.resources.len() - 1
    }

    fn busy(&mut self, place: usize, row: &Row) {
        if let Some(meter) = &mut self.resources[place].busy {
            meter.add(self.cut, row.start, row.end);
        }
    }

    fn waiting(&mut self, place: usize, row: &Row) {
        self.resources[place].waiting.add(self.cut, row.start, row.end);
    }

    /// Nanoseconds that all tasks together were in the system, over the whole run: the area under their number.
    pub fn system_area(&self) -> u128 {
        self.resources[SYSTEM].busy.as_ref().map_or(0, Meter::in_all)
    }

    /// Nanoseconds that were served at a site, and waited for it, over the whole run.
    pub fn site_areas(&self, site: &str) -> Option<(u128, u128)> {
        let found = self.resources.iter().find(|one| one.kind == Kind::Site && one.name == site)?;
        Some((found.busy.as_ref().map_or(0, Meter::in_all), found.waiting.in_all()))
    }
}

impl Sink for Queues {
    fn row(&mut self, row: &Row) {
        let is_task = row.task.is_some();
        match row.state {
            State::Running | State::Native | State::Overhead => self.busy(CORES, row),
            State::Ready if Some(row.name) == self.loop_name => self.waiting(LOOP, row),
            State::Ready => self.waiting(CORES, row),
            State::LockWait => self.waiting(LOCK, row),
            State::Queued => self.waiting(WORKERS, row),
            State::Io | State::Suspended if is_task => {
                if let Some(site) = self.sites[row.name.index()] {
                    self.busy(site, row);
                }
            }
            State::Sync if is_task => {
                if let Some(place) = self.synced[row.name.index()] {
                    self.waiting(place, row);
                }
            }
            State::Io | State::Suspended | State::Sync => {}
        }
        let waits =
            matches!(row.state, State::Ready | State::LockWait | State::Queued | State::Sync);
        if is_task && waits {
            self.waiting(SYSTEM, row);
        }
    }

    fn finished(&mut self, finished: &Finished) {
        self.arrived += 1;
        self.counted += u64::from(finished.arrived >= self.horizon.warm_up);
        let window = self.horizon.warm_up..self.horizon.until;
        self.done_in_window += u64::from(window.contains(&finished.done));
        if let Some(meter) = &mut self.resources[SYSTEM].busy {
            meter.add(self.cut, finished.arrived, finished.done);
        }
    }

    fn hold(&mut self, hold: &Hold) {
        if let Some(meter) = &mut self.resources[LOCK].busy {
            meter.add(self.cut, hold.start, hold.end);
        }
    }
}
