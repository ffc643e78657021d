//! Timers of an event loop that can be cancelled: those of runs in which coroutines may run out of time.

use std::collections::BTreeMap;

use crate::ids::TaskId;
use crate::time::SimTime;

/// Timers that are set: by when they fire, then as they were set.
#[derive(Default, Debug)]
pub(super) struct Alarms {
    set: BTreeMap<(SimTime, Number), Alarm>,
    /// Where the timer of each coroutine stands that sleeps.
    sleepers: BTreeMap<TaskId, (SimTime, Number)>,
    next: Number,
}

/// The number of an alarm: they are numbered as they are set.
pub(super) type Number = u64;

/// What a timer is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Alarm {
    /// A coroutine that sleeps.
    Sleeper(TaskId),
    /// An attempt of a coroutine, which has that number, is to be given up.
    Deadline(TaskId, Number),
}

impl Alarms {
    fn number(&mut self) -> Number {
        self.next += 1;
        self.next
    }

    /// The coroutine sleeps until `when`.
    pub(super) fn set_sleeper(&mut self, task: TaskId, when: SimTime) {
        let key = (when, self.number());
        self.set.insert(key, Alarm::Sleeper(task));
        self.sleepers.insert(task, key);
    }

    /// The coroutine gives up an attempt at `when`. Returns the number of that.
    pub(super) fn set_deadline(&mut self, task: TaskId, when: SimTime) -> Number {
        let number = self.number();
        self.set.insert((when, number), Alarm::Deadline(task, number));
        number
    }

    /// Nobody gives anything up at `when`. Returns whether that was still to come.
    pub(super) fn cancel_deadline(&mut self, when: SimTime, number: Number) -> bool {
        self.set.remove(&(when, number)).is_some()
    }

    /// The coroutine sleeps no longer. Returns whether it did.
    pub(super) fn cancel_sleeper(&mut self, task: TaskId) -> bool {
        let key = self.sleepers.remove(&task);
        key.is_some_and(|key| self.set.remove(&key).is_some())
    }

    /// When the next one fires.
    pub(super) fn next(&self) -> Option<SimTime> {
        self.set.first_key_value().map(|((when, _), _)| *when)
    }

    /// Takes the next one that fires.
    pub(super) fn take(&mut self) -> Option<Alarm> {
        let (_, alarm) = self.set.pop_first()?;
        if let Alarm::Sleeper(task) = alarm {
            self.sleepers.remove(&task);
        }
        Some(alarm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cancelled_never_fires_and_ties_fire_as_they_were_set() {
        let (mut alarms, at) = (Alarms::default(), SimTime::from_nanos);
        alarms.set_sleeper(TaskId(7), at(5));
        let gives_up = alarms.set_deadline(TaskId(7), at(5));
        alarms.set_sleeper(TaskId(3), at(5));
        let never = alarms.set_deadline(TaskId(3), at(4));
        assert!(alarms.cancel_deadline(at(4), never));
        assert!(!alarms.cancel_deadline(at(4), never));
        assert_eq!(alarms.next(), Some(at(5)));
        assert!(alarms.cancel_sleeper(TaskId(7)));
        assert!(!alarms.cancel_sleeper(TaskId(7)));
        assert_eq!(alarms.take(), Some(Alarm::Deadline(TaskId(7), gives_up)));
        assert_eq!(alarms.take(), Some(Alarm::Sleeper(TaskId(3))));
        assert_eq!(alarms.take(), None);
    }
}
