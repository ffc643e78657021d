//! Figures in words: the text for those who do not see them.

use super::words::{brief_percent, clean, duration};
use super::{Chart, Panel, palette};
use gilsim_core::trace::State;

pub(super) fn alt_text(chart: &Chart<'_>) -> String {
    let panels = chart.panels.iter().map(run);
    let opening = match chart.panels.len() {
        0 => "Timeline without a run.".to_owned(),
        1 => "Timeline of one run.".to_owned(),
        count => format!("Timelines of {count} runs on one axis of time."),
    };
    std::iter::once(opening).chain(panels).collect::<Vec<_>>().join(" ")
}

/// One sentence on one run.
fn run(panel: &Panel<'_>) -> String {
    let recording = panel.recording;
    let makespan = duration(recording.makespan);
    let end = if panel.deadlocked { "deadlocks after" } else { "makespan" };
    let mut facts = vec![format!("{end} {makespan}")];
    if let Some(held) = recording.lock_held_share() {
        let lock = if recording.lanes.locks.len() > 1 { "busiest GIL" } else { "GIL" };
        facts.push(format!("{lock} held {} of it", brief_percent(held)));
    }
    let waiting = recording.share(State::LockWait);
    match recording.worst_waiter {
        Some((thread, wait)) => facts.push(format!(
            "tasks wait for the GIL {} of their time; {} waits longest, {}",
            brief_percent(waiting),
            thread.name(),
            duration(wait)
        )),
        None => facts.push("nobody waits for a GIL".to_owned()),
    }
    if let Some((state, share)) = largest(panel) {
        let (share, doing) = (brief_percent(share), palette::doing(state));
        facts.push(format!("tasks spend most of their time, {share}, {doing}"));
    }
    let label = clean(panel.label);
    let lead = if label.trim().is_empty() { "This run".to_owned() } else { label };
    format!("{lead}: {}.", facts.join("; "))
}

/// The state that task time goes to most.
fn largest(panel: &Panel<'_>) -> Option<(State, f64)> {
    let total = |state: &State| panel.recording.totals[*state as usize];
    let state = State::ALL.into_iter().rev().max_by_key(total)?;
    (total(&state) > 0).then(|| (state, panel.recording.share(state)))
}

pub(super) fn has_lock(panel: &Panel<'_>) -> bool {
    !panel.recording.lanes.locks.is_empty()
}
