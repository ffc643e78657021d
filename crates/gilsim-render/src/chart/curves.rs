//! Causal profiles: what a run would come to if one thing were faster, a panel per tool and a curve per thing.

use plotters::style::RGBColor;

use super::canvas::{self, At, Canvas, Stroke};
use super::layout::{MARGIN, WIDTH};
use super::palette::{LIGHT, Theme};
use super::svg::Heading;
use super::words::Font;
use gilsim_core::time::SimDuration;
use gilsim_core::trace::State;

/// A figure of makespans over how much faster one thing is.
pub struct CurveChart<'a> {
    /// What is measured, in words.
    pub measure: &'a str,
    /// Under the title; may be empty.
    pub subtitle: &'a str,
    /// The tools, in the order of the figure.
    pub panels: Vec<CurvePanel<'a>>,
}

/// The curves of one tool.
pub struct CurvePanel<'a> {
    /// The tool's label.
    pub label: &'a str,
    /// The makespan as it is, in nanoseconds.
    pub base: u64,
    /// The curves, the most important first.
    pub curves: Vec<Curve>,
}

/// What one change does.
pub struct Curve {
    /// What it is called at its end.
    pub label: String,
    /// How much faster in percent, and the makespan then; of what is done or not a single one, at 100.
    pub points: Vec<(u32, u64)>,
}

/// Curves of a panel; the rest change less.
const CURVES: usize = 5;
const PANEL: i32 = 2_900;
const TOP: i32 = 800;
/// Left and right of the plots, and their height.
const PLOT: (i32, i32, i32) = (900, 6_700, 2_100);
/// The least distance between two labels.
const LABEL_HEIGHT: i32 = 170;
const COLORS: [State; 5] =
    [State::Running, State::LockWait, State::Native, State::Sync, State::Overhead];

/// Draws a figure as an SVG document. The same chart gives the same bytes on every machine.
pub fn curves(chart: &CurveChart<'_>) -> String {
    let title = format!("What would help most: {} if one thing were faster", chart.measure);
    let heading = Heading { title: title.clone(), description: description(chart) };
    let panels = i32::try_from(chart.panels.len()).unwrap_or(1).clamp(1, 1_000);
    canvas::draw((WIDTH, TOP + panels * PANEL + 200), Theme::Light, &heading, |canvas| {
        let (ink, muted) = (canvas.colors.ink, canvas.colors.muted);
        let room = WIDTH - 2 * MARGIN;
        canvas.cut_text(&title, room, At::Start(MARGIN, 300), Font::TITLE, ink);
        canvas.cut_text(chart.subtitle, room, At::Start(MARGIN, 520), Font::SUBTITLE, muted);
        for (index, panel) in (0..panels).zip(&chart.panels) {
            draw(canvas, panel, TOP + index * PANEL);
        }
    })
}

/// What helps each tool most, in words.
fn description(chart: &CurveChart<'_>) -> String {
    let told = chart.panels.iter().filter_map(|panel| {
        let curve = panel.curves.first()?;
        let (percent, makespan) = curve.points.last()?;
        let (base, then) =
            (SimDuration::from_nanos(panel.base), SimDuration::from_nanos(*makespan));
        Some(format!("{}: {base}; {}: {then} at {percent} % faster.", panel.label, curve.label))
    });
    told.collect::<Vec<_>>().join(" ")
}

/// Where things of a panel stand.
struct View {
    top: i32,
    /// The largest relative makespan, in thousandths.
    most: i64,
    base: u64,
}

impl View {
    fn x(percent: u32) -> i32 {
        let along = i64::from(PLOT.1 - PLOT.0) * i64::from(percent) / 100;
        PLOT.0 + i32::try_from(along).unwrap_or(0)
    }

    fn permille(&self, makespan: u64) -> i64 {
        let permille = u128::from(makespan) * 1_000 / u128::from(self.base.max(1));
        i64::try_from(permille).unwrap_or(i64::MAX).min(self.most)
    }

    fn y(&self, permille: i64) -> i32 {
        let up = i64::from(PLOT.2) * permille / self.most;
        self.top + PLOT.2 - i32::try_from(up).unwrap_or(0)
    }
}

fn draw(canvas: &mut Canvas, panel: &CurvePanel<'_>, top: i32) {
    let (ink, muted, rule) = (canvas.colors.ink, canvas.colors.muted, canvas.colors.rule);
    let makespan = SimDuration::from_nanos(panel.base);
    let name = format!("{}: {makespan} as it is", panel.label);
    canvas.cut_text(&name, PLOT.1 - MARGIN, At::Start(MARGIN, top + 130), Font::PANEL, ink);
    let shown = &panel.curves[..panel.curves.len().min(CURVES)];
    let largest = shown.iter().flat_map(|curve| &curve.points).map(|(_, makespan)| *makespan).max();
    let mut view = View { top: top + 260, most: 1_050, base: panel.base };
    let largest = u128::from(largest.unwrap_or(0)) * 1_050 / u128::from(panel.base.max(1));
    // A change that makes things many times worse is cut off at twice the makespan.
    view.most = i64::try_from(largest).unwrap_or(i64::MAX).clamp(1_050, 2_100);
    for tenth in (0..=view.most / 250).map(|quarter| quarter * 250) {
        let y = view.y(tenth);
        canvas.line((PLOT.0, y), (PLOT.1, y), rule, Stroke::Solid);
        let label = format!("{} %", tenth / 10);
        canvas.text(&label, At::End(PLOT.0 - 60, y + 40), Font::SMALL, muted);
    }
    let foot = view.y(0);
    for percent in (0..=100).step_by(20) {
        let x = View::x(percent);
        canvas.line((x, foot), (x, foot + 40), muted, Stroke::Solid);
        let label = if percent == 100 { "100 % faster".to_owned() } else { format!("{percent} %") };
        canvas.text(&label, At::Middle(x, foot + 180), Font::SMALL, muted);
    }
    let mut ends = Vec::new();
    for (index, curve) in shown.iter().enumerate().rev() {
        let (color, stroke) =
            (color(index), if curve.points.len() > 1 { Stroke::Solid } else { Stroke::Dashed });
        let at = |(percent, makespan): &(u32, u64)| {
            (View::x(*percent), view.y(view.permille(*makespan)))
        };
        let begin = (PLOT.0, view.y(1_000));
        let mut points: Vec<(i32, i32)> = curve.points.iter().map(at).collect();
        match points[..] {
            // Done or not: there is nothing between.
            [(_, y)] => points.insert(0, (PLOT.0, y)),
            _ => points.insert(0, begin),
        }
        canvas.path(&points, color, stroke);
        ends.extend(points.last().map(|(_, y)| (*y, index, stroke)));
    }
    labels(canvas, shown, ends, top);
}

fn color(index: usize) -> RGBColor {
    LIGHT.state(COLORS[index % COLORS.len()]).unwrap_or(LIGHT.ink)
}

/// The name of each curve beside its end, pushed apart where ends are near.
fn labels(canvas: &mut Canvas, curves: &[Curve], mut ends: Vec<(i32, usize, Stroke)>, top: i32) {
    ends.sort_unstable_by_key(|(y, index, _)| (*y, *index));
    let mut lowest = top;
    for (y, ..) in &mut ends {
        *y = (*y).max(lowest + LABEL_HEIGHT);
        lowest = *y;
    }
    let over = (lowest - (top + 260 + PLOT.2 + 60)).max(0);
    for (y, index, stroke) in ends {
        let (y, left) = (y - over, PLOT.1 + 60);
        canvas.line((left, y), (left + 160, y), color(index), stroke);
        let (room, ink) = (WIDTH - MARGIN - left - 220, canvas.colors.ink);
        canvas.cut_text(
            &curves[index].label,
            room,
            At::Start(left + 220, y + 40),
            Font::SMALL,
            ink,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_panel_has_a_curve_and_a_name_for_each_change() {
        let curve = |label: &str, points: &[(u32, u64)]| Curve {
            label: label.to_owned(),
            points: points.to_vec(),
        };
        let panel = CurvePanel {
            label: "a & b",
            base: 1_000,
            curves: vec![
                curve("site shop", &[(50, 500), (100, 100)]),
                curve("one more core", &[(100, 900)]),
                curve("worse", &[(50, 5_000), (100, 9_000)]),
            ],
        };
        let empty = CurvePanel { label: "none", base: 0, curves: Vec::new() };
        let svg =
            curves(&CurveChart { measure: "makespan", subtitle: "", panels: vec![panel, empty] });
        assert_eq!(svg.matches("stroke-width=\"20\"").count(), 3, "{svg}");
        for text in [
            ">site shop</text>",
            ">one more core</text>",
            ">a &amp; b: 1 us as it is</text>",
            ">none: 0 s as it is</text>",
        ] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(svg.contains("a &amp; b: 1 us; site shop: 100 ns at 100 % faster."), "{svg}");
    }
}
