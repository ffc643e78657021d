//! Playing every change under every tool, on all cores, and putting the effects in order.

use std::io;

use rayon::prelude::*;
use serde::Serialize;

use gilsim_core::engine;
use gilsim_core::model::{Goal, Scenario, ToolRun};
use gilsim_core::open::{self, OpenReport, Queues};
use gilsim_core::sink::fraction::Fraction;
use gilsim_core::sink::summary::Summary;
use gilsim_core::tools;
use gilsim_core::trace::Outcome;
use gilsim_core::workload::TooLarge;
use gilsim_render::report;

use super::change::{Change, words};

/// How much faster what can be faster is made, in percent.
pub const FASTER: [u32; 10] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

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
    /// In the order of [`FASTER`], or a single one.
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

/// What a run comes to, or who waits for ever in it.
type Came = Result<Numbers, String>;

/// Plays every change under every tool, on `jobs` threads. `expect` hears of runs that are to come, `finished` of each.
///
/// # Errors
/// When a scenario cannot be played; in a sentence.
pub fn play(
    scenario: &Scenario,
    jobs: usize,
    expect: &(dyn Fn(u64) + Sync),
    finished: &(dyn Fn() + Sync),
) -> Result<Vec<ToolStudy>, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
    let pool = pool.map_err(|error| error.to_string())?;
    // Twice: first everything as far as it goes, then the points between of what makes a difference.
    let mut asked: Vec<Asked> = Vec::new();
    for (tool, run) in scenario.tools.iter().enumerate() {
        asked.extend(Change::all(scenario, run).into_iter().map(|change| (tool, change, 100)));
    }
    let all = |asked: &[Asked]| -> Result<Vec<Came>, String> {
        expect(asked.len() as u64);
        let one = |(tool, change, percent): &Asked| {
            let (scenario, run) = change.made(scenario, &scenario.tools[*tool], *percent);
            let numbers = numbers(&scenario, &run);
            finished();
            numbers
        };
        pool.install(|| asked.par_iter().with_max_len(1).map(one).collect())
    };
    expect(scenario.tools.len() as u64);
    let bases = scenario.tools.iter().map(|run| {
        let base = numbers(scenario, run);
        finished();
        base
    });
    let bases: Vec<Came> = bases.collect::<Result<_, String>>()?;
    asked.retain(|(tool, ..)| bases[*tool].is_ok());
    let ends = all(&asked)?;
    let is_felt = |(tool, change, _): &Asked, end: &Came| {
        !matches!(change, Change::Cost(_)) || *end != bases[*tool]
    };
    let felt = asked.iter().zip(&ends).filter(|(asked, end)| is_felt(asked, end));
    let felt: Vec<(&Asked, &Came)> = felt.collect();
    let gradual = felt.iter().filter(|((_, change, _), _)| change.is_gradual());
    let between = FASTER.iter().filter(|percent| **percent < 100);
    let between: Vec<Asked> = gradual
        .flat_map(|((tool, change, _), _)| {
            between.clone().map(|percent| (*tool, change.clone(), *percent))
        })
        .collect();
    let mut middles = between.iter().zip(all(&between)?).peekable();
    let mut studies: Vec<ToolStudy> = scenario.tools.iter().zip(&bases).map(begin).collect();
    for ((tool, change, _), end) in felt {
        let mut points = Vec::new();
        while let Some(((_, _, percent), numbers)) =
            middles.next_if(|((of, what, _), _)| of == tool && what == change)
        {
            points.extend(
                numbers.ok().map(|numbers| Point { faster_percent: Some(*percent), numbers }),
            );
        }
        let faster_percent = change.is_gradual().then_some(100);
        points.extend(end.as_ref().ok().map(|numbers| Point { faster_percent, numbers: *numbers }));
        let (kind, name) = change.names(&scenario.tools[*tool]);
        studies[*tool].effects.push(Effect { kind, name, points });
    }
    let goal = scenario.goal();
    for (study, run) in studies.iter_mut().zip(&scenario.tools) {
        study.warning = study.baseline.and_then(|_| warning(scenario, run));
        let order = |numbers: Option<Numbers>| numbers.map(|numbers| numbers.order(goal));
        study.effects.sort_by_key(|effect| (order(effect.compared()), order(effect.at(100))));
    }
    Ok(studies)
}

fn begin((run, base): (&ToolRun, &Came)) -> ToolStudy {
    let deadlock = base.as_ref().err().cloned();
    let baseline = base.as_ref().ok().copied();
    ToolStudy { tool: run.label.clone(), baseline, effects: Vec::new(), deadlock, warning: None }
}

/// Why the response times of an open system say nothing, where they do not.
fn warning(scenario: &Scenario, run: &ToolRun) -> Option<String> {
    let horizon = scenario.horizon?;
    let plan = tools::lay_out(scenario, run, 0).ok()?;
    let mut queues = Queues::new(&plan, horizon);
    engine::simulate_for(&plan, &mut queues);
    OpenReport::of(&queues, horizon, &open::offered(&plan, run)).warning()
}

/// What a run comes to, or who waits for ever in it.
fn numbers(scenario: &Scenario, run: &ToolRun) -> Result<Came, String> {
    let told = |error: TooLarge| format!("tool `{}`: {error}", run.label);
    let plan = tools::lay_out(scenario, run, 0).map_err(told)?;
    let mut summary = Summary::counting_from(scenario.warm_up());
    let (outcome, totals) = engine::simulate_for(&plan, &mut summary);
    Ok(match outcome {
        Outcome::Finished => {
            let row = summary.finish(&run.label, 0, plan.machine.cores, &totals);
            Ok(Numbers { makespan_ns: row.makespan_ns, response_p95_ns: row.response.p95_ns })
        }
        Outcome::Deadlocked(stuck) => Err(report::deadlock(&run.label, &stuck)),
        Outcome::TooLong => return Err(told(TooLarge::Time)),
    })
}

/// whatif.csv: a row per tool, change and point; `relative` is over the tool's baseline.
///
/// # Errors
/// None in practice: the text is made in memory.
pub fn table(studies: &[ToolStudy]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "tool",
        "kind",
        "name",
        "faster_percent",
        "makespan_ns",
        "makespan_relative",
        "response_p95_ns",
        "response_p95_relative",
    ])?;
    for study in studies {
        let Some(base) = study.baseline else { continue };
        let mut write = |kind: &str, name: &str, percent: Option<u32>, numbers: Numbers| {
            let relative = |of: u64, over: u64| {
                Fraction::of(of.into(), over.into())
                    .map_or_else(String::new, |share| share.to_string())
            };
            writer.write_record([
                &*study.tool,
                kind,
                name,
                &percent.map_or_else(String::new, |percent| percent.to_string()),
                &numbers.makespan_ns.to_string(),
                &relative(numbers.makespan_ns, base.makespan_ns),
                &numbers.response_p95_ns.to_string(),
                &relative(numbers.response_p95_ns, base.response_p95_ns),
            ])
        };
        write("baseline", "", None, base)?;
        for effect in &study.effects {
            for point in &effect.points {
                write(effect.kind, &effect.name, point.faster_percent, point.numbers)?;
            }
        }
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}
