//! The comparison as a terminal shows it.

use super::words::{counted, one_line, percent, ratio, state, time};
use super::{Ending, ToolResult, verdict};
use crate::table::{Align, Table};
use gilsim_core::model::{Horizon, Scenario, ToolRun};
use gilsim_core::sink::row::{Counts, SummaryRow};
use gilsim_core::tools::OwnKey;
use gilsim_core::trace::State;

/// The headings of the comparison, one for each of [`cells`].
const HEADINGS: [&str; 10] = [
    "tool",
    "makespan",
    "speed-up",
    "p50",
    "p95",
    "where task time went",
    "cpu",
    "lock wait",
    "threads",
    "procs",
];

/// The headings of what went wrong, one for each of [`Counts::all`].
pub(crate) const COUNT_HEADINGS: [&str; Counts::NAMES.len()] =
    ["failed", "timed out", "cancelled", "retries"];

/// The columns that hold text; the others hold numbers.
const TEXT_COLUMNS: [usize; 2] = [0, 5];

/// How many states a row names.
const STATES_NAMED: usize = 2;

/// Title, settings, table, results `by_entry` and verdict. `colour` allows ANSI codes: the winner is bold then.
pub fn comparison(
    scenario: &Scenario,
    results: &[ToolResult<'_>],
    by_entry: Option<&Table>,
    colour: bool,
) -> String {
    let emphasised = |text: &str| {
        if colour { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let mut text = String::new();
    if !scenario.title.is_empty() {
        text.push_str(&emphasised(&one_line(&scenario.title)));
        text.push('\n');
    }
    text.push_str(&settings(scenario));
    text.push_str("\n\n");
    let goal = scenario.goal();
    let best = results.iter().filter_map(|result| Some(result.row()?.by(goal))).min();
    let header_lines = 2;
    for (index, line) in table(results).screen().lines().enumerate() {
        let row = index.checked_sub(header_lines).and_then(|row| results.get(row)?.row());
        let wins = results.len() > 1 && row.is_some_and(|row| Some(row.by(goal)) == best);
        text.push_str(&if wins { emphasised(line) } else { line.to_owned() });
        text.push('\n');
    }
    text.push('\n');
    if let Some(by_entry) = by_entry {
        text.push_str(&by_entry.screen());
        text.push('\n');
    }
    text.push_str(&verdict(scenario, results));
    text.push('\n');
    text
}

/// What holds for all tools: `100 tasks, 8 cores, cpython-3.13, seed 42`.
pub fn settings(scenario: &Scenario) -> String {
    let tasks = scenario.task_count();
    let cores = common(scenario, |run| run.setting.machine.cores);
    let profile = common(scenario, |run| run.setting.interpreter.profile.name.as_str());
    let lock = common(scenario, |run| {
        let interpreter = &run.setting.interpreter;
        interpreter.profile.has_lock() && !interpreter.lock
    });
    let mut parts = vec![match &scenario.horizon {
        None => counted(tasks, "task"),
        Some(horizon) => arriving(scenario, *horizon, tasks),
    }];
    parts.push(cores.map_or("cores by tool".to_owned(), |cores| counted(cores.into(), "core")));
    parts.push(profile.map_or("interpreter by tool".to_owned(), one_line));
    if lock == Some(true) {
        parts.push("without the GIL".to_owned());
    }
    parts.push(format!("seed {}", scenario.seed));
    parts.join(", ")
}

/// How many tasks of an open system arrive until when: `about 6000 tasks in 1min, measured from 10 s on`.
fn arriving(scenario: &Scenario, horizon: Horizon, tasks: u64) -> String {
    let about = if scenario.tasks.iter().any(|entry| entry.endless) { "about " } else { "" };
    let until = time(horizon.until.as_nanos());
    let warm_up = match horizon.warm_up.as_nanos() {
        0 => String::new(),
        warm_up => format!(", measured from {} on", time(warm_up)),
    };
    format!("{about}{} in {until}{warm_up}", counted(tasks, "task"))
}

/// What sets a tool's run apart: `10 workers`.
pub fn note(run: &ToolRun) -> String {
    let mut parts = Vec::new();
    if run.tool.takes(OwnKey::Workers) {
        parts.push(counted(run.workers.into(), "worker"));
    }
    if run.tool.is_server() {
        let es = if run.serving.processes == 1 { "" } else { "es" };
        let threads = if run.serving.on_loops {
            "an event loop".to_owned()
        } else {
            counted(run.serving.threads.into(), "thread")
        };
        parts.push(format!("{} process{es} of {threads}", run.serving.processes));
    }
    if let Some(workers) = run.offload_workers {
        parts.push(counted(workers.into(), "offload worker"));
    }
    if let Some(limit) = run.limit {
        parts.push(format!("limit {limit}"));
    }
    if run.tool.takes(OwnKey::Start) {
        parts.push(run.start.name().to_owned());
    }
    parts.join(", ")
}

/// What all tools have in common, if they do.
fn common<'a, T: PartialEq>(scenario: &'a Scenario, of: impl Fn(&'a ToolRun) -> T) -> Option<T> {
    let mut values = scenario.tools.iter().map(of);
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// A row for each result.
pub(super) fn table(results: &[ToolResult<'_>]) -> Table {
    let align = |index| if TEXT_COLUMNS.contains(&index) { Align::Left } else { Align::Right };
    let columns = HEADINGS.into_iter().enumerate();
    let columns = columns.map(|(index, heading)| (heading, align(index)));
    let counts = |result: &ToolResult<'_>| result.row().map(|row| row.counts);
    let shown = shown_counts(results.iter().filter_map(counts));
    let more = shown.iter().map(|at| (COUNT_HEADINGS[*at], Align::Right));
    let mut table = Table::new(columns.chain(more));
    for result in results {
        let count =
            |at: &usize| counts(result).map_or_else(String::new, |it| it.all()[*at].to_string());
        table.push(cells(result).into_iter().chain(shown.iter().map(count)));
    }
    table
}

/// Which of the counts are not zero everywhere: those that people are shown.
pub(crate) fn shown_counts(counts: impl Iterator<Item = Counts>) -> Vec<usize> {
    let mut sum = Counts::default();
    counts.for_each(|one| sum += one);
    let all = sum.all().into_iter().enumerate();
    all.filter(|(_, count)| *count > 0).map(|(at, _)| at).collect()
}

/// What stands under the [`HEADINGS`].
fn cells(result: &ToolResult<'_>) -> [String; HEADINGS.len()] {
    let label = one_line(&result.run.label);
    let row = match &result.ending {
        Ending::Finished(row) => row,
        Ending::Deadlocked(_) => {
            let mut cells = [const { String::new() }; HEADINGS.len()];
            cells[0] = label;
            cells[1].push_str("deadlock");
            return cells;
        }
    };
    [
        label,
        time(row.makespan_ns),
        row.speedup.map_or_else(String::new, |speedup| format!("{}×", ratio(speedup))),
        time(row.response.p50_ns),
        time(row.response.p95_ns),
        task_time(row),
        row.cpu_busy_share.map_or_else(String::new, percent),
        time(row.lock_wait_ns),
        row.threads.to_string(),
        row.processes.to_string(),
    ]
}

/// The states that took most of the tasks' time: `queued 99 %, io 0.7 %`.
fn task_time(row: &SummaryRow) -> String {
    let mut shares = State::ALL.map(|state| (row.share(state), state));
    // Stable: states of one share keep the order of the columns.
    shares.sort_by_key(|(share, _)| std::cmp::Reverse(*share));
    let named: Vec<String> = shares
        .iter()
        .take(STATES_NAMED)
        .filter(|(share, _)| share.millionths() > 0)
        .map(|(share, of)| format!("{} {}", state(*of), percent(*share)))
        .collect();
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{results, scenario, tool};
    use gilsim_core::model::Tool;
    use gilsim_core::sink::sample::result;

    fn downloads(colour: bool) -> String {
        let tools = [tool(Tool::Sequential), tool(Tool::Asyncio), tool(Tool::ProcessPool)];
        let rows = vec![
            result("sequential", 150_214, &[(State::Queued, 993), (State::Io, 7)]),
            result("asyncio", 2_006, &[(State::Suspended, 980), (State::Ready, 20)]),
            result("process_pool", 12_000, &[(State::Queued, 830), (State::Io, 170)]),
        ];
        comparison(&scenario("Download 100 pages", &tools), &results(&tools, rows), None, colour)
    }

    #[test]
    fn the_screen_shows_title_settings_table_and_verdict() {
        let expected = "\
Download 100 pages
100 tasks, 4 cores, ideal, seed 42

tool          makespan  speed-up      p50      p95  where task time went       cpu  lock wait  threads  procs
─────────────────────────────────────────────────────────────────────────────────────────────────────────────
sequential     150.2 s     1.00×  75.11 s  142.7 s  queued 99.3 %, io 0.7 %    1 %        0 s        1      1
asyncio        2.006 s       75×  1.003 s  1.906 s  suspended 98 %, ready 2 %  1 %        0 s        1      1
process_pool      12 s       13×      6 s   11.4 s  queued 83 %, io 17 %       1 %        0 s        1      1

asyncio wins: 2.006 s, 75 times as fast as sequential. sequential takes 150.2 s: one task at a time, \
so its tasks spent 99.3 % of their time queued behind one another; process_pool takes 12 s: only 8 workers \
for 100 tasks, so its tasks spent 83 % of their time in the backlog.
";
        assert_eq!(downloads(false), expected);
    }

    #[test]
    fn colour_adds_nothing_but_codes() {
        let coloured = downloads(true);
        assert!(coloured.contains("\u{1b}[1masyncio"));
        assert_eq!(coloured.replace("\u{1b}[1m", "").replace("\u{1b}[0m", ""), downloads(false));
    }

    #[test]
    fn a_deadlocked_tool_has_a_row_that_says_so() {
        let tools = [tool(Tool::Threading)];
        let result = ToolResult {
            run: &tools[0],
            ending: Ending::Deadlocked(Vec::new()),
            entries: Vec::new(),
            unserved: false,
        };
        assert_eq!(cells(&result)[..3], ["threading", "deadlock", ""]);
    }

    #[test]
    fn settings_that_differ_by_tool_are_said_to() {
        let mut tools = [tool(Tool::Threading), tool(Tool::Asyncio)];
        assert_eq!(settings(&scenario("", &tools)), "100 tasks, 4 cores, ideal, seed 42");
        tools[0].setting.machine.cores = 1;
        assert_eq!(settings(&scenario("", &tools)), "100 tasks, cores by tool, ideal, seed 42");
        for tool in &mut tools {
            tool.setting.machine.cores = 1;
            tool.setting.interpreter.lock = false;
        }
        let expected = "100 tasks, 1 core, ideal, without the GIL, seed 42";
        assert_eq!(settings(&scenario("", &tools)), expected);
    }
}
