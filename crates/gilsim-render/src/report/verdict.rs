//! One or two sentences that say which tool wins and why.

use super::answers;
use super::by_entry;
use super::cause::{self, Finisher, Reason};
use super::failures;
use super::words::{list, one_line, range, ratio, time};
use super::{Ending, ToolResult};
use gilsim_core::model::{Goal, Scenario};
use gilsim_core::sink::fraction::Fraction;
use gilsim_core::sink::row::SummaryRow;

/// Makespans within this many percent of the best one are as good as equal: costs are known no better.
pub(crate) const NEAR_PERCENT: u8 = 5;

/// How many reasons the second sentence names.
const REASONS: usize = 3;

/// How many tools one clause names.
const NAMED: usize = 3;

/// Which tool wins and why: where the others' time went.
pub fn verdict(scenario: &Scenario, results: &[ToolResult<'_>]) -> String {
    let goal = scenario.goal();
    let mut finished: Vec<Finisher<'_>> =
        results.iter().filter_map(|result| Some((result.run, result.row()?))).collect();
    finished.sort_by_key(|(_, row)| row.by(goal));
    let deadlocked: Vec<String> = results
        .iter()
        .filter(|result| matches!(result.ending, Ending::Deadlocked(_)))
        .map(|result| one_line(&result.run.label))
        .collect();
    let is_measured = |(_, row): &Finisher<'_>| goal == Goal::Makespan || row.response.max_ns > 0;
    let mut sentences = match finished.as_slice() {
        [] => Vec::new(),
        all if !all.iter().any(is_measured) => vec!["No response time is above zero.".to_owned()],
        [only] => vec![alone(scenario, *only, deadlocked.is_empty())],
        several => contest(scenario, several),
    };
    sentences.extend(by_entry::told(scenario, results));
    sentences.extend(failures::told(&finished));
    if !deadlocked.is_empty() {
        let verb = if deadlocked.len() == 1 { "deadlocks" } else { "deadlock" };
        sentences.push(format!("{} {verb}.", list(&deadlocked)));
    }
    let unserved = results.iter().filter(|result| result.unserved);
    let unserved: Vec<String> = unserved.map(|result| one_line(&result.run.label)).collect();
    if !unserved.is_empty() {
        let verb = if unserved.len() == 1 { "does" } else { "do" };
        sentences.push(format!("{} {verb} not keep up with the load.", list(&unserved)));
    }
    sentences.join(" ")
}

fn label((run, _): Finisher<'_>) -> String {
    one_line(&run.label)
}

fn shown((_, row): Finisher<'_>, goal: Goal) -> String {
    time(row.by(goal))
}

/// What stands before the time of a run. Open systems are judged by response times: `95 % of its tasks within 20 ms`.
const fn whose_answers(goal: Goal) -> &'static str {
    match goal {
        Goal::Makespan => "",
        Goal::ResponseP95 => "95 % of tasks within ",
    }
}

/// A tool that nothing is compared with.
fn alone(scenario: &Scenario, only: Finisher<'_>, by_choice: bool) -> String {
    let (label, goal) = (label(only), scenario.goal());
    let verb = match goal {
        Goal::Makespan => "takes",
        Goal::ResponseP95 => "answers",
    };
    let shown = format!("{verb} {}{}", whose_answers(goal), shown(only, goal));
    let opening = if by_choice {
        format!("{label} {shown}")
    } else {
        format!("{label} is the only tool that finishes: it {shown}")
    };
    match cause::alone(scenario, only) {
        Some(told) => format!("{opening}; {told}."),
        None => format!("{opening}."),
    }
}

/// Two tools or more, the fastest first.
fn contest(scenario: &Scenario, finished: &[Finisher<'_>]) -> Vec<String> {
    let goal = scenario.goal();
    let (first, rest) = finished.split_at(near(finished, goal));
    let answers =
        if goal == Goal::Makespan && first.len() > 1 { answers::soonest(first) } else { None };
    let mut sentences = vec![opening(first, rest, goal, answers.is_some())];
    sentences.extend(answers);
    sentences.extend(losers(scenario, first[0], rest));
    sentences
}

/// How many of the tools, the fastest first, are as good as the first one.
pub(super) fn near(finished: &[Finisher<'_>], goal: Goal) -> usize {
    let best = finished.first().map_or(0, |(_, row)| u128::from(row.by(goal)));
    finished.partition_point(|(_, row)| {
        u128::from(row.by(goal)) * 100 <= best * u128::from(100 + NEAR_PERCENT)
    })
}

/// Who wins or ties, and by how much. Where the first ones differ in their answers, none of them wins by a hair.
fn opening(first: &[Finisher<'_>], rest: &[Finisher<'_>], goal: Goal, answers: bool) -> String {
    let margin = margin(first[0], rest, goal);
    let best = first[0].1.by(goal);
    let level = first.iter().filter(|(_, row)| row.by(goal) == best).count();
    let (level, near) = first.split_at(level);
    let labels = |of: &[Finisher<'_>]| list(&of.iter().map(|one| label(*one)).collect::<Vec<_>>());
    if let (true, Some(last)) = (answers, near.last()) {
        let best = time(best);
        let last = shown(*last, goal);
        let names = labels(first);
        return format!(
            "{names} are as good as equal, within {NEAR_PERCENT} %: {best} to {last}{margin}."
        );
    }
    let wins = match goal {
        Goal::Makespan => "wins",
        Goal::ResponseP95 => "answers soonest",
    };
    let verb = match (level.len(), near.is_empty()) {
        (1, true) => format!("{wins}:"),
        (1, false) => format!("{wins} by a hair:"),
        _ => "tie at".to_owned(),
    };
    let best = format!("{}{}", whose_answers(goal), time(best));
    let opening = format!("{} {verb} {best}{margin}", labels(level));
    if near.is_empty() {
        return format!("{opening}.");
    }
    let near: Vec<String> =
        near.iter().map(|one| format!("{} ({})", label(*one), shown(*one, goal))).collect();
    let verb = if near.len() == 1 { "is" } else { "are" };
    format!("{opening}; {} {verb} as good as equal, within {NEAR_PERCENT} %.", list(&near))
}

/// How much faster the winner is than `sequential`, or without it than the next best.
fn margin(winner: Finisher<'_>, rest: &[Finisher<'_>], goal: Goal) -> String {
    let sequential = rest.iter().find(|(run, _)| run.tool.is_one_at_a_time());
    let Some(other) = sequential.or(rest.first()) else { return String::new() };
    let (slow, fast) = (u128::from(other.1.by(goal)), u128::from(winner.1.by(goal)));
    Fraction::of(slow, fast).map_or_else(String::new, |times| {
        format!(", {} times as fast as {}", ratio(times), label(*other))
    })
}

/// Why the others took longer: one clause a reason, the slowest first.
fn losers(scenario: &Scenario, winner: Finisher<'_>, rest: &[Finisher<'_>]) -> Option<String> {
    let goal = scenario.goal();
    let mut groups: Vec<(Reason, Vec<Finisher<'_>>)> = Vec::new();
    for loser in rest {
        let reason = cause::reason(scenario, *loser, winner);
        match groups.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, group)) => group.push(*loser),
            None => groups.push((reason, vec![*loser])),
        }
    }
    // Stable: reasons whose slowest tools are equally slow keep their order.
    groups.sort_by_key(|(_, group)| {
        std::cmp::Reverse(group.iter().map(|(_, row)| row.by(goal)).max())
    });
    let told = groups.iter().take(REASONS);
    let clauses: Vec<String> =
        told.map(|(reason, group)| clause(reason, group, winner.1, goal)).collect();
    (!clauses.is_empty()).then(|| format!("{}.", clauses.join("; ")))
}

/// What the tools of one reason, the fastest first, took and why.
fn clause(reason: &Reason, group: &[Finisher<'_>], winner: &SummaryRow, goal: Goal) -> String {
    let mut labels: Vec<String> = group.iter().take(NAMED).map(|one| label(*one)).collect();
    if group.len() > NAMED {
        labels.push(format!("{} more", group.len() - NAMED));
    }
    let (least, most) = (shown(group[0], goal), shown(group[group.len() - 1], goal));
    let verb = match (goal, group.len()) {
        (Goal::Makespan, 1) => "takes",
        (Goal::Makespan, _) => "take",
        (Goal::ResponseP95, 1) => "needs",
        (Goal::ResponseP95, _) => "need",
    };
    let rows: Vec<&SummaryRow> = group.iter().map(|(_, row)| *row).collect();
    let why = reason.told(&rows, winner).map_or_else(String::new, |why| format!(": {why}"));
    format!("{} {verb} {}{why}", list(&labels), range(&least, &most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{results, scenario, tool};
    use gilsim_core::model::{Horizon, Tool, ToolRun};
    use gilsim_core::sink::row::SummaryRow;
    use gilsim_core::sink::sample::result;
    use gilsim_core::time::SimTime;
    use gilsim_core::trace::State;

    fn of(rows: Vec<(Tool, SummaryRow)>) -> String {
        let (tools, rows): (Vec<ToolRun>, Vec<SummaryRow>) =
            rows.into_iter().map(|(kind, row)| (tool(kind), row)).unzip();
        verdict(&scenario("", &tools), &results(&tools, rows))
    }

    fn made(kind: Tool, makespan_ms: u64, shares: &[(State, u128)]) -> (Tool, SummaryRow) {
        (kind, result(kind.name(), makespan_ms, shares))
    }

    #[test]
    fn the_winner_is_told_against_sequential_and_losers_share_a_cause() {
        let text = of(vec![
            made(Tool::Sequential, 800, &[(State::Queued, 875), (State::Running, 125)]),
            made(Tool::Threading, 802, &[(State::LockWait, 870), (State::Running, 130)]),
            made(Tool::ThreadPool, 804, &[(State::LockWait, 850), (State::Running, 150)]),
            made(Tool::ProcessPool, 220, &[(State::Running, 800), (State::Overhead, 200)]),
        ]);
        assert_eq!(
            text,
            "process_pool wins: 220 ms, 3.6 times as fast as sequential. \
             threading and thread_pool take 802 ms to 804 ms: their tasks spent 85 % to 87 % of their time \
             waiting for the GIL; sequential takes 800 ms: one task at a time, so its tasks spent \
             88 % of their time queued behind one another."
        );
    }

    #[test]
    fn without_sequential_the_winner_is_told_against_the_next_best() {
        let text = of(vec![
            made(Tool::Threading, 150, &[(State::Io, 1_000)]),
            made(Tool::Asyncio, 100, &[(State::Suspended, 1_000)]),
        ]);
        assert!(
            text.starts_with("asyncio wins: 100 ms, 1.50 times as fast as threading."),
            "{text}"
        );
    }

    #[test]
    fn a_near_tie_is_called_one() {
        let text = of(vec![
            made(Tool::Threading, 104, &[(State::Io, 1_000)]),
            made(Tool::Asyncio, 100, &[(State::Suspended, 1_000)]),
        ]);
        assert_eq!(
            text,
            "asyncio wins by a hair: 100 ms; threading (104 ms) is as good as equal, within 5 %."
        );
        let text = of(vec![
            made(Tool::Threading, 100, &[(State::Io, 1_000)]),
            made(Tool::Asyncio, 100, &[(State::Suspended, 1_000)]),
            made(Tool::Sequential, 200, &[(State::Queued, 1_000)]),
        ]);
        assert!(
            text.starts_with(
                "threading and asyncio tie at 100 ms, 2.0 times as fast as sequential."
            ),
            "{text}"
        );
    }

    #[test]
    fn tools_of_one_makespan_are_told_apart_by_their_answers() {
        let mut slow = made(Tool::Threading, 1_000, &[(State::LockWait, 1_000)]);
        slow.1.response.p95_ns = 40_000_000;
        let mut quick = made(Tool::Asyncio, 1_000, &[(State::Suspended, 1_000)]);
        quick.1.response.p95_ns = 20_000_000;
        assert_eq!(
            of(vec![slow, quick]),
            "threading and asyncio tie at 1 s. asyncio answers soonest: 95 % of its tasks within 20 ms, \
             those of threading within 40 ms."
        );
    }

    #[test]
    fn an_open_system_is_told_by_its_answers() {
        let mut slow = made(Tool::Threading, 999, &[(State::LockWait, 900), (State::Io, 100)]);
        slow.1.response.p95_ns = 40_000_000;
        let mut quick = made(Tool::Asyncio, 1_000, &[(State::Suspended, 1_000)]);
        quick.1.response.p95_ns = 20_000_000;
        let (tools, rows): (Vec<ToolRun>, Vec<SummaryRow>) =
            [slow, quick].into_iter().map(|(kind, row)| (tool(kind), row)).unzip();
        let until = SimTime::from_nanos(1_000_000_000);
        let open = Scenario {
            horizon: Some(Horizon { until, warm_up: SimTime::ZERO }),
            ..scenario("", &tools)
        };
        assert_eq!(
            verdict(&open, &results(&tools, rows)),
            "asyncio answers soonest: 95 % of tasks within 20 ms, 2.0 times as fast as threading. \
             threading needs 40 ms: its tasks spent 90 % of their time waiting for the GIL."
        );
    }

    #[test]
    fn time_after_the_last_task_is_collecting_and_ending() {
        let mut pool = made(Tool::ProcessPool, 200, &[(State::Running, 1_000)]);
        pool.1.response = made(Tool::Sequential, 100, &[]).1.response;
        let text = of(vec![made(Tool::Sequential, 100, &[(State::Running, 1_000)]), pool]);
        assert!(
            text.ends_with(
                "process_pool takes 200 ms: most of its extra time comes after its last task: results are \
                 collected, and it ends."
            ),
            "{text}"
        );
    }

    #[test]
    fn a_cause_is_what_differs_from_the_winner_not_what_is_largest() {
        // Nine waits of a second: eight workers, and coroutines.
        let mut pool = made(Tool::ThreadPool, 2_001, &[(State::Io, 900), (State::Queued, 100)]);
        (pool.1.tasks, pool.1.response.mean_ns) = (9, 1_111_000_000);
        let mut asyncio = made(Tool::Asyncio, 1_001, &[(State::Suspended, 1_000)]);
        (asyncio.1.tasks, asyncio.1.response.mean_ns) = (9, 1_000_000_000);
        assert_eq!(
            of(vec![pool, asyncio]),
            "asyncio wins: 1.001 s, 2.0 times as fast as thread_pool. thread_pool takes 2.001 s: only 8 workers for \
             9 tasks, so its tasks spent 10 % of their time in the backlog."
        );
        // The two tasks of three-timelines.toml.
        let mut parallel =
            made(Tool::Multiprocessing, 60, &[(State::Running, 667), (State::Io, 333)]);
        parallel.1.response.mean_ns = 60_000_000;
        let shares = [(State::Running, 571), (State::Suspended, 286), (State::Ready, 143)];
        let mut asyncio = made(Tool::Asyncio, 80, &shares);
        asyncio.1.response.mean_ns = 70_000_000;
        let text = of(vec![parallel, asyncio]);
        let cause = "asyncio takes 80 ms: its tasks spent 14 % of their time ready, waiting for the event loop.";
        assert!(text.ends_with(cause), "{text}");
    }

    #[test]
    fn what_the_winner_s_tasks_do_much_of_too_is_told_as_a_difference() {
        let slow = made(Tool::Threading, 400, &[(State::Running, 1_000)]);
        let fast = made(Tool::Multiprocessing, 300, &[(State::Running, 1_000)]);
        let text = of(vec![slow, fast]);
        let cause = "threading takes 400 ms: its tasks spent 50 ms more each than the winner's running Python code.";
        assert!(text.ends_with(cause), "{text}");
    }

    #[test]
    fn as_many_workers_as_the_winner_has_are_no_cause() {
        let shares = [(State::Queued, 800), (State::Overhead, 150), (State::Running, 50)];
        let slow = made(Tool::ProcessPool, 400, &shares);
        let fast = made(Tool::ThreadPool, 100, &[(State::Queued, 800), (State::Running, 200)]);
        let text = of(vec![slow, fast]);
        let cause = "process_pool takes 400 ms: its tasks spent 15 % of their time in bookkeeping: starting, switching, \
                     pickling.";
        assert!(text.ends_with(cause), "{text}");
    }

    #[test]
    fn a_limit_is_no_cause_where_the_winner_has_as_few_workers() {
        let pool = made(Tool::ThreadPool, 800, &[(State::Queued, 800), (State::Running, 200)]);
        let shares = [(State::Sync, 780), (State::Ready, 120), (State::Running, 100)];
        let mut limited = made(Tool::Asyncio, 866, &shares);
        limited.1.response.mean_ns = 410_000_000;
        let (mut tools, rows): (Vec<ToolRun>, Vec<SummaryRow>) =
            [pool, limited].into_iter().map(|(kind, row)| (tool(kind), row)).unzip();
        tools[1].limit = Some(8);
        let text = verdict(&scenario("", &tools), &results(&tools, rows));
        let cause = "asyncio takes 866 ms: its tasks spent 12 % of their time ready, waiting for the event loop.";
        assert!(text.ends_with(cause), "{text}");
    }

    #[test]
    fn tools_of_nearly_one_makespan_are_told_by_the_answers_that_differ_most() {
        // convoy.toml: the makespans are within 1 %, the 95th percentiles too.
        let run = |tool, makespan_us: u64, p50_us: u64| {
            let mut made = made(tool, 81, &[(State::Running, 1_000)]);
            made.1.makespan_ns = makespan_us * 1_000;
            (made.1.response.p50_ns, made.1.response.p95_ns) = (p50_us * 1_000, 80_800_000);
            made
        };
        assert_eq!(
            of(vec![run(Tool::Threading, 80_930, 70_500), run(Tool::Asyncio, 80_330, 21_420)]),
            "asyncio and threading are as good as equal, within 5 %: 80.33 ms to 80.93 ms. asyncio answers soonest: \
             half of its tasks within 21.42 ms, those of threading within 70.5 ms."
        );
        // A model and health checks in one loop: 30 s against 12 ms.
        let mut blocked = made(Tool::Asyncio, 30_020, &[(State::Ready, 1_000)]);
        let mut free = made(Tool::Threading, 30_050, &[(State::Running, 1_000)]);
        (blocked.1.response.p95_ns, free.1.response.p95_ns) = (30_000_000_000, 12_000_000);
        let text = of(vec![blocked, free]);
        assert!(!text.contains("wins"), "{text}");
        let answers = "threading answers soonest: 95 % of its tasks within 12 ms, those of asyncio within 30 s.";
        assert!(text.ends_with(answers), "{text}");
    }

    #[test]
    fn one_tool_is_told_by_itself() {
        let shares = [(State::LockWait, 700), (State::Running, 300)];
        assert_eq!(
            of(vec![made(Tool::Threading, 100, &shares)]),
            "threading takes 100 ms; its tasks spent 70 % of their time waiting for the GIL, \
             and 30 % of their time running Python code."
        );
    }

    #[test]
    fn deadlocks_are_named_and_do_not_win() {
        let tools = [tool(Tool::Threading), tool(Tool::Asyncio), tool(Tool::Sequential)];
        let scenario = scenario("", &tools);
        let dead = |run| ToolResult {
            run,
            ending: Ending::Deadlocked(Vec::new()),
            entries: Vec::new(),
            unserved: false,
        };
        let row = made(Tool::Asyncio, 100, &[(State::Suspended, 1_000)]).1;
        let alive = ToolResult {
            run: &tools[1],
            ending: Ending::Finished(Box::new(row)),
            entries: Vec::new(),
            unserved: false,
        };
        assert_eq!(
            verdict(&scenario, &[dead(&tools[0]), alive, dead(&tools[2])]),
            "asyncio is the only tool that finishes: it takes 100 ms; its tasks spent 100 % of their time \
             suspended in a wait. threading and sequential deadlock."
        );
        assert_eq!(verdict(&scenario, &[dead(&tools[0])]), "threading deadlocks.");
    }

    #[test]
    fn runs_of_no_time_tie_without_a_ratio() {
        let text = of(vec![
            made(Tool::Threading, 0, &[]),
            made(Tool::Asyncio, 5, &[(State::Ready, 1_000)]),
        ]);
        assert!(text.starts_with("threading wins: 0 s."), "{text}");
    }
}
