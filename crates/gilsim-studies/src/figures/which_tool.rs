//! Figure 8: which way to go is the fastest, by the share of computing in a task and by the number of tasks.

use super::Picture;
use super::play::makespan;
use super::scenarios::WHICH_TOOL;
use crate::threads;
use gilsim_core::model::{Scenario, Tool, ToolRun};
use gilsim_core::time::SimDuration;
use gilsim_core::tools::Carriers;
use gilsim_render::chart::{self, Hue, Map, Player, Square, Theme};

/// The ways to go with their colours.
const WAYS: [(&str, Hue); 4] = [
    ("one by one", Hue::Brown),
    ("asyncio", Hue::Green),
    ("threads", Hue::Orange),
    ("processes", Hue::Blue),
];
const ASYNCIO: usize = 1;
/// The tools and which of the ways each goes, in the order of ties.
const TOOLS: [(Tool, usize); 6] = [
    (Tool::Sequential, 0),
    (Tool::Asyncio, ASYNCIO),
    (Tool::Threading, 2),
    (Tool::ThreadPool, 2),
    (Tool::MultiprocessingPool, 3),
    (Tool::ProcessPool, 3),
];
/// What a task takes in all, waiting and computing.
const TASK_US: u64 = 10_000;
/// The share of computing rises by this from column to column.
const STEP_US: u64 = 250;
const COUNTS: [u32; 21] = [
    1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 200, 300, 500, 700, 1_000, 2_000, 3_000, 5_000, 7_000,
    10_000,
];

/// A task's waiting and computing, in microseconds.
fn columns() -> impl Iterator<Item = (u64, u64)> {
    (0..=TASK_US / STEP_US).map(|step| (TASK_US - step * STEP_US, step * STEP_US))
}

/// Which tool is best where so many tasks wait and compute for so long.
fn square(count: u32, (wait, work): (u64, u64)) -> Square {
    let scenario = WHICH_TOOL.with(&[
        format!("tasks.task.count={count}"),
        format!("sites.server.latency={wait}us"),
        format!("computations.work.time={work}us"),
    ]);
    let mut bounds: Vec<(u64, usize)> = (0..TOOLS.len())
        .map(|index| (least(run(&scenario, index), count, (wait, work)), index))
        .collect();
    bounds.sort_unstable();
    let mut times: Vec<(u64, usize)> = Vec::new();
    for (bound, index) in bounds {
        // A tool that cannot come close to the best one so far need not be played.
        if times.iter().all(|&(best, _)| is_close(best, bound)) {
            times.push((makespan(&scenario, run(&scenario, index)), index));
        }
    }
    times.sort_unstable();
    let (best, first) = times[0];
    let winner = TOOLS[first].1;
    let mut others = times.iter().filter(|(_, index)| TOOLS[*index].1 != winner);
    let close = others.next().is_some_and(|(second, _)| is_close(best, *second));
    Square { winner, close }
}

/// Within five percent.
const fn is_close(best: u64, other: u64) -> bool {
    other <= best + best / 20
}

fn run(scenario: &Scenario, index: usize) -> &ToolRun {
    let run = scenario.tools.iter().find(|run| run.tool == TOOLS[index].0);
    run.expect("the scenario lists the tool")
}

/// A time that a tool cannot beat, in nanoseconds: what its workers have to do, and what goes through one lock.
fn least(run: &ToolRun, count: u32, (wait, work): (u64, u64)) -> u64 {
    let tasks = u64::from(count);
    let at_once = match run.descriptor().carriers {
        Carriers::OnePerTask => tasks,
        Carriers::One | Carriers::Workers => u64::from(run.workers),
    };
    let locks = if run.tool.has_own_locks() { u64::from(run.workers) } else { 1 };
    1_000 * (tasks * (wait + work) / at_once).max(tasks * work / locks)
}

pub(super) fn draw(theme: Theme) -> Picture {
    let columns: Vec<(u64, u64)> = columns().collect();
    // The largest first, so that no core is left with one of them at the end.
    let largest_first = COUNTS.iter().rev();
    let places: Vec<(u32, (u64, u64))> =
        largest_first.flat_map(|count| columns.iter().map(|task| (*count, *task))).collect();
    let squares = threads::map(&places, |(count, task)| square(*count, *task));
    let cells: Vec<Vec<Square>> =
        squares.chunks(columns.len()).rev().map(<[Square]>::to_vec).collect();
    let border = border(&cells, &columns);
    let title = format!(
        "Which tool: many tasks are fastest in asyncio while they compute up to {border} % of their time, in \
         processes above that"
    );
    let scenario = WHICH_TOOL.scenario();
    let setting = &scenario.tools[0].setting;
    let task = SimDuration::from_nanos(TASK_US * 1_000);
    let about = format!(
        "Tasks of {task}, waiting and computing; threads and processes: the better of two tools each ({} cores, {})",
        setting.machine.cores, setting.interpreter.profile.name
    );
    let alt = format!("{title}. {about}\n{}\n", words(&cells));
    let ticks = |(index, share): (usize, u64)| {
        if index % 4 == 0 { format!("{share} %") } else { String::new() }
    };
    let shares = columns.iter().map(|(_, work)| work * 100 / TASK_US);
    let decade = |count: &u32| match count {
        1 | 10 | 100 => count.to_string(),
        1_000 => "1,000".to_owned(),
        10_000 => "10,000".to_owned(),
        _ => String::new(),
    };
    let svg = chart::map(&Map {
        title: &title,
        subtitle: &about,
        description: &alt,
        axes: ["share of computing in a task", "number of tasks"],
        columns: shares.enumerate().map(ticks).collect(),
        rows: COUNTS.iter().map(decade).collect(),
        players: WAYS.map(|(label, hue)| Player { label, hue }).into(),
        cells,
        close: "dotted, within the line: the second best is less than 5 % slower",
        theme,
    });
    Picture { title, svg, alt }
}

/// The largest share of computing, in percent, up to which asyncio is the fastest for the most tasks.
fn border(cells: &[Vec<Square>], columns: &[(u64, u64)]) -> String {
    let asyncio = |square: &Square| square.winner == ASYNCIO;
    let most = cells.last().expect("there are rows");
    let up_to = most.iter().take_while(|square| asyncio(square)).count().saturating_sub(1);
    let tenths = columns[up_to].1 * 1_000 / TASK_US;
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{rest}", tenths / 10),
    }
}

/// How much of the map each way has.
fn words(cells: &[Vec<Square>]) -> String {
    let all: Vec<Square> = cells.iter().flatten().copied().collect();
    let percent = |count: usize| (count * 200 / all.len()).div_ceil(2);
    let ways = WAYS.iter().enumerate().map(|(index, (label, _))| {
        let won = all.iter().filter(|square| square.winner == index).count();
        format!("{label} {} %", percent(won))
    });
    let close = all.iter().filter(|square| square.close).count();
    format!(
        "Share of the map where each is the fastest: {}. In {} % of it the second best is within 5 %.",
        ways.collect::<Vec<_>>().join(", "),
        percent(close)
    )
}
