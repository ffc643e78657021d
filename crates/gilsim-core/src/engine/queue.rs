//! The pending events, in a total order: time, then rank, then number.
//!
//! Each structure does what it is best at. A core's next event and a lock's next request change all the
//! time: each core and each lock has a place in a tournament. There is one loop, so one poll. A waiter's patience,
//! which is cancelled more often than not, has an entry in a [`PriorityQueue`], keyed by who it concerns; sleeping
//! threads, whom nothing wakes before their time, have [`Timers`]. None of them is ever iterated, no order depends on a
//! hash, and all pop in the same total order.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;

use crate::ids::{CoreId, LockId, ThreadId};
use crate::time::SimTime;

use super::timers::{Ties, Timers};
use super::tournament::Tournament;

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// What a core is busy with comes to its end.
    BurstEnd(CoreId),
    /// A sleeping or polling thread's time has come.
    Wake(ThreadId),
    /// A thread that waits for something that others have has waited for as long as it may.
    Deadline(ThreadId),
    /// A waiter's patience with the lock's holder is over.
    Patience(ThreadId),
    /// Under the exact rules, a waiter has waited a whole interval for the lock's holder.
    Request(LockId),
    /// The time slice of a core's thread is used up.
    SliceEnd(CoreId),
    /// An idle core looks for a thread in others' run queues.
    Look(CoreId),
}

/// What happens next on a core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CoreEvent {
    /// What that thread is busy with comes to its end.
    BurstEnd(ThreadId),
    /// Its thread's time slice is used up.
    SliceEnd,
    /// It looks for a thread in others' run queues: nobody is on it.
    Look,
}

/// The order of things that happen at one instant.
///
/// Work that ends at an instant ends before anything is taken away at that instant: a burst that
/// ends with its quantum was not pre-empted. Within a rank, the lower number goes first: threads by
/// number (docs/contract.md, "The profile ideal").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Rank {
    /// Bursts end.
    BurstEnd,
    /// Threads wake.
    Wake,
    /// Threads that wait give up.
    Deadline,
    /// Waiters lose patience.
    Patience,
    /// Slices end, and idle cores look for threads.
    SliceEnd,
}

/// Time, rank and number in one integer: comparing it compares them in that order. The lowest byte orders nothing, for an
/// instant, a rank and a number belong to one event: it tells looks from the ends of slices.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key(u128);

impl Key {
    /// After every event.
    const NEVER: Self = Self(u128::MAX);

    fn new(at: SimTime, rank: Rank, number: u32) -> Self {
        let order = ((rank as u128) << 32) | u128::from(number);
        Self((u128::from(at.as_nanos()) << 64) | (order << 8))
    }

    fn of_core(core: CoreId, at: SimTime, event: CoreEvent) -> Self {
        match event {
            CoreEvent::BurstEnd(thread) => Self::new(at, Rank::BurstEnd, thread.0),
            CoreEvent::SliceEnd => Self::new(at, Rank::SliceEnd, core.0),
            CoreEvent::Look => Self(Self::new(at, Rank::SliceEnd, core.0).0 | 1),
        }
    }

    /// When the next sleeper wakes. Who that is, the sleepers know; it comes after a poll, which is the main
    /// thread's.
    fn of_sleeper(at: SimTime) -> Self {
        Self::new(at, Rank::Wake, ThreadId::MAIN.0 + 1)
    }

    fn at(self) -> SimTime {
        SimTime::from_nanos((self.0 >> 64) as u64)
    }

    fn rank(self) -> Rank {
        match (self.0 >> 40) & 0xFF {
            0 => Rank::BurstEnd,
            1 => Rank::Wake,
            2 => Rank::Deadline,
            3 => Rank::Patience,
            _ => Rank::SliceEnd,
        }
    }

    fn is_look(self) -> bool {
        self.0 & 1 == 1
    }

    #[expect(clippy::cast_possible_truncation, reason = "the four bytes are the number")]
    fn number(self) -> u32 {
        (self.0 >> 8) as u32
    }
}

/// All pending events.
pub(super) struct EventQueue {
    cores: Tournament,
    requests: Tournament,
    poll: Key,
    patience: PriorityQueue<ThreadId, Reverse<Key>, FxBuildHasher>,
    sleepers: Timers,
    /// Threads that wait for as long as they may, which few do, and until when.
    deadlines: BTreeSet<(SimTime, ThreadId)>,
    /// The next event and where it stands, where that is known: most changes leave it as it is.
    head: Option<(Key, Place)>,
}

/// Which structure an event stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Cores,
    Requests,
    Poll,
    Patience,
    Sleepers,
    Deadlines,
}

impl EventQueue {
    /// Nothing happens yet, on so many cores or elsewhere.
    pub(super) fn new(cores: u32) -> Self {
        Self {
            cores: Tournament::new((0..cores).map(|_| Key::NEVER.0)),
            requests: Tournament::new([Key::NEVER.0]),
            poll: Key::NEVER,
            patience: PriorityQueue::default(),
            sleepers: Timers::new(Ties::ByNumber),
            deadlines: BTreeSet::new(),
            head: None,
        }
    }

    /// An event that stands there has been set to `key`, or removed where that is never.
    fn changed(&mut self, place: Place, key: Key) {
        match self.head {
            Some((head, _)) if key < head => self.head = Some((key, place)),
            Some((_, changed)) if changed == place => self.head = None,
            _ => {}
        }
    }

    /// The next thing that happens on a core.
    pub(super) fn set_core(&mut self, core: CoreId, at: SimTime, event: CoreEvent) {
        let key = Key::of_core(core, at, event);
        if self.cores.set(core.index(), key.0) {
            self.changed(Place::Cores, key);
        }
    }

    /// Nothing happens on a core.
    pub(super) fn clear_core(&mut self, core: CoreId) {
        if self.cores.set(core.index(), Key::NEVER.0) {
            self.changed(Place::Cores, Key::NEVER);
        }
    }

    /// A waiter loses patience at `at`.
    pub(super) fn set_patience(&mut self, thread: ThreadId, at: SimTime) {
        let key = Key::new(at, Rank::Patience, thread.0);
        self.patience.push(thread, Reverse(key));
        self.changed(Place::Patience, key);
    }

    /// A waiter waits no longer.
    pub(super) fn clear_patience(&mut self, thread: ThreadId) {
        self.patience.remove(&thread);
        self.changed(Place::Patience, Key::NEVER);
    }

    /// When somebody asks the holder of a lock to give way, if ever.
    pub(super) fn set_request(&mut self, lock: LockId, at: Option<SimTime>) {
        let key = at.map_or(Key::NEVER, |at| Key::new(at, Rank::Patience, lock.0));
        self.requests.grow(lock.index() + 1);
        if self.requests.set(lock.index(), key.0) {
            self.changed(Place::Requests, key);
        }
    }

    /// The loop's poll times out at `at`.
    pub(super) fn set_poll(&mut self, thread: ThreadId, at: SimTime) {
        self.poll = Key::new(at, Rank::Wake, thread.0);
        self.changed(Place::Poll, self.poll);
    }

    /// The loop's poll ended before its time.
    pub(super) fn clear_poll(&mut self) {
        self.poll = Key::NEVER;
        self.changed(Place::Poll, Key::NEVER);
    }

    /// A sleeping thread wakes at `at`; nothing wakes it sooner.
    pub(super) fn wake_at(&mut self, thread: ThreadId, at: SimTime) {
        self.sleepers.set(at, thread.0);
        self.changed(Place::Sleepers, Key::of_sleeper(at));
    }

    /// A waiting thread gives up at `at`.
    pub(super) fn set_deadline(&mut self, thread: ThreadId, at: SimTime) {
        self.deadlines.insert((at, thread));
        self.changed(Place::Deadlines, Key::new(at, Rank::Deadline, thread.0));
    }

    /// A waiting thread, which was to give up at `at`, has what it waited for.
    pub(super) fn clear_deadline(&mut self, thread: ThreadId, at: SimTime) {
        self.deadlines.remove(&(at, thread));
        self.changed(Place::Deadlines, Key::NEVER);
    }

    #[inline]
    fn next(&mut self) -> (Key, Place) {
        if let Some(head) = self.head {
            return head;
        }
        let head = self.find_next();
        self.head = Some(head);
        head
    }

    #[inline(never)]
    fn find_next(&mut self) -> (Key, Place) {
        let mut head = (Key(self.cores.smallest()), Place::Cores);
        let mut compare = |key, place| {
            if key < head.0 {
                head = (key, place);
            }
        };
        compare(Key(self.requests.smallest()), Place::Requests);
        compare(self.poll, Place::Poll);
        if let Some((_, Reverse(key))) = self.patience.peek() {
            compare(*key, Place::Patience);
        }
        if let Some(at) = self.sleepers.next() {
            compare(Key::of_sleeper(at), Place::Sleepers);
        }
        if let Some((at, thread)) = self.deadlines.first() {
            compare(Key::new(*at, Rank::Deadline, thread.0), Place::Deadlines);
        }
        head
    }

    /// When and in which rank the next event happens.
    pub(super) fn peek(&mut self) -> Option<(SimTime, Rank)> {
        let (key, _) = self.next();
        (key != Key::NEVER).then(|| (key.at(), key.rank()))
    }

    /// Takes the next event.
    pub(super) fn pop(&mut self) -> Option<Event> {
        let (key, place) = self.next();
        if key == Key::NEVER { None } else { self.take(key, place) }
    }

    /// Takes the next event if it happens at an instant that has come, and in a rank before that one.
    #[inline]
    pub(super) fn pop_before(&mut self, now: SimTime, rank: Rank) -> Option<Event> {
        let (key, place) = self.next();
        if key < Key::new(now, rank, 0) { self.take(key, place) } else { None }
    }

    fn take(&mut self, key: Key, place: Place) -> Option<Event> {
        Some(match place {
            Place::Cores => {
                let core = CoreId::at(self.cores.winner());
                self.clear_core(core);
                match key.rank() {
                    Rank::BurstEnd => Event::BurstEnd(core),
                    _ if key.is_look() => Event::Look(core),
                    _ => Event::SliceEnd(core),
                }
            }
            Place::Requests => {
                let lock = LockId(key.number());
                self.set_request(lock, None);
                Event::Request(lock)
            }
            Place::Poll => {
                self.clear_poll();
                Event::Wake(ThreadId(key.number()))
            }
            Place::Patience => {
                self.patience.pop();
                self.head = None;
                Event::Patience(ThreadId(key.number()))
            }
            Place::Sleepers => {
                self.head = None;
                Event::Wake(ThreadId(self.sleepers.take()?))
            }
            Place::Deadlines => {
                self.head = None;
                let (_, thread) = self.deadlines.pop_first()?;
                Event::Deadline(thread)
            }
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
        let mut queue = EventQueue::new(3);
        queue.set_core(CoreId(2), at(5), CoreEvent::Look);
        queue.set_core(CoreId(0), at(5), CoreEvent::SliceEnd);
        queue.set_patience(ThreadId(1), at(5));
        queue.wake_at(ThreadId(7), at(5));
        queue.wake_at(ThreadId(3), at(5));
        queue.set_poll(ThreadId::MAIN, at(5));
        queue.set_deadline(ThreadId(6), at(5));
        queue.set_deadline(ThreadId(4), at(5));
        queue.set_deadline(ThreadId(2), at(3));
        queue.clear_deadline(ThreadId(2), at(3));
        for lock in [LockId(0), LockId(1), LockId(2)] {
            queue.set_request(lock, Some(at(5)));
        }
        queue.set_request(LockId(1), Some(at(6)));
        queue.set_core(CoreId(1), at(5), CoreEvent::BurstEnd(ThreadId(9)));
        queue.wake_at(ThreadId(8), at(4));
        let order: Vec<Event> = std::iter::from_fn(|| queue.pop()).collect();
        let expected = [
            Event::Wake(ThreadId(8)),
            Event::BurstEnd(CoreId(1)),
            Event::Wake(ThreadId::MAIN),
            Event::Wake(ThreadId(3)),
            Event::Wake(ThreadId(7)),
            Event::Deadline(ThreadId(4)),
            Event::Deadline(ThreadId(6)),
            Event::Request(LockId(0)),
            Event::Patience(ThreadId(1)),
            Event::Request(LockId(2)),
            Event::SliceEnd(CoreId(0)),
            Event::Look(CoreId(2)),
            Event::Request(LockId(1)),
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
        queue.set_core(CoreId(0), at(5), CoreEvent::BurstEnd(ThreadId(0)));
        queue.set_poll(ThreadId(4), at(5));
        queue.set_request(LockId(0), Some(at(6)));
        queue.clear_core(CoreId(0));
        queue.clear_poll();
        queue.set_request(LockId(0), None);
        assert_eq!(queue.pop(), None);
    }
}
