//! Playing every change under every tool, on all cores, and putting the effects in order.

use serde::Serialize;

use gilsim_core::model::{Goal, Scenario, ToolRun};
use gilsim_core::run::{Run, run};
use gilsim_core::sink::fraction::Fraction;
use gilsim_core::sink::row::SummaryRow;
use gilsim_render::report;
use gilsim_render::table::Table;

use super::change::{Change, words};
use crate::listener::Listener;
use crate::threads;

/// How much faster what can be faster is made, in percent.
const FASTER: [u32; 10] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

/// By how much things are faster when they are compared with each other, in percent: twice as fast.
const COMPARED: u32 = 50;

/// What a run comes to.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
pub struct Numbers {
    /// The makespan in nanoseconds.
    pub makespan_ns: u64,
    /// The 95th percentile of response times in nanoseconds.
    pub response_p95_ns: u64,
}

impl Numbers {
    const fn of(row: &SummaryRow) -> Self {
        Self { makespan_ns: row.makespan_ns, response_p95_ns: row.response.p95_ns }
    }

    /// What runs are compared by, in nanoseconds.
    pub const fn by(self, goal: Goal) -> u64 {
        goal.of(self.makespan_ns, self.response_p95_ns)
    }

    /// What runs are compared by, then the other.
    const fn order(self, goal: Goal) -> (u64, u64) {
        (self.by(goal), self.by(goal.other()))
    }
}

/// A point of a curve.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
pub struct Point {
    /// How much faster, in percent; none where a change is done or not.
    pub faster_percent: Option<u32>,
    /// What the run comes to then.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// What one change does.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Effect {
    /// What sort of thing is changed.
    pub kind: &'static str,
    /// Its name, where it has one.
    pub name: String,
    /// The least change first, or a single one.
    pub points: Vec<Point>,
}

impl Effect {
    /// In words: `site shop`, `one more core`.
    pub fn words(&self) -> String {
        words(self.kind, &self.name)
    }

    /// The numbers at so many percent faster; of what is done or not, when it is done, at 100.
    pub fn at(&self, percent: u32) -> Option<Numbers> {
        let point = self.points.iter().find(|point| point.faster_percent.unwrap_or(100) == percent);
        point.map(|point| point.numbers)
    }

    /// The numbers that effects are compared by: twice as fast, or done.
    pub fn compared(&self) -> Option<Numbers> {
        self.at(COMPARED).or_else(|| self.at(100))
    }

    /// Whether it changes what runs are compared by by half a percent or more at any point: less cannot be seen in a
    /// chart.
    pub fn is_visible(&self, base: Numbers, goal: Goal) -> bool {
        self.points.iter().any(|point| {
            let change = point.numbers.by(goal).abs_diff(base.by(goal));
            u128::from(change) * 200 >= u128::from(base.by(goal).max(1))
        })
    }
}

/// What would help one tool.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct ToolStudy {
    /// The tool's label.
    pub tool: String,
    /// The run as it is; none where it deadlocks.
    pub baseline: Option<Numbers>,
    /// The effects, what helps most first. Costs that change nothing when they are taken away are left out.
    pub effects: Vec<Effect>,
    /// Who waits for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadlock: Option<String>,
    /// Why the response times of the run as it is say nothing, of an open system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// A tool by its place, what is changed, and by how many percent.
type Asked = (usize, Change, u32);

/// What a run comes to; none where it deadlocks.
type Came = Option<Numbers>;

/// Plays every change under every tool, on `jobs` threads.
///
/// # Errors
/// When a scenario cannot be played; in a sentence.
pub fn play(
    scenario: &Scenario,
    jobs: usize,
    listener: &dyn Listener,
) -> Result<Vec<ToolStudy>, String> {
    threads::on(jobs, || Player { scenario, listener }.play())?
}

/// Plays the runs of a study.
struct Player<'a> {
    scenario: &'a Scenario,
    listener: &'a dyn Listener,
}

impl Player<'_> {
    /// First come the runs as they are, then every change in full. Last come the points between, of the changes that make
    /// a difference.
    fn play(&self) -> Result<Vec<ToolStudy>, String> {
        let mut studies = self.baselines()?;
        let ends = self.changed(self.ends(&studies))?;
        let is_felt = |((tool, change, _), end): &(Asked, Came)| {
            !matches!(change, Change::Cost(_)) || *end != studies[*tool].baseline
        };
        let felt: Vec<(Asked, Came)> = ends.into_iter().filter(is_felt).collect();
        let mut middles = self.changed(between(&felt))?.into_iter().peekable();
        for ((tool, change, _), end) in felt {
            let mut points = Vec::new();
            while let Some(((.., percent), numbers)) =
                middles.next_if(|((of, what, _), _)| *of == tool && *what == change)
            {
                points.extend(
                    numbers.map(|numbers| Point { faster_percent: Some(percent), numbers }),
                );
            }
            let faster_percent = change.is_gradual().then_some(100);
            points.extend(end.map(|numbers| Point { faster_percent, numbers }));
            let (kind, name) = change.names(self.scenario, &self.scenario.tools[tool]);
            studies[tool].effects.push(Effect { kind, name, points });
        }
        let goal = self.scenario.goal();
        let order = |numbers: Option<Numbers>| numbers.map(|numbers| numbers.order(goal));
        for study in &mut studies {
            study.effects.sort_by_key(|effect| (order(effect.compared()), order(effect.at(100))));
        }
        Ok(studies)
    }

    /// The tools as they are.
    fn baselines(&self) -> Result<Vec<ToolStudy>, String> {
        self.listener.expect(self.scenario.tools.len() as u64);
        self.scenario.tools.iter().map(|tool| self.baseline(tool)).collect()
    }

    fn baseline(&self, tool: &ToolRun) -> Result<ToolStudy, String> {
        let run = self.run(self.scenario, tool)?;
        let warning = run.warning();
        let (baseline, deadlock) = match &run.outcome {
            Ok(row) => (Some(Numbers::of(row)), None),
            Err(stuck) => (None, Some(report::deadlock(&tool.label, stuck))),
        };
        Ok(ToolStudy { tool: tool.label.clone(), baseline, effects: Vec::new(), deadlock, warning })
    }

    fn run(&self, scenario: &Scenario, tool: &ToolRun) -> Result<Run, String> {
        let run = run(scenario, tool, 0).map_err(|error| report::too_large(&tool.label, &error))?;
        self.listener.played(1);
        Ok(run)
    }

    /// Every change in full, for the tools that finish without one.
    fn ends(&self, studies: &[ToolStudy]) -> Vec<Asked> {
        let tools = self.scenario.tools.iter().zip(studies).enumerate();
        let tools = tools.filter(|(_, (_, study))| study.baseline.is_some());
        let of = |(place, (tool, _)): (usize, (&ToolRun, _))| {
            let changes = Change::all(self.scenario, tool).into_iter();
            changes.map(move |change| (place, change, 100))
        };
        tools.flat_map(of).collect()
    }

    /// What changed runs come to.
    fn changed(&self, asked: Vec<Asked>) -> Result<Vec<(Asked, Came)>, String> {
        self.listener.expect(asked.len() as u64);
        let came = threads::try_map(&asked, |(tool, change, percent)| {
            let tool = &self.scenario.tools[*tool];
            let (scenario, tool) = change.made(self.scenario, tool, *percent);
            let outcome = self.run(&scenario, &tool)?.outcome;
            Ok::<_, String>(outcome.ok().map(|row| Numbers::of(&row)))
        })?;
        Ok(asked.into_iter().zip(came).collect())
    }
}

/// The points between of changes that are gradual.
fn between(felt: &[(Asked, Came)]) -> Vec<Asked> {
    let gradual = felt.iter().filter(|((_, change, _), _)| change.is_gradual());
    let percents = || FASTER.into_iter().filter(|percent| *percent < 100);
    gradual
        .flat_map(|((tool, change, _), _)| {
            percents().map(|percent| (*tool, change.clone(), percent))
        })
        .collect()
}

/// A line of whatif.csv.
#[derive(Serialize, Default)]
struct Record<'a> {
    tool: &'a str,
    kind: &'a str,
    name: &'a str,
    faster_percent: Option<u32>,
    makespan_ns: u64,
    makespan_relative: Option<String>,
    response_p95_ns: u64,
    response_p95_relative: Option<String>,
}

/// whatif.csv: a row per tool, change and point; `relative` is over the tool's baseline.
pub fn csv(studies: &[ToolStudy]) -> Vec<u8> {
    let relative =
        |of: u64, over: u64| Fraction::of(of.into(), over.into()).map(|share| share.to_string());
    let mut records = Vec::new();
    for study in studies {
        let Some(base) = study.baseline else { continue };
        let record = |kind, name, faster_percent, numbers: Numbers| Record {
            tool: &study.tool,
            kind,
            name,
            faster_percent,
            makespan_ns: numbers.makespan_ns,
            makespan_relative: relative(numbers.makespan_ns, base.makespan_ns),
            response_p95_ns: numbers.response_p95_ns,
            response_p95_relative: relative(numbers.response_p95_ns, base.response_p95_ns),
        };
        records.push(record("baseline", "", None, base));
        for effect in &study.effects {
            let points = effect.points.iter();
            records.extend(points.map(|point| {
                record(effect.kind, &effect.name, point.faster_percent, point.numbers)
            }));
        }
    }
    Table::of_records(&records).csv()
}
