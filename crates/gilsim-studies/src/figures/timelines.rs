//! A figure of timelines: the runs of one scenario or of several, below each other.

use super::Picture;
use super::play::{Played, play};
use super::scenarios::Source;
use gilsim_core::ids::TaskId;
use gilsim_core::model::Scenario;
use gilsim_render::chart::{self, Chart, Panel, Part, Theme};
use gilsim_render::report::screen::{note, settings};

/// A scenario that was played.
pub(super) struct Stage {
    scenario: Scenario,
    pub(super) played: Vec<Played>,
}

impl Stage {
    pub(super) fn of(source: &Source) -> Self {
        let scenario = source.scenario();
        let played = play(&scenario);
        Self { scenario, played }
    }

    /// How long each of its tools took, as people read it.
    pub(super) fn times<const N: usize>(&self) -> [String; N] {
        let times = self.played.iter().map(|played| chart::duration(played.row.makespan_ns));
        times.collect::<Vec<_>>().try_into().expect("a figure knows how many tools it has")
    }
}

/// A figure of timelines before it is drawn.
pub(super) struct Timelines<'a> {
    pub(super) title: String,
    pub(super) stages: &'a [Stage],
    /// What is said of each run beside its label; the settings of the tool where there is nothing.
    pub(super) notes: &'a [&'a str],
    /// The heading that each run stands under.
    pub(super) groups: &'a [&'a str],
    pub(super) without: &'a [Part],
    pub(super) theme: Theme,
}

impl Timelines<'_> {
    pub(super) fn draw(self) -> Picture {
        let about = self.about();
        let names: Vec<_> =
            self.stages.iter().map(|stage| |task: TaskId| stage.scenario.task_name(task)).collect();
        let runs = self.stages.iter().zip(&names);
        let runs: Vec<_> = runs
            .flat_map(|(stage, name)| stage.played.iter().map(move |played| (played, name)))
            .collect();
        let notes: Vec<String> = runs
            .iter()
            .enumerate()
            .map(|(index, (played, _))| {
                self.notes.get(index).map_or_else(|| note(&played.run), |note| (*note).to_owned())
            })
            .collect();
        let panels =
            runs.iter().zip(&notes).enumerate().map(|(index, ((played, name), note))| Panel {
                label: &played.run.label,
                note,
                group: self.groups.get(index).copied().unwrap_or_default(),
                recording: &played.recording,
                names: &played.names,
                cores: played.run.setting.machine.cores,
                deadlocked: false,
                task_name: Some(*name),
            });
        let chart = Chart {
            title: &self.title,
            subtitle: &about,
            panels: panels.collect(),
            without: self.without,
            theme: self.theme,
        };
        let svg = chart::svg(&chart);
        let alt = format!("{}. {}\n{}\n", self.title, about, chart::alt_text(&chart));
        Picture { title: self.title, svg, alt }
    }
    /// What the first scenario does, and its parameters: further ones are the same work under other tools.
    fn about(&self) -> String {
        let scenario = &self.stages[0].scenario;
        format!("{} ({})", scenario.about, settings(scenario))
    }
}
