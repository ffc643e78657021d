//! Playing the points of a study, block by block, on all cores.

use std::collections::BTreeMap;
use std::io;

use super::rows;
use super::statistics::Estimate;
use super::study::{Refusal, Study};
use crate::listener::Listener;
use crate::threads;
use gilsim_core::model::{Goal, Scenario};
use gilsim_core::run::{Run, compare, run};
use gilsim_core::sink::row::{SummaryRow, Value};
use gilsim_render::report;

/// Some replicates of a point under all tools: what is played in one go and never lost once it is.
#[derive(Clone, PartialEq, Eq, Debug)]
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

impl Block {
    /// How many runs it is.
    pub fn runs(&self) -> u64 {
        u64::from(self.count) * self.tools.len() as u64
    }
}

/// What one tool made of the replicates of a block.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct ToolRows {
    /// Its rows of sweep.csv; a replicate that deadlocked has none.
    pub rows: Vec<SummaryRow>,
    /// Who waits for what in the first replicate that deadlocked.
    pub deadlock: Option<String>,
    /// Why the response times of an open system say nothing, in the first replicate in which they do not.
    pub warning: Option<String>,
}

impl ToolRows {
    fn add(&mut self, label: &str, run: Run) {
        self.warning = self.warning.take().or_else(|| run.warning());
        match run.outcome {
            Ok(row) => self.rows.push(row),
            Err(stuck) => {
                self.deadlock.get_or_insert_with(|| report::deadlock(label, &stuck));
            }
        }
    }
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

/// Plays a study on `jobs` threads, without the blocks that are `done` already. `keep` is given every block as it is
/// finished. All blocks, in order.
///
/// # Errors
/// When a scenario cannot be played, or a block not kept.
pub fn play(
    study: &Study,
    done: Vec<Block>,
    jobs: usize,
    listener: &dyn Listener,
    keep: &(dyn Fn(&Block) -> io::Result<()> + Sync),
) -> Result<Vec<Block>, Stopped> {
    let play = || Player { study, listener, keep }.play(done);
    threads::on(jobs, play).map_err(|error| Stopped::Refused(Refusal::Wrong(error)))?
}

/// A point, and its replicates from the first number to before the second.
type Wanted = (u64, u32, u32);

/// Plays the blocks of a study.
struct Player<'a> {
    study: &'a Study,
    listener: &'a dyn Listener,
    keep: &'a (dyn Fn(&Block) -> io::Result<()> + Sync),
}

impl Player<'_> {
    fn play(&self, done: Vec<Block>) -> Result<Vec<Block>, Stopped> {
        let keyed = |block: Block| ((block.point, block.first), block);
        let mut blocks: Blocks = done.into_iter().map(keyed).collect();
        let study = self.study;
        let first = study.scenario(0).map_err(Stopped::Refused)?;
        let tools = u64::try_from(first.tools.len()).unwrap_or(u64::MAX);
        let size = block_size(&first);
        let mut wanted: Vec<Wanted> =
            study.points().map(|point| (point, 0, study.first_replicates())).collect();
        while !wanted.is_empty() {
            let cut = wanted.iter().flat_map(|(point, from, to)| cut(*point, *from, *to, size));
            let cut: Vec<(u64, u32, u32)> =
                cut.filter(|(point, first, _)| !blocks.contains_key(&(*point, *first))).collect();
            self.listener.expect(cut.iter().map(|(.., count)| u64::from(*count) * tools).sum());
            let played = threads::try_map(&cut, |block| self.block(*block))?;
            blocks.extend(played.into_iter().map(keyed));
            wanted = too_wide(study, first.goal(), &wanted, &blocks);
        }
        Ok(blocks.into_values().collect())
    }

    /// Plays some replicates of a point: point, first replicate, how many.
    fn block(&self, (point, first, count): (u64, u32, u32)) -> Result<Block, Stopped> {
        let scenario = self.study.scenario(point).map_err(Stopped::Refused)?;
        let mut tools = vec![ToolRows::default(); scenario.tools.len()];
        for replicate in first..first + count {
            let played = scenario.tools.iter().map(|tool| {
                run(&scenario, tool, replicate).map_err(|error| {
                    Stopped::Refused(Refusal::Wrong(report::too_large(&tool.label, &error)))
                })
            });
            let mut runs: Vec<Run> = played.collect::<Result<_, _>>()?;
            compare(&scenario, &mut runs);
            for ((rows, tool), run) in tools.iter_mut().zip(&scenario.tools).zip(runs) {
                rows.add(&tool.label, run);
            }
        }
        let block = Block { point, first, count, tools };
        self.listener.played(block.runs());
        (self.keep)(&block).map_err(Stopped::Unwritable)?;
        Ok(block)
    }
}

/// How many replicates a block has. It depends on the size of the scenario alone, so that every part of a study is cut the
/// same way.
fn block_size(scenario: &Scenario) -> u32 {
    let tasks = scenario.task_count();
    let tools = scenario.tools.len() as u64;
    let size = TASKS_PER_BLOCK / tasks.saturating_mul(tools).max(1);
    u32::try_from(size.clamp(1, BLOCK_MAX)).expect("clamped")
}

/// Replicates `from..to` of a point in blocks: point, first replicate, how many.
fn cut(point: u64, from: u32, to: u32, size: u32) -> impl Iterator<Item = (u64, u32, u32)> {
    (from..to).step_by(size as usize).map(move |first| (point, first, size.min(to - first)))
}

/// The points that need more replicates, and which.
fn too_wide(study: &Study, goal: Goal, wanted: &[Wanted], blocks: &Blocks) -> Vec<Wanted> {
    let Some(share) = study.until else { return Vec::new() };
    let is_wide = |point: u64, to: u32| {
        let of_point: Vec<&Block> =
            blocks.range((point, 0)..(point, to)).map(|(_, block)| block).collect();
        let tools = of_point.first().map_or(0, |block| block.tools.len());
        (0..tools).any(|tool| {
            let rows = of_point.iter().flat_map(|block| &block.tools[tool].rows);
            let value = |row: &SummaryRow| row.value(goal.column()).and_then(Value::number);
            let values: Vec<f64> = rows.filter_map(value).collect();
            Estimate::of(&values).is_some_and(|estimate| !estimate.is_within(share))
        })
    };
    wanted
        .iter()
        .filter(|(point, _, to)| is_wide(*point, *to))
        .filter_map(|(point, _, to)| Some((*point, *to, study.more_replicates(*to)?)))
        .collect()
}

/// sweep.csv: the varied keys as columns, then those of summary.csv; a row per point, tool and replicate.
pub fn table(study: &Study, blocks: &[Block]) -> Vec<u8> {
    rows::csv(&study.grid, rows::by_point(blocks))
}
