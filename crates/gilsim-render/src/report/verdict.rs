//! One or two sentences that say which tool wins and why.

use super::cause::{self, Reason};
use super::words::{list, one_line, ratio, time};
use super::{Ending, ToolResult};
use gilsim_core::model::{Goal, ToolRun};
use gilsim_core::sink::fraction::Fraction;
use gilsim_core::sink::row::SummaryRow;

/// Makespans within this many percent of the best one are as good as equal: costs are known no better.
pub(crate) const NEAR_PERCENT: u128 = 5;

/// How many reasons the second sentence names.
const REASONS: usize = 3;

/// How many tools one clause names.
const NAMED: usize = 3;

type Finisher<'a> = (&'a ToolRun, &'a SummaryRow);

/// Which tool wins and why: where the others' time went.
pub fn verdict(results: &[ToolResult<'_>], goal: Goal) -> String {
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
        [only] => vec![alone(*only, deadlocked.is_empty(), goal)],
        several => contest(several, goal),
    };
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
fn alone(only: Finisher<'_>, by_choice: bool, goal: Goal) -> String {
    let label = label(only);
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
    match cause::alone(only.0, only.1) {
        Some(told) => format!("{opening}; {told}."),
        None => format!("{opening}."),
    }
}

/// Two tools or more, the fastest first.
fn contest(finished: &[Finisher<'_>], goal: Goal) -> Vec<String> {
    let best = u128::from(finished[0].1.by(goal));
    let near =
        |(_, row): &Finisher<'_>| u128::from(row.by(goal)) * 100 <= best * (100 + NEAR_PERCENT);
    let (first, rest) = finished.split_at(finished.partition_point(near));
    let mut sentences = vec![opening(first, rest, goal)];
    if first.len() > 1 && goal == Goal::Makespan {
        sentences.extend(answers(first));
    }
    sentences.extend(losers(first[0], rest, goal));
    sentences
}

/// Who wins or ties, and by how much.
fn opening(first: &[Finisher<'_>], rest: &[Finisher<'_>], goal: Goal) -> String {
    let margin = margin(first[0], rest, goal);
    let best = first[0].1.by(goal);
    let level = first.iter().filter(|(_, row)| row.by(goal) == best).count();
    let (level, near) = first.split_at(level);
    let labels: Vec<String> = level.iter().map(|one| label(*one)).collect();
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
    let opening = format!("{} {verb} {best}{margin}", list(&labels));
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

/// Among tools of one makespan: whose tasks are answered soonest, where that differs.
fn answers(first: &[Finisher<'_>]) -> Option<String> {
    let p95 = |(_, row): &&Finisher<'_>| row.response.p95_ns;
    let (soonest, latest) = (first.iter().min_by_key(p95)?, first.iter().max_by_key(p95)?);
    let (soon, late) = (soonest.1.response.p95_ns, latest.1.response.p95_ns);
    let differ = u128::from(late) * 100 > u128::from(soon) * (100 + NEAR_PERCENT);
    differ.then(|| {
        let (name, other) = (label(*soonest), label(*latest));
        let (soon, late) = (time(soon), time(late));
        format!("{name} answers soonest: 95 % of its tasks within {soon}, those of {other} within {late}.")
    })
}

/// Why the others took longer: one clause a reason, the slowest first.
fn losers(winner: Finisher<'_>, rest: &[Finisher<'_>], goal: Goal) -> Option<String> {
    let mut groups: Vec<(Reason, Vec<Finisher<'_>>)> = Vec::new();
    for loser in rest {
        let reason = cause::reason(loser.0, loser.1, winner.1, goal);
        match groups.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, group)) => group.push(*loser),
            None => groups.push((reason, vec![*loser])),
        }
    }
    // Stable: reasons whose slowest tools are equally slow keep their order.
    groups.sort_by_key(|(_, group)| {
        std::cmp::Reverse(group.iter().map(|(_, row)| row.by(goal)).max())
    });
    let clauses: Vec<String> =
        groups.iter().take(REASONS).map(|(reason, group)| clause(reason, group, goal)).collect();
    (!clauses.is_empty()).then(|| format!("{}.", clauses.join("; ")))
}

/// What the tools of one reason, the fastest first, took and why.
fn clause(reason: &Reason, group: &[Finisher<'_>], goal: Goal) -> String {
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
    let range = if least == most { most } else { format!("{least} to {most}") };
    let rows: Vec<&SummaryRow> = group.iter().map(|(_, row)| *row).collect();
    format!("{} {verb} {range}: {}", list(&labels), reason.told(&rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{results, tool};
    use gilsim_core::model::Tool;
    use gilsim_core::sink::row::SummaryRow;
    use gilsim_core::sink::sample::result;
    use gilsim_core::trace::State;

    fn of(rows: Vec<(Tool, SummaryRow)>) -> String {
        let (tools, rows): (Vec<ToolRun>, Vec<SummaryRow>) =
            rows.into_iter().map(|(kind, row)| (tool(kind), row)).unzip();
        verdict(&results(&tools, rows), Goal::Makespan)
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
        assert_eq!(
            verdict(&results(&tools, rows), Goal::ResponseP95),
            "asyncio answers soonest: 95 % of tasks within 20 ms, 2.0 times as fast as threading. \
             threading needs 40 ms: its tasks spent 90 % of their time waiting for the GIL."
        );
    }

    #[test]
    fn time_outside_the_tasks_is_starting_and_ending() {
        let mut pool = made(Tool::ProcessPool, 200, &[(State::Running, 1_000)]);
        pool.1.response = made(Tool::Sequential, 100, &[]).1.response;
        let text = of(vec![made(Tool::Sequential, 100, &[(State::Running, 1_000)]), pool]);
        assert!(
            text.ends_with(
                "process_pool takes 200 ms: most of its extra time goes into starting and ending it."
            ),
            "{text}"
        );
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
        let dead =
            |run| ToolResult { run, ending: Ending::Deadlocked(Vec::new()), unserved: false };
        let row = made(Tool::Asyncio, 100, &[(State::Suspended, 1_000)]).1;
        let alive =
            ToolResult { run: &tools[1], ending: Ending::Finished(Box::new(row)), unserved: false };
        assert_eq!(
            verdict(&[dead(&tools[0]), alive, dead(&tools[2])], Goal::Makespan),
            "asyncio is the only tool that finishes: it takes 100 ms; its tasks spent 100 % of their time \
             suspended in a wait. threading and sequential deadlock."
        );
        assert_eq!(verdict(&[dead(&tools[0])], Goal::Makespan), "threading deadlocks.");
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
