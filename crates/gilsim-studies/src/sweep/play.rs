//! Playing the points of a study, block by block, on all cores.

use std::collections::BTreeMap;
use std::io;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::outcome::column_values;
use super::statistics::Estimate;
use super::study::{Refusal, Study};
use gilsim_core::engine;
use gilsim_core::model::{Goal, Scenario, ToolRun};
use gilsim_core::open::{self, OpenReport, Queues};
use gilsim_core::sink::row::{COLUMNS, SummaryRow};
use gilsim_core::sink::summary::{Summary, compare};
use gilsim_core::tools;
use gilsim_core::trace::Outcome;
use gilsim_core::workload::TooLarge;
use gilsim_render::report;

/// Some replicates of a point under all tools: what is played in one go and never lost once it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Block {
    /// The point, from 0.
    pub point: u64,
    /// The first replicate.
    pub first: u32,
    /// How many replicates.
    pub count: u32,
    /// What each tool made of them, in the order of the scenario.
    pub tools: Vec<ToolRows>,
}

/// What one tool made of the replicates of a block.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct ToolRows {
    /// Its rows of sweep.csv; a replicate that deadlocked has none.
    pub rows: String,
    /// Who waits for what in the first replicate that deadlocked.
    pub deadlock: Option<String>,
    /// Why the load of an open system is not served in the first replicate in which it is not.
    pub unserved: Option<String>,
}

/// Hears of a study while it is played, from several threads at once.
pub trait Listener: Sync {
    /// So many runs more are to be played than were known of before.
    fn expect(&self, runs: u64);

    /// A block is finished.
    ///
    /// # Errors
    /// When it cannot be kept; the study ends then.
    fn finished(&self, block: &Block) -> io::Result<()>;
}

/// Why a study was not played to its end.
#[derive(Debug)]
pub enum Stopped {
    /// A scenario cannot be played.
    Refused(Refusal),
    /// A finished block cannot be kept.
    Unwritable(io::Error),
}

/// Blocks by point and first replicate.
type Blocks = BTreeMap<(u64, u32), Block>;

/// Tasks times tools times replicates that a block aims at, so that blocks of all scenarios take a moment each.
const TASKS_PER_BLOCK: u64 = 10_000;

/// The most replicates of a block.
const BLOCK_MAX: u64 = 64;

/// Plays a study on `jobs` threads, without the blocks that are `done` already. All blocks, in order.
///
/// # Errors
/// When a scenario cannot be played, or a block not kept.
pub fn play(
    study: &Study,
    done: Vec<Block>,
    jobs: usize,
    listener: &dyn Listener,
) -> Result<Vec<Block>, Stopped> {
    let mut blocks: Blocks =
        done.into_iter().map(|block| ((block.point, block.first), block)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
    let pool = pool.map_err(|error| Stopped::Refused(Refusal::Wrong(error.to_string())))?;
    let first = study.scenario(0).map_err(Stopped::Refused)?;
    let goal = first.goal();
    let tools = u64::try_from(first.tools.len()).unwrap_or(u64::MAX);
    let size = block_size(study).map_err(Stopped::Refused)?;
    let mut wanted: Vec<(u64, u32, u32)> =
        study.points().map(|point| (point, 0, study.first_replicates())).collect();
    while !wanted.is_empty() {
        let cut = wanted.iter().flat_map(|(point, from, to)| cut(*point, *from, *to, size));
        let cut: Vec<(u64, u32, u32)> =
            cut.filter(|(point, first, _)| !blocks.contains_key(&(*point, *first))).collect();
        listener.expect(cut.iter().map(|(.., count)| u64::from(*count) * tools).sum());
        let played: Result<Vec<Block>, Stopped> = pool.install(|| {
            cut.par_iter()
                .with_max_len(1)
                .map(|(point, first, count)| {
                    let block =
                        play_block(study, *point, *first, *count).map_err(Stopped::Refused)?;
                    listener.finished(&block).map_err(Stopped::Unwritable)?;
                    Ok(block)
                })
                .collect()
        });
        blocks.extend(played?.into_iter().map(|block| ((block.point, block.first), block)));
        wanted = too_wide(study, goal, &wanted, &blocks);
    }
    Ok(blocks.into_values().collect())
}

/// How many replicates a block has. It depends on the size of the scenario alone, so that every part of a study is cut the
/// same way.
fn block_size(study: &Study) -> Result<u32, Refusal> {
    let scenario = study.scenario(0)?;
    let tasks: u64 = scenario.tasks.iter().map(|entry| u64::from(entry.count)).sum();
    let tools = scenario.tools.len() as u64;
    let size = TASKS_PER_BLOCK / tasks.saturating_mul(tools).max(1);
    Ok(u32::try_from(size.clamp(1, BLOCK_MAX)).expect("clamped"))
}

/// Replicates `from..to` of a point in blocks: point, first replicate, how many.
fn cut(point: u64, from: u32, to: u32, size: u32) -> impl Iterator<Item = (u64, u32, u32)> {
    (from..to).step_by(size as usize).map(move |first| (point, first, size.min(to - first)))
}

/// The points that need more replicates, and which.
fn too_wide(
    study: &Study,
    goal: Goal,
    wanted: &[(u64, u32, u32)],
    blocks: &Blocks,
) -> Vec<(u64, u32, u32)> {
    let Some(share) = study.until else { return Vec::new() };
    let is_wide = |point: u64, to: u32| {
        let of_point: Vec<&Block> =
            blocks.range((point, 0)..(point, to)).map(|(_, block)| block).collect();
        let tools = of_point.first().map_or(0, |block| block.tools.len());
        (0..tools).any(|tool| {
            let rows: String =
                of_point.iter().map(|block| block.tools[tool].rows.as_str()).collect();
            let means = column_values(&rows, study.grid.varied().len(), goal.column());
            Estimate::of(&means).is_some_and(|estimate| !estimate.is_within(share))
        })
    };
    wanted
        .iter()
        .filter(|(point, _, to)| is_wide(*point, *to))
        .filter_map(|(point, _, to)| Some((*point, *to, study.more_replicates(*to)?)))
        .collect()
}

/// Plays some replicates of a point.
fn play_block(study: &Study, point: u64, first: u32, count: u32) -> Result<Block, Refusal> {
    let scenario = study.scenario(point)?;
    let values = study.grid.shown_values(point);
    let mut tools = vec![ToolRows::default(); scenario.tools.len()];
    let mut writers: Vec<csv::Writer<Vec<u8>>> =
        tools.iter().map(|_| csv::Writer::from_writer(Vec::new())).collect();
    for replicate in first..first + count {
        let mut rows = Vec::with_capacity(scenario.tools.len());
        let mut whose = Vec::with_capacity(scenario.tools.len());
        for (tool, run) in scenario.tools.iter().enumerate() {
            match play_run(&scenario, run, replicate)? {
                Ok((row, unserved)) => {
                    rows.push(row);
                    whose.push(tool);
                    tools[tool].unserved = tools[tool].unserved.take().or(unserved);
                }
                Err(deadlock) => {
                    tools[tool].deadlock.get_or_insert(deadlock);
                }
            }
        }
        compare(&mut rows, scenario.yardstick());
        for (row, tool) in rows.iter().zip(whose) {
            write_row(&mut writers[tool], &values, row);
        }
    }
    for (tool, writer) in tools.iter_mut().zip(writers) {
        tool.rows = text_of(writer);
    }
    Ok(Block { point, first, count, tools })
}

/// The numbers of one run, and why it does not serve its load, where it does not; of a deadlock, what waits for what.
fn play_run(
    scenario: &Scenario,
    run: &ToolRun,
    replicate: u32,
) -> Result<Result<(SummaryRow, Option<String>), String>, Refusal> {
    let plan = tools::lay_out(scenario, run, replicate)
        .map_err(|error| Refusal::Wrong(format!("tool `{}`: {error}", run.label)))?;
    let mut summary = Summary::counting_from(scenario.warm_up());
    let mut queues = scenario.horizon.map(|horizon| Queues::new(&plan, horizon));
    let (outcome, totals) = match &mut queues {
        None => engine::simulate_for(&plan, &mut summary),
        Some(queues) => engine::simulate(&plan, &mut (&mut summary, queues)),
    };
    Ok(match outcome {
        Outcome::Finished => {
            let row = summary.finish(&run.label, replicate, plan.machine.cores, &totals);
            let open = scenario.horizon.zip(queues);
            let unserved = open.and_then(|(horizon, queues)| {
                OpenReport::of(&queues, horizon, &open::offered(&plan, run)).warning()
            });
            Ok((row, unserved))
        }
        Outcome::Deadlocked(stuck) => Err(report::deadlock(&run.label, &stuck)),
        Outcome::TooLong => {
            let error = TooLarge::Time;
            return Err(Refusal::Wrong(format!("tool `{}`: {error}", run.label)));
        }
    })
}

fn write_row(writer: &mut csv::Writer<Vec<u8>>, values: &[String], row: &SummaryRow) {
    let columns = values.iter().map(String::as_str);
    for value in columns {
        writer.write_field(value).expect("memory takes all that is written to it");
    }
    for field in row.fields() {
        writer.write_field(field.as_bytes()).expect("memory takes all that is written to it");
    }
    writer.write_record(None::<&[u8]>).expect("all rows have as many fields");
}

fn text_of(writer: csv::Writer<Vec<u8>>) -> String {
    let bytes = writer.into_inner().expect("memory takes all that is written to it");
    String::from_utf8(bytes).expect("fields are texts")
}

/// sweep.csv: the varied keys as columns, then those of summary.csv; a row per point, tool and replicate.
///
/// # Errors
/// None in practice: the text is made in memory.
pub fn table(study: &Study, blocks: &[Block]) -> io::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let keys = study.grid.varied().iter().map(super::Vary::key);
    writer.write_record(keys.chain(COLUMNS.iter().map(|column| column.name)))?;
    let mut text = text_of(writer);
    for of_point in blocks.chunk_by(|one, other| one.point == other.point) {
        for tool in 0..of_point[0].tools.len() {
            for block in of_point {
                text.push_str(&block.tools[tool].rows);
            }
        }
    }
    Ok(text)
}
