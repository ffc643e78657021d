//! The pending events, in a total order: time, then rank, then number.
//!
//! Each structure does what it is best at. A core's next event changes all the time: each core has a place in
//! a tournament. What else can be moved or cancelled has one entry per actor in a [`PriorityQueue`],
//! keyed by who it concerns; what never is (sleeping threads) stands in a plain heap of keys. None of
//! them is ever iterated, no order depends on a hash, and all pop in the same total order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;

use crate::ids::{CoreId, LockId, ThreadId};
use crate::time::SimTime;

use super::tournament::Tournament;

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
    Patience(ThreadId),
    Lock(LockId),
    Poll(ThreadId),
}

/// Time, rank and number in one integer: comparing it compares them in that order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key(u128);

impl Key {
    /// After every event.
    const NEVER: Self = Self(u128::MAX);

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
pub(super) struct EventQueue {
    cores: Tournament,
    movable: PriorityQueue<Actor, Reverse<Key>, FxBuildHasher>,
    sleepers: BinaryHeap<Reverse<Key>>,
}

/// Which structure an event stands in.
#[derive(Clone, Copy)]
enum Place {
    Cores,
    Movable,
    Sleepers,
}

impl EventQueue {
    /// Nothing happens yet, on so many cores or elsewhere.
    pub(super) fn new(cores: u32) -> Self {
        Self {
            cores: Tournament::new(cores, Key::NEVER.0),
            movable: PriorityQueue::default(),
            sleepers: BinaryHeap::new(),
        }
    }

    /// The next thing that happens on a core: its burst ends, or its slice does.
    pub(super) fn set_core(&mut self, core: CoreId, at: SimTime, rank: Rank, number: u32) {
        debug_assert!(matches!(rank, Rank::BurstEnd | Rank::QuantumEnd), "a core has no {rank:?}");
        self.cores.set(core.index(), Key::new(at, rank, number).0);
    }

    /// Nothing happens on a core.
    pub(super) fn clear_core(&mut self, core: CoreId) {
        self.cores.set(core.index(), Key::NEVER.0);
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

    fn next(&self) -> (Key, Place) {
        let movable = self.movable.peek().map_or(Key::NEVER, |(_, Reverse(key))| *key);
        let sleeper = self.sleepers.peek().map_or(Key::NEVER, |Reverse(key)| *key);
        let core = Key(self.cores.smallest());
        if core < movable && core < sleeper {
            (core, Place::Cores)
        } else if movable < sleeper {
            (movable, Place::Movable)
        } else {
            (sleeper, Place::Sleepers)
        }
    }

    /// When and in which rank the next event happens.
    pub(super) fn peek(&self) -> Option<(SimTime, Rank)> {
        let (key, _) = self.next();
        (key != Key::NEVER).then(|| (key.at(), key.rank()))
    }

    /// Takes the next event.
    pub(super) fn pop(&mut self) -> Option<Event> {
        let (key, place) = self.next();
        match place {
            Place::Cores => {
                let core = CoreId::at(self.cores.winner());
                self.clear_core(core);
                let ends = key.rank() == Rank::BurstEnd;
                Some(if ends { Event::BurstEnd(core) } else { Event::QuantumEnd(core) })
            }
            Place::Sleepers => {
                let Reverse(key) = self.sleepers.pop()?;
                Some(Event::Wake(ThreadId(key.number())))
            }
            Place::Movable => self.movable.pop().map(|(actor, _)| match actor {
                Actor::Patience(thread) => Event::Patience(thread),
                Actor::Lock(lock) => Event::Request(lock),
                Actor::Poll(thread) => Event::Wake(thread),
            }),
        }
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
        let mut queue = EventQueue::new(2);
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
        let mut queue = EventQueue::new(2);
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
        let mut queue = EventQueue::new(2);
        queue.set_core(CoreId(0), at(5), Rank::BurstEnd, 0);
        queue.set_poll(ThreadId(4), at(5));
        queue.clear_core(CoreId(0));
        queue.clear_poll(ThreadId(4));
        assert_eq!(queue.pop(), None);
    }
}
