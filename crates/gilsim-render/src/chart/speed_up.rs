//! Speed-ups over the number of workers: small multiples on two logarithmic scales, a curve for each tool.

use super::canvas::{self, At, Canvas, Stroke};
use super::layout::{MARGIN, WIDTH, headline};
use super::palette::{Hue, Theme};
use super::svg::Heading;
use super::words::{Font, clean};

/// A figure of speed-ups: its panels stand beside each other.
pub struct SpeedUps<'a> {
    /// The finding.
    pub title: &'a str,
    /// The parameters.
    pub subtitle: &'a str,
    /// The figure in words.
    pub description: &'a str,
    /// The panels from left to right; there is room for two.
    pub panels: Vec<SpeedUpPanel<'a>>,
    /// The colours.
    pub theme: Theme,
}

/// One kind of work.
pub struct SpeedUpPanel<'a> {
    /// What is done.
    pub title: &'a str,
    /// How many cores the machine has.
    pub cores: u32,
    /// One curve for each tool, four at most; later ones lie on top.
    pub curves: Vec<SpeedUp<'a>>,
}

/// How many times as fast a tool is with 1, 2, 3, … workers.
pub struct SpeedUp<'a> {
    /// What it is called at its end.
    pub label: &'a str,
    /// Its colour.
    pub hue: Hue,
    /// From one worker on.
    pub speedups: Vec<f64>,
}

const TOP: i32 = 1_260;
const BOTTOM: i32 = 4_760;
const HEIGHT: i32 = 5_260;
/// Left end of the first plot, how far the plots are apart, and how wide they are.
const LEFT: i32 = 560;
const PITCH: i32 = 4_680;
const PLOT_WIDTH: i32 = 2_740;
/// The scale of speed-ups in doublings: from a little below one to 32.
const LOWEST: f64 = -0.4;
const DOUBLINGS: f64 = 5.4;
const TICKS: [&str; 6] = ["1×", "2×", "4×", "8×", "16×", "32×"];
/// The least distance between the labels of two curves.
const LABEL_HEIGHT: i32 = 150;

/// Draws a figure as an SVG document. The same figure has the same bytes on every machine.
pub fn speed_ups(figure: &SpeedUps<'_>) -> String {
    let heading = Heading { title: clean(figure.title), description: clean(figure.description) };
    canvas::draw((WIDTH, HEIGHT), figure.theme, &heading, |canvas| {
        let [title, subtitle] = headline(figure.title, figure.subtitle);
        canvas.headline(&title, &subtitle);
        let most = figure.panels.iter().map(most_workers).max().unwrap_or(1);
        for (index, panel) in (0_i32..).zip(&figure.panels) {
            Plot { left: LEFT + index * PITCH, most }.draw(canvas, panel);
        }
    })
}

fn most_workers(panel: &SpeedUpPanel<'_>) -> usize {
    panel.curves.iter().map(|curve| curve.speedups.len()).max().unwrap_or(1)
}

/// A panel in its place.
struct Plot {
    left: i32,
    most: usize,
}

impl Plot {
    fn x(&self, workers: usize) -> i32 {
        let full = libm::log2(count(self.most.max(2)));
        self.left + scaled(libm::log2(count(workers)) / full, PLOT_WIDTH)
    }

    fn draw(&self, canvas: &mut Canvas, panel: &SpeedUpPanel<'_>) {
        let ink = canvas.colors.ink;
        let left = self.left - LEFT + MARGIN;
        canvas.cut_text(panel.title, PITCH - 200, At::Start(left, TOP - 260), Font::PANEL, ink);
        self.axes(canvas);
        self.cores(canvas, panel.cores);
        for curve in &panel.curves {
            let points = (1..).zip(&curve.speedups);
            let points: Vec<(i32, i32)> =
                points.map(|(workers, &speedup)| (self.x(workers), y(speedup))).collect();
            canvas.stroke(&points, canvas.colors.hue(curve.hue), 20);
        }
        // Above all curves and each in places of its own, so that curves which lie on each other are told apart.
        for (index, curve) in panel.curves.iter().enumerate() {
            for workers in marked(index, panel.curves.len(), curve.speedups.len()) {
                let at = (self.x(workers), y(curve.speedups[workers - 1]));
                mark(canvas, index, at, curve.hue);
            }
        }
        self.labels(canvas, panel);
    }

    fn axes(&self, canvas: &mut Canvas) {
        let (rule, muted) = (canvas.colors.rule, canvas.colors.muted);
        let right = self.left + PLOT_WIDTH;
        for (power, label) in (0_i32..).zip(TICKS) {
            let y = y(libm::exp2(f64::from(power)));
            let stroke = if power == 0 { Stroke::Solid } else { Stroke::Dotted };
            let color = if power == 0 { muted } else { rule };
            canvas.line((self.left, y), (right, y), color, stroke);
            canvas.text(label, At::End(self.left - 60, y + 40), Font::SMALL, muted);
        }
        let mut workers = 1;
        while workers <= self.most {
            let x = self.x(workers);
            canvas.line((x, TOP), (x, BOTTOM), rule, Stroke::Dotted);
            let label = workers.to_string();
            canvas.text(&label, At::Middle(x, BOTTOM + 170), Font::SMALL, muted);
            workers *= 2;
        }
        let middle = self.left + PLOT_WIDTH / 2;
        canvas.text("workers", At::Middle(middle, BOTTOM + 360), Font::SMALL_BOLD, muted);
        let at = At::Start(self.left - LEFT + MARGIN, TOP - 90);
        canvas.text("times as fast as one by one", at, Font::SMALL, muted);
    }

    /// The mark of the number of cores.
    fn cores(&self, canvas: &mut Canvas, cores: u32) {
        let cores = cores as usize;
        if cores < 2 || cores >= self.most {
            return;
        }
        let (x, muted) = (self.x(cores), canvas.colors.muted);
        canvas.line((x, TOP - 30), (x, BOTTOM), muted, Stroke::Dashed);
        let label = format!("{cores} cores");
        canvas.text(&label, At::Start(x + 50, TOP + 30), Font::SMALL_BOLD, muted);
    }

    /// The name of each curve beside its end, pushed apart where ends are near.
    fn labels(&self, canvas: &mut Canvas, panel: &SpeedUpPanel<'_>) {
        let ends = panel.curves.iter().enumerate();
        let ends = ends.filter_map(|(index, curve)| Some((y(*curve.speedups.last()?), index)));
        let mut ends: Vec<_> = ends.collect();
        ends.sort_unstable();
        let mut free = TOP;
        let from = self.left + PLOT_WIDTH;
        for (end, index) in ends {
            let curve = &panel.curves[index];
            let y = end.max(free);
            free = y + LABEL_HEIGHT;
            let (color, ink) = (canvas.colors.hue(curve.hue), canvas.colors.ink);
            canvas.stroke(&[(from + 110, y), (from + 250, y)], color, 20);
            mark(canvas, index, (from + 180, y), curve.hue);
            let room = PITCH - PLOT_WIDTH - LEFT - 140;
            canvas.cut_text(curve.label, room, At::Start(from + 290, y + 40), Font::SMALL, ink);
        }
    }
}

/// With how many workers a curve has a mark: from four on, so often in each doubling, between those of the others.
fn marked(index: usize, curves: usize, most: usize) -> impl Iterator<Item = usize> {
    let doublings = (2_u8..).map(f64::from);
    let at = doublings.map(move |whole| libm::exp2(whole + count(index) / count(curves)));
    at.map(whole).take_while(move |workers| *workers <= most)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few thousand at most"
)]
fn whole(workers: f64) -> usize {
    libm::round(workers.min(1e4)) as usize
}

/// A mark of a curve; each has a shape of its own, for those who see no colours.
fn mark(canvas: &mut Canvas, index: usize, (x, y): (i32, i32), hue: Hue) {
    const SHAPES: [&[(i32, i32)]; 4] = [
        &[(-38, -38), (38, -38), (38, 38), (-38, 38)],
        &[(0, -52), (52, 0), (0, 52), (-52, 0)],
        &[(45, 0), (32, 32), (0, 45), (-32, 32), (-45, 0), (-32, -32), (0, -45), (32, -32)],
        &[(0, -48), (48, 36), (-48, 36)],
    ];
    let shape = SHAPES[index % SHAPES.len()].iter();
    let points: Vec<(i32, i32)> = shape.map(|(right, down)| (x + right, y + down)).collect();
    canvas.area(&points, canvas.colors.hue(hue), String::new());
}

fn y(speedup: f64) -> i32 {
    BOTTOM - scaled((libm::log2(speedup.max(0.5)) - LOWEST) / DOUBLINGS, BOTTOM - TOP)
}

#[expect(clippy::cast_precision_loss, reason = "a number of workers is small")]
const fn count(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a share of a length, clamped to it")]
fn scaled(share: f64, length: i32) -> i32 {
    libm::round(share.clamp(0.0, 1.0) * f64::from(length)) as i32
}
