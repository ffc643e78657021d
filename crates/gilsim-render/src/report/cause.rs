//! Why one tool took longer than another: where its tasks' time went.

use super::shared::waited_for;
use super::words::{counted, percent, range, time};
use gilsim_core::model::{Arrival, Goal, Scenario, ToolRun};
use gilsim_core::sink::fraction::Fraction;
use gilsim_core::sink::row::SummaryRow;
use gilsim_core::tools::{Carrier, Carriers, OwnKey};
use gilsim_core::trace::State;

/// A run that finished, with its numbers.
pub(super) type Finisher<'a> = (&'a ToolRun, &'a SummaryRow);

/// What a loser lost its time to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Cause {
    /// Its tasks were in this state for longer than the winner's.
    State(State),
    /// Its tasks were not; what comes after the last of them took the time.
    Afterwards,
    /// The numbers do not say.
    Unknown,
}

/// The state whose time per task exceeds the winner's by most. Where most of the difference in makespan lies after the
/// last task, it is that.
fn of(scenario: &Scenario, loser: Finisher<'_>, winner: Finisher<'_>) -> Cause {
    let lost = loser.1.makespan_ns.saturating_sub(winner.1.makespan_ns);
    if comes_afterwards(scenario, loser.1, winner.1, lost) {
        return Cause::Afterwards;
    }
    let mut worse = State::ALL.map(|state| (excess(state, loser.1, winner.1), state));
    // Stable: states of one excess keep their order.
    worse.sort_by_key(|(excess, _)| std::cmp::Reverse(*excess));
    let [(most, state), (next, other), ..] = worse;
    if most == 0 {
        return Cause::Unknown;
    }
    // With no fewer workers than the winner's, tasks queue for longer because those before them take longer.
    let width = width(loser.0, loser.1);
    let explained = next * u128::from(loser.1.tasks) / u128::from(width.max(1));
    let waits_for_turn =
        state == State::Queued || (state == State::Sync && loser.0.limit.is_some());
    let is_only_pressed = waits_for_turn
        && next > 0
        && scenario.goal() == Goal::Makespan
        && width >= self::width(winner.0, winner.1)
        && explained >= u128::from(lost) * MILLION / 2;
    Cause::State(if is_only_pressed { other } else { state })
}

/// Whether most of the lost time lies between the end of the last task and the end of the tool. Only where all tasks arrive
/// at the start does the longest response end with the last task.
fn comes_afterwards(
    scenario: &Scenario,
    loser: &SummaryRow,
    winner: &SummaryRow,
    lost: u64,
) -> bool {
    let after = |row: &SummaryRow| row.makespan_ns.saturating_sub(row.response.max_ns);
    let at_once = scenario.tasks.iter().all(|entry| matches!(entry.arrive, Arrival::AtOnce));
    let is_judged = scenario.goal() == Goal::Makespan;
    is_judged && at_once && after(loser).saturating_sub(after(winner)) > lost / 2
}

/// Shares are in so many parts.
const MILLION: u128 = 1_000_000;

/// States that come to the same for a task: a wait may block a thread or suspend a coroutine; a turn may be waited for before
/// the start or at a limit.
const fn kin(state: State) -> Option<State> {
    match state {
        State::Io => Some(State::Suspended),
        State::Suspended => Some(State::Io),
        State::Queued => Some(State::Sync),
        State::Sync => Some(State::Queued),
        State::Running | State::Native | State::Overhead | State::Ready | State::LockWait => None,
    }
}

/// The time of a task in a state and its kin, on average, in millionths of a nanosecond.
fn per_task(state: State, row: &SummaryRow) -> u128 {
    let share = |state| row.share(state).millionths();
    (share(state) + kin(state).map_or(0, share)) * u128::from(row.response.mean_ns)
}

/// How much longer a task is in that state than the winner's; of two states of a kind it counts for the one that it has more of.
fn excess(state: State, loser: &SummaryRow, winner: &SummaryRow) -> u128 {
    let rank = |state| (loser.share(state), std::cmp::Reverse(state));
    if kin(state).is_some_and(|other| rank(other) > rank(state)) {
        return 0;
    }
    per_task(state, loser).saturating_sub(per_task(state, winner))
}

/// How many tasks a tool can have under way at once.
fn width(run: &ToolRun, row: &SummaryRow) -> u64 {
    match run.descriptor().carriers {
        Carriers::One => 1,
        Carriers::Workers => run.workers.into(),
        Carriers::OnePerTask => run.limit.map_or(row.tasks, u64::from),
    }
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
pub(super) fn reason(scenario: &Scenario, loser: Finisher<'_>, winner: Finisher<'_>) -> Reason {
    let cause = of(scenario, loser, winner);
    match cause {
        Cause::State(state) => Reason {
            cause,
            place: place(scenario, state, loser.0, Some(loser.1)),
            limit: limit(state, loser, winner),
        },
        Cause::Afterwards | Cause::Unknown => Reason { cause, place: String::new(), limit: None },
    }
}

impl Reason {
    /// The reason as a clause about these tools, all of which lost by it; `None` where it is unknown.
    pub(super) fn told(&self, losers: &[&SummaryRow], winner: &SummaryRow) -> Option<String> {
        let (its, it) = if losers.len() > 1 { ("their", "they end") } else { ("its", "it ends") };
        let state = match self.cause {
            Cause::State(state) => state,
            Cause::Afterwards => {
                return Some(format!(
                    "most of {its} extra time comes after {its} last task: results are collected, and {it}"
                ));
            }
            Cause::Unknown => return None,
        };
        let limit = self.limit.as_ref().map_or_else(String::new, |limit| format!("{limit}, so "));
        let place = &self.place;
        // A share says little where the winner's tasks spend much of that time, too.
        let is_shared = losers.iter().any(|row| per_task(state, winner) * 2 > per_task(state, row));
        Some(if is_shared {
            let more = time_range(losers.iter().map(|row| excess(state, row, winner) / MILLION));
            format!("{limit}{its} tasks spent {more} more each than the winner's {place}")
        } else {
            let shares = share_range(losers.iter().map(|row| row.share(state)));
            format!("{limit}{its} tasks spent {shares} of their time {place}")
        })
    }
}

/// `83 %`, or `80 % to 83 %`.
fn share_range(shares: impl Iterator<Item = Fraction> + Clone) -> String {
    let of = |share: Option<Fraction>| percent(share.unwrap_or_default());
    range(&of(shares.clone().min()), &of(shares.max()))
}

/// `5 ms`, or `5 ms to 7 ms`.
fn time_range(times: impl Iterator<Item = u128> + Clone) -> String {
    let of = |ns: Option<u128>| time(ns.unwrap_or_default());
    range(&of(times.clone().min()), &of(times.max()))
}

/// What kept the tasks waiting, where it is a number of the tool and lower than the winner's.
fn limit(state: State, (run, row): Finisher<'_>, winner: Finisher<'_>) -> Option<String> {
    if state != State::Queued || width(run, row) >= width(winner.0, winner.1) {
        return None;
    }
    let workers = run.workers;
    if run.tool.is_one_at_a_time() {
        return Some("one task at a time".to_owned());
    }
    ((run.tool.takes(OwnKey::Workers) || run.is_server_of_workers())
        && row.tasks > u64::from(workers))
    .then(|| format!("only {} for {} tasks", counted(workers.into(), "worker"), row.tasks))
}

/// Where a task of that tool is in that state: `waiting for the GIL`.
pub(crate) fn place(
    scenario: &Scenario,
    state: State,
    run: &ToolRun,
    row: Option<&SummaryRow>,
) -> String {
    let has_loop = run.descriptor().has_loop;
    // With a single thread there is nothing but the loop to be ready for; with more it may be a core.
    let is_alone = row.is_some_and(|row| row.threads == 1);
    match state {
        State::Queued if !has_loop => queued(run).to_owned(),
        State::Ready if has_loop && is_alone => "ready, waiting for the event loop".to_owned(),
        State::Ready if !has_loop => match run.setting.machine.cores {
            1 => "ready, waiting for the only core".to_owned(),
            cores => format!("ready, waiting for one of {cores} cores"),
        },
        State::Sync => waited_for(scenario, run),
        _ => anywhere(state).to_owned(),
    }
}

/// Where a task waits for its carrier, under a tool without an event loop.
fn queued(run: &ToolRun) -> &'static str {
    let tool = run.descriptor();
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
        State::Sync => "waiting for others",
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
pub(super) fn alone(scenario: &Scenario, (run, row): Finisher<'_>) -> Option<String> {
    let told = noticed(row).take(2).map(|(share, state)| {
        format!("{} of their time {}", percent(share), place(scenario, state, run, Some(row)))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("its tasks spent {}", told.join(", and ")))
}
