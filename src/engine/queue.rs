//! The pending events, in a total order: time, then rank, then number.
//!
//! What can be moved or cancelled has one entry per actor in a [`PriorityQueue`], keyed by who it
//! concerns; what never is (sleeping threads) stands in a plain heap of keys beside it. Neither is
//! ever iterated, and no order depends on a hash.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;

use crate::ids::{CoreId, LockId, ThreadId};
use crate::time::SimTime;

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// What a core is busy with comes to its end.
    BurstEnd(CoreId),
    /// A sleeping or polling thread's time has come.
    Wake(ThreadId),
    /// A waiter's patience with the lock's holder is over.
    Patience(ThreadId),
    /// Under the exact rules, a waiter has waited a whole interval for the lock's holder.
    Request(LockId),
    /// A core's time slice is used up.
    QuantumEnd(CoreId),
}

/// The order of things that happen at one instant.
///
/// Work that ends at an instant ends before anything is taken away at that instant: a burst that
/// ends with its quantum was not pre-empted. Within a rank, the lower number goes first: threads by
/// number, as the contract asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Rank {
    /// Bursts end.
    BurstEnd,
    /// Threads wake.
    Wake,
    /// Waiters lose patience.
    Patience,
    /// Slices end.
    QuantumEnd,
}

/// Whose event it is, where it can be moved or cancelled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Actor {
    Core(CoreId),
    Patience(ThreadId),
    Lock(LockId),
    Poll(ThreadId),
}

/// Time, rank and number in one integer: comparing it compares them in that order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key(u128);

impl Key {
    fn new(at: SimTime, rank: Rank, number: u32) -> Self {
        Self((u128::from(at.as_nanos()) << 64) | ((rank as u128) << 32) | u128::from(number))
    }

    fn at(self) -> SimTime {
        SimTime::from_nanos((self.0 >> 64) as u64)
    }

    fn rank(self) -> Rank {
        match (self.0 >> 32) & 0xFFFF_FFFF {
            0 => Rank::BurstEnd,
            1 => Rank::Wake,
            2 => Rank::Patience,
            _ => Rank::QuantumEnd,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is the number")]
    fn number(self) -> u32 {
        self.0 as u32
    }
}

/// All pending events.
#[derive(Default)]
pub(super) struct EventQueue {
    movable: PriorityQueue<Actor, Reverse<Key>, FxBuildHasher>,
    sleepers: BinaryHeap<Reverse<Key>>,
}

impl EventQueue {
    /// The next thing that happens on a core: its burst ends, or its slice does.
    pub(super) fn set_core(&mut self, core: CoreId, at: SimTime, rank: Rank, number: u32) {
        debug_assert!(matches!(rank, Rank::BurstEnd | Rank::QuantumEnd), "a core has no {rank:?}");
        self.movable.push(Actor::Core(core), Reverse(Key::new(at, rank, number)));
    }

    /// Nothing happens on a core.
    pub(super) fn clear_core(&mut self, core: CoreId) {
        self.movable.remove(&Actor::Core(core));
    }

    /// A waiter loses patience at `at`.
    pub(super) fn set_patience(&mut self, thread: ThreadId, at: SimTime) {
        let key = Key::new(at, Rank::Patience, thread.0);
        self.movable.push(Actor::Patience(thread), Reverse(key));
    }

    /// A waiter waits no longer.
    pub(super) fn clear_patience(&mut self, thread: ThreadId) {
        self.movable.remove(&Actor::Patience(thread));
    }

    /// When somebody asks the holder of a lock to give way, if ever.
    pub(super) fn set_request(&mut self, lock: LockId, at: Option<SimTime>) {
        match at.map(|at| Reverse(Key::new(at, Rank::Patience, lock.0))) {
            Some(key) => {
                self.movable.push(Actor::Lock(lock), key);
            }
            None => {
                self.movable.remove(&Actor::Lock(lock));
            }
        }
    }

    /// A poll times out at `at`.
    pub(super) fn set_poll(&mut self, thread: ThreadId, at: SimTime) {
        self.movable.push(Actor::Poll(thread), Reverse(Key::new(at, Rank::Wake, thread.0)));
    }

    /// A poll ended before its time.
    pub(super) fn clear_poll(&mut self, thread: ThreadId) {
        self.movable.remove(&Actor::Poll(thread));
    }

    /// A sleeping thread wakes at `at`; nothing wakes it sooner.
    pub(super) fn wake_at(&mut self, thread: ThreadId, at: SimTime) {
        self.sleepers.push(Reverse(Key::new(at, Rank::Wake, thread.0)));
    }

    fn next_key(&self) -> Option<(Key, bool)> {
        let movable = self.movable.peek().map(|(_, Reverse(key))| *key);
        let sleeper = self.sleepers.peek().map(|Reverse(key)| *key);
        match (movable, sleeper) {
            (Some(movable), Some(sleeper)) => Some((movable.min(sleeper), movable < sleeper)),
            (Some(movable), None) => Some((movable, true)),
            (None, Some(sleeper)) => Some((sleeper, false)),
            (None, None) => None,
        }
    }

    /// When and in which rank the next event happens.
    pub(super) fn peek(&self) -> Option<(SimTime, Rank)> {
        self.next_key().map(|(key, _)| (key.at(), key.rank()))
    }

    /// Takes the next event.
    pub(super) fn pop(&mut self) -> Option<Event> {
        let (key, movable) = self.next_key()?;
        if !movable {
            self.sleepers.pop();
            return Some(Event::Wake(ThreadId(key.number())));
        }
        let (actor, Reverse(key)) = self.movable.pop()?;
        Some(match actor {
            Actor::Core(core) if key.rank() == Rank::BurstEnd => Event::BurstEnd(core),
            Actor::Core(core) => Event::QuantumEnd(core),
            Actor::Patience(thread) => Event::Patience(thread),
            Actor::Lock(lock) => Event::Request(lock),
            Actor::Poll(thread) => Event::Wake(thread),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ns: u64) -> SimTime {
        SimTime::from_nanos(ns)
    }

    #[test]
    fn events_of_one_instant_go_by_rank_and_then_by_number() {
        let mut queue = EventQueue::default();
        queue.set_core(CoreId(0), at(5), Rank::QuantumEnd, 0);
        queue.set_patience(ThreadId(1), at(5));
        queue.wake_at(ThreadId(7), at(5));
        queue.wake_at(ThreadId(3), at(5));
        queue.set_poll(ThreadId(4), at(5));
        queue.set_core(CoreId(1), at(5), Rank::BurstEnd, 9);
        queue.wake_at(ThreadId(8), at(4));
        let order: Vec<Event> = std::iter::from_fn(|| queue.pop()).collect();
        let expected = [
            Event::Wake(ThreadId(8)),
            Event::BurstEnd(CoreId(1)),
            Event::Wake(ThreadId(3)),
            Event::Wake(ThreadId(4)),
            Event::Wake(ThreadId(7)),
            Event::Patience(ThreadId(1)),
            Event::QuantumEnd(CoreId(0)),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn a_moved_event_happens_once_and_at_its_last_time() {
        let mut queue = EventQueue::default();
        queue.set_patience(ThreadId(1), at(5));
        queue.set_patience(ThreadId(1), at(9));
        queue.set_patience(ThreadId(2), at(7));
        assert_eq!(queue.pop(), Some(Event::Patience(ThreadId(2))));
        assert_eq!(queue.peek(), Some((at(9), Rank::Patience)));
        assert_eq!(queue.pop(), Some(Event::Patience(ThreadId(1))));
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn a_cancelled_event_never_happens() {
        let mut queue = EventQueue::default();
        queue.set_core(CoreId(0), at(5), Rank::BurstEnd, 0);
        queue.set_poll(ThreadId(4), at(5));
        queue.clear_core(CoreId(0));
        queue.clear_poll(ThreadId(4));
        assert_eq!(queue.pop(), None);
    }
}
