//! Predicted against measured: every time of every run as a point, and how far each is off.

use super::canvas::{self, At, Canvas, Frame, Stroke};
use super::layout::{MARGIN, WIDTH};
use super::palette::Theme;
use super::svg::Heading;
use super::words::{Font, clean, duration};
use super::{relative_error, signed_percent};
use crate::lanes::as_float;
use gilsim_core::trace::State;

/// A figure of predictions against measurements.
pub struct ScatterChart<'a> {
    /// The finding, in a sentence.
    pub title: &'a str,
    /// The parameters; may be empty.
    pub subtitle: &'a str,
    /// The points.
    pub points: Vec<Point<'a>>,
}

/// One time of one run, in nanoseconds.
pub struct Point<'a> {
    /// What it is a time of; points of one kind look the same. The first kinds of a figure have marks of their own.
    pub kind: &'a str,
    /// What it is called.
    pub label: String,
    /// As predicted.
    pub predicted: u64,
    /// As measured: the median.
    pub measured: u64,
    /// The shortest and the longest that was measured.
    pub spread: (u64, u64),
}

const HEIGHT: i32 = 6_100;
const LEFT_PLOT: Frame = (900, 1_000, 4_600, 4_700);
const RIGHT_PLOT: Frame = (5_600, 1_000, 9_300, 4_700);
/// Half the size of a mark.
const MARK: i32 = 45;
/// How many of the largest misses are named.
const NAMED: usize = 3;
/// The scale of misses ends at the first of these that holds them all, in percent.
const MISSES: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0];

/// Draws a figure as an SVG document. The same chart gives the same bytes on every machine.
pub fn scatter(chart: &ScatterChart<'_>) -> String {
    let heading = Heading { title: clean(chart.title), description: description(chart) };
    canvas::draw((WIDTH, HEIGHT), Theme::Auto, &heading, |canvas| {
        let (ink, muted) = (canvas.colors.ink, canvas.colors.muted);
        let room = WIDTH - 2 * MARGIN;
        canvas.cut_text(chart.title, room, At::Start(MARGIN, 300), Font::TITLE, ink);
        canvas.cut_text(chart.subtitle, room, At::Start(MARGIN, 520), Font::SUBTITLE, muted);
        let scale = Scale::of(chart);
        let kinds = kinds(chart);
        draw_predictions(canvas, chart, scale, &kinds);
        draw_misses(canvas, chart, scale, &kinds);
        draw_legend(canvas, &kinds);
        draw_worst(canvas, chart);
    })
}

fn description(chart: &ScatterChart<'_>) -> String {
    let told = worst(chart).into_iter().map(|point| {
        let error = signed_percent(point.measured, point.predicted);
        format!("{} of {}: {error}", point.kind, point.label)
    });
    let told = told.collect::<Vec<_>>().join("; ");
    clean(&format!("{} times, predicted against measured. Worst: {told}.", chart.points.len()))
}

/// The points that are off most, the worst first.
fn worst<'c, 'a>(chart: &'c ScatterChart<'a>) -> Vec<&'c Point<'a>> {
    let mut order: Vec<&Point<'_>> = chart.points.iter().collect();
    order.sort_by(|a, b| miss(b).abs().total_cmp(&miss(a).abs()));
    order.truncate(NAMED);
    order
}

/// How far a prediction is off, as a share of what was measured.
fn miss(point: &Point<'_>) -> f64 {
    relative_error(point.measured, point.predicted)
}

fn kinds<'a>(chart: &ScatterChart<'a>) -> Vec<&'a str> {
    let mut kinds: Vec<&str> = Vec::new();
    for point in &chart.points {
        if !kinds.contains(&point.kind) {
            kinds.push(point.kind);
        }
    }
    kinds
}

/// A logarithmic axis of time over whole decades, the same for both directions.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
}

fn logarithm(ns: u64) -> f64 {
    libm::log10(as_float(u128::from(ns.max(1))))
}

impl Scale {
    fn of(chart: &ScatterChart<'_>) -> Self {
        let times =
            chart.points.iter().flat_map(|p| [p.predicted, p.measured, p.spread.0, p.spread.1]);
        let logarithms: Vec<f64> = times.map(logarithm).collect();
        let low = logarithms.iter().copied().fold(f64::INFINITY, f64::min);
        let high = logarithms.iter().copied().fold(0.0, f64::max);
        let low = if low.is_finite() { libm::floor(low) } else { 0.0 };
        Self { low, high: libm::ceil(high).max(low + 1.0) }
    }

    /// Where a time stands between two places.
    fn place(self, ns: u64, (from, to): (i32, i32)) -> i32 {
        let share = (logarithm(ns) - self.low) / (self.high - self.low);
        from + rounded(share.clamp(0.0, 1.0) * f64::from(to - from))
    }

    /// Round times: each decade, and where there are few of them 2 and 5 times as much.
    fn ticks(self) -> Vec<u64> {
        let within = |ns: &u64| (self.low - 1e-9..=self.high + 1e-9).contains(&logarithm(*ns));
        let steps: &[u64] = if self.high - self.low > 2.5 { &[1] } else { &[1, 2, 5] };
        let decades = (0..19).map(|power| 10_u64.pow(power));
        let ticks = decades.flat_map(|decade| steps.iter().map(move |step| step * decade));
        ticks.filter(within).collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a place in a figure")]
fn rounded(tenths: f64) -> i32 {
    libm::round(tenths) as i32
}

fn draw_predictions(canvas: &mut Canvas, chart: &ScatterChart<'_>, scale: Scale, kinds: &[&str]) {
    let (left, top, right, bottom) = LEFT_PLOT;
    let (rule, muted) = (canvas.colors.rule, canvas.colors.muted);
    let (across, up) = ((left, right), (bottom, top));
    for tick in scale.ticks() {
        let y = scale.place(tick, up);
        canvas.line((left, y), (right, y), rule, Stroke::Dotted);
        canvas.text(&duration(tick), At::End(left - 60, y + 40), Font::SMALL, muted);
    }
    time_axis(canvas, scale, LEFT_PLOT);
    canvas.text("predicted", At::Start(MARGIN, top - 120), Font::SMALL_BOLD, muted);
    canvas.line((left, bottom), (right, top), muted, Stroke::Solid);
    canvas.text("as predicted", At::End(right - 40, top + 1_000), Font::TINY, muted);
    for point in &chart.points {
        let y = scale.place(point.predicted, up);
        let spread = [point.spread.0, point.spread.1].map(|ns| scale.place(ns, across));
        canvas.line((spread[0], y), (spread[1], y), muted, Stroke::Solid);
    }
    for point in &chart.points {
        let (x, y) = (scale.place(point.measured, across), scale.place(point.predicted, up));
        mark(canvas, (x, y), kind_of(kinds, point), hover(point));
    }
}

/// The ticks of measured times below a plot.
fn time_axis(canvas: &mut Canvas, scale: Scale, (left, top, right, bottom): Frame) {
    let (rule, muted) = (canvas.colors.rule, canvas.colors.muted);
    for tick in scale.ticks() {
        let x = scale.place(tick, (left, right));
        canvas.line((x, top), (x, bottom), rule, Stroke::Dotted);
        canvas.text(&duration(tick), At::Middle(x, bottom + 180), Font::SMALL, muted);
    }
    let middle = left.midpoint(right);
    canvas.text("measured", At::Middle(middle, bottom + 380), Font::SMALL_BOLD, muted);
}

fn draw_misses(canvas: &mut Canvas, chart: &ScatterChart<'_>, scale: Scale, kinds: &[&str]) {
    let (left, top, right, bottom) = RIGHT_PLOT;
    let (rule, muted) = (canvas.colors.rule, canvas.colors.muted);
    let most = chart.points.iter().map(|point| 100.0 * miss(point).abs()).fold(0.0, f64::max);
    let end = MISSES.into_iter().find(|end| most <= *end).unwrap_or(MISSES[MISSES.len() - 1]);
    let half = f64::from(bottom - top) / 2.0;
    let place =
        |percent: f64| top.midpoint(bottom) - rounded((percent / end).clamp(-1.0, 1.0) * half);
    for step in [-1.0, -0.5, 0.0, 0.5, 1.0] {
        let (y, percent) = (place(step * end), step * end);
        let stroke = if step == 0.0 { Stroke::Solid } else { Stroke::Dotted };
        let color = if step == 0.0 { muted } else { rule };
        canvas.line((left, y), (right, y), color, stroke);
        let sign = if percent > 0.0 {
            "+"
        } else if percent < 0.0 {
            "\u{2212}"
        } else {
            ""
        };
        let label = format!("{sign}{} %", percent.abs());
        canvas.text(&label, At::End(left - 60, y + 40), Font::SMALL, muted);
    }
    time_axis(canvas, scale, RIGHT_PLOT);
    canvas.text(
        "error of the prediction",
        At::Start(left - 500, top - 120),
        Font::SMALL_BOLD,
        muted,
    );
    let at = |point: &Point<'_>| {
        (scale.place(point.measured, (left, right)), place(100.0 * miss(point)))
    };
    for point in &chart.points {
        // Half the spread counts as noise: a prediction within the whisker is as good as any.
        let noise = 50.0 * relative_error(point.spread.0.max(1), point.spread.1).abs();
        let (x, _) = at(point);
        canvas.line((x, place(-noise)), (x, place(noise)), rule, Stroke::Solid);
    }
    for point in &chart.points {
        mark(canvas, at(point), kind_of(kinds, point), hover(point));
    }
}

fn kind_of(kinds: &[&str], point: &Point<'_>) -> usize {
    kinds.iter().position(|kind| *kind == point.kind).unwrap_or(0)
}

fn hover(point: &Point<'_>) -> String {
    let error = signed_percent(point.measured, point.predicted);
    let [predicted, measured, shortest, longest] =
        [point.predicted, point.measured, point.spread.0, point.spread.1].map(duration);
    clean(&format!(
        "{} of {}: predicted {predicted}, measured {measured} ({shortest} to {longest}), {error}",
        point.kind, point.label
    ))
}

/// A kind's form and colour: a square, a diamond, a triangle.
fn mark(canvas: &mut Canvas, (x, y): (i32, i32), kind: usize, title: String) {
    let states = [State::Running, State::LockWait, State::Native];
    let color = canvas.colors.state(states[kind % states.len()]).unwrap_or(canvas.colors.ink);
    let wide = MARK * 4 / 3;
    match kind % 3 {
        0 => canvas.bar((x - wide, y - wide, x + wide, y + wide), color, true, title),
        1 => {
            canvas.area(
                &[(x, y - wide), (x + wide, y), (x, y + wide), (x - wide, y)],
                color,
                title,
            );
        }
        _ => {
            canvas.area(&[(x, y - wide), (x + wide, y + MARK), (x - wide, y + MARK)], color, title);
        }
    }
}

fn draw_legend(canvas: &mut Canvas, kinds: &[&str]) {
    let (ink, muted) = (canvas.colors.ink, canvas.colors.muted);
    let y = LEFT_PLOT.3 + 700;
    let mut x = LEFT_PLOT.0;
    for (index, kind) in kinds.iter().enumerate() {
        mark(canvas, (x, y - 40), index, String::new());
        canvas.text(kind, At::Start(x + 120, y), Font::SMALL, ink);
        x += 120 + Font::SMALL.width(kind) + 300;
    }
    let note = "Lines through the marks: the spread of the measurements; on the right, half of it on either side.";
    canvas.cut_text(note, WIDTH - MARGIN - x, At::Start(x, y), Font::SMALL, muted);
}

/// The largest misses by name.
fn draw_worst(canvas: &mut Canvas, chart: &ScatterChart<'_>) {
    let muted = canvas.colors.muted;
    let (left, room) = (LEFT_PLOT.0 - MARK, WIDTH - MARGIN - LEFT_PLOT.0);
    let mut y = LEFT_PLOT.3 + 900;
    for (index, point) in worst(chart).into_iter().enumerate() {
        let lead = if index == 0 { "Largest misses: " } else { "" };
        let indent = if index == 0 { 0 } else { Font::SMALL.width("Largest misses: ") };
        let error = signed_percent(point.measured, point.predicted);
        let text = format!("{lead}{error} {} of {}", point.kind, point.label);
        canvas.cut_text(&text, room - indent, At::Start(left + indent, y), Font::SMALL, muted);
        y += 150;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(kind: &'static str, predicted: u64, measured: u64) -> Point<'static> {
        let spread = (measured - measured / 10, measured + measured / 10);
        Point { kind, label: format!("tool {predicted}"), predicted, measured, spread }
    }

    fn chart(points: Vec<Point<'_>>) -> ScatterChart<'_> {
        ScatterChart { title: "Near", subtitle: "", points }
    }

    #[test]
    fn the_worst_points_are_named_with_their_errors() {
        let points = vec![
            point("makespan", 1_050, 1_000),
            point("p50", 900, 1_000),
            point("p95", 1_001, 1_000),
            point("p95", 1_200, 1_000),
        ];
        let svg = scatter(&chart(points));
        assert!(svg.contains(
            "4 times, predicted against measured. Worst: p95 of tool 1200: +20.0 %; p50 of tool 900: \
             \u{2212}10.0 %; makespan of tool 1050: +5.0 %."
        ), "{svg}");
        assert!(svg.contains(">Largest misses: +20.0 % p95 of tool 1200</text>"), "{svg}");
        assert!(svg.contains(">+20 %</text>"), "{svg}");
    }

    #[test]
    fn a_time_as_predicted_stands_on_the_diagonal() {
        let chart = chart(vec![point("makespan", 10_000_000, 10_000_000), point("p50", 5, 7_000)]);
        let scale = Scale::of(&chart);
        assert_eq!((scale.low, scale.high), (0.0, 7.0 + 1.0));
        for ns in [1, 5, 7_000, 10_000_000] {
            let [x, y] = [scale.place(ns, (0, 1_000)), scale.place(ns, (1_000, 0))];
            assert_eq!(x, 1_000 - y);
        }
        assert_eq!(scale.ticks().len(), 9);
    }

    #[test]
    fn no_points_and_times_of_zero_are_drawn() {
        assert!(scatter(&chart(Vec::new())).ends_with("</svg>\n"));
        assert!(scatter(&chart(vec![point("p50", 0, 0)])).ends_with("</svg>\n"));
    }
}
