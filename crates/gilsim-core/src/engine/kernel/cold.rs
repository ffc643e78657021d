//! Cold caches: what the interpreter does first after it has done something else, or nothing, takes longer
//! (docs/semantics.md, "Cold caches").

use crate::time::{SimDuration, SimTime};

use super::tuning::TUNING;

/// Since when there was no bookkeeping on a core, and for how long the core has idled since then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pause {
    pub(super) since: SimTime,
    pub(super) idled: SimDuration,
}

impl Pause {
    /// For how long code and data have cooled, up to `now`.
    #[inline]
    pub(super) fn cooled(self, now: SimTime) -> SimDuration {
        let length = now.saturating_since(self.since);
        if length <= TUNING.warm_until {
            return SimDuration::ZERO;
        }
        let computed = length.saturating_sub(self.idled);
        self.idled + computed.scaled(1, TUNING.computing_cools_by)
    }
}

/// How much of a cost of cold caches applies after they have cooled for so long: the share grows with the time.
pub(in crate::engine) fn share_of_cold(cost: SimDuration, cooled: SimDuration) -> SimDuration {
    let (warm, cold) = (TUNING.warm_until, TUNING.cold_from);
    let part = cooled.min(cold).saturating_sub(warm);
    cost.scaled(part.as_nanos(), (cold.saturating_sub(warm)).as_nanos())
}
