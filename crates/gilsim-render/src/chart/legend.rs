//! The legend: every state that occurs with its share of task time, and what the blank means.

use super::canvas::{At, Canvas, Stroke};
use super::layout::{Layout, MARGIN, WIDTH};
use super::share::{COLUMNS, Top};
use super::words::{Font, clean, percent};
use super::{Chart, Panel, describe, palette};
use crate::lanes::MOST_WORKERS;
use crate::lanes::as_float;
use gilsim_core::trace::State;

const LINE: i32 = 200;
/// Left end of the shares where several runs are compared.
const SHARES: i32 = 3200;
/// More runs than this have no column of their own.
const MOST_COLUMNS: usize = 9;

/// The height of the legend with its notes.
pub(super) fn height(chart: &Chart<'_>, layout: &Layout<'_>) -> i32 {
    let states = count(layout.states.len());
    let table = if is_table(chart) { head(chart) + states * LINE } else { (states + 2) / 3 * LINE };
    table + 100 + count(notes(chart, layout).len()) * 150
}

fn count(items: usize) -> i32 {
    i32::try_from(items).unwrap_or(0)
}

fn is_table(chart: &Chart<'_>) -> bool {
    (2..=MOST_COLUMNS).contains(&chart.panels.len())
}

pub(super) fn draw(canvas: &mut Canvas, layout: &Layout<'_>, chart: &Chart<'_>) {
    let states = &layout.states;
    let locked = chart.panels.iter().any(describe::has_lock);
    let mut y = layout.legend_top;
    if is_table(chart) {
        y += head(chart);
        columns(canvas, chart, y);
    }
    for (index, &state) in states.iter().enumerate() {
        let words = palette::wording(state, locked);
        if is_table(chart) {
            entry(canvas, state, words, (MARGIN + 40, y));
            shares(canvas, chart, state, y);
            y += LINE;
            continue;
        }
        let (row, column) = (count(index / 3), count(index % 3));
        let share = share_of_all(&chart.panels, state).unwrap_or_else(|| "0 %".to_owned());
        let text = format!("{words} · {share}");
        entry(canvas, state, &text, (MARGIN + 40 + column * 3120, y + row * LINE));
    }
    if !is_table(chart) {
        y += (count(states.len()) + 2) / 3 * LINE;
    }
    let muted = canvas.colors.muted;
    for (index, note) in notes(chart, layout).iter().enumerate() {
        let baseline = y + 130 + count(index) * 150;
        canvas.text(note, At::Start(MARGIN, baseline), Font::SMALL, muted);
    }
}

/// A swatch and its words; `top` is the top of the line.
pub(super) fn entry(canvas: &mut Canvas, state: State, words: &str, (left, top): (i32, i32)) {
    let frame = (left, top + 30, left + 180, top + 150);
    if let Some(color) = canvas.colors.state(state) {
        canvas.bar(frame, color, true, String::new());
        if let Some(pattern) = palette::pattern(state) {
            canvas.overlay(frame, pattern);
        }
    } else {
        let rule = canvas.colors.rule;
        canvas.line((left, top + 90), (left + 180, top + 90), rule, Stroke::Solid);
    }
    let ink = canvas.colors.ink;
    canvas.text(words, At::Start(left + 240, top + 130), Font::SMALL, ink);
}

/// Right end of a run's column and the room it has.
fn column(chart: &Chart<'_>, index: usize) -> (i32, i32) {
    let room = ((WIDTH - MARGIN - SHARES) / count(chart.panels.len()).max(1)).min(2000);
    (SHARES + room * (count(index) + 1), room - 100)
}

/// The names of the runs above their columns, in one line or two.
fn heads(chart: &Chart<'_>) -> Vec<Vec<String>> {
    let labels = chart.panels.iter().enumerate().map(|(index, panel)| {
        let (_, room) = column(chart, index);
        Font::SMALL_BOLD.wrap(&clean(panel.label), room, 2)
    });
    labels.collect()
}

/// The height of the line of names.
fn head(chart: &Chart<'_>) -> i32 {
    let lines = heads(chart).iter().map(Vec::len).max().unwrap_or(1);
    LINE + (count(lines) - 1).max(0) * 140
}

/// The line of names; `bottom` is where the table begins.
fn columns(canvas: &mut Canvas, chart: &Chart<'_>, bottom: i32) {
    let (muted, rule) = (canvas.colors.muted, canvas.colors.rule);
    let baseline = bottom - 70;
    canvas.text("share of task time", At::Start(MARGIN + 40, baseline), Font::SMALL_BOLD, muted);
    for (index, lines) in heads(chart).iter().enumerate() {
        let (right, _) = column(chart, index);
        for (above, line) in lines.iter().rev().enumerate() {
            let at = At::End(right, baseline - count(above) * 140);
            canvas.text(line, at, Font::SMALL_BOLD, muted);
        }
    }
    canvas.line((MARGIN, bottom - 20), (WIDTH - MARGIN, bottom - 20), rule, Stroke::Solid);
}

fn shares(canvas: &mut Canvas, chart: &Chart<'_>, state: State, top: i32) {
    let (ink, muted) = (canvas.colors.ink, canvas.colors.muted);
    for (index, panel) in chart.panels.iter().enumerate() {
        let (right, _) = column(chart, index);
        let at = At::End(right, top + 130);
        match share_of_all(std::slice::from_ref(panel), state) {
            Some(share) => canvas.text(&share, at, Font::SMALL, ink),
            None => canvas.text("–", at, Font::SMALL, muted),
        }
    }
}

/// A state's share of the task time of some runs; none where no task is ever in it.
fn share_of_all(panels: &[Panel<'_>], state: State) -> Option<String> {
    let time = |state: State| -> u128 {
        panels.iter().map(|panel| panel.recording.totals[state as usize]).sum()
    };
    let all: u128 = State::ALL.into_iter().map(time).sum();
    (time(state) > 0).then(|| percent(as_float(time(state)) / as_float(all)))
}

/// What a reader could ask about the figure, answered in a line each.
fn notes(chart: &Chart<'_>, layout: &Layout<'_>) -> Vec<String> {
    let mut notes =
        vec!["Thin line: not born, queued, idle or done. Dashed line: makespan.".to_owned()];
    if layout.merged {
        notes.push(
            "Intervals thinner than a pixel are merged: the bar shows the state that fills most of it, the strip at \
             its foot the next."
                .to_owned(),
        );
    }
    let crowded: Vec<_> = chart.panels.iter().filter(|panel| panel.recording.crowded).collect();
    if !crowded.is_empty() {
        let which = if chart.panels.len() > 1 {
            let labels: Vec<_> = crowded.iter().map(|panel| clean(panel.label)).collect();
            format!(" ({})", labels.join(", "))
        } else {
            String::new()
        };
        let all = crowded.iter().all(|panel| Top::of(panel.recording, COLUMNS).is_all);
        let few = if all { "" } else { ", or their number where few are under way at once" };
        let text = format!(
            "Above {MOST_WORKERS} threads and coroutines{which}: the stack is the share of all tasks in each \
             state{few}; blank above it: not arrived, queued or done."
        );
        notes.extend(Font::SMALL.wrap(&text, WIDTH - 2 * MARGIN, 2));
    }
    notes
}
