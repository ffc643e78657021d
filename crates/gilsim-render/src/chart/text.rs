//! Runs as plain text, for a terminal: a character for each stretch of time, by the state that fills most of it.

use super::share::Top;
use super::words::{clean, duration};
use super::{Panel, describe, palette};
use crate::lanes::{Piece, Recording};
use gilsim_core::ids::ProcessId;
use gilsim_core::trace::State;

/// Characters that a run is long.
const COLUMNS: usize = 56;
/// Characters of what stands before a lane.
const GUTTER: usize = 20;
/// Characters that the bar of the longest run has; its makespan stands behind it.
const LONGEST: usize = 46;
/// Lanes of workers that a run shows.
const MOST_LANES: usize = 20;
/// The levels of a share, from nothing to all.
const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What stands for a state.
const fn glyph(state: State) -> char {
    match state {
        State::Running => '█',
        State::Native => '▓',
        State::Overhead => '▒',
        State::Ready => '?',
        State::LockWait => '!',
        State::Io => '.',
        State::Suspended => '~',
        State::Sync => ':',
        State::Queued => ' ',
    }
}

/// Runs one below the other: how long they take on one axis of time, then the lanes of each on an axis of its own. Above 40
/// threads and coroutines, the shares of all tasks in each state.
pub fn text(panels: &[Panel<'_>]) -> String {
    let longest = panels.iter().map(|panel| panel.recording.makespan).max().unwrap_or(0);
    let mut lines = Vec::new();
    if panels.len() > 1 {
        for panel in panels {
            let makespan = panel.recording.makespan;
            if panel.deadlocked {
                let end = format!("deadlocks after {}", duration(makespan));
                lines.push(line(&clean(panel.label), &end));
                continue;
            }
            let length = column(makespan, longest) * LONGEST / COLUMNS;
            let bar = "█".repeat(length.max(1));
            lines.push(line(&clean(panel.label), &format!("{bar} {}", duration(makespan))));
        }
        lines.push(String::new());
    }
    for panel in panels {
        run(panel, &mut lines);
        lines.push(String::new());
    }
    lines.extend(legend(panels));
    lines.push(String::new());
    lines.join("\n")
}

/// The heading, the lanes and the axis of one run.
fn run(panel: &Panel<'_>, lines: &mut Vec<String>) {
    let recording = panel.recording;
    let note = if panel.note.is_empty() { String::new() } else { format!(" ({})", panel.note) };
    lines.push(format!("{}{note}", clean(panel.label)));
    if recording.crowded {
        shares(panel, lines);
    } else {
        workers(panel, lines);
    }
    if let [lock] = recording.lanes.locks.as_slice()
        && let Some(pieces) = &lock.pieces
    {
        lines.push(lane("GIL held", pieces, recording.makespan));
    }
    let end = duration(recording.makespan);
    let gap = COLUMNS.saturating_sub("0 s".len());
    lines.push(line("", &format!("0 s{end:>gap$}")));
}

fn workers(panel: &Panel<'_>, lines: &mut Vec<String>) {
    let recording = panel.recording;
    let several = recording.lanes.threads.iter().any(|thread| thread.process != ProcessId::MAIN);
    let mut workers = Vec::new();
    for thread in &recording.lanes.threads {
        let name = thread.thread.name();
        let name = if several { format!("P{} {name}", thread.process.0) } else { name };
        workers.push((name, &thread.pieces));
        let own = recording.lanes.coroutines.iter().filter(|own| own.home == thread.thread);
        workers.extend(own.map(|own| (format!("  {}", panel.task(own.task)), &own.pieces)));
    }
    let shown = workers.iter().take(MOST_LANES);
    lines.extend(shown.map(|(name, pieces)| lane(name, pieces, recording.makespan)));
    if workers.len() > MOST_LANES {
        lines.push(line("", &format!("and {} more", workers.len() - MOST_LANES)));
    }
}

fn lane(name: &str, pieces: &[Piece], makespan: u64) -> String {
    let mut times = [[0_u64; State::ALL.len()]; COLUMNS];
    for piece in pieces {
        let (first, last) = (column(piece.start, makespan), column(piece.end - 1, makespan));
        for (index, cell) in times.iter_mut().enumerate().take(last + 1).skip(first) {
            let from = piece.start.max(edge(index, makespan));
            let to = piece.end.min(edge(index + 1, makespan));
            cell[piece.state as usize] += to.saturating_sub(from);
        }
    }
    let letters: String = times.iter().map(most).collect();
    line(name, &letters)
}

/// The state that fills most of a column; however little of it there is, none is dropped for a gap.
fn most(times: &[u64; State::ALL.len()]) -> char {
    // Of two states that fill the same time the first wins.
    let state = State::ALL.into_iter().rev().max_by_key(|state| times[*state as usize]);
    state.filter(|state| times[*state as usize] > 0).map_or(' ', glyph)
}

/// The share of all tasks in each state over time, a line a state.
fn shares(panel: &Panel<'_>, lines: &mut Vec<String>) {
    let recording = panel.recording;
    let levels = recording.shares.levels(recording.makespan, COLUMNS);
    let top = Top::of(recording, COLUMNS);
    let full = if top.is_all { String::new() } else { format!("; █ is {} of them", top.tasks) };
    let words = format!("of {} tasks, so many are in each state{full}", recording.task_count);
    lines.push(line("", &words));
    for state in occurring(recording).filter(|state| *state != State::Queued) {
        let heights = levels.iter().map(|level| height(level[state as usize] / top.tasks));
        let name = format!("{} {}", glyph(state), state.name().replace('_', " "));
        lines.push(line(&name, &heights.collect::<String>()));
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share, clamped")]
fn height(share: f64) -> char {
    let eighths = libm::ceil(share.clamp(0.0, 1.0) * 8.0) as usize;
    LEVELS[eighths]
}

fn occurring(recording: &Recording) -> impl Iterator<Item = State> {
    State::ALL.into_iter().filter(|state| recording.totals[*state as usize] > 0)
}

/// What the characters mean, a line each.
fn legend(panels: &[Panel<'_>]) -> Vec<String> {
    let locked = panels.iter().any(describe::has_lock);
    let seen = |state: &State| {
        panels.iter().any(|panel| occurring(panel.recording).any(|one| one == *state))
    };
    let states = State::ALL.into_iter().filter(seen).filter(|state| *state != State::Queued);
    let mut lines: Vec<String> = states
        .map(|state| format!("  {} {}", glyph(state), palette::wording(state, locked)))
        .collect();
    lines.push("    blank: not born, queued, idle or done".to_owned());
    lines
}

fn line(name: &str, content: &str) -> String {
    let name: String = clean(name).chars().take(GUTTER - 1).collect();
    format!("  {name:<GUTTER$}{content}").trim_end().to_owned()
}

/// The column of an instant.
fn column(at: u64, makespan: u64) -> usize {
    let column = u128::from(at) * COLUMNS as u128 / u128::from(makespan.max(1));
    usize::try_from(column).unwrap_or(COLUMNS).min(COLUMNS)
}

/// When a column begins: the first instant that is in it.
fn edge(column: usize, makespan: u64) -> u64 {
    let start = (column as u128 * u128::from(makespan)).div_ceil(COLUMNS as u128);
    u64::try_from(start).unwrap_or(u64::MAX)
}
