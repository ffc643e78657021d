//! What threads and coroutines wait for each other with: semaphores, queues, sites, channels,
//! executors. They change only themselves and say who is to be woken.

use std::collections::VecDeque;

use crate::ids::{TaskId, ThreadId};

use super::thread::Item;

/// Somebody who waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Waiter {
    /// A blocked thread.
    Thread(ThreadId),
    /// A suspended coroutine.
    Coroutine(TaskId),
}

/// Who is to be woken, and whether it already has what it waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Woken {
    /// It has it.
    Served(Waiter),
    /// It has to look again: somebody else may be faster (barging).
    ToLookAgain(Waiter),
}

/// A semaphore.
///
/// A thread's is `threading.Semaphore`, which lets newcomers barge; a coroutine's is
/// `asyncio.Semaphore`, which since 3.10 hands a permit straight to the longest waiter
/// (CPython `Lib/threading.py`, `Lib/asyncio/locks.py`).
#[derive(Debug)]
pub(super) struct Semaphore {
    permits: u32,
    /// Coroutines that were handed a permit and have not run since: they still count as queued.
    served: u32,
    waiters: VecDeque<Waiter>,
}

impl Semaphore {
    pub(super) fn new(permits: u32) -> Self {
        Self { permits, served: 0, waiters: VecDeque::new() }
    }

    /// Takes a permit if there is one; with `fair`, only if nobody waits for it already.
    pub(super) fn try_acquire(&mut self, fair: bool) -> bool {
        let is_queued = self.served > 0 || !self.waiters.is_empty();
        let granted = self.permits > 0 && !(fair && is_queued);
        self.permits -= u32::from(granted);
        granted
    }

    pub(super) fn wait(&mut self, waiter: Waiter) {
        self.waiters.push_back(waiter);
    }

    /// Gives a permit back. With `fair`, a coroutine that is woken has it.
    pub(super) fn release(&mut self, fair: bool) -> Option<Woken> {
        match self.waiters.front() {
            Some(Waiter::Coroutine(_)) if fair => self.hand_over().map(Woken::Served),
            _ => {
                let waiter = self.waiters.pop_front();
                self.permits = self.permits.saturating_add(1);
                waiter.map(Woken::ToLookAgain)
            }
        }
    }

    /// Hands a permit that is given back to the first in line, thread or coroutine; keeps it if there
    /// is none.
    pub(super) fn hand_over(&mut self) -> Option<Waiter> {
        let next = self.waiters.pop_front();
        match next {
            Some(Waiter::Coroutine(_)) => self.served += 1,
            Some(Waiter::Thread(_)) => {}
            None => self.permits = self.permits.saturating_add(1),
        }
        next
    }

    /// A coroutine that was handed a permit runs again.
    pub(super) fn served_one_runs(&mut self) {
        self.served -= 1;
    }

    /// Hands a free permit to the first in line, if that is a coroutine: newcomers had to queue up
    /// behind one that had not run yet, though there were permits left.
    pub(super) fn serve_next(&mut self) -> Option<TaskId> {
        match self.waiters.front() {
            Some(Waiter::Coroutine(task)) if self.permits > 0 => {
                let task = *task;
                self.waiters.pop_front();
                self.permits -= 1;
                self.served += 1;
                Some(task)
            }
            _ => None,
        }
    }
}

/// A queue: a number of items, room for some, and those who wait for either.
///
/// Waking is no hand-over, with threads and coroutines alike: whoever comes first takes the item
/// (CPython `Lib/queue.py`, `Lib/asyncio/queues.py`).
#[derive(Debug)]
pub(super) struct Queue {
    items: u64,
    capacity: Option<u32>,
    getters: VecDeque<Waiter>,
    putters: VecDeque<Waiter>,
}

impl Queue {
    pub(super) fn new(capacity: Option<u32>) -> Self {
        Self { items: 0, capacity, getters: VecDeque::new(), putters: VecDeque::new() }
    }

    /// Puts an item if there is room; then [`Self::next_getter`] is to look for it.
    pub(super) fn try_put(&mut self) -> bool {
        let has_room = self.capacity.is_none_or(|capacity| self.items < u64::from(capacity));
        self.items += u64::from(has_room);
        has_room
    }

    /// Takes an item if there is one; then [`Self::next_putter`] is to look for the room.
    pub(super) fn try_get(&mut self) -> bool {
        let has_item = self.items > 0;
        self.items -= u64::from(has_item);
        has_item
    }

    pub(super) fn next_getter(&mut self) -> Option<Waiter> {
        self.getters.pop_front()
    }

    pub(super) fn next_putter(&mut self) -> Option<Waiter> {
        self.putters.pop_front()
    }

    pub(super) fn wait_for_room(&mut self, waiter: Waiter) {
        self.putters.push_back(waiter);
    }

    pub(super) fn wait_for_item(&mut self, waiter: Waiter) {
        self.getters.push_back(waiter);
    }
}

/// The connections of a site: a semaphore that hands a connection to whoever is first in line.
/// `None` is no limit.
pub(super) type Site = Option<Semaphore>;

/// A channel between the tool's threads: work queues, pipes.
#[derive(Debug)]
pub(super) struct Channel {
    items: VecDeque<Item>,
    takers: VecDeque<ThreadId>,
    /// Who waits for there to be something, and takes nothing. No two threads poll one channel.
    poller: Option<ThreadId>,
    hand_off: bool,
    nudges: u32,
    closed: bool,
}

/// What a channel has for a taker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    /// An item.
    Item(Item),
    /// No item, but a nudge.
    Nudge,
    /// No item, and there will be none.
    Closed,
    /// Nothing yet.
    Nothing,
}

impl Channel {
    pub(super) fn new(hand_off: bool) -> Self {
        Self {
            items: VecDeque::new(),
            takers: VecDeque::new(),
            poller: None,
            hand_off,
            nudges: 0,
            closed: false,
        }
    }

    /// Puts an item. Returns the parked taker to wake, and the item if that taker already has it.
    #[inline]
    pub(super) fn put(&mut self, item: Item) -> Option<(ThreadId, Option<Item>)> {
        match self.takers.pop_front() {
            Some(taker) if self.hand_off => Some((taker, Some(item))),
            taker => {
                self.items.push_back(item);
                taker.map(|taker| (taker, None))
            }
        }
    }

    /// Notes that there is something to look for. Returns the parked taker to wake.
    pub(super) fn nudge(&mut self) -> Option<ThreadId> {
        self.nudges = self.nudges.saturating_add(1);
        self.takers.pop_front()
    }

    /// Notes that nothing more comes. Returns the parked taker to wake.
    pub(super) fn close(&mut self) -> Option<ThreadId> {
        self.closed = true;
        self.takers.pop_front()
    }

    /// Forgets a nudge. Returns whether there was one.
    pub(super) fn drain(&mut self) -> bool {
        let nudged = self.nudges > 0;
        self.nudges -= u32::from(nudged);
        nudged
    }

    /// Takes what there is; nudges stay.
    pub(super) fn take(&mut self) -> Taken {
        if let Some(item) = self.items.pop_front() {
            return Taken::Item(item);
        }
        if self.nudges > 0 {
            return Taken::Nudge;
        }
        if self.closed { Taken::Closed } else { Taken::Nothing }
    }

    /// Takes an item if there is one.
    pub(super) fn take_item(&mut self) -> Option<Item> {
        self.items.pop_front()
    }

    /// Whether a taker would get something.
    pub(super) fn has_something(&self) -> bool {
        !self.items.is_empty() || self.nudges > 0 || self.closed
    }

    pub(super) fn park(&mut self, taker: ThreadId) {
        self.takers.push_back(taker);
    }

    pub(super) fn poll(&mut self, poller: ThreadId) {
        let other = self.poller.replace(poller);
        assert!(other.is_none(), "{other:?} polls the channel, too");
    }

    /// Whom there is something for now: the one who polls.
    pub(super) fn take_poller(&mut self) -> Option<ThreadId> {
        self.poller.take()
    }
}

/// An executor that grows on demand (CPython `_adjust_thread_count`, `_adjust_process_count`).
#[derive(Debug)]
pub(super) struct Executor {
    workers: u32,
    most: u32,
    all_at_once: bool,
    idle: u32,
}

impl Executor {
    pub(super) fn new(most: u32, all_at_once: bool) -> Self {
        Self { workers: 0, most, all_at_once, idle: 0 }
    }

    /// Whether a submit starts a worker. If so the worker counts; if an idle one is there instead, it
    /// is idle no longer.
    pub(super) fn grow(&mut self) -> bool {
        if !self.all_at_once && self.idle > 0 {
            self.idle -= 1;
            return false;
        }
        let grows = self.workers < self.most;
        self.workers += u32::from(grows);
        grows
    }

    /// A worker finds itself idle.
    pub(super) fn note_idle(&mut self) {
        self.idle = self.idle.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T1: Waiter = Waiter::Thread(ThreadId(1));
    const C1: Waiter = Waiter::Coroutine(TaskId(1));

    #[test]
    fn a_coroutine_is_handed_its_permit_and_a_thread_has_to_look_again() {
        let mut semaphore = Semaphore::new(1);
        assert!(semaphore.try_acquire(true));
        semaphore.wait(C1);
        semaphore.wait(T1);
        assert_eq!(semaphore.release(true), Some(Woken::Served(C1)));
        assert!(!semaphore.try_acquire(false), "the permit went to the coroutine");
        assert_eq!(semaphore.release(true), Some(Woken::ToLookAgain(T1)));
        assert!(semaphore.try_acquire(false), "a newcomer may barge");
    }

    #[test]
    fn a_fair_semaphore_refuses_newcomers_while_somebody_waits() {
        let mut semaphore = Semaphore::new(1);
        semaphore.wait(T1);
        assert!(!semaphore.try_acquire(true));
        assert!(semaphore.try_acquire(false));
    }

    #[test]
    fn a_coroutine_that_has_not_run_yet_keeps_newcomers_in_line() {
        let mut semaphore = Semaphore::new(0);
        semaphore.wait(C1);
        assert_eq!(semaphore.release(true), Some(Woken::Served(C1)));
        assert_eq!(semaphore.release(true), None);
        assert!(!semaphore.try_acquire(true), "C1 is still in line");
        semaphore.wait(Waiter::Coroutine(TaskId(2)));
        semaphore.wait(Waiter::Coroutine(TaskId(3)));
        semaphore.served_one_runs();
        assert_eq!(semaphore.serve_next(), Some(TaskId(2)));
        assert_eq!(semaphore.serve_next(), None, "there was one permit");
    }

    #[test]
    fn a_bounded_queue_wakes_one_putter_for_each_item_taken() {
        let mut queue = Queue::new(Some(1));
        assert!(queue.try_put());
        assert_eq!(queue.next_getter(), None);
        assert!(!queue.try_put());
        queue.wait_for_room(T1);
        assert!(queue.try_get());
        assert_eq!(queue.next_putter(), Some(T1));
        assert!(!queue.try_get());
    }

    #[test]
    fn a_permit_that_is_handed_over_goes_to_the_first_in_line() {
        let mut connections = Semaphore::new(1);
        assert!(connections.try_acquire(false));
        connections.wait(T1);
        assert_eq!(connections.hand_over(), Some(T1));
        assert!(!connections.try_acquire(false), "the waiter has it");
        assert_eq!(connections.hand_over(), None);
        assert!(connections.try_acquire(false));
    }

    #[test]
    fn an_executor_grows_only_while_nobody_is_idle() {
        let mut executor = Executor::new(2, false);
        assert!(executor.grow());
        executor.note_idle();
        assert!(!executor.grow());
        assert!(executor.grow());
        assert!(!executor.grow(), "it is full");
    }
}
