//! Plays a scenario for a figure.

use gilsim_core::engine;
use gilsim_core::ids::TaskId;
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_core::sink::row::SummaryRow;
use gilsim_core::sink::summary::Summary;
use gilsim_core::time::SimTime;
use gilsim_core::tools;
use gilsim_core::trace::{Finished, Names, Outcome, Row, Sink};
use gilsim_render::chart::{Recorder, Recording};

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
    scenario.tools.iter().map(|run| recorded(scenario, run)).collect()
}

fn recorded(scenario: &Scenario, run: &ToolRun) -> Played {
    let plan = tools::lay_out(scenario, run, 0).expect("the demands of a figure are small");
    let mut recorder = Recorder::new(plan.sites.iter().map(|site| site.name));
    let (mut summary, mut facts) = (Summary::default(), Facts::default());
    let mut sink = (&mut summary, (&mut recorder, &mut facts));
    let (outcome, totals) = engine::simulate(&plan, &mut sink);
    assert!(matches!(outcome, Outcome::Finished), "`{}` does not end", run.label);
    Played {
        run: run.clone(),
        row: summary.finish(&run.label, 0, plan.machine.cores, &totals),
        recording: recorder.finish(totals.makespan),
        names: plan.names,
        worked: facts.worked,
        ends: facts.ends,
    }
}

/// How long a tool takes for a scenario, in nanoseconds.
pub(super) fn makespan(scenario: &Scenario, run: &ToolRun) -> u64 {
    let plan = tools::lay_out(scenario, run, 0).expect("the demands of a figure are small");
    let (outcome, totals) = engine::simulate(&plan, &mut Facts::default());
    assert!(matches!(outcome, Outcome::Finished), "`{}` does not end", run.label);
    totals.makespan.as_nanos()
}
