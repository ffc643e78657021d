//! The Gantt chart of a run.

use super::console;
use super::failure::Failure;
use super::folder::Folder;
use crate::chart::{self, Chart, Panel, Recording, Theme};
use crate::model::{Scenario, ToolRun};
use crate::report::screen::settings;
use crate::trace::Names;

/// What a chart needs of one tool's run.
pub(super) struct Recorded {
    pub(super) recording: Recording,
    pub(super) names: Names,
}

/// Adds gantt.svg and gantt.png to the folder: a panel per tool.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn add(
    folder: &mut Folder,
    scenario: &Scenario,
    recorded: &[Recorded],
) -> Result<(), Failure> {
    let notes: Vec<String> = scenario.tools.iter().map(note).collect();
    let panels = scenario.tools.iter().zip(&notes).zip(recorded);
    let panels = panels.map(|((run, note), recorded)| Panel {
        label: &run.label,
        note,
        recording: &recorded.recording,
        names: &recorded.names,
        cores: run.setting.machine.cores,
        task_name: None,
    });
    let subtitle = match scenario.title.as_str() {
        "" => settings(scenario),
        title => format!("{title}: {}", settings(scenario)),
    };
    let figure =
        Chart { title: "", subtitle: &subtitle, panels: panels.collect(), theme: Theme::Auto };
    let svg = chart::svg(&figure);
    folder.add("gantt.svg", svg.as_bytes())?;
    match chart::png(&svg) {
        Ok(png) => folder.add("gantt.png", &png),
        Err(error) => {
            console::say(&format!("warning: no gantt.png: {error}"));
            Ok(())
        }
    }
}

/// What sets a tool's run apart: `10 workers`.
fn note(run: &ToolRun) -> String {
    let mut parts = Vec::new();
    if run.tool.takes_workers() {
        let s = if run.workers == 1 { "" } else { "s" };
        parts.push(format!("{} worker{s}", run.workers));
    }
    if let Some(limit) = run.limit {
        parts.push(format!("limit {limit}"));
    }
    if run.tool.takes_start() {
        parts.push(run.start.name().to_owned());
    }
    parts.join(", ")
}
