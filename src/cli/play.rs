//! One tool's run, from scenario to numbers: the only place where the command line meets the engine.

use std::io::Write;

pub(super) use gilsim_scenario::{Faults, Input, Loaded, claims_schema, load, schema};

use super::failure::Failure;
use super::progress::Progress;
use gilsim_core::engine;
use gilsim_core::ids::NameId;
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_core::open::{self, OpenReport, Queues};
use gilsim_core::sink::audit::{Audit, AuditSetting, Violation};
use gilsim_core::sink::row::SummaryRow;
use gilsim_core::sink::summary::Summary;
use gilsim_core::tools;
use gilsim_core::trace::{Names, Outcome, Stuck};
use gilsim_core::workload::TooLarge;
use gilsim_render::chart::{Recorder, Recording};
use gilsim_render::formats::csv::TraceCsv;
use gilsim_render::formats::perfetto::{PerfettoTrace, RunSetting};
use gilsim_render::html;
use gilsim_render::quiz::Waits;

/// The sinks of a run besides the summary.
pub(super) struct Listeners<'a, W: Write> {
    pub(super) trace: Option<&'a mut TraceCsv<W>>,
    pub(super) perfetto: Option<&'a mut PerfettoTrace<W>>,
    pub(super) progress: Option<&'a mut Progress>,
    /// Whether the laws of the trace are checked.
    pub(super) audit: bool,
    /// Whether the run is recorded for a chart.
    pub(super) chart: bool,
    /// How many runs the page shows, where one is wanted.
    pub(super) page: Option<usize>,
    /// How long the tasks of each entry wait, for a quiz that asks about it.
    pub(super) waits: Option<Waits>,
}

impl<W: Write> Listeners<'_, W> {
    /// Whether there is any sink besides the summary. The engine is compiled once more for runs without.
    const fn has_any(&self) -> bool {
        let files = self.trace.is_some() || self.perfetto.is_some();
        let pictures = self.chart || self.page.is_some();
        files || pictures || self.audit || self.waits.is_some() || self.progress.is_some()
    }
}

/// What one tool made of the scenario.
pub(super) struct Played {
    /// The numbers, not yet compared with other tools'; or who waits for ever.
    pub(super) outcome: Result<SummaryRow, Vec<Stuck>>,
    /// Laws of the trace that do not hold: bugs of gilsim.
    pub(super) violations: Vec<Violation>,
    /// What a chart needs, where one is wanted.
    pub(super) recorded: Option<Recording>,
    /// What a page needs, where one is wanted.
    pub(super) recorded_for_page: Option<html::Recorder>,
    /// Queues over time and what they say, of a run of an open system that finished.
    pub(super) open: Option<(Queues, OpenReport)>,
    /// How long the tasks of each entry wait, where that was asked for.
    pub(super) waits: Option<Waits>,
    /// The names of the rows.
    pub(super) names: Names,
}

/// Plays the scenario through one tool.
///
/// # Errors
/// When the scenario's demands add up to more time than can be counted.
pub(super) fn play<W: Write>(
    scenario: &Scenario,
    run: &ToolRun,
    replicate: u32,
    mut listeners: Listeners<'_, W>,
) -> Result<Played, Failure> {
    let plan = tools::lay_out(scenario, run, replicate)
        .map_err(|error| Failure::usage(format!("tool `{}`: {error}", run.label)))?;
    if let Some(trace) = &mut listeners.trace {
        trace.begin(&run.label, replicate, &plan.names);
    }
    let sites: Vec<NameId> = plan.sites.iter().map(|site| site.name).collect();
    let coroutines = !plan.event_loops.is_empty();
    if let Some(perfetto) = &mut listeners.perfetto {
        let names = &plan.names;
        perfetto.begin(&RunSetting { label: &run.label, names, sites: &sites, coroutines });
    }
    if let Some(progress) = &listeners.progress {
        progress.begin(&run.label);
    }
    let has_others = listeners.has_any() || scenario.horizon.is_some();
    let mut summary = Summary::counting_from(scenario.warm_up());
    let mut audit = listeners.audit.then(|| Audit::new(AuditSetting::of(run, &plan)));
    let mut chart = listeners.chart.then(|| Recorder::new(sites.iter().copied()));
    let mut page = listeners.page.map(|runs| html::Recorder::new(&sites, coroutines, runs));
    let mut queues = scenario.horizon.map(|horizon| Queues::new(&plan, horizon));
    let files = (listeners.trace, listeners.perfetto);
    let pictures = (chart.as_mut(), page.as_mut());
    let checks = (audit.as_mut(), listeners.waits.as_mut());
    let mut others = ((queues.as_mut(), files), (pictures, (checks, listeners.progress)));
    let (outcome, totals) = if has_others {
        engine::simulate(&plan, &mut (&mut summary, &mut others))
    } else {
        engine::simulate_for(&plan, &mut summary)
    };
    let outcome = match outcome {
        Outcome::Finished => Ok(summary.finish(&run.label, replicate, plan.machine.cores, &totals)),
        Outcome::Deadlocked(stuck) => Err(stuck),
        Outcome::TooLong => {
            let error = TooLarge::Time;
            return Err(Failure::usage(format!("tool `{}`: {error}", run.label)));
        }
    };
    let violations = audit.map(|audit| audit.check()).unwrap_or_default();
    let open = scenario.horizon.zip(queues).filter(|_| outcome.is_ok());
    let open = open.map(|(horizon, queues)| {
        let report = OpenReport::of(&queues, horizon, &open::offered(&plan, run));
        (queues, report)
    });
    let recorded = chart.map(|chart| chart.finish(totals.makespan));
    let recorded_for_page = page.map(|page| page.finish(totals.makespan));
    let waits = listeners.waits;
    Ok(Played { outcome, violations, recorded, recorded_for_page, open, waits, names: plan.names })
}
