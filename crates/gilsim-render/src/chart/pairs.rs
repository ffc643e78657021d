//! Lanes of the same tasks, measured above predicted, on one axis of time: one panel for each tool.

use plotters::coord::ranged1d::{Ranged, ValueFormatter};

use super::axis::TimeAxis;
use super::canvas::{self, At, Canvas, Stroke};
use super::layout::{GUTTER, MARGIN, PLOT, WIDTH};
use super::palette::{self, Theme};
use super::svg::Heading;
use super::words::{Font, brief_percent, clean, duration, percent};
use super::{legend, signed_percent};
use crate::lanes::as_float;
use crate::lanes::{Lane, Piece, coarsen};
use gilsim_core::trace::State;

/// A figure of lanes in pairs.
pub struct PairChart<'a> {
    /// The finding, in a sentence.
    pub title: &'a str,
    /// The parameters; may be empty.
    pub subtitle: &'a str,
    /// The tools, in the order of the figure.
    pub panels: Vec<PairPanel<'a>>,
}

/// One tool.
pub struct PairPanel<'a> {
    /// The tool's label.
    pub label: &'a str,
    /// A few words, like which tasks are shown; may be empty.
    pub note: String,
    /// How long the tool takes, measured and predicted, in nanoseconds.
    pub makespans: (u64, u64),
    /// When the run ends whose tasks are shown, measured and predicted.
    pub ends: (u64, u64),
    /// The tasks.
    pub pairs: Vec<Pair>,
}

/// A task: what it did, and what it was predicted to do, in the order of time.
pub struct Pair {
    /// What the task is called.
    pub label: String,
    /// What was measured.
    pub measured: Vec<Stretch>,
    /// What was predicted.
    pub predicted: Vec<Stretch>,
}

/// What a task did from one instant to another, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// What it did.
    pub state: State,
    /// Its begin.
    pub start: u64,
    /// Its end.
    pub end: u64,
    /// The CPU time within it, if that is known and may be less than its length.
    pub cpu: Option<u64>,
}

const LANE_HEIGHT: i32 = 130;
/// Between the two lanes of a pair, and between pairs.
const GAPS: (i32, i32) = (20, 110);
/// Above the lanes of a panel: its heading and its makespans. Below them: the labels of the axis.
const PANEL_HEAD: i32 = 420;
const PANEL_FOOT: i32 = 300;
const LEGEND_LINE: i32 = 200;
/// Right ends of the legend's columns.
const COLUMNS: [i32; 2] = [5_000, 6_200];
/// Less CPU time than this share of a computation's length is drawn as such; what is missing beyond it is the clock's.
const WHOLE: f64 = 0.98;

/// Draws a figure as an SVG document. The same chart gives the same bytes on every machine.
pub fn pairs(chart: &PairChart<'_>) -> String {
    let room = WIDTH - 2 * MARGIN;
    let title = Font::TITLE.wrap(&clean(chart.title), room, 2);
    let subtitle = Font::SUBTITLE.wrap(&clean(chart.subtitle), room, 2);
    let top = 200 + lines(&title) * 200 + lines(&subtitle) * 160;
    let heights = chart.panels.iter().map(panel_height);
    let legend_top = top + heights.sum::<i32>();
    let states = occurring(chart);
    let notes = notes(chart);
    let legend_height = (lines(&states) + 1) * LEGEND_LINE + lines(&notes) * 150 + 200;
    let heading = Heading { title: clean(chart.title), description: description(chart) };
    canvas::draw((WIDTH, legend_top + legend_height), Theme::Auto, &heading, |canvas| {
        canvas.headline(&title, &subtitle);
        let ends = |panel: &PairPanel<'_>| panel.ends.0.max(panel.ends.1);
        let axis = TimeAxis::until(chart.panels.iter().map(ends).max().unwrap_or(0));
        let mut y = top;
        for panel in &chart.panels {
            draw_panel(canvas, panel, axis, y);
            y += panel_height(panel);
        }
        draw_legend(canvas, chart, &states, legend_top);
        let muted = canvas.colors.muted;
        for (index, note) in notes.iter().enumerate() {
            let y = legend_top + (lines(&states) + 1) * LEGEND_LINE + 130 + count(index) * 150;
            canvas.text(note, At::Start(MARGIN, y), Font::SMALL, muted);
        }
    })
}

fn count(items: usize) -> i32 {
    i32::try_from(items).unwrap_or(0)
}

fn lines<T>(items: &[T]) -> i32 {
    count(items.len())
}

fn panel_height(panel: &PairPanel<'_>) -> i32 {
    PANEL_HEAD + lines(&panel.pairs) * pair_height() + PANEL_FOOT
}

const fn pair_height() -> i32 {
    2 * LANE_HEIGHT + GAPS.0 + GAPS.1
}

/// Makespans in a sentence for each tool.
fn description(chart: &PairChart<'_>) -> String {
    let told = chart.panels.iter().map(|panel| format!("{}: {}.", panel.label, makespans(panel)));
    let opening = "Lanes of the same tasks, measured above predicted.".to_owned();
    clean(&std::iter::once(opening).chain(told).collect::<Vec<_>>().join(" "))
}

fn makespans(panel: &PairPanel<'_>) -> String {
    let (measured, predicted) = panel.makespans;
    let error = signed_percent(measured, predicted);
    format!("measured {}, predicted {} ({error})", duration(measured), duration(predicted))
}

fn draw_panel(canvas: &mut Canvas, panel: &PairPanel<'_>, axis: TimeAxis, y: i32) {
    let (ink, muted, rule) = (canvas.colors.ink, canvas.colors.muted, canvas.colors.rule);
    canvas.line((MARGIN, y), (WIDTH - MARGIN, y), muted, Stroke::Solid);
    let (label, _) = Font::PANEL.fit(&clean(panel.label), 4_000);
    canvas.cut_text(panel.label, 4_000, At::Start(MARGIN, y + 180), Font::PANEL, ink);
    let x = MARGIN + Font::PANEL.width(&label) + 120;
    let makespans = makespans(panel);
    let right = WIDTH - MARGIN - Font::SMALL_BOLD.width(&makespans);
    canvas.text(&makespans, At::Start(right, y + 180), Font::SMALL_BOLD, ink);
    canvas.cut_text(&panel.note, right - x - 100, At::Start(x, y + 180), Font::SUBTITLE, muted);

    let top = y + PANEL_HEAD - 60;
    let bottom = y + panel_height(panel) - PANEL_FOOT;
    for tick in axis.key_points(9_usize) {
        let x = axis.map(&tick, PLOT);
        canvas.line((x, top), (x, bottom), rule, Stroke::Dotted);
        canvas.text(&axis.format_ext(&tick), At::Middle(x, bottom + 140), Font::SMALL, muted);
    }
    for (index, pair) in panel.pairs.iter().enumerate() {
        let top = y + PANEL_HEAD + count(index) * pair_height();
        let middle = top + LANE_HEIGHT + GAPS.0 / 2;
        let room = GUTTER - MARGIN - Font::TINY.width("predicted") - 80;
        canvas.cut_text(&pair.label, room, At::Start(MARGIN, middle + 40), Font::SMALL, ink);
        for (lane, (name, stretches)) in
            [("measured", &pair.measured), ("predicted", &pair.predicted)].into_iter().enumerate()
        {
            let top = top + count(lane) * (LANE_HEIGHT + GAPS.0);
            canvas.text(name, At::End(GUTTER, top + LANE_HEIGHT - 30), Font::TINY, muted);
            draw_lane(canvas, &format!("{}, {name}", pair.label), stretches, axis, top);
        }
    }
    let ends = [(panel.ends.0, Stroke::Solid), (panel.ends.1, Stroke::Dashed)];
    for (end, stroke) in ends {
        let x = axis.map(&end, PLOT);
        canvas.line((x, top), (x, bottom), muted, stroke);
    }
}

fn draw_lane(canvas: &mut Canvas, label: &str, stretches: &[Stretch], axis: TimeAxis, top: i32) {
    let pixel = axis.pixel(PLOT.1 - PLOT.0);
    let mut lane = Lane::default();
    for stretch in stretches {
        let x = (axis.map(&stretch.start, PLOT), axis.map(&stretch.end, PLOT));
        match cpu_share(stretch) {
            // Where waiting is hidden in a computation, its bar is as high as the share that is known.
            Some(share) if share < WHOLE && stretch.end - stretch.start >= pixel => {
                draw_share(canvas, label, stretch, x, share, top);
            }
            _ if stretch.start < stretch.end => {
                lane.push_bounded(Piece::new(stretch.state, stretch.start, stretch.end));
            }
            _ => {}
        }
    }
    for piece in coarsen(lane.into_pieces(pixel / 4), pixel, true) {
        draw_piece(canvas, label, &piece, axis, top);
    }
}

fn cpu_share(stretch: &Stretch) -> Option<f64> {
    let length = stretch.end.saturating_sub(stretch.start);
    let cpu = stretch.cpu.filter(|_| length > 0)?;
    Some((as_float(cpu.into()) / as_float(length.into())).min(1.0))
}

/// A computation of which only a share was CPU time: nobody knows when.
#[expect(clippy::cast_possible_truncation, reason = "a share of a lane's height")]
fn draw_share(
    canvas: &mut Canvas,
    label: &str,
    stretch: &Stretch,
    (left, right): (i32, i32),
    share: f64,
    top: i32,
) {
    let Some(color) = canvas.colors.state(stretch.state) else { return };
    let (rule, bottom) = (canvas.colors.rule, top + LANE_HEIGHT);
    let frame = (left, top, right.max(left + 1), bottom);
    let length = duration(stretch.end - stretch.start);
    let title = format!("{label}: computing, {} CPU time in {length}", brief_percent(share));
    canvas.bar(frame, rule, right - left >= 30, clean(&title));
    let height = (share * f64::from(LANE_HEIGHT)) as i32;
    canvas.fill((frame.0, bottom - height, frame.2, bottom), color);
}

fn draw_piece(canvas: &mut Canvas, label: &str, piece: &Piece, axis: TimeAxis, top: i32) {
    let left = axis.map(&piece.start, PLOT);
    let right = axis.map(&(piece.start + piece.covered()), PLOT).max(left + 1);
    let middle = top + LANE_HEIGHT / 2;
    let Some(color) = canvas.colors.state(piece.state) else {
        let rule = canvas.colors.rule;
        return canvas.line((left, middle), (right, middle), rule, Stroke::Solid);
    };
    let height = palette::height(piece.state) * LANE_HEIGHT / 22;
    let frame = (left, middle - height / 2, right, middle + height / 2);
    let words = palette::wording(piece.state, true);
    let (begin, end) = (duration(piece.start), duration(piece.end));
    let title = match right - left {
        ..20 => String::new(),
        _ => clean(&format!("{label}: {words}, {begin} to {end}")),
    };
    canvas.bar(frame, color, right - left >= 30, title);
    if let Some(pattern) = palette::pattern(piece.state) {
        canvas.overlay(frame, pattern);
    }
}

/// The time that the lanes of all panels spend in a state, and in any. CPU time alone counts as computing.
fn time_in(chart: &PairChart<'_>, state: State, predicted: bool) -> (u128, u128) {
    let pairs = chart.panels.iter().flat_map(|panel| &panel.pairs);
    let lanes = pairs.flat_map(|pair| if predicted { &pair.predicted } else { &pair.measured });
    lanes.fold((0, 0), |(within, all), stretch| {
        let length = u128::from(stretch.end.saturating_sub(stretch.start));
        let known = stretch.cpu.map_or(length, |cpu| length.min(cpu.into()));
        (within + if stretch.state == state { known } else { 0 }, all + length)
    })
}

fn occurring(chart: &PairChart<'_>) -> Vec<State> {
    let occurs = |state: &State| [true, false].map(|lane| time_in(chart, *state, lane).0) != [0, 0];
    State::ALL.into_iter().filter(occurs).collect()
}

fn draw_legend(canvas: &mut Canvas, chart: &PairChart<'_>, states: &[State], top: i32) {
    let (ink, muted, rule) = (canvas.colors.ink, canvas.colors.muted, canvas.colors.rule);
    let bold = Font::SMALL_BOLD;
    canvas.text("share of the tasks' time", At::Start(MARGIN + 40, top + 130), bold, muted);
    for (right, name) in COLUMNS.into_iter().zip(["measured", "predicted"]) {
        canvas.text(name, At::End(right, top + 130), bold, muted);
    }
    canvas.line((MARGIN, top + 180), (COLUMNS[1], top + 180), rule, Stroke::Solid);
    for (index, state) in states.iter().enumerate() {
        let top = top + (count(index) + 1) * LEGEND_LINE;
        legend::entry(canvas, *state, palette::wording(*state, true), (MARGIN + 40, top));
        for (right, predicted) in COLUMNS.into_iter().zip([false, true]) {
            let (within, all) = time_in(chart, *state, predicted);
            let share = if all == 0 { 0.0 } else { as_float(within) / as_float(all) };
            let (text, color) =
                if within == 0 { ("–".to_owned(), muted) } else { (percent(share), ink) };
            canvas.text(&text, At::End(right, top + 130), Font::SMALL, color);
        }
    }
}

fn notes(chart: &PairChart<'_>) -> Vec<&'static str> {
    let stretches = || chart.panels.iter().flat_map(|panel| &panel.pairs).flat_map(|p| &p.measured);
    let mut notes = vec![
        "Solid line: the end of the repetition shown, that of the median makespan. Dashed: as predicted for it.",
    ];
    if stretches().filter_map(cpu_share).any(|share| share < WHOLE) {
        notes.push(
            "A real program does not see when it waits for the lock or a core: a measured computation \
             is coloured up to its share of CPU time;",
        );
        notes.push("the grey rest is waiting, which no measured share above contains.");
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn stretch(state: State, start: u64, end: u64, cpu: Option<u64>) -> Stretch {
        Stretch { state, start: start * MS, end: end * MS, cpu: cpu.map(|cpu| cpu * MS) }
    }

    fn chart(pairs: Vec<Pair>) -> String {
        let panel = PairPanel {
            label: "two <threads>",
            note: String::new(),
            makespans: (20 * MS, 19 * MS),
            ends: (21 * MS, 18 * MS),
            pairs,
        };
        super::pairs(&PairChart { title: "Near", subtitle: "a", panels: vec![panel] })
    }

    #[test]
    fn a_computation_is_filled_up_to_its_share_of_cpu_time() {
        let measured = vec![stretch(State::Running, 0, 20, Some(10))];
        let predicted =
            vec![stretch(State::Running, 0, 10, None), stretch(State::LockWait, 10, 19, None)];
        let svg = chart(vec![Pair { label: "task 0".to_owned(), measured, predicted }]);
        assert!(svg.contains("task 0, measured: computing, 50 % CPU time in 20 ms"), "{svg}");
        assert!(svg.contains("task 0, predicted: waiting for the GIL, 10 ms to 19 ms"), "{svg}");
        assert!(
            svg.contains("two &lt;threads&gt;: measured 20 ms, predicted 19 ms (\u{2212}5.0 %)")
        );
        assert!(svg.contains("coloured up to its share"), "{svg}");
    }

    #[test]
    fn nothing_hidden_needs_no_note() {
        let lane = || vec![stretch(State::Io, 0, 20, None)];
        let pair = Pair { label: "task 0".to_owned(), measured: lane(), predicted: lane() };
        let svg = chart(vec![pair]);
        assert!(!svg.contains("coloured up to"), "{svg}");
        assert_eq!(svg.matches(">100 %</text>").count(), 2, "{svg}");
    }
}
