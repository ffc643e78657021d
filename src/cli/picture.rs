//! Charts of runs, sweeps and what-if studies.

use std::collections::{BTreeMap, BTreeSet};

use super::console;
use super::failure::Failure;
use super::folder::Folder;
use super::options::title;
use super::play::Played;
use gilsim_core::model::{Goal, Scenario};
use gilsim_render::chart::{
    self, Band, Chart, Curve, CurveChart, CurvePanel, HeatChart, HeatPanel, LineChart, Panel,
    Series, Theme,
};
use gilsim_render::html;
use gilsim_render::report::screen::{note, settings};
use gilsim_studies::sweep::Estimate;
use gilsim_studies::sweep::outcome::{Cell, Outcome};
use gilsim_studies::whatif::{Effect, ToolStudy};

/// Adds gantt.svg and gantt.png to the folder: a panel per tool under the finding.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn add(
    folder: &mut Folder,
    scenario: &Scenario,
    played: &[Played],
    finding: &str,
) -> Result<(), Failure> {
    let subtitle = match scenario.title.as_str() {
        "" => settings(scenario),
        title => format!("{title}: {}", settings(scenario)),
    };
    let svg = with_panels(scenario, played, |panels| {
        chart::svg(&Chart {
            title: finding,
            subtitle: &subtitle,
            panels,
            without: &[],
            theme: Theme::Auto,
        })
    });
    add_both(folder, ["gantt.svg", "gantt.png"], &svg)
}

/// Draws a panel per tool that was recorded.
pub(super) fn with_panels(
    scenario: &Scenario,
    played: &[Played],
    draw: impl FnOnce(Vec<Panel<'_>>) -> String,
) -> String {
    let notes: Vec<String> = scenario.tools.iter().map(note).collect();
    let name = |task| scenario.task_name(task);
    let panels = scenario.tools.iter().zip(&notes).zip(played);
    let panels = panels.filter_map(|((run, note), played)| {
        Some(Panel {
            label: &run.label,
            note,
            group: "",
            recording: played.recorded.as_ref()?,
            names: &played.run.names,
            cores: run.setting.machine.cores,
            deadlocked: played.run.outcome.is_err(),
            task_name: Some(&name),
        })
    });
    draw(panels.collect())
}

/// Adds gantt.html to the folder: the same runs as a page that can be zoomed and asked.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn add_page(
    folder: &mut Folder,
    scenario: &Scenario,
    played: &[Played],
    verdict: &str,
) -> Result<(), Failure> {
    let notes: Vec<String> = scenario.tools.iter().map(note).collect();
    let runs = scenario.tools.iter().zip(&notes).zip(played);
    let runs = runs.filter_map(|((run, note), played)| {
        let recorded = played.recorded.as_ref()?;
        Some(html::Run {
            label: &run.label,
            note,
            recorded,
            every: recorded.every()?,
            names: &played.run.names,
            cores: run.setting.machine.cores,
            deadlocked: played.run.outcome.is_err(),
        })
    });
    let page = html::Page {
        title: &scenario.title,
        subtitle: &settings(scenario),
        verdict,
        tasks: scenario.tasks.iter().map(|entry| (entry.name.as_str(), entry.count)).collect(),
        runs: runs.collect(),
    };
    folder.add("gantt.html", html::page(&page).as_bytes())
}

/// Adds a figure as a document and as pixels.
pub(super) fn add_both(folder: &mut Folder, names: [&str; 2], svg: &str) -> Result<(), Failure> {
    folder.add(names[0], svg.as_bytes())?;
    match chart::png(svg) {
        Ok(png) => folder.add(names[1], &png),
        Err(error) => {
            console::say(&format!("warning: no {}: {error}", names[1]));
            Ok(())
        }
    }
}

/// Points that a line chart shows at most: more than two to a pixel cannot be seen.
const LINE_POINTS: usize = 1_000;

/// Adds lines.svg and lines.png to the folder: means over the values of the one varied key, a line per tool.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn add_lines(
    folder: &mut Folder,
    scenario: &Scenario,
    outcome: &Outcome,
) -> Result<(), Failure> {
    let points: Vec<&[Cell]> =
        outcome.cells.chunk_by(|one, other| one.point == other.point).collect();
    let every = points.len().div_ceil(LINE_POINTS).max(1);
    let points: Vec<&[Cell]> = points.into_iter().step_by(every).collect();
    let point_of = |cells: &[Cell], tool: &str| {
        band(cells.iter().find(|cell| cell.tool == tool)?, outcome.goal)
    };
    let series = outcome.lines.iter().map(|line| Series {
        label: &line.tool,
        points: points.iter().map(|cells| point_of(cells, &line.tool)).collect(),
    });
    let values = points.iter().map(|cells| cells[0].values[0].as_str()).collect();
    let figure = LineChart {
        measure: outcome.goal.words(),
        parameter: &outcome.keys[0],
        values,
        subtitle: &title(scenario),
        series: series.collect(),
    };
    add_both(folder, ["lines.svg", "lines.png"], &chart::lines(&figure))
}

/// Values that a heat map shows in each direction at most: more have no room for a colour of their own.
const HEAT_VALUES: usize = 400;

/// Adds heat.svg and heat.png to the folder: means over the values of the two varied keys, a panel per tool.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn add_heat(
    folder: &mut Folder,
    scenario: &Scenario,
    outcome: &Outcome,
) -> Result<(), Failure> {
    let across = outcome.axis.unwrap_or_default();
    let keys = [across, 1 - across.min(1)];
    let values = keys.map(|key| {
        let mut values: Vec<&str> = Vec::new();
        let mut seen = BTreeSet::new();
        let all = outcome.cells.iter().map(|cell| cell.values[key].as_str());
        values.extend(all.filter(|value| seen.insert(*value)));
        let every = values.len().div_ceil(HEAT_VALUES).max(1);
        values.into_iter().step_by(every).collect::<Vec<_>>()
    });
    let cells = outcome.cells.iter();
    let means: BTreeMap<(&str, &str, &str), u64> = cells
        .map(|cell| {
            let [across, up] = keys.map(|key| cell.values[key].as_str());
            ((cell.tool.as_str(), up, across), nanos(cell.mean(outcome.goal)))
        })
        .collect();
    let panels = scenario.tools.iter().map(|run| {
        let of_row = |up: &&str| {
            let cell = |across: &&str| means.get(&(run.label.as_str(), *up, *across)).copied();
            values[0].iter().map(cell).collect::<Vec<_>>()
        };
        HeatPanel { label: &run.label, cells: values[1].iter().flat_map(of_row).collect() }
    });
    let panels = panels.collect();
    let parameters = keys.map(|key| outcome.keys[key].as_str());
    let measure = outcome.goal.words();
    let figure = HeatChart { measure, parameters, values, subtitle: &title(scenario), panels };
    add_both(folder, ["heat.svg", "heat.png"], &chart::heat(&figure))
}

/// Adds whatif.svg and whatif.png to the folder: a panel per tool, a curve for each thing that could be faster.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn add_curves(
    folder: &mut Folder,
    scenario: &Scenario,
    studies: &[ToolStudy],
) -> Result<(), Failure> {
    let goal = scenario.goal();
    let curve = |effect: &Effect| {
        let points = effect.points.iter();
        let at = points.map(|point| (point.faster_percent.unwrap_or(100), point.numbers.by(goal)));
        Curve { label: effect.words(), points: at.collect() }
    };
    let panels = studies.iter().filter_map(|study| {
        let base = study.baseline?;
        let felt = study.effects.iter().filter(|effect| effect.is_visible(base, goal));
        let curves = felt.map(curve).collect();
        Some(CurvePanel { label: &study.tool, base: base.by(goal), curves })
    });
    let figure =
        CurveChart { measure: goal.words(), subtitle: &title(scenario), panels: panels.collect() };
    add_both(folder, ["whatif.svg", "whatif.png"], &chart::curves(&figure))
}

/// A cell's mean with its interval.
fn band(cell: &Cell, goal: Goal) -> Option<Band> {
    let Estimate { mean, ci95_half_width, .. } = cell.metric(goal.column())?;
    let half = ci95_half_width.unwrap_or(0.0);
    let [low, mean, high] = [mean - half, *mean, mean + half].map(nanos);
    Some(Band { low, mean, high })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn nanos(ns: f64) -> u64 {
    libm::round(ns.max(0.0)) as u64
}
