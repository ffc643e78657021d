//! Line charts: means over the values of one parameter, a line for each tool with a band for its interval.

use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::style::RGBColor;

use super::axis::TimeAxis;
use super::canvas::{self, At, Canvas, Stroke};
use super::layout::{MARGIN, WIDTH};
use super::palette::{LIGHT, Theme};
use super::svg::Heading;
use super::words::{Font, capitalised};
use gilsim_core::time::SimDuration;
use gilsim_core::trace::State;

/// A figure of means over the values of one parameter.
pub struct LineChart<'a> {
    /// What is measured, in words.
    pub measure: &'a str,
    /// What is varied.
    pub parameter: &'a str,
    /// Its values, in the order of the figure; they stand at even distances.
    pub values: Vec<&'a str>,
    /// Under the title; may be empty.
    pub subtitle: &'a str,
    /// The lines, in the order of the figure.
    pub series: Vec<Series<'a>>,
}

/// One line.
pub struct Series<'a> {
    /// What it is called at its end.
    pub label: &'a str,
    /// For each value of the parameter where the line is, if it is there.
    pub points: Vec<Option<Band>>,
}

/// A mean with its interval, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Band {
    /// The lower end of the interval.
    pub low: u64,
    /// The mean.
    pub mean: u64,
    /// The upper end.
    pub high: u64,
}

const HEIGHT: i32 = 5_400;
/// Left, top, right, bottom of the plot.
const PLOT: (i32, i32, i32, i32) = (900, 800, 7_800, 4_700);
/// Values that are labelled.
const LABELS_MAX: usize = 16;
/// More points than this have no marks.
const MARKED_MAX: usize = 100;
/// The least distance between the labels of two lines.
const LABEL_HEIGHT: i32 = 150;
const COLORS: [State; 5] =
    [State::Running, State::LockWait, State::Native, State::Sync, State::Overhead];

/// Draws a figure as an SVG document. The same chart gives the same bytes on every machine.
pub fn lines(chart: &LineChart<'_>) -> String {
    let title = capitalised(&format!("{} over {}", chart.measure, chart.parameter));
    let heading = Heading { title: title.clone(), description: description(chart) };
    // Lines have no colours of their own on a dark background.
    canvas::draw((WIDTH, HEIGHT), Theme::Light, &heading, |canvas| {
        let (ink, muted) = (canvas.colors.ink, canvas.colors.muted);
        canvas.cut_text(&title, WIDTH - 2 * MARGIN, At::Start(MARGIN, 300), Font::TITLE, ink);
        let room = WIDTH - 2 * MARGIN;
        canvas.cut_text(chart.subtitle, room, At::Start(MARGIN, 520), Font::SUBTITLE, muted);
        let view = View::of(chart);
        axes(canvas, chart, &view);
        for (index, series) in chart.series.iter().enumerate() {
            band(canvas, series, &view, color(index));
        }
        for (index, series) in chart.series.iter().enumerate() {
            line(canvas, series, &view, index);
        }
        labels(canvas, chart, &view);
    })
}

/// The lines in words: each with its first, its best and its last mean.
fn description(chart: &LineChart<'_>) -> String {
    let told = chart.series.iter().filter_map(|series| {
        let points = series.points.iter().zip(&chart.values);
        let there: Vec<(u64, &str)> =
            points.filter_map(|(point, value)| Some((point.as_ref()?.mean, *value))).collect();
        let best = there.iter().min_by_key(|(mean, _)| *mean)?;
        let at =
            |(mean, value): &(u64, &str)| format!("{} at {value}", SimDuration::from_nanos(*mean));
        let (first, last) = (at(there.first()?), at(there.last()?));
        Some(format!("{}: {first}, {last}, best {}.", series.label, at(best)))
    });
    told.collect::<Vec<_>>().join(" ")
}

fn color(index: usize) -> RGBColor {
    LIGHT.state(COLORS[index % COLORS.len()]).unwrap_or(LIGHT.ink)
}

/// Lines after the first few are dashed: their colours come again.
fn stroke(index: usize) -> Stroke {
    if index < COLORS.len() { Stroke::Solid } else { Stroke::Dashed }
}

/// Where things stand.
struct View {
    axis: TimeAxis,
    values: usize,
}

impl View {
    fn of(chart: &LineChart<'_>) -> Self {
        let ends = chart.series.iter().flat_map(|series| series.points.iter().flatten());
        let end = ends.map(|band| band.high).max().unwrap_or(0);
        // Some air above the highest line.
        Self { axis: TimeAxis::until(end.saturating_add(end / 20)), values: chart.values.len() }
    }

    fn x(&self, index: usize) -> i32 {
        let gaps = i64::try_from(self.values.saturating_sub(1).max(1)).unwrap_or(i64::MAX);
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        let offset = i64::from(PLOT.2 - PLOT.0 - 300) * index / gaps;
        PLOT.0 + 150 + i32::try_from(offset).unwrap_or(0)
    }

    fn y(&self, ns: u64) -> i32 {
        PLOT.3 - self.axis.map(&ns, (0, PLOT.3 - PLOT.1))
    }
}

fn axes(canvas: &mut Canvas, chart: &LineChart<'_>, view: &View) {
    let (rule, muted) = (canvas.colors.rule, canvas.colors.muted);
    for tick in view.axis.key_points(8_usize) {
        let y = view.y(tick);
        canvas.line((PLOT.0, y), (PLOT.2, y), rule, Stroke::Solid);
        let label = view.axis.format_ext(&tick);
        canvas.text(&label, At::End(PLOT.0 - 60, y + 40), Font::SMALL, muted);
    }
    let every = chart.values.len().div_ceil(LABELS_MAX).max(1);
    let room =
        (PLOT.2 - PLOT.0) / i32::try_from(chart.values.len().div_ceil(every).max(1)).unwrap_or(1);
    for (index, value) in chart.values.iter().enumerate().step_by(every) {
        let x = view.x(index);
        canvas.line((x, PLOT.3), (x, PLOT.3 + 40), muted, Stroke::Solid);
        canvas.cut_text(value, room - 40, At::Middle(x, PLOT.3 + 180), Font::SMALL, muted);
    }
    let middle = PLOT.0.midpoint(PLOT.2);
    canvas.cut_text(
        chart.parameter,
        PLOT.2 - PLOT.0,
        At::Middle(middle, PLOT.3 + 400),
        Font::LANE,
        muted,
    );
}

/// Runs of neighbouring points that are there.
fn stretches(series: &Series<'_>) -> Vec<Vec<(usize, Band)>> {
    let mut stretches = vec![Vec::new()];
    for (index, point) in series.points.iter().enumerate() {
        match (point, stretches.last_mut()) {
            (Some(band), Some(last)) => last.push((index, *band)),
            _ => stretches.push(Vec::new()),
        }
    }
    stretches.retain(|stretch| !stretch.is_empty());
    stretches
}

fn band(canvas: &mut Canvas, series: &Series<'_>, view: &View, color: RGBColor) {
    for stretch in stretches(series) {
        let above = stretch.iter().map(|(index, band)| (view.x(*index), view.y(band.high)));
        let below = stretch.iter().rev().map(|(index, band)| (view.x(*index), view.y(band.low)));
        let outline: Vec<(i32, i32)> = above.chain(below).collect();
        if stretch.len() > 1 && stretch.iter().any(|(_, band)| band.low < band.high) {
            canvas.veil(&outline, color);
        }
    }
}

fn line(canvas: &mut Canvas, series: &Series<'_>, view: &View, index: usize) {
    let (color, stroke) = (color(index), stroke(index));
    for stretch in stretches(series) {
        let points: Vec<(i32, i32)> =
            stretch.iter().map(|(index, band)| (view.x(*index), view.y(band.mean))).collect();
        canvas.path(&points, color, stroke);
        for ((x, y), (_, band)) in points.iter().zip(&stretch).filter(|_| view.values <= MARKED_MAX)
        {
            let title = format!("{}: {}", series.label, SimDuration::from_nanos(band.mean));
            canvas.bar((x - 25, y - 25, x + 25, y + 25), color, false, title);
        }
    }
}

/// The name of each line beside its end, pushed apart where ends are near.
fn labels(canvas: &mut Canvas, chart: &LineChart<'_>, view: &View) {
    let end = |series: &Series<'_>| {
        series.points.iter().rev().flatten().next().map(|band| view.y(band.mean))
    };
    let mut ends: Vec<(i32, usize)> = chart
        .series
        .iter()
        .enumerate()
        .filter_map(|(index, series)| Some((end(series)?, index)))
        .collect();
    ends.sort_unstable();
    let mut lowest = PLOT.1 - LABEL_HEIGHT;
    for (y, _) in &mut ends {
        *y = (*y).max(lowest + LABEL_HEIGHT);
        lowest = *y;
    }
    let over = (lowest - PLOT.3).max(0);
    for (y, index) in ends {
        let y = y - over;
        let left = PLOT.2 + 40;
        canvas.line((left, y), (left + 160, y), color(index), stroke(index));
        let at = At::Start(left + 220, y + 40);
        let ink = canvas.colors.ink;
        canvas.cut_text(
            chart.series[index].label,
            WIDTH - MARGIN - left - 220,
            at,
            Font::SMALL,
            ink,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(means: &[Option<u64>]) -> Vec<Option<Band>> {
        let around = |mean| Band { low: mean - mean / 10, mean, high: mean + mean / 10 };
        means.iter().map(|mean| mean.map(around)).collect()
    }

    fn chart(series: Vec<Series<'_>>) -> String {
        let values = vec!["1", "2", "4"];
        lines(&LineChart {
            measure: "makespan",
            parameter: "tools.workers",
            values,
            subtitle: "",
            series,
        })
    }

    #[test]
    fn every_line_has_a_path_a_band_and_a_name() {
        let fast =
            Series { label: "fast & loose", points: bands(&[Some(300), Some(200), Some(100)]) };
        let slow = Series { label: "slow", points: bands(&[Some(1_000); 3]) };
        let svg = chart(vec![fast, slow]);
        assert_eq!(svg.matches("stroke-width=\"20\"").count(), 2, "{svg}");
        assert_eq!(svg.matches("<polygon").count(), 2, "{svg}");
        assert!(svg.contains(">fast &amp; loose</text>") && svg.contains(">slow</text>"), "{svg}");
        assert!(
            svg.contains("fast &amp; loose: 300 ns at 1, 100 ns at 4, best 100 ns at 4."),
            "{svg}"
        );
    }

    #[test]
    fn a_line_is_broken_where_a_point_is_missing() {
        let series = |points| Series { label: "a", points };
        let whole = stretches(&series(bands(&[Some(10), None, Some(30), Some(40)])));
        assert_eq!(whole.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
        assert!(stretches(&series(vec![None; 3])).is_empty());
        assert!(chart(vec![series(vec![None; 3])]).ends_with("</svg>\n"));
    }
}
