//! Draws panels: headings, grid, lanes of bars, the magnified lanes, and the mark of the makespan.

use plotters::coord::ranged1d::{Ranged, ValueFormatter};

use super::axis::TimeAxis;
use super::canvas::{At, Canvas, Frame, Stroke};
use super::layout::{Content, GUTTER, INDENT, Lane, Layout, MARGIN, PLOT, PanelLayout, Row, WIDTH};
use super::share;
use super::words::{Font, clean, duration};
use super::{Panel, describe, palette};
use crate::lanes::{Piece, coarsen};
use gilsim_core::ids::{TaskId, ThreadId};
use gilsim_core::trace::State;

/// Bars narrower than this have no outline, which would hide their colour.
const OUTLINED: i32 = 30;
/// Bars narrower than this have no hover text, because nobody can point at them.
const POINTABLE: i32 = 20;

/// Bars narrower than this are drawn as wide and paler: a renderer may drop what falls between two of its pixels.
const VISIBLE: i32 = 5;
/// Height of the bar of a thread that waits for others, with no task, in a lane of 22 pixels.
const ATTENDING: i32 = 4;

/// Strips thinner than this are not drawn.
const THINNEST_STRIP: i32 = 8;

/// An axis of time in its place.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) axis: TimeAxis,
    pub(super) left: i32,
    pub(super) right: i32,
}

impl View {
    pub(super) fn x(self, ns: u64) -> i32 {
        self.axis.map(&ns, (self.left, self.right))
    }

    /// How wide a bar is. A tenth of a pixel is the least that can be drawn.
    fn width(self, piece: &Piece) -> i32 {
        (self.x(piece.start + piece.covered()) - self.x(piece.start)).max(1)
    }
}

pub(super) fn draw(canvas: &mut Canvas, layout: &Layout<'_>) {
    canvas.headline(&layout.title, &layout.subtitle);
    for panel in &layout.panels {
        let shared = View { axis: panel.axis, left: PLOT.0, right: PLOT.1 };
        panel_heading(canvas, panel);
        grid(canvas, panel, shared);
        let inset = panel.inset.map(|ends| magnified(canvas, panel, shared, ends));
        for row in &panel.rows {
            draw_row(canvas, panel.panel, row, shared, inset);
        }
        makespan(canvas, panel, shared);
    }
}

fn panel_heading(canvas: &mut Canvas, placed: &PanelLayout<'_>) {
    if let Some(y) = placed.group {
        let (ink, room) = (canvas.colors.ink, WIDTH - 2 * MARGIN);
        canvas.cut_text(placed.panel.group, room, At::Start(MARGIN, y), Font::GROUP, ink);
    }
    let Some(y) = placed.heading else { return };
    let (ink, muted) = (canvas.colors.ink, canvas.colors.muted);
    canvas.line((MARGIN, y - 170), (WIDTH - MARGIN, y - 170), canvas.colors.muted, Stroke::Solid);
    let (label, _) = Font::PANEL.fit(&clean(placed.panel.label), 5000);
    canvas.cut_text(placed.panel.label, 5000, At::Start(MARGIN, y), Font::PANEL, ink);
    let x = MARGIN + Font::PANEL.width(&label) + 120;
    let room = WIDTH - MARGIN - x;
    canvas.cut_text(placed.panel.note, room, At::Start(x, y), Font::SUBTITLE, muted);
}

fn grid(canvas: &mut Canvas, placed: &PanelLayout<'_>, view: View) {
    let rule = canvas.colors.rule;
    for tick in view.axis.key_points(9_usize) {
        let x = view.x(tick);
        canvas.line((x, placed.top), (x, placed.bottom), rule, Stroke::Dotted);
        let label = view.axis.format_ext(&tick);
        tick_label(canvas, &label, (x, placed.bottom + 140));
    }
}

/// A label below a tick, or beside it where it would be cut off at the margin.
fn tick_label(canvas: &mut Canvas, label: &str, (x, y): (i32, i32)) {
    let edge = WIDTH - 30;
    let fits = x + Font::SMALL.width(label) / 2 <= edge;
    let at = if fits { At::Middle(x, y) } else { At::End(edge, y) };
    canvas.text(label, at, Font::SMALL, canvas.colors.muted);
}

/// The frame, ticks and caption of the magnified lanes.
fn magnified(
    canvas: &mut Canvas,
    placed: &PanelLayout<'_>,
    shared: View,
    (left, right): (i32, i32),
) -> View {
    let (background, rule, muted) =
        (canvas.colors.background, canvas.colors.rule, canvas.colors.muted);
    let run = placed.panel.recording.makespan;
    let view = View { axis: TimeAxis::until(run), left, right };
    let (top, bottom) = (placed.top, placed.bottom);
    let from = shared.x(run);
    canvas.fill((from + 5, top, PLOT.1 + 100, bottom), background);
    for y in [top, bottom] {
        canvas.line((from, y), (right, y), rule, Stroke::Solid);
    }
    for x in [left, right] {
        canvas.line((x, top), (x, bottom), rule, Stroke::Solid);
    }
    for tick in view.axis.key_points(7_usize) {
        let x = view.x(tick);
        canvas.line((x, top), (x, bottom), rule, Stroke::Dotted);
        let label = view.axis.format_ext(&tick);
        tick_label(canvas, &label, (x, top - 40));
    }
    let caption = format!("the same lanes, {} as wide", magnification(shared, view));
    canvas.text(&caption, At::Start(left, placed.band), Font::SMALL_BOLD, muted);
    view
}

fn magnification(shared: View, view: View) -> String {
    let wide = i128::from(view.right - view.left) * i128::from(shared.axis.end()) * 10;
    let narrow = i128::from(shared.right - shared.left) * i128::from(view.axis.end());
    let tenths = wide / narrow;
    if tenths < 100 {
        format!("{}.{}×", tenths / 10, tenths % 10)
    } else {
        format!("{}×", (tenths + 5) / 10)
    }
}

/// The dashed line at the end of a run, and its number.
fn makespan(canvas: &mut Canvas, placed: &PanelLayout<'_>, view: View) {
    let (ink, muted) = (canvas.colors.ink, canvas.colors.muted);
    let run = placed.panel.recording.makespan;
    let x = view.x(run);
    canvas.line((x, placed.band - 90), (x, placed.bottom), muted, Stroke::Dashed);
    let label = placed.panel.end();
    let room = WIDTH - MARGIN - x - 50;
    let at = if Font::SMALL_BOLD.width(&label) <= room {
        At::Start(x + 50, placed.band)
    } else {
        At::End(x - 50, placed.band)
    };
    canvas.text(&label, at, Font::SMALL_BOLD, ink);
}

fn draw_row(
    canvas: &mut Canvas,
    panel: Panel<'_>,
    row: &Row<'_>,
    shared: View,
    inset: Option<View>,
) {
    let views = [Some(shared), inset];
    match &row.content {
        Content::Heading(text) => section(canvas, row, text),
        Content::Idle { label, left } => {
            lane_label(canvas, row, label, *left);
            for view in views.into_iter().flatten() {
                base_line(canvas, panel, row, view);
            }
        }
        Content::Lane(lane) => {
            group_label(canvas, row, lane);
            for view in views.into_iter().flatten() {
                draw_lane(canvas, panel, row, lane, view);
            }
        }
        content => {
            share::label(canvas, panel, row, content);
            for view in views.into_iter().flatten() {
                share::draw(canvas, panel, row, content, view);
            }
        }
    }
}

fn section(canvas: &mut Canvas, row: &Row<'_>, text: &str) {
    let (rule, muted) = (canvas.colors.rule, canvas.colors.muted);
    canvas.text(text, At::Start(MARGIN, row.top + 130), Font::SMALL_BOLD, muted);
    let y = row.top + 180;
    canvas.line((MARGIN, y), (GUTTER, y), rule, Stroke::Solid);
}

/// The baseline of a label in the middle of a row.
const fn baseline(row: &Row<'_>, font: Font) -> i32 {
    row.top + row.height / 2 + font.size * 36 / 100
}

const fn lane_font(row: &Row<'_>) -> Font {
    if row.height < 220 { Font::SMALL } else { Font::LANE }
}

pub(super) fn lane_label(canvas: &mut Canvas, row: &Row<'_>, label: &str, left: bool) {
    let font = lane_font(row);
    let y = baseline(row, font);
    let at = if left { At::Start(MARGIN, y) } else { At::End(GUTTER, y) };
    canvas.cut_text(label, GUTTER - MARGIN, at, font, canvas.colors.ink);
}

/// The label of a lane, with that of the process that begins with it.
fn group_label(canvas: &mut Canvas, row: &Row<'_>, lane: &Lane<'_>) {
    let (muted, rule) = (canvas.colors.muted, canvas.colors.rule);
    let font = lane_font(row);
    let y = baseline(row, font);
    if lane.group.as_ref().is_some_and(|group| group.ruled) {
        let above = row.top - 40;
        canvas.line((MARGIN, above), (WIDTH - MARGIN, above), rule, Stroke::Solid);
    }
    if let Some(group) = &lane.group {
        canvas.text(&group.label, At::Start(MARGIN, y), Font::SMALL_BOLD, muted);
        let room = GUTTER - MARGIN - Font::SMALL_BOLD.width(&group.label) - 60;
        canvas.cut_text(&lane.label, room, At::End(GUTTER, y), font, canvas.colors.ink);
    } else if lane.indented {
        let start = MARGIN + INDENT;
        canvas.cut_text(&lane.label, GUTTER - start, At::Start(start, y), font, muted);
    } else {
        lane_label(canvas, row, &lane.label, lane.left);
    }
}

fn base_line(canvas: &mut Canvas, panel: Panel<'_>, row: &Row<'_>, view: View) {
    let middle = row.top + row.height / 2;
    let end = view.x(panel.recording.makespan);
    canvas.line((view.left, middle), (end, middle), canvas.colors.rule, Stroke::Solid);
}

fn draw_lane(canvas: &mut Canvas, panel: Panel<'_>, row: &Row<'_>, lane: &Lane<'_>, view: View) {
    base_line(canvas, panel, row, view);
    let pixel = view.axis.pixel(view.right - view.left);
    let pieces = coarsen(lane.pieces.iter().cloned(), pixel, true);
    // Thin ones lie on top of their neighbours, which would hide them.
    let (thin, wide): (Vec<&Piece>, Vec<&Piece>) =
        pieces.iter().partition(|piece| view.width(piece) < VISIBLE);
    for piece in wide {
        draw_piece(canvas, panel, row, lane, view, piece);
    }
    let together = |one: &&Piece, next: &&Piece| {
        one.state == next.state && view.x(one.start) / 10 == view.x(next.start) / 10
    };
    for pieces in thin.chunk_by(together) {
        draw_sliver(canvas, row, lane, view, pieces);
    }
}

/// The bars of one state in one pixel, too thin to be seen in every renderer: one that is wider than they are, and as much paler.
fn draw_sliver(canvas: &mut Canvas, row: &Row<'_>, lane: &Lane<'_>, view: View, pieces: &[&Piece]) {
    let Some(color) = canvas.colors.state(pieces[0].state) else { return };
    let left = view.x(pieces[0].start);
    let (top, bottom) = bar_span(row, lane, pieces[0]);
    let filled: i32 = pieces.iter().map(|piece| view.width(piece)).sum();
    let width = filled.max(VISIBLE);
    canvas.sliver((left, top, left + width, bottom), color, f64::from(filled) / f64::from(width));
}

/// Top and bottom of a bar.
fn bar_span(row: &Row<'_>, lane: &Lane<'_>, piece: &Piece) -> (i32, i32) {
    let full = match piece.state {
        state if lane.resource => palette::height(state).min(16),
        // A thread that waits for others of its own program does nobody's work.
        State::Sync if piece.who().is_none() && piece.merged.is_none() => ATTENDING,
        state => palette::height(state),
    };
    let height = full * row.height / 22;
    let top = row.top + (row.height - height) / 2;
    (top, top + height)
}

fn draw_piece(
    canvas: &mut Canvas,
    panel: Panel<'_>,
    row: &Row<'_>,
    lane: &Lane<'_>,
    view: View,
    piece: &Piece,
) {
    let Some(color) = canvas.colors.state(piece.state) else { return };
    let left = view.x(piece.start);
    let width = view.width(piece);
    let (top, bottom) = bar_span(row, lane, piece);
    let frame = (left, top, left + width, bottom);
    let title = if width >= POINTABLE { hover(panel, lane, piece) } else { String::new() };
    canvas.bar(frame, color, width >= OUTLINED, title);
    if let Some(pattern) = palette::pattern(piece.state) {
        canvas.overlay(frame, pattern);
    }
    strip(canvas, frame, piece);
    // Under the short bars of a resource there is no label: the worker's own lane has it.
    if piece.merged.is_none() && !(lane.resource && palette::height(piece.state) == 10) {
        inscribe(canvas, row, frame, piece.state, &inscription(panel, lane, piece));
    }
}

/// Where intervals were merged, the next state after the one that fills most has a strip at the foot of the bar,
/// as high as its share, so that the turns of a thread that mostly waits do not vanish.
fn strip(canvas: &mut Canvas, (left, top, right, bottom): Frame, piece: &Piece) {
    let Some((state, time)) = piece.runner_up() else { return };
    let Some(color) = canvas.colors.state(state) else { return };
    let share = u128::from(time) * u128::from((bottom - top).unsigned_abs());
    let height = i32::try_from(share / u128::from(piece.covered().max(1))).unwrap_or(0);
    if height >= THINNEST_STRIP {
        canvas.fill((left, bottom - height, right, bottom), color);
    }
}

/// The label of a bar: the holder of a resource, or the task of a worker.
fn inscription(panel: Panel<'_>, lane: &Lane<'_>, piece: &Piece) -> String {
    match piece.who() {
        Some(thread) if lane.resource => ThreadId(thread).name(),
        _ => clean(panel.names.get(piece.name)),
    }
}

/// A label stands in its bar if it fits, else under it if it fits there.
fn inscribe(
    canvas: &mut Canvas,
    row: &Row<'_>,
    (left, top, right, bottom): Frame,
    state: State,
    label: &str,
) {
    let (room, middle) = (right - left, left + (right - left) / 2);
    let inside = match state {
        State::Running => Some(canvas.colors.on_running),
        State::Native => Some(canvas.colors.on_native),
        _ => None,
    };
    let compact = row.height < 220;
    let font = if compact { Font::TINY } else { Font::SMALL };
    if let Some(color) = inside {
        if font.width(label) + 60 <= room && bottom - top >= font.size {
            let baseline = top + (bottom - top) / 2 + font.size * 36 / 100;
            canvas.text(label, At::Middle(middle, baseline), font, color);
        }
    } else if !compact && palette::height(state) == 10 && Font::TINY.width(label) + 60 <= room {
        let color = canvas.colors.muted;
        let below = row.top + row.height / 2 + 140;
        canvas.text(label, At::Middle(middle, below), Font::TINY, color);
    }
}

fn hover(panel: Panel<'_>, lane: &Lane<'_>, piece: &Piece) -> String {
    let state = palette::wording(piece.state, describe::has_lock(&panel));
    let mostly = if piece.merged.is_some() { "mostly " } else { "" };
    let mut text = format!(
        "{}: {mostly}{state}, {} to {} ({})",
        lane.label,
        duration(piece.start),
        duration(piece.end),
        duration(piece.end - piece.start)
    );
    if piece.merged.is_some() {
        return clean(&text);
    }
    let name = panel.names.get(piece.name);
    if !name.is_empty() {
        text = format!("{text}, {name}");
    }
    match piece.who() {
        Some(thread) if lane.resource => {
            text = format!("{text}, {}", ThreadId(thread).name());
        }
        Some(task) => text = format!("{text}, {}", panel.task(TaskId(task))),
        None => {}
    }
    clean(&text)
}
