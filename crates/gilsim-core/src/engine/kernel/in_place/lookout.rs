//! What a core knows of its last looks for others that are busier.

use crate::time::SimTime;

use super::super::tuning::TUNING;

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Lookout {
    pub(super) looked_at: SimTime,
    /// Whether it saw an imbalance then.
    pub(super) saw: bool,
    /// How many looks in a row it saw one, and found nobody who could come.
    pub(super) vain: u32,
}

impl Lookout {
    /// It found nobody at this tick though somebody waits elsewhere, or took somebody.
    pub(super) fn saw_imbalance(&mut self, now: SimTime, took: bool) {
        let vain = if took { 0 } else { self.vain + 1 };
        *self = Self { looked_at: now, saw: true, vain };
    }

    /// There was nothing to mend when it last looked, at this instant.
    pub(super) fn saw_balance(&mut self, at: SimTime) {
        *self = Self { looked_at: at, saw: false, vain: 0 };
    }

    /// It took somebody as it fell idle.
    pub(super) fn took(&mut self) {
        (self.saw, self.vain) = (true, 0);
    }

    /// What it saw is of no more use.
    pub(super) fn forget(&mut self) {
        (self.saw, self.vain) = (false, 0);
    }

    /// Whether it saw an imbalance at this very instant.
    pub(super) fn saw_one_at(&self, now: SimTime) -> bool {
        self.saw && self.looked_at == now
    }

    /// Whether the core takes a waiting thread that ran at that instant, if it ever did.
    pub(super) fn takes(&self, ran_at: Option<SimTime>, now: SimTime) -> bool {
        self.vain > TUNING.cache_nice_tries
            || ran_at.is_none_or(|at| now - at >= TUNING.migration_cost)
    }
}
