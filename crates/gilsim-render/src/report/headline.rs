//! The title of a picture of runs: what a person would say of them first.

use super::answers::Percentile;
use super::cause::{self, Finisher};
use super::failures;
use super::verdict::near;
use super::words::{list, one_line, percent, range, time};
use super::{Ending, ToolResult};
use gilsim_core::model::{Goal, Scenario};

/// Of so many tools at most the title says what each does; of more, what the first and the last do.
const EACH: usize = 3;

/// The finding of the runs in one sentence without a full stop.
pub fn headline(scenario: &Scenario, results: &[ToolResult<'_>]) -> String {
    let goal = scenario.goal();
    let mut finished: Vec<Finisher<'_>> =
        results.iter().filter_map(|result| Some((result.run, result.row()?))).collect();
    // Stable: tools that are equally fast keep their order.
    finished.sort_by_key(|(_, row)| row.by(goal));
    let stuck = results.iter().filter(|result| matches!(result.ending, Ending::Deadlocked(_)));
    let stuck: Vec<String> = stuck.map(|result| one_line(&result.run.label)).collect();
    let mut parts = Vec::new();
    match finished.as_slice() {
        [] => {}
        [only] if stuck.is_empty() => parts.push(single(scenario, *only)),
        [only] => parts.push(format!("{} {}", label(*only), done(*only, goal))),
        several => parts.push(contest(several, goal)),
    }
    parts.extend(failures::in_short(&finished));
    match stuck.len() {
        0 => {}
        1 => parts.push(format!("{} deadlocks", stuck[0])),
        _ => parts.push(format!("{} deadlock", list(&stuck))),
    }
    parts.join("; ")
}

fn label((run, _): Finisher<'_>) -> String {
    one_line(&run.label)
}

fn done((_, row): Finisher<'_>, goal: Goal) -> String {
    let shown = time(row.by(goal));
    match goal {
        Goal::Makespan => format!("is done in {shown}"),
        Goal::ResponseP95 => format!("answers 95 % of its tasks within {shown}"),
    }
}

/// How long the only run takes, and where its tasks' time goes.
fn single(scenario: &Scenario, only: Finisher<'_>) -> String {
    let opening = match scenario.goal() {
        Goal::Makespan => format!("{} takes {}", label(only), time(only.1.makespan_ns)),
        goal @ Goal::ResponseP95 => format!("{} {}", label(only), done(only, goal)),
    };
    match cause::noticed(only.1).next() {
        Some((share, state)) => {
            let place = cause::place(scenario, state, only.0, Some(only.1));
            format!("{opening}: tasks spend {} of their time {place}", percent(share))
        }
        None => opening,
    }
}

/// Two tools or more, the fastest first.
fn contest(finished: &[Finisher<'_>], goal: Goal) -> String {
    let are_level = near(finished, goal) == finished.len();
    let (first, last) = (finished[0], finished[finished.len() - 1]);
    if are_level && goal == Goal::Makespan {
        if let Some(percentile) = Percentile::telling(finished) {
            return by_answers(finished, percentile);
        }
        let takes = range(&time(first.1.by(goal)), &time(last.1.by(goal)));
        return match finished.len() {
            2 => format!("Both take {takes}"),
            count => format!("All {count} take {takes}"),
        };
    }
    let in_short = |one: &Finisher<'_>| match goal {
        Goal::Makespan => format!("{} in {}", label(*one), time(one.1.by(goal))),
        Goal::ResponseP95 => format!("{} within {}", label(*one), time(one.1.by(goal))),
    };
    let others =
        if finished.len() > EACH { &finished[finished.len() - 1..] } else { &finished[1..] };
    let others: Vec<String> = others.iter().map(in_short).collect();
    let times = times(last.1.by(goal), first.1.by(goal));
    format!("{} {}, {}{times}", label(first), done(first, goal), others.join(", "))
}

/// What a percentile of the answers says of tools whose makespans are as good as equal.
fn by_answers(finished: &[Finisher<'_>], percentile: Percentile) -> String {
    let mut sorted = finished.to_vec();
    sorted.sort_by_key(|(_, row)| percentile.of(row));
    let (first, rest) = (sorted[0], &sorted[1..]);
    let rest = if rest.len() >= EACH { &rest[rest.len() - 1..] } else { rest };
    let within = |one: Finisher<'_>| format!("within {}", time(percentile.of(one.1)));
    let others: Vec<String> =
        rest.iter().map(|one| format!("{} {}", label(*one), within(*one))).collect();
    let part = percentile.part();
    format!("{} answers {part} of its tasks {}, {}", label(first), within(first), others.join(", "))
}

/// How many times as long, as the end of a sentence; rounded half up, nothing where nothing took no time.
fn times(long: u64, short: u64) -> String {
    if short == 0 {
        return String::new();
    }
    let short = u128::from(short);
    let tenths = (u128::from(long) * 10 + short / 2) / short;
    match tenths {
        ..15 => String::new(),
        15..100 => format!(": {}.{} times as long", tenths / 10, tenths % 10),
        _ => format!(": {} times as long", (tenths + 5) / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{results, scenario, tool};
    use gilsim_core::model::{Tool, ToolRun};
    use gilsim_core::sink::row::SummaryRow;
    use gilsim_core::sink::sample::result;
    use gilsim_core::trace::State;

    /// The title of runs with these labels, makespans and medians in milliseconds.
    fn of(runs: &[(&str, u64, u64)]) -> String {
        let tools: Vec<ToolRun> = runs
            .iter()
            .map(|(label, ..)| ToolRun { label: (*label).to_owned(), ..tool(Tool::Threading) })
            .collect();
        let rows = runs.iter().map(|(label, makespan, p50)| {
            let mut row: SummaryRow = result(label, *makespan, &[(State::LockWait, 730)]);
            row.response.p50_ns = p50 * 1_000_000;
            row
        });
        headline(&scenario("", &tools), &results(&tools, rows.collect()))
    }

    #[test]
    fn a_title_leaves_none_of_three_tools_out() {
        assert_eq!(
            of(&[("parallelism", 60, 60), ("concurrency", 85, 65), ("asynchrony", 80, 60)]),
            "parallelism is done in 60 ms, asynchrony in 80 ms, concurrency in 85 ms"
        );
        assert_eq!(
            of(&[("a", 60, 1), ("b", 85, 1), ("c", 80, 1), ("d", 600, 1)]),
            "a is done in 60 ms, d in 600 ms: 10 times as long"
        );
    }

    #[test]
    fn a_title_tells_tools_of_one_makespan_by_their_answers() {
        assert_eq!(
            of(&[("threading", 81, 70), ("no lock", 80, 21)]),
            "no lock answers half of its tasks within 21 ms, threading within 70 ms"
        );
        assert_eq!(of(&[("a", 80, 21), ("b", 80, 21)]), "Both take 80 ms");
        assert_eq!(of(&[("a", 80, 21), ("b", 81, 21), ("c", 80, 21)]), "All 3 take 80 ms to 81 ms");
    }

    #[test]
    fn a_title_of_one_run_says_where_time_goes() {
        assert_eq!(
            of(&[("tool", 103, 50)]),
            "tool takes 103 ms: tasks spend 73 % of their time waiting for the GIL"
        );
    }

    #[test]
    fn a_run_that_deadlocks_is_never_called_done() {
        let tools = ["a", "b", "c"]
            .map(|label| ToolRun { label: label.to_owned(), ..tool(Tool::Threading) });
        let dead = |run| ToolResult {
            run,
            ending: Ending::Deadlocked(Vec::new()),
            entries: Vec::new(),
            unserved: false,
        };
        let row = result("b", 16, &[]);
        let alive = ToolResult {
            run: &tools[1],
            ending: Ending::Finished(Box::new(row)),
            entries: Vec::new(),
            unserved: false,
        };
        let scenario = scenario("", &tools);
        let title = |results: &[ToolResult<'_>]| headline(&scenario, results);
        let both = [dead(&tools[0]), alive, dead(&tools[2])];
        assert_eq!(title(&both), "b is done in 16 ms; a and c deadlock");
        assert_eq!(title(&both[..1]), "a deadlocks");
    }
}
