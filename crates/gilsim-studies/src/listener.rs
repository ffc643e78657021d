//! The progress of a study.

use gilsim_core::model::{Scenario, ToolRun};

/// Receives the progress of a study, from any thread.
pub trait Listener: Sync {
    /// This many more runs will be played.
    fn expect(&self, _runs: u64) {}

    /// Whether a run may be played. Claims ask before each run, since their scenarios are drawn at random.
    ///
    /// # Errors
    /// In a sentence, when it may not.
    fn admit(&self, _scenario: &Scenario, _tool: &ToolRun) -> Result<(), String> {
        Ok(())
    }

    /// This many more runs were played.
    fn played(&self, _runs: u64) {}
}
