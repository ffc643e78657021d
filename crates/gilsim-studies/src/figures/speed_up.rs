//! Figure 7: speed-up against workers, for work that waits and work that computes.

use super::Picture;
use super::play::makespan;
use super::scenarios::{SPEED_UP, SPEED_UP_COMPUTING, Source};
use crate::threads;
use gilsim_core::model::{Scenario, Tool};
use gilsim_render::chart::{self, Hue, SpeedUp, SpeedUpPanel, SpeedUps, Theme};
use gilsim_render::report::screen::settings;

/// The tools with their names and colours, the lowest curve first.
const TOOLS: [(Tool, &str, Hue); 4] = [
    (Tool::ProcessPool, "ProcessPoolExecutor", Hue::Blue),
    (Tool::MultiprocessingPool, "Pool", Hue::Pale),
    (Tool::ThreadPool, "ThreadPoolExecutor", Hue::Orange),
    (Tool::Asyncio, "asyncio", Hue::Green),
];
const WORKERS_MAX: u32 = 32;
/// How many workers the words tell of.
const TOLD: [u32; 3] = [1, 8, 32];

/// One kind of work: its speed-ups by tool.
struct Work {
    scenario: Scenario,
    speedups: Vec<Vec<f64>>,
}

impl Work {
    fn of(source: &Source) -> Self {
        let scenario = source.scenario();
        let alone = took(&scenario, Tool::Sequential);
        let workers: Vec<u32> = (1..=WORKERS_MAX).collect();
        let points = threads::map(&workers, |workers| {
            let sets =
                [format!("tools.workers={workers}"), format!("tools.asyncio.limit={workers}")];
            let scenario = source.with(&sets);
            TOOLS.map(|(tool, ..)| alone / took(&scenario, tool))
        });
        let speedups =
            (0..TOOLS.len()).map(|tool| points.iter().map(|point| point[tool]).collect()).collect();
        Self { scenario, speedups }
    }

    fn at(&self, tool: Tool, workers: u32) -> f64 {
        let index = TOOLS.iter().position(|(known, ..)| *known == tool);
        self.speedups[index.expect("a tool of this figure")][workers as usize - 1]
    }

    /// The speed-up of a tool as people read it.
    fn times(&self, tool: Tool, workers: u32) -> String {
        let speedup = self.at(tool, workers);
        if speedup < 9.95 { format!("{speedup:.1}") } else { format!("{speedup:.0}") }
    }

    fn panel<'a>(&self, title: &'a str) -> SpeedUpPanel<'a> {
        let curves = TOOLS.iter().zip(&self.speedups).map(|((_, label, hue), speedups)| SpeedUp {
            label,
            hue: *hue,
            speedups: speedups.clone(),
        });
        let cores = self.scenario.tools[0].setting.machine.cores;
        SpeedUpPanel { title, cores, curves: curves.collect() }
    }

    fn words(&self, title: &str) -> String {
        let tools = TOOLS.map(|(tool, label, _)| {
            let points =
                TOLD.map(|workers| format!("{}× with {workers}", self.times(tool, workers)));
            format!("{label} {}", points.join(", "))
        });
        format!("{title}: {}.", tools.join("; "))
    }
}

#[expect(clippy::cast_precision_loss, reason = "makespans of seconds")]
fn took(scenario: &Scenario, tool: Tool) -> f64 {
    let run = scenario.tools.iter().find(|run| run.tool == tool);
    makespan(scenario, run.expect("the scenario lists the tool")) as f64
}

pub(super) fn draw(theme: Theme) -> Picture {
    let (waiting, computing) = (Work::of(&SPEED_UP), Work::of(&SPEED_UP_COMPUTING));
    let title = format!(
        "{WORKERS_MAX} workers, eight cores: threads do waiting {} times as fast as one by one, and computing {} times; \
         processes do computing {} times as fast",
        waiting.times(Tool::ThreadPool, WORKERS_MAX),
        computing.times(Tool::ThreadPool, WORKERS_MAX),
        computing.times(Tool::ProcessPool, WORKERS_MAX),
    );
    let about =
        format!("Makespan of one by one over that of the tool ({})", settings(&waiting.scenario));
    let (io, cpu) = (
        "waiting: 100 ms for an answer, 1 ms of Python",
        "computing: 100 ms of Python, 1 ms of waiting",
    );
    let alt = format!("{title}. {about}\n{} {}\n", waiting.words(io), computing.words(cpu));
    let figure = SpeedUps {
        title: &title,
        subtitle: &about,
        description: &alt,
        panels: vec![waiting.panel(io), computing.panel(cpu)],
        theme,
    };
    let svg = chart::speed_ups(&figure);
    Picture { title, svg, alt }
}
