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
use gilsim_render::formats::csv::TraceCsv;
use gilsim_render::formats::perfetto::{PerfettoTrace, RunSetting};
use gilsim_render::lanes::{Recorder, Recording};
use gilsim_render::quiz::Waits;

/// Who listens to a run besides the summary.
pub(super) struct Listeners<'a, W: Write> {
    pub(super) trace: Option<&'a mut TraceCsv<W>>,
    pub(super) perfetto: Option<&'a mut PerfettoTrace<W>>,
    pub(super) progress: Option<&'a mut Progress>,
    /// Whether the laws of the trace are checked.
    pub(super) audit: bool,
    /// Whether the run is recorded for a chart.
    pub(super) chart: bool,
    /// Of how many runs a page is made, where one is wanted.
    pub(super) page: Option<usize>,
    /// Who waits, for a quiz, where one is wanted and there is something to tell.
    pub(super) waits: Option<Waits>,
}

impl<W: Write> Listeners<'_, W> {
    /// Whether anybody listens. The engine is compiled for runs to which nobody does.
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
    /// What a chart or a page needs, where one is wanted.
    pub(super) recorded: Option<Recording>,
    /// Queues over time and what they say, of a run of an open system that finished.
    pub(super) open: Option<(Queues, OpenReport)>,
    /// Who waits, where that was asked for.
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
    let coroutines = plan.event_loop.is_some();
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
    let listen = || Recorder::new(sites.iter().copied());
    let mut lanes = match listeners.page {
        Some(runs) => Some(listen().for_page(coroutines, runs)),
        None => listeners.chart.then(listen),
    };
    let mut queues = scenario.horizon.map(|horizon| Queues::new(&plan, horizon));
    let files = (listeners.trace, listeners.perfetto);
    let checks = (audit.as_mut(), listeners.waits.as_mut());
    let mut others = ((queues.as_mut(), files), (lanes.as_mut(), (checks, listeners.progress)));
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
    let recorded = lanes.map(|lanes| lanes.finish(totals.makespan));
    let waits = listeners.waits;
    Ok(Played { outcome, violations, recorded, open, waits, names: plan.names })
}
