//! The load that arrives before the horizon, set against what could be done in that time.

use crate::model::{LockMode, OffloadTo, Tool, ToolRun};
use crate::plan::Plan;
use crate::workload::{Action, Step};

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
    /// How long all tasks of the run together need it, in nanoseconds, without bookkeeping.
    pub demand: u128,
}

/// Where a step is executed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Here,
    Threads,
    Processes,
}

/// What a step is, and how long all tasks of its entry together take for it.
struct Need {
    action: Action,
    place: Place,
    nanos: u128,
}

/// The load on everything that serves a bounded number at once.
pub fn offered(plan: &Plan, run: &ToolRun) -> Vec<Load> {
    let needs: Vec<Need> =
        (0..plan.workload.entry_count()).flat_map(|entry| entry_needs(plan, entry, run)).collect();
    let sum = |counts: &dyn Fn(&Need) -> bool| -> u128 {
        needs.iter().filter(|need| counts(need)).map(|need| need.nanos).sum()
    };
    let mut loads = Vec::new();
    let mut push = |kind: Kind, name: &str, capacity: u32, demand: u128| {
        loads.push(Load { kind, name: name.to_owned(), capacity, demand });
    };
    push(Kind::Cores, "", plan.machine.cores, sum(&is_computed));
    if plan.lock.is_some() && !has_own_locks(run.tool) {
        let locked = |need: &Need| {
            need.place != Place::Processes && is_computed(need) && is_locked(plan, need)
        };
        push(Kind::Lock, "", 1, sum(&locked));
    }
    match run.tool {
        Tool::Sequential => push(Kind::Workers, "", 1, sum(&|_| true)),
        _ if run.tool.takes_workers() => push(Kind::Workers, "", run.workers, sum(&|_| true)),
        Tool::Asyncio => {
            let blocks =
                |need: &Need| is_computed(need) || matches!(need.action, Action::Block(..));
            push(Kind::Loop, "", 1, sum(&|need| need.place == Place::Here && blocks(need)));
        }
        _ => {}
    }
    if let Some(limit) = run.limit {
        push(Kind::Limit, "", limit, sum(&|_| true));
    }
    for (index, site) in plan.sites.iter().enumerate() {
        let Some(connections) = site.connections else { continue };
        let is_there = |need: &Need| match need.action {
            Action::Wait(Some(site), _) | Action::Block(Some(site), _) => site.index() == index,
            _ => false,
        };
        push(Kind::Site, plan.names.get(site.name), connections, sum(&is_there));
    }
    loads
}

/// The steps of the tasks of an entry that take time.
fn entry_needs(plan: &Plan, entry: usize, run: &ToolRun) -> Vec<Need> {
    let has_loop = matches!(run.tool, Tool::Asyncio | Tool::ToThread);
    let mut place = Place::Here;
    let mut needs = Vec::new();
    for step in plan.workload.script(entry) {
        match step.action {
            Action::OffloadBegin(to, _) if has_loop => {
                place = match to {
                    OffloadTo::Threads => Place::Threads,
                    OffloadTo::Processes => Place::Processes,
                };
            }
            Action::OffloadEnd => place = Place::Here,
            _ => {}
        }
        let nanos = nanos(plan, entry, step);
        if nanos > 0 {
            needs.push(Need { action: step.action, place, nanos });
        }
    }
    needs
}

fn nanos(plan: &Plan, entry: usize, step: &Step) -> u128 {
    let total = |length| plan.workload.total_length(entry, length);
    match step.action {
        Action::Wait(_, length) | Action::Block(_, length) => total(length),
        Action::Compute(_, length) => total(length) * u128::from(plan.compute_permille) / 1_000,
        _ => 0,
    }
}

fn is_computed(need: &Need) -> bool {
    matches!(need.action, Action::Compute(..))
}

fn is_locked(plan: &Plan, need: &Need) -> bool {
    match need.action {
        Action::Compute(Some(computation), _) => {
            plan.computations[computation.index()].1 != LockMode::Released
        }
        _ => true,
    }
}

/// Whether its tasks run under several locks.
fn has_own_locks(tool: Tool) -> bool {
    matches!(
        tool,
        Tool::Multiprocessing
            | Tool::MultiprocessingPool
            | Tool::ProcessPool
            | Tool::InterpreterPool
    )
}
