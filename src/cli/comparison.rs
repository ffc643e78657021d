//! The files of `gilsim validate`: the numbers as CSV, lanes of the same tasks, a scatter of all predictions.

use std::fs;
use std::path::Path;

use super::console;
use super::failure::Failure;
use super::folder::Folder;
use super::picture::add_both;
use crate::python::validate::report as tables;
use crate::python::validate::{Comparison, Interval, Validation};
use gilsim_core::ids::TaskId;
use gilsim_render::chart::{self, Pair, PairChart, PairPanel, Point, ScatterChart, Stretch};
use gilsim_render::report::counted;

/// The most tasks that a figure of several tools shows.
const MOST_PAIRS: usize = 40;

/// The least tasks of each tool that it shows.
const LEAST_PAIRS: usize = 4;

/// How the names of figures of lanes begin.
const LANES: &str = "lanes-";

/// Writes validation.csv and the charts to a folder, and says so.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(
    path: &Path,
    validations: &[Validation],
    has_charts: bool,
) -> Result<(), Failure> {
    let mut folder = Folder::open(path)?;
    folder.add("validation.csv", &tables::csv(validations))?;
    if has_charts {
        let svg = scatter(validations);
        add_both(&mut folder, ["scatter.svg", "scatter.png"], &svg)?;
        let mut taken: Vec<String> = Vec::new();
        for mut group in tables::groups(validations) {
            group.retain(|one| one.lanes.is_some());
            if group.is_empty() {
                continue;
            }
            let name = free_name(&group, &mut taken);
            let names = [format!("{name}.svg"), format!("{name}.png")];
            add_both(&mut folder, [&names[0], &names[1]], &lanes(&group))?;
        }
    }
    let mut known = earlier(path);
    known.extend(["scatter.svg", "scatter.png"].map(str::to_owned));
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    console::say(&folder.finish(&known)?.to_string());
    Ok(())
}

/// The figures of lanes that are in the folder from an earlier time.
fn earlier(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_picture = |name: &String| {
        let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
        name.starts_with(LANES) && matches!(extension, Some("svg" | "png"))
    };
    names.filter(is_picture).collect()
}

/// `lanes-page-3.13.1`, or with a number behind it where that is taken.
fn free_name(group: &[&Validation], taken: &mut Vec<String>) -> String {
    let stem = Path::new(&group[0].scenario).file_stem().unwrap_or_default().to_string_lossy();
    let wanted = format!("{LANES}{stem}-{}", group[0].python);
    let mut name = wanted.clone();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{wanted}-{number}");
        number += 1;
    }
    taken.push(name.clone());
    name
}

/// The lanes of all tools of one scenario on one Python.
fn lanes(group: &[&Validation]) -> String {
    let most = (MOST_PAIRS / group.len()).max(LEAST_PAIRS);
    let panels = group.iter().filter_map(|one| panel(one, most)).collect();
    let first = group[0];
    let makespans = group.iter().map(|one| (one, &one.comparisons[0]));
    let worst = makespans.max_by(|a, b| size(a.1).total_cmp(&size(b.1)));
    let title = worst.map_or_else(String::new, |(one, makespan)| {
        let percent = 100.0 * size(makespan);
        let (most, of) = match group.len() {
            1 => ("", String::new()),
            _ => ("at most ", format!(" ({})", one.tool)),
        };
        format!("Makespan predicted with an error of {most}{percent:.1} %{of}")
    });
    let cores = counted(first.cores.into(), "core");
    let subtitle = format!("{} on CPython {}, {cores}", first.scenario, first.python);
    chart::pairs(&PairChart { title: &title, subtitle: &subtitle, panels })
}

/// The size of an error, as a share.
fn size(comparison: &Comparison) -> f64 {
    comparison.error().unwrap_or(0.0).abs()
}

fn panel(validation: &Validation, most: usize) -> Option<PairPanel<'_>> {
    let (lanes, makespan) = (validation.lanes.as_ref()?, validation.comparisons.first()?);
    let mut tasks: Vec<TaskId> = lanes.predicted.iter().map(|interval| interval.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    let every = tasks.len().div_ceil(most).max(1);
    let shown: Vec<TaskId> = tasks.into_iter().step_by(every).collect();
    let note = if shown.len() < lanes.tasks {
        format!("{} of {} tasks", shown.len(), lanes.tasks)
    } else {
        String::new()
    };
    let pair = |task: &TaskId| Pair {
        label: format!("task {}", task.0),
        measured: stretches(&lanes.measured, *task),
        predicted: stretches(&lanes.predicted, *task),
    };
    Some(PairPanel {
        label: &validation.tool,
        note,
        makespans: (makespan.measured.as_nanos(), makespan.predicted.as_nanos()),
        ends: (lanes.measured_end.as_nanos(), lanes.predicted_end.as_nanos()),
        pairs: shown.iter().map(pair).collect(),
    })
}

fn stretches(intervals: &[Interval], task: TaskId) -> Vec<Stretch> {
    let own = intervals.iter().filter(|interval| interval.task == task);
    let stretch =
        |one: &Interval| Stretch { state: one.state, start: one.start, end: one.end, cpu: one.cpu };
    let mut stretches: Vec<Stretch> = own.map(stretch).collect();
    stretches.sort_by_key(|stretch| stretch.start);
    stretches
}

/// All predictions against all measurements.
fn scatter(validations: &[Validation]) -> String {
    let stem = |one: &Validation| {
        let stem = Path::new(&one.scenario).file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    };
    let points = validations.iter().flat_map(|one| {
        one.comparisons.iter().map(move |comparison| Point {
            kind: comparison.metric,
            label: format!("{}, {} on {}", one.tool, stem(one), one.python),
            predicted: comparison.predicted.as_nanos(),
            measured: comparison.measured.as_nanos(),
            spread: (comparison.shortest.as_nanos(), comparison.longest.as_nanos()),
        })
    });
    let mut makespans: Vec<f64> = validations.iter().map(|one| size(&one.comparisons[0])).collect();
    makespans.sort_by(f64::total_cmp);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let (median, worst) = (makespans[(makespans.len() - 1) / 2], makespans[makespans.len() - 1]);
    let title = format!(
        "Makespans are predicted within {} (median), {} at worst",
        percent(median),
        percent(worst)
    );
    let distinct = |of: fn(&Validation) -> &String| {
        let mut values: Vec<&String> = validations.iter().map(of).collect();
        values.sort_unstable();
        values.dedup();
        values.len() as u64
    };
    let subtitle = format!(
        "{} on {}: {} of a tool, each its median over {}",
        counted(distinct(|one| &one.scenario), "scenario"),
        counted(distinct(|one| &one.interpreter), "Python"),
        counted(validations.len() as u64, "run"),
        counted(validations.iter().map(|one| one.repeats).max().unwrap_or(0) as u64, "repeat"),
    );
    chart::scatter(&ScatterChart { title: &title, subtitle: &subtitle, points: points.collect() })
}
