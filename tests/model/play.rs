//! The one place where the tests call gilsim: a scenario's text in, rows and totals out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use gilsim::Prepared;
use gilsim::engine::simulate;
use gilsim::model::{Scenario, ToolRun};
use gilsim::plan::Plan;
use gilsim::profile::Profile;
use gilsim::scenario::parse;
use gilsim::trace::{Finished, Hold, Names, Outcome, Row, Sink, State, Totals};

/// Nanoseconds in a microsecond, a millisecond and a second.
pub const US: u64 = 1_000;
pub const MS: u64 = 1_000 * US;
pub const S: u64 = 1_000 * MS;

/// A run of one tool: all that a sink was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    pub outcome: Outcome,
    pub totals: Totals,
    pub names: Names,
    pub heard: Heard,
}

/// What a run told its sink, in the order in which it did.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Heard {
    pub rows: Vec<Row>,
    pub finished: Vec<Finished>,
    pub holds: Vec<Hold>,
}

impl Sink for Heard {
    fn row(&mut self, row: &Row) {
        self.rows.push(*row);
    }
    fn finished(&mut self, finished: &Finished) {
        self.finished.push(*finished);
    }
    fn hold(&mut self, hold: &Hold) {
        self.holds.push(*hold);
    }
}

/// The scenario of a text that must be right.
pub fn scenario(text: &str) -> Scenario {
    match parse(text, "test.toml", Path::new("."), &[]) {
        Ok(loaded) => loaded.scenario,
        Err(faults) => panic!("{faults}\n{text}"),
    }
}

/// The plan of one tool of a scenario.
pub fn plan(scenario: &Scenario, tool: &ToolRun) -> Plan {
    Prepared::new(scenario, tool, 0).expect("the demands of a test fit").plan
}

/// Plays one tool of a scenario.
pub fn run(scenario: &Scenario, tool: &ToolRun) -> Run {
    play(&plan(scenario, tool), &mut None::<Heard>)
}

/// Plays a plan; another sink may listen.
pub fn play(plan: &Plan, other: &mut dyn Sink) -> Run {
    let mut heard = (Heard::default(), other);
    let (outcome, totals) = simulate(plan, &mut heard);
    Run { outcome, totals, names: plan.names.clone(), heard: heard.0 }
}

impl Run {
    /// When each task ended, in nanoseconds, by task.
    pub fn done(&self) -> Vec<u64> {
        self.by_task(|finished| finished.done.as_nanos())
    }

    /// How long each task took from its arrival, in nanoseconds, by task.
    pub fn responses(&self) -> Vec<u64> {
        self.by_task(|finished| (finished.done - finished.arrived).as_nanos())
    }

    fn by_task(&self, what: impl Fn(&Finished) -> u64) -> Vec<u64> {
        let mut finished = self.heard.finished.clone();
        finished.sort_by_key(|finished| finished.task);
        finished.iter().map(what).collect()
    }

    /// Nanoseconds of one task in each state, by the state's name.
    pub fn spent(&self, task: u32) -> BTreeMap<&'static str, u64> {
        let mut spent = BTreeMap::new();
        for row in self.heard.rows.iter().filter(|row| row.task.is_some_and(|id| id.0 == task)) {
            *spent.entry(row.state.name()).or_default() += row.length().as_nanos();
        }
        spent
    }

    /// Nanoseconds of all tasks in one state.
    pub fn total(&self, state: State) -> u64 {
        let rows = self.heard.rows.iter().filter(|row| row.state == state && row.task.is_some());
        rows.map(|row| row.length().as_nanos()).sum()
    }

    /// The `running` rows in order of time, as task, start and end in nanoseconds; what touches is joined.
    pub fn turns(&self) -> Vec<(u32, u64, u64)> {
        let running = self.heard.rows.iter().filter(|row| row.state == State::Running);
        let mut turns: Vec<(u32, u64, u64)> = running
            .filter_map(|row| Some((row.task?.0, row.start.as_nanos(), row.end.as_nanos())))
            .collect();
        turns.sort_unstable_by_key(|(_, start, _)| *start);
        turns.dedup_by(|later, earlier| {
            let joins = later.0 == earlier.0 && later.1 == earlier.2;
            if joins {
                earlier.2 = later.2;
            }
            joins
        });
        turns
    }
}

/// A scenario whose tools are played by their labels, for tests that read like statements.
pub struct Play {
    scenario: Scenario,
}

impl Play {
    /// The scenario of `text` under profile `ideal`; the text has no title and no `[interpreter]`.
    pub fn of(text: &str) -> Self {
        Self::under("ideal", text)
    }

    /// The scenario of `text` under another profile.
    pub fn under(profile: &str, text: &str) -> Self {
        let text =
            format!("title = \"A statement\"\n{text}\n[interpreter]\nprofile = \"{profile}\"\n");
        Self { scenario: scenario(&text) }
    }

    /// The same with a changed profile.
    pub fn with_profile(mut self, change: impl Fn(&mut Profile)) -> Self {
        for tool in &mut self.scenario.tools {
            let profile = Arc::make_mut(&mut tool.setting.interpreter.profile);
            change(profile);
            tool.setting.machine.wake_latency = profile.machine.wake_latency.0;
        }
        self
    }

    /// Plays the tool of that label.
    pub fn run(&self, label: &str) -> Run {
        let tool = self.scenario.tools.iter().find(|tool| tool.label == label);
        let tool = tool.unwrap_or_else(|| panic!("the scenario has no tool `{label}`"));
        run(&self.scenario, tool)
    }

    /// The makespan of a tool that finishes, in nanoseconds.
    pub fn makespan(&self, label: &str) -> u64 {
        let run = self.run(label);
        assert_eq!(run.outcome, Outcome::Finished, "{label}");
        run.totals.makespan.as_nanos()
    }
}
