//! One tool's run for the command `run`, with all that listens to it.

use std::io::Write;

use super::failure::Failure;
use super::progress::Progress;
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_core::run::{Prepared, Run};
use gilsim_core::sink::audit::Violation;
use gilsim_core::trace::Sink;
use gilsim_render::formats::csv::TraceCsv;
use gilsim_render::formats::perfetto::{PerfettoTrace, RunSetting};
use gilsim_render::lanes::{Recorder, Recording};
use gilsim_render::quiz::Waits;
use gilsim_render::report;

/// The replicate that is played.
const REPLICATE: u32 = 0;

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
    /// Whether there is any sink besides the summary and the audit. The engine is compiled once more for runs without.
    const fn has_any(&self) -> bool {
        let files = self.trace.is_some() || self.perfetto.is_some();
        let pictures = self.chart || self.page.is_some();
        files || pictures || self.waits.is_some() || self.progress.is_some()
    }

    /// Tells those who write and show the run that it is next.
    fn begin(&mut self, prepared: &Prepared<'_>, label: &str) {
        let names = &prepared.plan.names;
        if let Some(trace) = &mut self.trace {
            trace.begin(label, REPLICATE, names);
        }
        if let Some(perfetto) = &mut self.perfetto {
            let coroutines = !prepared.plan.event_loops.is_empty();
            perfetto.begin(&RunSetting { label, names, sites: &prepared.sites(), coroutines });
        }
        if let Some(progress) = &self.progress {
            progress.begin(label);
        }
    }
}

/// What one tool made of the scenario.
pub(super) struct Played {
    /// Its numbers.
    pub(super) run: Run,
    /// Laws of the trace that do not hold: bugs of gilsim.
    pub(super) violations: Vec<Violation>,
    /// What a chart or a page needs, where one is wanted.
    pub(super) recorded: Option<Recording>,
    /// How long the tasks of each entry wait, where that was asked for.
    pub(super) waits: Option<Waits>,
}

/// Plays the scenario through one tool.
///
/// # Errors
/// When the run is beyond what gilsim can count or keep.
pub(super) fn play<W: Write>(
    scenario: &Scenario,
    tool: &ToolRun,
    mut listeners: Listeners<'_, W>,
) -> Result<Played, Failure> {
    let refused = |error| Failure::usage(report::too_large(&tool.label, &error));
    let prepared = Prepared::new(scenario, tool, REPLICATE).map_err(refused)?;
    let (sites, coroutines) = (prepared.sites(), !prepared.plan.event_loops.is_empty());
    listeners.begin(&prepared, &tool.label);
    let has_any = listeners.has_any();
    let new = || Recorder::new(sites.iter().copied());
    let mut recorder = match listeners.page {
        Some(runs) => Some(new().for_page(coroutines, runs)),
        None => listeners.chart.then(new),
    };
    let files = (listeners.trace, listeners.perfetto);
    let mut all = ((files, recorder.as_mut()), (listeners.waits.as_mut(), listeners.progress));
    let all = has_any.then_some(&mut all as &mut dyn Sink);
    let played = if listeners.audit {
        prepared.play_audited(all)
    } else {
        prepared.play(all).map(|run| (run, Vec::new()))
    };
    let (run, violations) = played.map_err(refused)?;
    Ok(Played {
        violations,
        recorded: recorder.map(|recorder| recorder.finish(run.totals.makespan)),
        waits: listeners.waits,
        run,
    })
}
