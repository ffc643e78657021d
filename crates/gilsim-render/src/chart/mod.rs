//! Pictures: Gantt charts, line charts, measured beside predicted, as SVG and PNG; Gantt charts as plain text, too.
//!
//! Of each run there is a [`Recording`]; a [`Chart`] puts one panel for each run on one shared axis of time; [`svg`] draws it, [`png()`] turns the same document into pixels, and
//! [`alt_text`] says in words what it shows.
//!
//! A panel whose run is so short that the shared axis leaves it a fifth of the width or less shows its lanes
//! twice: at the shared scale, where lengths can be compared between tools, and magnified in the room that is left.

mod axis;
mod canvas;
mod curves;
mod describe;
mod gantt;
mod heat;
mod layout;
mod legend;
mod lines;
mod map;
mod pairs;
mod palette;
mod png;
mod scatter;
mod share;
mod speed_up;
mod svg;
mod text;
mod words;

pub use curves::{Curve, CurveChart, CurvePanel, curves};
pub use heat::{HeatChart, HeatPanel, heat};
pub use lines::{Band, LineChart, Series, lines};
pub use map::{Map, Player, Square, map};
pub use pairs::{Pair, PairChart, PairPanel, Stretch, pairs};
pub(crate) use palette::grounds;
pub use palette::{Hue, Look, Theme, look};
pub use png::{PngError, png};
pub use scatter::{Point, ScatterChart, scatter};
pub use speed_up::{SpeedUp, SpeedUpPanel, SpeedUps, speed_ups};
pub(crate) use svg::escape as xml_escape;
pub use text::text;
pub use words::{clean, duration, percent};

use crate::lanes::Recording;
use crate::lanes::as_float;
use gilsim_core::ids::TaskId;
use gilsim_core::trace::Names;

/// A figure: one panel for each run, below each other on one axis of time.
pub struct Chart<'a> {
    /// The finding, in a sentence; may be empty.
    pub title: &'a str,
    /// The parameters; may be empty.
    pub subtitle: &'a str,
    /// The runs, in the order of the figure.
    pub panels: Vec<Panel<'a>>,
    /// What it leaves out; nothing in the chart of a run.
    pub without: &'a [Part],
    /// The colours.
    pub theme: Theme,
}

/// Lanes that a figure can do without, where they would repeat what others show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Threads that no task is ever on: a main thread that waits for the others, threads of a pool's own.
    Attendants,
    /// Interpreter locks.
    Locks,
    /// Cores.
    Cores,
    /// Requests in flight.
    Sites,
}

/// One run in a figure.
#[derive(Clone, Copy)]
pub struct Panel<'a> {
    /// The tool's label.
    pub label: &'a str,
    /// A few words on its settings, like `10 workers`; may be empty.
    pub note: &'a str,
    /// The heading of the panels that share one axis of time with this one; empty where all of the figure do.
    pub group: &'a str,
    /// What happened.
    pub recording: &'a Recording,
    /// The names that the recording's rows refer to.
    pub names: &'a Names,
    /// How many cores the machine has.
    pub cores: u32,
    /// Whether it ended in a deadlock: it is not done then, whatever its makespan.
    pub deadlocked: bool,
    /// What a task is called; `None` is `task 0`, `task 1`, …
    pub task_name: Option<&'a dyn Fn(TaskId) -> String>,
}

impl Panel<'_> {
    /// What stands at the end of the run.
    fn end(&self) -> String {
        if self.deadlocked { "deadlock".to_owned() } else { duration(self.recording.makespan) }
    }

    fn task(&self, task: TaskId) -> String {
        self.task_name.map_or_else(|| format!("task {}", task.0), |name| name(task))
    }
}

/// How far a prediction is from what was measured, as a share of it: 0.02 is 2 % too long.
fn relative_error(measured: u64, predicted: u64) -> f64 {
    let miss = as_float(predicted.abs_diff(measured).into());
    let size = miss / as_float(measured.max(1).into());
    if predicted < measured { -size } else { size }
}

/// The same in percent with its sign: `+2.3 %`. What rounds to nothing has no sign.
pub fn signed_percent(measured: u64, predicted: u64) -> String {
    let tenths = libm::round(1_000.0 * relative_error(measured, predicted));
    let sign = if tenths > 0.0 {
        "+"
    } else if tenths < 0.0 {
        "\u{2212}"
    } else {
        ""
    };
    format!("{sign}{:.1} %", tenths.abs() / 10.0)
}

/// Draws a figure as an SVG document. The same chart gives the same bytes on every machine.
///
/// However long the runs, a lane has at most two bars to a pixel.
pub fn svg(chart: &Chart<'_>) -> String {
    let layout = layout::Layout::of(chart);
    let heading = svg::Heading { title: layout.title.join(" "), description: alt_text(chart) };
    canvas::draw((layout::WIDTH, layout.height), chart.theme, &heading, |canvas| {
        gantt::draw(canvas, &layout);
        legend::draw(canvas, &layout, chart);
    })
}

/// What a figure shows, in a sentence for each run: makespan, how long the lock is held and waited for, and who
/// waits longest.
pub fn alt_text(chart: &Chart<'_>) -> String {
    describe::alt_text(chart)
}
