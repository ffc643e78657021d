//! One way to play: a scenario through one tool, from its draws to its numbers.
//!
//! [`run`] plays and sums up. [`run_with`] also tells a sink what happens. A sink that has to know the names or the sites
//! of a run before it starts is made from a [`Prepared`] run.

use std::borrow::Cow;

use crate::engine;
use crate::ids::NameId;
use crate::model::{Arrival, Horizon, Scenario, TaskEntry, ToolRun};
use crate::open::{OpenReport, Queues, offered};
use crate::plan::Plan;
use crate::sink::audit::{Audit, AuditSetting, Violation};
use crate::sink::row::SummaryRow;
use crate::sink::summary::{self, EntryResponses, Summary};
use crate::tools;
use crate::trace::{Names, Outcome, Sink, Stuck, Totals};
use crate::workload::{MOST_ENDLESS, TooLarge, Workload};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The numbers, not yet compared with those of other tools ([`compare`]). Of a deadlock, what waits for what.
    pub outcome: Result<SummaryRow, Vec<Stuck>>,
    /// The response times of each entry of a scenario that has several; empty where it has one.
    pub entries: Vec<EntryResponses>,
    /// What the engine counted.
    pub totals: Totals,
    /// The names of the rows.
    pub names: Names,
    /// Queues over time and the report on them, of a run of an open system that finished.
    pub open: Option<(Queues, OpenReport)>,
}

impl Run {
    /// Why the response times of an open system say nothing, in words. `None` where they say something.
    pub fn warning(&self) -> Option<String> {
        self.open.as_ref().and_then(|(_, report)| report.warning())
    }

    /// What came of an entry, by its position; none of a deadlock, or where there is no such entry.
    pub fn entry(&self, entry: usize) -> Option<EntryResponses> {
        let row = self.outcome.as_ref().ok()?;
        let only = EntryResponses { tasks: row.tasks, counts: row.counts, response: row.response };
        match (self.entries.get(entry), entry) {
            (None, 0) => Some(only),
            (found, _) => found.copied(),
        }
    }

    /// Whether this is an open system whose load is not served.
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

/// Plays one replicate of a scenario through one of its tools, and tells `sink` what happens.
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

/// The same scenario, where each entry that clients send before the horizon counts as many tasks as they do send under that
/// tool: a run finds that out.
///
/// # Errors
/// When the run is beyond what gilsim can count or keep.
pub fn with_settled_clients<'s>(
    scenario: &'s Scenario,
    tool: &ToolRun,
    replicate: u32,
) -> Result<Cow<'s, Scenario>, TooLarge> {
    let is_closed = |entry: &TaskEntry| matches!(entry.arrive, Arrival::Clients { .. });
    if scenario.horizon.is_none() || !scenario.tasks.iter().any(is_closed) {
        return Ok(Cow::Borrowed(scenario));
    }
    let mut settled = scenario.clone();
    let is_endless = |entry: &TaskEntry| entry.endless && is_closed(entry);
    settled.tasks.iter_mut().filter(|it| is_endless(it)).for_each(|it| it.count = FIRST_GUESS);
    loop {
        let workload = Workload::sample(&settled, &tool.setting, replicate)?;
        let plan = tools::lay_out(&settled, tool, replicate, workload)?;
        let (outcome, arrived) = engine::arrived(&plan);
        if outcome == Outcome::TooLong {
            return Err(TooLarge::Time);
        }
        let tasks = settled.tasks.iter_mut().zip(&arrived);
        let too_few = tasks.filter(|(it, arrived)| is_endless(it) && it.count == **arrived);
        let too_few: Vec<&mut TaskEntry> = too_few.map(|(it, _)| it).collect();
        if too_few.is_empty() {
            let closed = settled.tasks.iter_mut().zip(arrived).filter(|(it, _)| is_closed(it));
            closed.for_each(|(it, arrived)| it.count = arrived);
            return Ok(Cow::Owned(settled));
        }
        for entry in too_few {
            if entry.count >= MOST_ENDLESS {
                return Err(TooLarge::Tasks);
            }
            entry.count = entry.count.saturating_mul(4).min(MOST_ENDLESS);
        }
    }
}

/// So many tasks of clients are tried first before a horizon.
const FIRST_GUESS: u32 = 4_096;

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
    watched: Option<usize>,
    /// All that the engine needs.
    pub plan: Plan,
}

impl<'a> Prepared<'a> {
    /// Makes all draws of a replicate and lays them out for the tool.
    ///
    /// # Errors
    /// When the run is beyond what gilsim can count or keep.
    pub fn new(scenario: &Scenario, tool: &'a ToolRun, replicate: u32) -> Result<Self, TooLarge> {
        let scenario = with_settled_clients(scenario, tool, replicate)?;
        let workload = Workload::sample(&scenario, &tool.setting, replicate)?;
        Self::of_drawn(&scenario, tool, replicate, workload)
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
        let Scenario { horizon, watched, .. } = *scenario;
        Ok(Self { tool, replicate, horizon, watched, plan })
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

    /// Plays it under the audit. The violations are bugs of gilsim.
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

    /// The run, still without its names.
    fn played(&self, sink: Option<&mut dyn Sink>) -> Result<Run, TooLarge> {
        let plan = &self.plan;
        let warm_up = self.horizon.map(|horizon| horizon.warm_up).unwrap_or_default();
        let mut summary = Summary::counting_from(warm_up).by_entry(plan.workload.first_tasks());
        let mut queues = self.horizon.map(|horizon| Queues::new(plan, horizon));
        let (outcome, totals) = match (&mut queues, sink) {
            // Most runs have no sink but the summary. The engine is compiled once more for them.
            (None, None) => engine::simulate_for(plan, &mut summary),
            (queues, sink) => engine::simulate(plan, &mut (&mut summary, (queues.as_mut(), sink))),
        };
        let entries = match outcome {
            Outcome::Finished if plan.entries.len() > 1 => summary.entries(),
            _ => Vec::new(),
        };
        let outcome = match outcome {
            Outcome::Finished => {
                let Self { tool, replicate, .. } = self;
                let row = summary.finish(&tool.label, *replicate, plan.machine.cores, &totals);
                let watched = self.watched.and_then(|entry| entries.get(entry));
                let response = watched.map_or(row.response, |entry| entry.response);
                Ok(SummaryRow { response, ..row })
            }
            Outcome::Deadlocked(stuck) => Err(stuck),
            Outcome::TooLong => return Err(TooLarge::Time),
        };
        let open = self.horizon.zip(queues).filter(|_| outcome.is_ok());
        let open = open.map(|(horizon, queues)| {
            let report = OpenReport::of(&queues, horizon, &offered(plan, self.tool));
            (queues, report)
        });
        Ok(Run { outcome, entries, totals, names: Names::default(), open })
    }
}
