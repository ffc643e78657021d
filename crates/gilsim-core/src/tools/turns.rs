//! Whether a run takes turns so often that playing it would never end: computations of years under a switch
//! interval of nanoseconds, payloads of terabytes.

use crate::model::{LockMode, ToolRun};
use crate::plan::{KernelRules, Op, Plan};
use crate::workload::{TURNS, TooLarge};

use super::{Carrier, Carriers};

/// Refuses a plan whose threads may take turns too often.
///
/// # Errors
/// When an upper bound on the forced switches and the ends of time slices passes the limit.
pub(super) fn check(plan: &Plan, run: &ToolRun) -> Result<(), TooLarge> {
    let turns = at_lock(plan, run).saturating_add(at_cores(plan, run));
    if turns > TURNS { Err(TooLarge::Turns(turns)) } else { Ok(()) }
}

/// How often a waiter's patience may end: work under a lock that others want, times those who wait. Where
/// patience is a sleep each waiter wakes for itself; under the exact rules one request counts for all.
/// Of those who wait for a computation the first thousand count: more of them hardly ever pile up.
fn at_lock(plan: &Plan, run: &ToolRun) -> u128 {
    let Some(rules) = &plan.lock else { return 0 };
    let shared = threads_under_one_lock(plan, run);
    let computing = if shared > 1 { computing(plan, |mode| mode != LockMode::Released) } else { 0 };
    let waiters = match shared {
        _ if plan.machine.kernel == KernelRules::Exact => 1,
        threads => u128::from(threads.min(1_000)),
    };
    let interval = rules.switch_interval + plan.machine.timer_slack;
    (computing * waiters + overhead(plan) * PARENT_THREADS) / u128::from(interval.as_nanos())
}

/// How often a time slice may end: work on cores that more threads want than there are.
fn at_cores(plan: &Plan, run: &ToolRun) -> u128 {
    if most_threads(plan, run) <= u128::from(plan.machine.cores) {
        return 0;
    }
    let takes_turns = plan.lock.is_some() && threads_under_one_lock(plan, run) > 1;
    let work = computing(plan, |mode| !takes_turns || mode == LockMode::Released);
    (work + overhead(plan)) / u128::from(plan.machine.quantum.as_nanos())
}

/// The main thread, and those that pickle and collect beside it.
const PARENT_THREADS: u128 = 3;

/// Nanoseconds of computations whose lock mode is asked for.
fn computing(plan: &Plan, asked: impl Fn(LockMode) -> bool) -> u128 {
    let demanded = plan.workload.computing_nanos(|computation| {
        asked(computation.map_or(LockMode::Held, |it| plan.computations[it.index()].1))
    });
    demanded * u128::from(plan.compute_permille) / 1_000
}

/// Nanoseconds of bookkeeping that may be interrupted: what each task costs, and its payload.
fn overhead(plan: &Plan) -> u128 {
    let tasks = u128::from(plan.workload.task_count());
    let of_op = |op: &Op| match *op {
        Op::Spend { length, .. } => u128::from(length.as_nanos()) * tasks,
        Op::SpendOnItem(cost) => {
            let cost = &plan.item_costs[cost.index()];
            let payloads = cost.pickling.map_or(0, |pickling| {
                plan.workload.sum_of_payloads(|payload| pickling.of(payload)) >> 20
            });
            u128::from(cost.base.as_nanos() + cost.each_further.as_nanos()) * tasks + payloads
        }
        _ => 0,
    };
    plan.code[..plan.tool_instructions].iter().map(|it| of_op(&it.op)).sum()
}

/// How many threads run tasks under one and the same lock.
fn threads_under_one_lock(plan: &Plan, run: &ToolRun) -> u32 {
    if run.serving.on_loops {
        threads_of_loop(plan, run)
    } else if run.tool.has_own_locks() {
        1
    } else {
        threads_with_tasks(plan, run)
    }
}

/// How many threads run tasks, in all processes.
fn threads_with_tasks(plan: &Plan, run: &ToolRun) -> u32 {
    if run.serving.on_loops {
        return threads_of_loop(plan, run).saturating_mul(run.serving.processes);
    }
    let tasks = plan.workload.task_count();
    let tool = run.descriptor();
    match (tool.carrier, tool.carriers) {
        (Carrier::Coroutine, _) if plan.executors.is_empty() => 1,
        (Carrier::Coroutine, _) => all_workers(plan),
        (_, Carriers::One) => 1,
        (_, Carriers::OnePerTask) => tasks,
        (_, Carriers::Workers) => run.workers.min(tasks),
    }
}

/// The threads that run tasks in each process of a server of event loops: the loop's, and those that it offloads to.
/// Another executor starts the processes.
fn threads_of_loop(plan: &Plan, run: &ToolRun) -> u32 {
    1 + all_workers(plan) - run.serving.processes
}

/// How many workers all executors have.
fn all_workers(plan: &Plan) -> u32 {
    plan.executors.iter().map(|it| it.workers).sum()
}

/// How many threads do a computation at most, the one that computes included.
fn most_native_threads(plan: &Plan) -> u128 {
    plan.parallel.iter().map(|parallel| u128::from(parallel.threads)).max().unwrap_or(1)
}

/// How many threads may want a core at once.
fn most_threads(plan: &Plan, run: &ToolRun) -> u128 {
    let is_alone = most_native_threads(plan) == 1
        && plan.executors.is_empty()
        && run.descriptor().carrier == Carrier::Coroutine;
    if is_alone || run.tool.is_one_at_a_time() && most_native_threads(plan) == 1 {
        return 1;
    }
    // The parent's threads hardly ever want one for long, unless payloads cross.
    let beside = if plan.workload.sends_something() { PARENT_THREADS } else { 0 };
    u128::from(threads_with_tasks(plan, run)) * most_native_threads(plan) + beside
}
