//! Figures in words: the text for those who do not see them, and a title where none is given.

use super::words::{brief_percent, clean, duration};
use super::{Chart, Panel, palette, thread_name};
use crate::trace::State;

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
    let mut facts = vec![format!("makespan {}", duration(recording.makespan))];
    if let Some(held) = recording.lock_held_share() {
        let lock = if recording.locks.len() > 1 { "busiest GIL" } else { "GIL" };
        facts.push(format!("{lock} held {} of it", brief_percent(held)));
    }
    let waiting = recording.share(State::LockWait);
    match recording.worst_waiter {
        Some((thread, wait)) => facts.push(format!(
            "tasks wait for the GIL {} of their time; {} waits longest, {}",
            brief_percent(waiting),
            thread_name(thread),
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
    !panel.recording.locks.is_empty()
}

/// The chart's title, or one made from the numbers.
pub(super) fn title(chart: &Chart<'_>) -> String {
    if !chart.title.trim().is_empty() {
        return clean(chart.title);
    }
    match chart.panels.as_slice() {
        [] => "No run".to_owned(),
        [panel] => single(panel),
        panels => comparison(panels),
    }
}

fn single(panel: &Panel<'_>) -> String {
    let makespan = duration(panel.recording.makespan);
    let lead = format!("{} takes {makespan}", clean(panel.label));
    match largest(panel) {
        Some((state, share)) => {
            let (lead, share, doing) = (lead.trim(), brief_percent(share), palette::doing(state));
            format!("{lead}: tasks spend {share} of their time {doing}")
        }
        None => lead,
    }
}

fn comparison(panels: &[Panel<'_>]) -> String {
    let makespan = |panel: &&Panel<'_>| panel.recording.makespan;
    let (Some(best), Some(worst)) =
        (panels.iter().min_by_key(makespan), panels.iter().rev().max_by_key(makespan))
    else {
        return String::new();
    };
    let (short, long) = (makespan(&best), makespan(&worst));
    if short == long {
        let who =
            if panels.len() == 2 { "Both".to_owned() } else { format!("All {}", panels.len()) };
        return format!("{who} take {}", duration(short));
    }
    format!(
        "{} is done in {}, {} in {}{}",
        clean(best.label),
        duration(short),
        clean(worst.label),
        duration(long),
        times(long, short)
    )
}

/// How many times as long, as the end of a sentence; rounded half up, nothing where nothing took no time.
fn times(long: u64, short: u64) -> String {
    if short == 0 {
        return String::new();
    }
    let short = u128::from(short);
    let tenths = (u128::from(long) * 10 + short / 2) / short;
    match tenths {
        ..15 => String::new(),
        15..100 => format!(": {}.{} times as long", tenths / 10, tenths % 10),
        _ => format!(": {} times as long", (tenths + 5) / 10),
    }
}
