//! Heat maps: makespans over the values of two parameters, a panel per tool with one scale of colour for all.

use plotters::style::RGBColor;

use super::canvas::{self, At, Canvas, Frame, Stroke};
use super::layout::{MARGIN, WIDTH};
use super::palette::{LIGHT, Theme};
use super::svg::Heading;
use super::words::{Font, capitalised};
use gilsim_core::time::SimDuration;
use gilsim_core::trace::State;

/// A figure of makespans over the values of two parameters.
pub struct HeatChart<'a> {
    /// What is measured, in words.
    pub measure: &'a str,
    /// What is varied, across and upwards.
    pub parameters: [&'a str; 2],
    /// Their values, in the order of the figure: from the left, and from the foot.
    pub values: [Vec<&'a str>; 2],
    /// Under the title; may be empty.
    pub subtitle: &'a str,
    /// The tools, in the order of the figure.
    pub panels: Vec<HeatPanel<'a>>,
}

/// The makespans of one tool.
pub struct HeatPanel<'a> {
    /// The tool's label.
    pub label: &'a str,
    /// In nanoseconds, row by row from the foot; none where there is no makespan.
    pub cells: Vec<Option<u64>>,
}

const TOP: i32 = 1_150;
/// Left and right of the maps.
const PLOT: (i32, i32) = (1_500, WIDTH - MARGIN);
/// The height of a map, and of all that belongs to its panel.
const MAP: i32 = 2_600;
const PANEL: i32 = 3_400;
/// Values that are labelled in each direction.
const LABELS: [usize; 2] = [16, 12];
/// Cells that are at least so large have their numbers written in them.
const WRITTEN: (i32, i32) = (620, 180);
/// From the shortest makespan to the longest: a single hue. Lightness alone shows the value, so that it can be read in
/// print and by everybody.
const SHORT: RGBColor = RGBColor(0xF0, 0xF4, 0xFA);
const LONG: RGBColor = RGBColor(0x16, 0x35, 0x60);

/// Draws a figure as an SVG document. The same chart gives the same bytes on every machine.
pub fn heat(chart: &HeatChart<'_>) -> String {
    let title =
        format!("{} over {} and {}", chart.measure, chart.parameters[0], chart.parameters[1]);
    let title = capitalised(&title);
    let heading = Heading { title: title.clone(), description: description(chart) };
    let panels = i32::try_from(chart.panels.len()).unwrap_or(1).clamp(1, 1_000);
    // Cells carry their numbers on colours of their own, which do not change with the background.
    canvas::draw((WIDTH, TOP + panels * PANEL), Theme::Light, &heading, |canvas| {
        let (ink, muted) = (canvas.colors.ink, canvas.colors.muted);
        let room = WIDTH - 2 * MARGIN;
        canvas.cut_text(&title, room, At::Start(MARGIN, 300), Font::TITLE, ink);
        canvas.cut_text(chart.subtitle, room, At::Start(MARGIN, 520), Font::SUBTITLE, muted);
        let scale = Scale::of(chart);
        legend(canvas, chart, &scale);
        for (index, panel) in (0..panels).zip(&chart.panels) {
            draw(canvas, chart, panel, &scale, TOP + index * PANEL);
        }
    })
}

/// The best of each panel in words.
fn description(chart: &HeatChart<'_>) -> String {
    let told = chart.panels.iter().filter_map(|panel| {
        let (index, makespan) = best(panel)?;
        let columns = chart.values[0].len().max(1);
        let at = [chart.values[0].get(index % columns)?, chart.values[1].get(index / columns)?];
        let [one, two] = chart.parameters;
        let makespan = SimDuration::from_nanos(makespan);
        Some(format!("{}: best {makespan} at {one}={}, {two}={}.", panel.label, at[0], at[1]))
    });
    told.collect::<Vec<_>>().join(" ")
}

/// The first of the shortest makespans, and where it is.
fn best(panel: &HeatPanel<'_>) -> Option<(usize, u64)> {
    let there = panel.cells.iter().enumerate().filter_map(|(index, cell)| Some((index, (*cell)?)));
    there.min_by_key(|(index, makespan)| (*makespan, *index))
}

/// Colours for makespans: equal ratios are equal distances, because makespans differ by factors.
struct Scale {
    least: u64,
    most: u64,
}

impl Scale {
    fn of(chart: &HeatChart<'_>) -> Self {
        let all = chart.panels.iter().flat_map(|panel| panel.cells.iter().flatten().copied());
        let least = all.clone().min().unwrap_or(1).max(1);
        Self { least, most: all.max().unwrap_or(1).max(least) }
    }

    /// How far along the scale a makespan is, from 0 to 1000.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a colour")]
    fn along(&self, makespan: u64) -> i32 {
        let log = |ns: u64| libm::log(ns.max(1) as f64);
        let (least, most) = (log(self.least), log(self.most));
        if most <= least {
            return 0;
        }
        let share = (log(makespan) - least) / (most - least);
        libm::round(share.clamp(0.0, 1.0) * 1_000.0) as i32
    }

    /// The makespan that is so far along, from 0 to 1000.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a label"
    )]
    fn at(&self, along: i32) -> u64 {
        let ratio = self.most as f64 / self.least as f64;
        libm::round(self.least as f64 * libm::pow(ratio, f64::from(along) / 1_000.0)) as u64
    }
}

fn mixed(along: i32) -> RGBColor {
    let mix = |from: u8, to: u8| {
        let value = i32::from(from) + (i32::from(to) - i32::from(from)) * along / 1_000;
        u8::try_from(value).unwrap_or(u8::MAX)
    };
    RGBColor(mix(SHORT.0, LONG.0), mix(SHORT.1, LONG.1), mix(SHORT.2, LONG.2))
}

/// The scale of colour with its ends and middle.
fn legend(canvas: &mut Canvas, chart: &HeatChart<'_>, scale: &Scale) {
    const STEPS: i32 = 50;
    let (left, top, width, height) = (PLOT.0, 700, 3_000, 120);
    for step in 0..STEPS {
        let from = left + width * step / STEPS;
        let to = left + width * (step + 1) / STEPS;
        canvas.fill((from, top, to, top + height), mixed(1_000 * step / (STEPS - 1)));
    }
    let muted = canvas.colors.muted;
    canvas.text(chart.measure, At::End(left - 80, top + height - 10), Font::SMALL, muted);
    for (along, place) in [
        (0, At::Start(left, top + 280)),
        (500, At::Middle(left + width / 2, top + 280)),
        (1_000, At::End(left + width, top + 280)),
    ] {
        let label = shown(scale.at(along));
        canvas.text(&label, place, Font::SMALL, muted);
    }
    let frame = left + width + 300;
    framed(canvas, (frame, top, frame + 240, top + height));
    let at = At::Start(frame + 320, top + height - 10);
    canvas.text("the tool's best", at, Font::SMALL, muted);
}

/// A frame just inside a cell.
fn framed(canvas: &mut Canvas, (left, top, right, bottom): Frame) {
    let color = LIGHT.state(State::LockWait).unwrap_or(LIGHT.ink);
    let (left, top, right, bottom) = (left + 10, top + 10, right - 10, bottom - 10);
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    canvas.path(&corners, color, Stroke::Solid);
}

/// A makespan to three digits.
fn shown(ns: u64) -> String {
    let mut unit = 1;
    while ns / unit >= 1_000 {
        unit *= 10;
    }
    SimDuration::from_nanos((ns + unit / 2) / unit * unit).to_string()
}

fn draw(
    canvas: &mut Canvas,
    chart: &HeatChart<'_>,
    panel: &HeatPanel<'_>,
    scale: &Scale,
    top: i32,
) {
    let (ink, muted, rule) = (canvas.colors.ink, canvas.colors.muted, canvas.colors.rule);
    canvas.cut_text(panel.label, PLOT.1 - PLOT.0, At::Start(PLOT.0, top + 130), Font::PANEL, ink);
    let top = top + 220;
    let counts = [chart.values[0].len().max(1), chart.values[1].len().max(1)];
    let edge = |index: usize, count: usize, length: i32| {
        let along = i64::from(length) * i64::try_from(index).unwrap_or(0)
            / i64::try_from(count).unwrap_or(1);
        i32::try_from(along).unwrap_or(length)
    };
    let x = |index: usize| PLOT.0 + edge(index, counts[0], PLOT.1 - PLOT.0);
    let y = |index: usize| top + MAP - edge(index, counts[1], MAP);
    let is_written = x(1) - x(0) >= WRITTEN.0 && y(0) - y(1) >= WRITTEN.1;
    let best = best(panel).map(|(index, _)| index);
    for (index, cell) in panel.cells.iter().enumerate() {
        let (column, row) = (index % counts[0], index / counts[0]);
        let frame = (x(column), y(row + 1), x(column + 1), y(row));
        let middle = (frame.0.midpoint(frame.2), frame.1.midpoint(frame.3) + 40);
        let Some(makespan) = cell else {
            canvas.fill(frame, rule);
            if is_written {
                canvas.text("deadlock", At::Middle(middle.0, middle.1), Font::SMALL, ink);
            }
            continue;
        };
        let along = scale.along(*makespan);
        let title = format!(
            "{}={}, {}={}: {}",
            chart.parameters[0],
            chart.values[0][column],
            chart.parameters[1],
            chart.values[1][row],
            SimDuration::from_nanos(*makespan)
        );
        canvas.bar(frame, mixed(along), false, title);
        let on = if along > 450 { canvas.colors.background } else { ink };
        if is_written {
            canvas.text(&shown(*makespan), At::Middle(middle.0, middle.1), Font::SMALL, on);
        }
    }
    if let Some(index) = best {
        let (column, row) = (index % counts[0], index / counts[0]);
        framed(canvas, (x(column), y(row + 1), x(column + 1), y(row)));
    }
    let foot = top + MAP;
    let every = counts[0].div_ceil(LABELS[0]);
    let room = edge(every, counts[0], PLOT.1 - PLOT.0) - 40;
    for (index, value) in chart.values[0].iter().enumerate().step_by(every) {
        let at = At::Middle(x(index).midpoint(x(index + 1)), foot + 170);
        canvas.cut_text(value, room, at, Font::SMALL, muted);
    }
    for (index, value) in chart.values[1].iter().enumerate().step_by(counts[1].div_ceil(LABELS[1]))
    {
        let at = At::End(PLOT.0 - 80, y(index).midpoint(y(index + 1)) + 40);
        canvas.cut_text(value, PLOT.0 - MARGIN - 80, at, Font::SMALL, muted);
    }
    let names = At::Middle(PLOT.0.midpoint(PLOT.1), foot + 370);
    canvas.cut_text(chart.parameters[0], PLOT.1 - PLOT.0, names, Font::LANE, muted);
    canvas.cut_text(
        chart.parameters[1],
        PLOT.0 - MARGIN,
        At::Start(MARGIN, top - 60),
        Font::LANE,
        muted,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(cells: &[Option<u64>]) -> String {
        let panel = HeatPanel { label: "a", cells: cells.to_vec() };
        let values = [vec!["1", "2", "4"], vec!["x", "y"]];
        heat(&HeatChart {
            measure: "makespan",
            parameters: ["cores", "kind"],
            values,
            subtitle: "",
            panels: vec![panel],
        })
    }

    #[test]
    fn every_cell_has_its_number_and_the_best_is_marked() {
        let cells = [
            Some(3_000_000),
            Some(2_000_000),
            Some(1_234_567),
            Some(5_000_000),
            Some(4_000_000),
            None,
        ];
        let svg = chart(&cells);
        for text in [">3 ms<", ">2 ms<", ">1.23 ms<", ">5 ms<", ">4 ms<", ">deadlock<"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        // The best cell of the panel and the one of the legend.
        assert_eq!(svg.matches("stroke-width=\"20\"").count(), 2, "{svg}");
        assert!(svg.contains("cores=4, kind=x: 1.235 ms"), "{svg}");
        assert!(
            svg.contains("a: best 1.235 ms at cores=4, kind=x.")
                || svg.contains("a: best 1.234567 ms at cores=4, kind=x."),
            "{svg}"
        );
    }

    #[test]
    fn equal_ratios_are_equal_distances_of_colour() {
        let scale = Scale { least: 1_000, most: 1_000_000 };
        assert_eq!(
            [1_000, 10_000, 100_000, 1_000_000].map(|ns| scale.along(ns)),
            [0, 333, 667, 1_000]
        );
        assert_eq!(scale.at(1_000), 1_000_000);
        let flat = Scale { least: 7, most: 7 };
        assert_eq!((flat.along(7), flat.at(500)), (0, 7));
    }
}
