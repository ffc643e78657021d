//! Plays a scenario for a figure.

use gilsim_core::ids::TaskId;
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_core::run::{Prepared, run};
use gilsim_core::sink::row::SummaryRow;
use gilsim_core::time::SimTime;
use gilsim_core::trace::{Finished, Names, Row, Sink};
use gilsim_render::lanes::{Recorder, Recording};

/// What one tool made of a scenario.
pub(super) struct Played {
    pub(super) run: ToolRun,
    pub(super) row: SummaryRow,
    pub(super) recording: Recording,
    pub(super) names: Names,
    /// Time that its cores worked, in nanoseconds.
    pub(super) worked: u64,
    /// When each task ended.
    ends: Vec<(TaskId, SimTime)>,
}

impl Played {
    /// When a task ended, in nanoseconds.
    pub(super) fn end(&self, task: TaskId) -> u64 {
        let end = self.ends.iter().find(|(known, _)| *known == task);
        end.map(|(_, end)| end.as_nanos()).expect("every task of a figure ends")
    }
}

/// Why every run of a figure can be played.
const SMALL: &str = "the demands of a figure are small";

/// What titles need and no summary has.
#[derive(Default)]
struct Facts {
    worked: u64,
    ends: Vec<(TaskId, SimTime)>,
}

impl Sink for Facts {
    fn row(&mut self, row: &Row) {
        if row.core.is_some() {
            self.worked += row.end.saturating_since(row.start).as_nanos();
        }
    }

    fn finished(&mut self, finished: &Finished) {
        self.ends.push((finished.task, finished.done));
    }
}

/// Plays a scenario through all its tools, recorded.
pub(super) fn play(scenario: &Scenario) -> Vec<Played> {
    scenario.tools.iter().map(|tool| recorded(scenario, tool)).collect()
}

fn recorded(scenario: &Scenario, tool: &ToolRun) -> Played {
    let prepared = Prepared::new(scenario, tool, 0).expect(SMALL);
    let mut recorder = Recorder::new(prepared.sites());
    let mut facts = Facts::default();
    let run = prepared.play(Some(&mut (&mut recorder, &mut facts))).expect(SMALL);
    Played {
        run: tool.clone(),
        row: run.outcome.unwrap_or_else(|_| panic!("`{}` does not end", tool.label)),
        recording: recorder.finish(run.totals.makespan),
        names: run.names,
        worked: facts.worked,
        ends: facts.ends,
    }
}

/// How long a tool takes for a scenario, in nanoseconds.
pub(super) fn makespan(scenario: &Scenario, tool: &ToolRun) -> u64 {
    let row = run(scenario, tool, 0).expect(SMALL).outcome;
    row.unwrap_or_else(|_| panic!("`{}` does not end", tool.label)).makespan_ns
}
