//! All who wait in run queues, in the order in which they came to wait.
//!
//! Who comes last stands last, unless others of the same instant have higher numbers: so the line is a list in its own order,
//! and nobody's place is searched for.

#[cfg(test)]
use std::cell::Cell;

use crate::ids::{CoreId, Maybe, ThreadId};
use crate::time::SimTime;

/// The line: who has waited longest comes first, and of those who came at one instant the lowest number.
#[derive(Debug)]
pub(super) struct Line {
    /// Of each thread.
    places: Vec<Place>,
    first: Maybe<ThreadId>,
    last: Maybe<ThreadId>,
    /// How many places have been looked at.
    #[cfg(test)]
    pub(super) looked_at: Cell<u64>,
}

/// Where a thread stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The core that it waits for, if it waits.
    core: Maybe<CoreId>,
    since: SimTime,
    before: Maybe<ThreadId>,
    after: Maybe<ThreadId>,
}

impl Place {
    const NONE: Self =
        Self { core: Maybe::NONE, since: SimTime::ZERO, before: Maybe::NONE, after: Maybe::NONE };
}

impl Line {
    pub(super) fn new() -> Self {
        Self {
            places: Vec::new(),
            first: Maybe::NONE,
            last: Maybe::NONE,
            #[cfg(test)]
            looked_at: Cell::new(0),
        }
    }

    /// The thread waits for the core from now on, and for no other.
    pub(super) fn join(&mut self, thread: ThreadId, core: CoreId, now: SimTime) {
        self.leave(thread);
        if self.places.len() <= thread.index() {
            self.places.resize(thread.index() + 1, Place::NONE);
        }
        let mut before = self.last;
        while let Some(other) = before.get()
            && (self.places[other.index()].since, other) > (now, thread)
        {
            before = self.places[other.index()].before;
            #[cfg(test)]
            self.looked_at.update(|it| it + 1);
        }
        let after = std::mem::replace(self.after(before), Some(thread).into());
        *self.before(after) = Some(thread).into();
        let core = Some(core).into();
        self.places[thread.index()] = Place { core, since: now, before, after };
    }

    /// The thread does not wait, if it did.
    pub(super) fn leave(&mut self, thread: ThreadId) {
        let Some(place) = self.places.get_mut(thread.index()) else { return };
        if place.core.is_some() {
            let Place { before, after, .. } = std::mem::replace(place, Place::NONE);
            *self.after(before) = after;
            *self.before(after) = before;
        }
    }

    /// Those who wait, and the core that each waits for.
    pub(super) fn iter(&self) -> impl Iterator<Item = (CoreId, ThreadId)> {
        let after = |thread: &ThreadId| self.places[thread.index()].after.get();
        let threads = std::iter::successors(self.first.get(), after);
        threads.filter_map(|it| {
            #[cfg(test)]
            self.looked_at.update(|it| it + 1);
            Some((self.places[it.index()].core.get()?, it))
        })
    }

    /// Who stands behind that one, or behind nobody: the first.
    fn after(&mut self, before: Maybe<ThreadId>) -> &mut Maybe<ThreadId> {
        before.get().map_or(&mut self.first, |it| &mut self.places[it.index()].after)
    }

    /// Who stands before that one, or before nobody: the last.
    fn before(&mut self, after: Maybe<ThreadId>) -> &mut Maybe<ThreadId> {
        after.get().map_or(&mut self.last, |it| &mut self.places[it.index()].before)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn who_waits_stands_where_a_sorted_set_has_it() {
        let (mut line, mut set) = (Line::new(), BTreeSet::new());
        let mut since = [None; 16];
        for step in 0..20_000_u64 {
            let random = step.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
            let (number, core) = ((random % 16) as u32, CoreId(((random >> 8) % 3) as u32));
            let thread = ThreadId(number);
            if let Some(place) = since[number as usize].take() {
                set.remove(&place);
            }
            if random & 0x800 == 0 {
                line.leave(thread);
            } else {
                // Four come at each instant.
                let now = SimTime::from_nanos(step / 4);
                line.join(thread, core, now);
                set.insert((now, thread, core));
                since[number as usize] = Some((now, thread, core));
            }
            let expected = set.iter().map(|(_, thread, core)| (*core, *thread));
            assert!(line.iter().eq(expected), "step {step}");
        }
    }
}
