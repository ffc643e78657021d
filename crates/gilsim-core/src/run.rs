//! One way to play: a scenario through one tool, from its draws to its numbers.
//!
//! [`run`] plays and sums up, [`run_with`] tells a listener besides what happens. A listener that has to know the sites
//! or the names of the run before it starts is made from a [`Prepared`] run.

use crate::engine;
use crate::ids::NameId;
use crate::model::{Horizon, Scenario, ToolRun};
use crate::open::{OpenReport, Queues, offered};
use crate::plan::Plan;
use crate::sink::audit::{Audit, AuditSetting, Violation};
use crate::sink::row::SummaryRow;
use crate::sink::summary::{self, Summary};
use crate::tools;
use crate::trace::{Names, Outcome, Sink, Stuck, Totals};
use crate::workload::{TooLarge, Workload};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The numbers, not yet compared with those of other tools ([`compare`]); or who waits for ever.
    pub outcome: Result<SummaryRow, Vec<Stuck>>,
    /// What the engine counted.
    pub totals: Totals,
    /// The names of the rows.
    pub names: Names,
    /// Queues over time and what they say, of a run with a horizon that finished.
    pub open: Option<(Queues, OpenReport)>,
}

impl Run {
    /// Why the response times of a run with a horizon say nothing, in words. None where they do.
    pub fn warning(&self) -> Option<String> {
        self.open.as_ref().and_then(|(_, report)| report.warning())
    }

    /// Whether it is the run of an open system whose load is not served.
    pub fn is_unserved(&self) -> bool {
        self.open.as_ref().is_some_and(|(_, report)| !report.served)
    }
}

/// Plays one replicate of a scenario through one of its tools.
///
/// # Errors
/// When the run is beyond what gilsim can count or keep.
pub fn run(scenario: &Scenario, tool: &ToolRun, replicate: u32) -> Result<Run, TooLarge> {
    Prepared::new(scenario, tool, replicate)?.play(None)
}

/// Plays one replicate of a scenario through one of its tools while `sink` listens.
///
/// # Errors
/// When the run is beyond what gilsim can count or keep.
pub fn run_with(
    scenario: &Scenario,
    tool: &ToolRun,
    replicate: u32,
    sink: &mut dyn Sink,
) -> Result<Run, TooLarge> {
    Prepared::new(scenario, tool, replicate)?.play(Some(sink))
}

/// Sets the runs of one replicate against each other: fills the columns `speedup` and `relative` of those that finished.
pub fn compare<'r>(scenario: &Scenario, runs: impl IntoIterator<Item = &'r mut Run>) {
    let rows = runs.into_iter().filter_map(|run| run.outcome.as_mut().ok());
    summary::compare(rows, scenario.yardstick());
}

/// A run that is laid out and can be played.
#[derive(Clone, Debug)]
pub struct Prepared<'a> {
    tool: &'a ToolRun,
    replicate: u32,
    horizon: Option<Horizon>,
    /// All that the engine needs.
    pub plan: Plan,
}

impl<'a> Prepared<'a> {
    /// Makes all draws of a replicate and lays them out for the tool.
    ///
    /// # Errors
    /// When the run is beyond what gilsim can count or keep.
    pub fn new(scenario: &Scenario, tool: &'a ToolRun, replicate: u32) -> Result<Self, TooLarge> {
        let workload = Workload::sample(scenario, &tool.setting, replicate)?;
        Self::of_drawn(scenario, tool, replicate, workload)
    }

    /// Lays a replicate whose draws have been made out for the tool.
    ///
    /// # Errors
    /// When the run is beyond what gilsim can keep.
    pub fn of_drawn(
        scenario: &Scenario,
        tool: &'a ToolRun,
        replicate: u32,
        workload: Workload,
    ) -> Result<Self, TooLarge> {
        let plan = tools::lay_out(scenario, tool, replicate, workload)?;
        Ok(Self { tool, replicate, horizon: scenario.horizon, plan })
    }

    /// The names of the sites, which pictures set apart from the tasks.
    pub fn sites(&self) -> Vec<NameId> {
        self.plan.sites.iter().map(|site| site.name).collect()
    }

    /// Plays it.
    ///
    /// # Errors
    /// When simulated time passes what gilsim counts.
    pub fn play(self, sink: Option<&mut dyn Sink>) -> Result<Run, TooLarge> {
        let run = self.played(sink)?;
        Ok(Run { names: self.plan.names, ..run })
    }

    /// Plays it under the audit. With the laws of the trace that do not hold: bugs of gilsim.
    ///
    /// # Errors
    /// When simulated time passes what gilsim counts.
    pub fn play_audited(
        self,
        sink: Option<&mut dyn Sink>,
    ) -> Result<(Run, Vec<Violation>), TooLarge> {
        let mut audit = Audit::new(AuditSetting::of(self.tool, &self.plan));
        let run = self.played(Some(&mut (&mut audit, sink)))?;
        let violations = audit.check();
        drop(audit);
        Ok((Run { names: self.plan.names, ..run }, violations))
    }

    /// What comes of it, still without the names.
    fn played(&self, sink: Option<&mut dyn Sink>) -> Result<Run, TooLarge> {
        let plan = &self.plan;
        let warm_up = self.horizon.map(|horizon| horizon.warm_up).unwrap_or_default();
        let mut summary = Summary::counting_from(warm_up);
        let mut queues = self.horizon.map(|horizon| Queues::new(plan, horizon));
        let (outcome, totals) = match (&mut queues, sink) {
            // The engine is compiled for this one, since most runs have no other listener.
            (None, None) => engine::simulate_for(plan, &mut summary),
            (queues, sink) => engine::simulate(plan, &mut (&mut summary, (queues.as_mut(), sink))),
        };
        let outcome = match outcome {
            Outcome::Finished => {
                let Self { tool, replicate, .. } = self;
                Ok(summary.finish(&tool.label, *replicate, plan.machine.cores, &totals))
            }
            Outcome::Deadlocked(stuck) => Err(stuck),
            Outcome::TooLong => return Err(TooLarge::Time),
        };
        let open = self.horizon.zip(queues).filter(|_| outcome.is_ok());
        let open = open.map(|(horizon, queues)| {
            let report = OpenReport::of(&queues, horizon, &offered(plan, self.tool));
            (queues, report)
        });
        Ok(Run { outcome, totals, names: Names::default(), open })
    }
}
