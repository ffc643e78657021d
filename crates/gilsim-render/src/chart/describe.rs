//! Figures in words: the text for those who do not see them, and a title where none is given.

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
    let label = clean(panel.label);
    if panel.deadlocked {
        return format!("{label} deadlocks after {makespan}").trim().to_owned();
    }
    let lead = format!("{label} takes {makespan}");
    match largest(panel) {
        Some((state, share)) => {
            let (lead, share, doing) = (lead.trim(), brief_percent(share), palette::doing(state));
            format!("{lead}: tasks spend {share} of their time {doing}")
        }
        None => lead,
    }
}

/// Which run is done first, which last, and which never.
fn comparison(panels: &[Panel<'_>]) -> String {
    let (stuck, finished): (Vec<&Panel<'_>>, Vec<&Panel<'_>>) =
        panels.iter().partition(|panel| panel.deadlocked);
    let mut parts = Vec::new();
    parts.extend(contest(&finished));
    if !stuck.is_empty() {
        let labels: Vec<String> = stuck.iter().map(|panel| clean(panel.label)).collect();
        let labels = match labels.split_last() {
            Some((last, [])) => format!("{last} deadlocks"),
            Some((last, others)) => format!("{} and {last} deadlock", others.join(", ")),
            None => String::new(),
        };
        parts.push(labels);
    }
    parts.join("; ")
}

fn contest(finished: &[&Panel<'_>]) -> Option<String> {
    let makespan = |panel: &&&Panel<'_>| panel.recording.makespan;
    let best = finished.iter().min_by_key(makespan)?;
    let worst = finished.iter().rev().max_by_key(makespan)?;
    let (short, long) = (makespan(&best), makespan(&worst));
    let winner = || format!("{} is done in {}", clean(best.label), duration(short));
    Some(match finished.len() {
        1 => winner(),
        2 if short == long => format!("Both take {}", duration(short)),
        count if short == long => format!("All {count} take {}", duration(short)),
        _ => {
            let (loser, times) = (clean(worst.label), times(long, short));
            format!("{}, {loser} in {}{times}", winner(), duration(long))
        }
    })
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
