//! Studies: many runs that answer one question. Sweeps, claims, what-ifs, and the figures of the article.

use gilsim_core::model::{Scenario, ToolRun};

pub mod claims;
pub mod figures;
pub mod sweep;
pub mod threads;
pub mod whatif;

/// Hears of a study while it is played, from several threads at once.
pub trait Listener: Sync {
    /// So many runs are to be played that were not known of before.
    fn expect(&self, _runs: u64) {}

    /// Whether a run may be played.
    ///
    /// # Errors
    /// In a sentence, when it may not.
    fn admit(&self, _scenario: &Scenario, _tool: &ToolRun) -> Result<(), String> {
        Ok(())
    }

    /// So many runs were played.
    fn played(&self, _runs: u64) {}
}
