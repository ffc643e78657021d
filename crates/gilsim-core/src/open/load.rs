//! The load that arrives before the horizon, set against what could be done in that time.

use crate::ids::SiteId;
use crate::model::{After, LockMode, OffloadTo, ToolRun};
use crate::plan::Plan;
use crate::tools::{Carrier, OwnKey};
use crate::workload::without_repair;
use crate::workload::{Action, Spent, Workload};

use super::queues::Kind;

/// What tasks ask of something that serves so many at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Load {
    /// What it is.
    pub kind: Kind,
    /// The name of a site; empty else.
    pub name: String,
    /// How many it serves at once.
    pub capacity: u32,
    /// How long all tasks of the run together need it, in nanoseconds, without bookkeeping; `None` where clients send them
    /// all, who never send more than is served. Not those that come after all of others: nobody knows when.
    pub demand: Option<u128>,
}

/// What a step is, and how long all tasks of its entry together take for it.
struct Need {
    action: Action,
    spent: Spent,
    /// Who does it: an executor, or the task itself.
    place: Option<OffloadTo>,
    nanos: u128,
}

/// The load on everything that serves a bounded number at once.
pub fn offered(plan: &Plan, run: &ToolRun) -> Vec<Load> {
    let workload = &plan.workload;
    let open = (0..workload.entry_count()).filter(|entry| comes_before_horizon(workload, *entry));
    let is_open = open.clone().next().is_some();
    let needs: Vec<Need> = open.flat_map(|entry| entry_needs(plan, entry, run)).collect();
    let sum = |counts: &dyn Fn(&Need) -> bool| -> u128 {
        needs.iter().filter(|need| counts(need)).map(|need| need.nanos).sum()
    };
    let mut loads = Vec::new();
    let mut push = |kind: Kind, name: &str, capacity: u32, demand: u128| {
        let demand = is_open.then_some(demand);
        loads.push(Load { kind, name: name.to_owned(), capacity, demand });
    };
    push(Kind::Cores, "", plan.machine.cores, sum(&is_computed));
    if plan.lock.is_some() && !run.tool.has_own_locks() {
        let locked =
            |need: &Need| need.place != Some(OffloadTo::Processes) && is_locked(plan, need);
        push(Kind::Lock, "", 1, sum(&locked));
    }
    let has_workers = run.tool.takes(OwnKey::Workers) || run.is_server_of_workers();
    if run.tool.is_one_at_a_time() || has_workers {
        push(Kind::Workers, "", run.workers, sum(&|_| true));
    }
    if run.descriptor().carrier == Carrier::Coroutine {
        let keeps = |need: &Need| need.place.is_none() && need.action.keeps_loop();
        push(Kind::Loop, "", run.event_loops(), sum(&keeps));
    }
    if let Some(limit) = run.limit {
        push(Kind::Limit, "", limit, sum(&|_| true));
    }
    for (index, site) in plan.sites.iter().enumerate() {
        let Some(connections) = site.connections else { continue };
        let is_there = |need: &Need| need.spent == Spent::Waiting(Some(SiteId::at(index)));
        push(Kind::Site, plan.names.get(site.name), connections, sum(&is_there));
    }
    loads
}

/// Whether the tasks of an entry arrive before the horizon, whatever is served: neither clients send them nor do they wait for
/// a last task. Those that each come after one of such an entry arrive as often as it does.
fn comes_before_horizon(workload: &Workload, entry: usize) -> bool {
    match workload.after(entry) {
        Some(After::Each(other)) => comes_before_horizon(workload, other),
        Some(After::All(_)) => false,
        None => workload.closed(entry).is_none(),
    }
}

/// The steps of the tasks of an entry that take time.
fn entry_needs(plan: &Plan, entry: usize, run: &ToolRun) -> Vec<Need> {
    let has_loop = run.descriptor().has_loop;
    let mut place = None;
    let mut needs = Vec::new();
    for step in without_repair(plan.workload.script(entry)) {
        let action = step.action;
        place = action.hands_over_to().filter(|_| has_loop).unwrap_or(place);
        let Some((spent, length)) = action.spends() else { continue };
        let nanos = match (spent, plan.workload.total_length(entry, length)) {
            (Spent::Waiting(_), total) => total,
            (Spent::Computing(_), total) => total * u128::from(plan.compute_permille) / 1_000,
        };
        if nanos > 0 {
            needs.push(Need { action, spent, place, nanos });
        }
    }
    needs
}

const fn is_computed(need: &Need) -> bool {
    matches!(need.spent, Spent::Computing(_))
}

fn is_locked(plan: &Plan, need: &Need) -> bool {
    match need.spent {
        Spent::Computing(Some(computation)) => {
            plan.computations[computation.index()].1 != LockMode::Released
        }
        Spent::Computing(None) => true,
        Spent::Waiting(_) => false,
    }
}
