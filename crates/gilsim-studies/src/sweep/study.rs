//! A study: which scenarios are played, how often.

use gilsim_core::model::Scenario;
use gilsim_scenario::{Document, Faults, Input, watch};

use super::grid::Grid;
use super::shard::Shard;

/// The most replicates that a study adds on its own to narrow an interval.
pub const MOST_REPLICATES: u32 = 1_000;

/// The fewest replicates that an interval is trusted with: few may agree by chance.
const FEWEST_FOR_INTERVAL: u32 = 10;

/// A scenario over a grid of values.
#[derive(Clone, Debug)]
pub struct Study {
    /// The scenario before it is varied.
    pub document: Document,
    /// The values.
    pub grid: Grid,
    /// The seed instead of the scenario's.
    pub seed: Option<u64>,
    /// The labels of the tools to play; none are all.
    pub labels: Vec<String>,
    /// The name of the entry whose response times are those of the runs; else all tasks count.
    pub entry: Option<String>,
    /// How often each point is played; at least 1. Replicate r plays the same draws at every point, under every tool.
    pub replicates: u32,
    /// Replicates are added to a point until the interval of every tool's mean, by the goal, reaches no farther than this
    /// share of it, or there are [`MOST_REPLICATES`].
    pub until: Option<f64>,
    /// Which of the points are played.
    pub shard: Shard,
}

/// Why a study cannot be played.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// A scenario of it is wrong.
    Faults(Box<Faults>),
    /// Anything else, in a sentence.
    Wrong(String),
}

/// Whether the sentence is among the refusals.
fn is_told(refusals: &[Refusal], wrong: &str) -> bool {
    refusals.iter().any(|refusal| matches!(refusal, Refusal::Wrong(told) if told == wrong))
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::Faults(Box::new(faults))
    }
}

impl Study {
    /// How many points are played; the grid's count fits 64 bits.
    pub fn points(&self) -> impl Iterator<Item = u64> {
        self.shard.points(self.point_count())
    }

    /// How many points the grid has.
    pub fn point_count(&self) -> u64 {
        u64::try_from(self.grid.count()).unwrap_or(u64::MAX)
    }

    /// How often each point is played at first.
    pub fn first_replicates(&self) -> u32 {
        let fewest = if self.until.is_some() { FEWEST_FOR_INTERVAL } else { 1 };
        self.replicates.max(fewest)
    }

    /// How often a point is played whose interval is too wide after so many replicates: half as often again.
    pub(super) fn more_replicates(&self, played: u32) -> Option<u32> {
        let most = MOST_REPLICATES.max(self.replicates);
        (played < most).then(|| played.saturating_add(played.div_ceil(2)).min(most))
    }

    /// The scenario of a point.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn scenario(&self, point: u64) -> Result<Scenario, Refusal> {
        Ok(self.resolve(&self.grid.values(point))?.0)
    }

    /// The scenario with those values of the keys, and the files it is made from.
    fn resolve(&self, values: &[String]) -> Result<(Scenario, Vec<Input>), Refusal> {
        let mut document = self.document.clone();
        for (vary, value) in self.grid.varied().iter().zip(values) {
            document.set("--vary", vary.key(), value)?;
        }
        let loaded = document.resolve()?;
        let mut scenario = loaded.scenario;
        if let Some(seed) = self.seed {
            scenario.seed = seed;
        }
        if !self.labels.is_empty() {
            scenario.tools.retain(|run| self.labels.contains(&run.label));
        }
        if let Some(name) = &self.entry {
            watch(&mut scenario, name, &document.name()).map_err(Refusal::Wrong)?;
        }
        Ok((scenario, loaded.inputs))
    }

    /// Tries every value of every key once, the ends of ranges for what is between them. Returns the files that
    /// the scenarios are made from, the scenario's own first.
    ///
    /// # Errors
    /// With what is wrong: the keys if any does not exist, else up to ten faulty values.
    pub fn check(&self) -> Result<Vec<Input>, Vec<Refusal>> {
        const TOLD: usize = 10;
        let first = self.grid.values(0);
        self.check_keys(&first)?;
        let mut inputs: Vec<Input> = Vec::new();
        let mut refusals = Vec::new();
        let mut attempt = |values: &[String]| match self.resolve(values) {
            Ok((_, found)) => {
                for input in found {
                    if !inputs.contains(&input) {
                        inputs.push(input);
                    }
                }
            }
            // What is wrong at every point is said once.
            Err(Refusal::Wrong(wrong)) if is_told(&refusals, &wrong) => {}
            Err(refusal) => refusals.push(refusal),
        };
        attempt(&first);
        for (index, vary) in self.grid.varied().iter().enumerate() {
            for value in vary.telling_values().filter(|value| *value != first[index]) {
                let mut values = first.clone();
                values[index] = value;
                attempt(&values);
            }
        }
        refusals.truncate(TOLD);
        if refusals.is_empty() { Ok(inputs) } else { Err(refusals) }
    }

    fn check_keys(&self, values: &[String]) -> Result<(), Vec<Refusal>> {
        let mut document = self.document.clone();
        let faulty = self.grid.varied().iter().zip(values);
        let faulty: Vec<Refusal> = faulty
            .filter_map(|(vary, value)| document.set("--vary", vary.key(), value).err())
            .map(Refusal::from)
            .collect();
        if faulty.is_empty() { Ok(()) } else { Err(faulty) }
    }
}
