//! The scenarios that the figures are made from, embedded: a figure can be drawn anywhere.

use std::path::Path;

use gilsim_core::model::Scenario;
use gilsim_scenario::parse;

/// A scenario's file name and text.
pub(super) struct Source {
    name: &'static str,
    text: &'static str,
}

macro_rules! source {
    ($name:literal) => {
        Source {
            name: concat!($name, ".toml"),
            text: include_str!(concat!("../../../../scenarios/", $name, ".toml")),
        }
    };
}

pub(super) const THREE_TIMELINES: Source = source!("three-timelines");
pub(super) const ONE_BY_ONE: Source = source!("one-by-one");
pub(super) const IN_FLIGHT: Source = source!("in-flight");
pub(super) const BARISTA: Source = source!("barista");
pub(super) const GIL_TURNS: Source = source!("gil-turns");
pub(super) const GIL_IO: Source = source!("gil-io");
pub(super) const WRONG_TOOL: Source = source!("wrong-tool");
pub(super) const SPEED_UP: Source = source!("speed-up");
pub(super) const SPEED_UP_COMPUTING: Source = source!("speed-up-computing");
pub(super) const WHICH_TOOL: Source = source!("which-tool");
pub(super) const CONVOY: Source = source!("convoy");
pub(super) const BLOCKED_LOOP: Source = source!("blocked-loop");

impl Source {
    /// The scenario with settings `KEY=VALUE`, as `--set` takes them.
    pub(super) fn with(&self, sets: &[String]) -> Scenario {
        match parse(self.text, self.name, Path::new("scenarios"), sets) {
            Ok(loaded) => loaded.scenario,
            Err(faults) => panic!("the embedded scenario is wrong: {faults}"),
        }
    }

    /// The scenario as it stands in its file.
    pub(super) fn scenario(&self) -> Scenario {
        self.with(&[])
    }
}
