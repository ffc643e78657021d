//! Why one tool took longer than another: where its tasks' time went.

use super::words::{counted, percent};
use gilsim_core::model::{Goal, Tool, ToolRun};
use gilsim_core::sink::fraction::Fraction;
use gilsim_core::sink::row::SummaryRow;
use gilsim_core::tools::{Carrier, Carriers, OwnKey};
use gilsim_core::trace::State;

/// What a loser lost its time to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Cause {
    /// Its tasks were in this state for longer than the winner's.
    State(State),
    /// Its tasks were not; starting and ending the tool itself took the time.
    Around,
}

/// The state whose time per task exceeds the winner's by most. Where most of the difference in
/// makespan lies outside the tasks' time, it is the tool's own start and end.
fn of(loser: &SummaryRow, winner: &SummaryRow, goal: Goal) -> Cause {
    let lost = loser.makespan_ns.saturating_sub(winner.makespan_ns);
    let around = |row: &SummaryRow| row.makespan_ns.saturating_sub(row.response.max_ns);
    let lies_around = around(loser).saturating_sub(around(winner)) > lost / 2;
    if goal == Goal::Makespan && lies_around {
        return Cause::Around;
    }
    let per_task =
        |row: &SummaryRow, state| row.share(state).millionths() * u128::from(row.response.mean_ns);
    let excess = |state| per_task(loser, state).saturating_sub(per_task(winner, state));
    let mut largest = (0, Cause::Around);
    for state in State::ALL {
        if excess(state) > largest.0 {
            largest = (excess(state), Cause::State(state));
        }
    }
    largest.1
}

/// A cause as it shows in one tool. Losers with the same reason share a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Reason {
    cause: Cause,
    /// Where the tasks were, in words.
    place: String,
    /// What kept them there, where it is a number of the tool.
    limit: Option<String>,
}

/// Why `loser` took longer than the winner.
pub(super) fn reason(run: &ToolRun, loser: &SummaryRow, winner: &SummaryRow, goal: Goal) -> Reason {
    let cause = of(loser, winner, goal);
    match cause {
        Cause::State(state) => {
            Reason { cause, place: place(state, run, Some(loser)), limit: limit(state, run, loser) }
        }
        Cause::Around => Reason { cause, place: String::new(), limit: None },
    }
}

impl Reason {
    /// The reason as a clause about these tools, all of which lost by it.
    pub(super) fn told(&self, losers: &[&SummaryRow]) -> String {
        let (its, it) = if losers.len() > 1 { ("their", "them") } else { ("its", "it") };
        let Cause::State(state) = self.cause else {
            return format!("most of {its} extra time goes into starting and ending {it}");
        };
        let shares = share_range(losers.iter().map(|row| row.share(state)));
        let limit = self.limit.as_ref().map_or_else(String::new, |limit| format!("{limit}, so "));
        format!("{limit}{its} tasks spent {shares} of their time {}", self.place)
    }
}

/// `83 %`, or `80 % to 83 %`.
fn share_range(shares: impl Iterator<Item = Fraction> + Clone) -> String {
    let of = |share: Option<Fraction>| percent(share.unwrap_or_default());
    let (least, most) = (of(shares.clone().min()), of(shares.max()));
    if least == most { most } else { format!("{least} to {most}") }
}

/// What kept the tasks waiting, where it is a number of the tool.
fn limit(state: State, run: &ToolRun, row: &SummaryRow) -> Option<String> {
    if state != State::Queued {
        return None;
    }
    let workers = run.workers;
    if run.tool.is_one_at_a_time() {
        return Some("one task at a time".to_owned());
    }
    (run.tool.takes(OwnKey::Workers) && row.tasks > u64::from(workers))
        .then(|| format!("only {} for {} tasks", counted(workers.into(), "worker"), row.tasks))
}

/// Where a task of that tool is in that state: `waiting for the GIL`.
pub(crate) fn place(state: State, run: &ToolRun, row: Option<&SummaryRow>) -> String {
    let has_loop = run.tool.descriptor().has_loop;
    // With a single thread there is nothing but the loop to be ready for; with more it may be a core.
    let is_alone = row.is_some_and(|row| row.threads == 1);
    match (state, run.limit) {
        (State::Queued, _) if !has_loop => queued(run.tool).to_owned(),
        (State::Ready, _) if has_loop && is_alone => "ready, waiting for the event loop".to_owned(),
        (State::Ready, _) if !has_loop => match run.setting.machine.cores {
            1 => "ready, waiting for the only core".to_owned(),
            cores => format!("ready, waiting for one of {cores} cores"),
        },
        (State::Sync, Some(limit)) => {
            format!("waiting for others: its limit is {limit} at once")
        }
        _ => anywhere(state).to_owned(),
    }
}

/// Where a task waits for its carrier, under a tool without an event loop.
fn queued(tool: Tool) -> &'static str {
    let tool = tool.descriptor();
    match (tool.carriers, tool.carrier) {
        (Carriers::One, _) => "queued behind one another",
        (Carriers::Workers, _) => "in the backlog",
        (Carriers::OnePerTask, Carrier::Process) => "waiting for their processes to start",
        (Carriers::OnePerTask, Carrier::Interpreter) => "waiting for their interpreters to start",
        (Carriers::OnePerTask, Carrier::Thread | Carrier::Coroutine) => {
            "waiting for their threads to start"
        }
    }
}

/// Where a task is in that state, under whichever tool.
const fn anywhere(state: State) -> &'static str {
    match state {
        State::Running => "running Python code",
        State::Native => "in code that had released the lock",
        State::Overhead => "in bookkeeping: starting, switching, pickling",
        State::Ready => "ready, waiting for a core or for an event loop",
        State::LockWait => "waiting for the GIL",
        State::Io => "blocked in a wait",
        State::Suspended => "suspended in a wait",
        State::Sync => "waiting for a semaphore, a queue, an executor or a connection",
        State::Queued => "queued, not started yet",
    }
}

/// A share of the time below this, in millionths, goes unnoticed.
pub(crate) const NOTICED: u128 = 10_000;

/// The states that take a noticeable share of the tasks' time, the largest share first.
pub(crate) fn noticed(row: &SummaryRow) -> impl Iterator<Item = (Fraction, State)> {
    let mut states = State::ALL.map(|state| (row.share(state), state));
    // Stable: states of one share keep their order.
    states.sort_by_key(|(share, _)| std::cmp::Reverse(*share));
    states.into_iter().filter(|(share, _)| share.millionths() >= NOTICED)
}

/// Where the time of a tool's tasks went, for a tool that stands alone.
pub(super) fn alone(run: &ToolRun, row: &SummaryRow) -> Option<String> {
    let told = noticed(row).take(2).map(|(share, state)| {
        format!("{} of their time {}", percent(share), place(state, run, Some(row)))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("its tasks spent {}", told.join(", and ")))
}
