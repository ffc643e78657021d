//! Who hears how a study goes.

use gilsim_core::model::{Scenario, ToolRun};

/// Hears of a study while it is played, from several threads at once.
pub trait Listener: Sync {
    /// So many runs are to be played that were not known of before.
    fn expect(&self, _runs: u64) {}

    /// Whether a run may be played. Claims ask before each run; the scenarios of other studies are known beforehand.
    ///
    /// # Errors
    /// In a sentence, when it may not.
    fn admit(&self, _scenario: &Scenario, _tool: &ToolRun) -> Result<(), String> {
        Ok(())
    }

    /// So many runs were played.
    fn played(&self, _runs: u64) {}
}
