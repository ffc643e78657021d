//! What tasks share: semaphores, queues, the connections of sites. They change only themselves and say who is to be
//! woken, and how its wait has ended.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{SemaphoreId, SiteId, TaskId, ThreadId};
use crate::plan::{End, Plan, Thing};
use crate::time::{SimDuration, SimTime};

use super::gates::Gates;

/// Somebody who waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Waiter {
    /// A blocked thread.
    Thread(ThreadId),
    /// A suspended coroutine.
    Coroutine(TaskId),
}

/// All that tasks share.
#[derive(Debug)]
pub(super) struct Shared {
    semaphores: Vec<Semaphore>,
    queues: Vec<Queue>,
    pub(super) gates: Gates,
    sites: Vec<Site>,
}

impl Shared {
    pub(super) fn new(plan: &Plan) -> Self {
        let semaphores = plan.semaphores.iter();
        let connections = |connections| Semaphore::new(connections, true);
        Self {
            semaphores: semaphores
                .map(|it| Semaphore {
                    fair_after: it.fair_after,
                    ..Semaphore::new(it.permits, it.hands_over)
                })
                .collect(),
            gates: Gates::new(plan),
            queues: plan.queues.iter().map(|rules| Queue::new(rules.capacity)).collect(),
            sites: plan.sites.iter().map(|it| it.connections.map(connections)).collect(),
        }
    }

    /// Takes a thing if it is there; `in_line`, only if nobody waits for a permit or connection already. Returns whether it
    /// was there, and who is to look for what has been put or for the room that has been made.
    pub(super) fn try_take(&mut self, thing: Thing, in_line: bool) -> (bool, Option<Waiter>) {
        match thing {
            Thing::Permit(_) | Thing::Connection(_) => {
                let counted = self.semaphore_of(thing);
                (counted.is_none_or(|it| it.try_acquire(in_line)), None)
            }
            Thing::Flag(flag) => (self.gates.is_set(flag), None),
            Thing::Meeting(_) | Thing::Turn(_) => unreachable!("{thing:?} is not taken"),
            Thing::Room(queue) => {
                let queue = &mut self.queues[queue.index()];
                let put = queue.try_put();
                (put, if put { queue.next_getter() } else { None })
            }
            Thing::Item(queue) => {
                let queue = &mut self.queues[queue.index()];
                let got = queue.try_get();
                (got, if got { queue.next_putter() } else { None })
            }
        }
    }

    pub(super) fn stand_in_line(&mut self, thing: Thing, waiter: Waiter, now: SimTime) {
        match thing {
            Thing::Permit(_) | Thing::Connection(_) => {
                let semaphore = self.semaphore_of(thing);
                semaphore.expect("only what is counted runs out").wait(waiter, now);
            }
            Thing::Room(queue) => self.queues[queue.index()].wait_for_room(waiter),
            Thing::Item(queue) => self.queues[queue.index()].wait_for_item(waiter),
            Thing::Flag(flag) => self.gates.wait_for(flag, waiter),
            Thing::Meeting(barrier) => self.gates.wait_at(barrier, waiter),
            Thing::Turn(_) => unreachable!("nobody stands in line for a token"),
        }
    }

    /// A waiter leaves the line for a thing, if it stands there.
    pub(super) fn step_out(&mut self, thing: Thing, waiter: Waiter) {
        match thing {
            Thing::Permit(_) | Thing::Connection(_) => {
                if let Some(counted) = self.semaphore_of(thing) {
                    counted.step_out(waiter);
                }
            }
            Thing::Room(queue) => leave(&mut self.queues[queue.index()].putters, waiter),
            Thing::Item(queue) => leave(&mut self.queues[queue.index()].getters, waiter),
            Thing::Flag(_) | Thing::Meeting(_) | Thing::Turn(_) => {
                self.gates.step_out(thing, waiter);
            }
        }
    }

    /// Who is to look for a thing that is there and that nobody looks for: whoever was woken for it has given up.
    pub(super) fn next_in_line(&mut self, thing: Thing) -> Option<Waiter> {
        match thing {
            Thing::Permit(_) | Thing::Connection(_) => {
                let counted = self.semaphore_of(thing).filter(|counted| counted.permits > 0)?;
                counted.waiters.pop_front()
            }
            Thing::Room(queue) => {
                let queue = &mut self.queues[queue.index()];
                if queue.has_room() { queue.next_putter() } else { None }
            }
            Thing::Item(queue) => {
                let queue = &mut self.queues[queue.index()];
                if queue.items > 0 { queue.next_getter() } else { None }
            }
            Thing::Flag(_) | Thing::Meeting(_) | Thing::Turn(_) => None,
        }
    }

    /// What counts permits or connections.
    fn semaphore_of(&mut self, thing: Thing) -> Option<&mut Semaphore> {
        match thing {
            Thing::Permit(semaphore) => Some(&mut self.semaphores[semaphore.index()]),
            Thing::Connection(site) => self.sites[site.index()].as_mut(),
            Thing::Room(_)
            | Thing::Item(_)
            | Thing::Flag(_)
            | Thing::Meeting(_)
            | Thing::Turn(_) => None,
        }
    }

    /// A coroutine that was handed a thing runs again.
    pub(super) fn served_runs(&mut self, thing: Thing) {
        if let Some(semaphore) = self.semaphore_of(thing) {
            semaphore.served_one_runs();
        }
    }

    /// Hands what is left to the first in line: see [`Semaphore::serve_next`].
    pub(super) fn serve_next(&mut self, thing: Thing) -> Option<TaskId> {
        self.semaphore_of(thing).and_then(Semaphore::serve_next)
    }

    /// A thread that was woken has taken the thing that it waited for.
    pub(super) fn woken_took(&mut self, thing: Thing, thread: ThreadId) {
        if let Some(semaphore) = self.semaphore_of(thing) {
            semaphore.forget(Waiter::Thread(thread));
        }
    }

    /// Gives a permit back. Returns who is to be woken, and how its wait has ended.
    pub(super) fn release(
        &mut self,
        semaphore: SemaphoreId,
        now: SimTime,
    ) -> Option<(Waiter, End)> {
        self.semaphores[semaphore.index()].release(now)
    }

    /// Ends a request to a site. Returns who has the connection next.
    pub(super) fn disconnect(&mut self, site: SiteId) -> Option<Waiter> {
        self.sites[site.index()].as_mut().and_then(Semaphore::hand_over)
    }
}

/// A waiter leaves a line, if it stands there.
fn leave(line: &mut VecDeque<Waiter>, waiter: Waiter) {
    if let Some(at) = line.iter().position(|other| *other == waiter) {
        line.remove(at);
    }
}

/// A semaphore.
///
/// A thread's is `threading.Semaphore`, which lets newcomers barge; a coroutine's is
/// `asyncio.Semaphore`, which since 3.10 hands a permit straight to the longest waiter
/// (CPython `Lib/threading.py`, `Lib/asyncio/locks.py`).
#[derive(Debug)]
struct Semaphore {
    permits: u32,
    /// Coroutines that were handed a permit and have not run since: they still count as queued.
    served: u32,
    /// Whether a coroutine that waits is handed a permit.
    hands_over: bool,
    /// After how long a wait a thread is handed a permit, if ever: a lock since 3.14 (`_PyMutex_LockTimed` and
    /// `_PyMutex_TryUnlock` in CPython `Python/lock.c`).
    fair_after: Option<SimDuration>,
    waiters: VecDeque<Waiter>,
    /// Since when each thread wants a permit, where that matters; also those that were woken and look again.
    wants: BTreeMap<Waiter, SimTime>,
}

impl Semaphore {
    fn new(permits: u32, hands_over: bool) -> Self {
        let (waiters, wants) = (VecDeque::new(), BTreeMap::new());
        Self { permits, served: 0, hands_over, fair_after: None, waiters, wants }
    }

    /// Takes a permit if there is one; `in_line`, only if nobody waits for it already.
    fn try_acquire(&mut self, in_line: bool) -> bool {
        let is_queued = self.served > 0 || !self.waiters.is_empty();
        let granted = self.permits > 0 && !(in_line && is_queued);
        self.permits -= u32::from(granted);
        granted
    }

    fn wait(&mut self, waiter: Waiter, now: SimTime) {
        self.waiters.push_back(waiter);
        if self.fair_after.is_some() {
            self.wants.entry(waiter).or_insert(now);
        }
    }

    /// A waiter gives up, whether it stands in line or was woken and looks again.
    fn step_out(&mut self, waiter: Waiter) {
        self.forget(waiter);
        leave(&mut self.waiters, waiter);
    }

    /// Somebody who waited has a permit, or wants none any more.
    fn forget(&mut self, waiter: Waiter) {
        self.wants.remove(&waiter);
    }

    /// Whether the first in line has waited for so long that it is handed the permit.
    fn owes_the_first(&self, now: SimTime) -> bool {
        let (Some(first), Some(fair_after)) = (self.waiters.front(), self.fair_after) else {
            return false;
        };
        let since = self.wants.get(first);
        since.is_some_and(|since| now.saturating_since(*since) >= fair_after)
    }

    /// Gives a permit back. A coroutine that is woken may have it; anybody else has to look again, unless it is owed one.
    fn release(&mut self, now: SimTime) -> Option<(Waiter, End)> {
        let is_handed = match self.waiters.front() {
            Some(Waiter::Coroutine(_)) => self.hands_over,
            _ => self.owes_the_first(now),
        };
        if is_handed {
            return self.hand_over().map(|next| (next, End::Done));
        }
        let waiter = self.waiters.pop_front();
        self.permits = self.permits.saturating_add(1);
        waiter.map(|next| (next, End::Again))
    }

    /// Hands a permit that is given back to the first in line, thread or coroutine; keeps it if there
    /// is none.
    fn hand_over(&mut self) -> Option<Waiter> {
        let next = self.waiters.pop_front();
        match next {
            Some(Waiter::Coroutine(_)) => self.served += 1,
            Some(waiter @ Waiter::Thread(_)) => self.forget(waiter),
            None => self.permits = self.permits.saturating_add(1),
        }
        next
    }

    /// A coroutine that was handed a permit runs again.
    fn served_one_runs(&mut self) {
        self.served -= 1;
    }

    /// Hands a free permit to the first in line, if that is a coroutine: newcomers had to queue up
    /// behind one that had not run yet, though there were permits left.
    fn serve_next(&mut self) -> Option<TaskId> {
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
struct Queue {
    items: u64,
    capacity: Option<u32>,
    getters: VecDeque<Waiter>,
    putters: VecDeque<Waiter>,
}

impl Queue {
    fn new(capacity: Option<u32>) -> Self {
        Self { items: 0, capacity, getters: VecDeque::new(), putters: VecDeque::new() }
    }

    /// Puts an item if there is room; then [`Self::next_getter`] is to look for it.
    fn try_put(&mut self) -> bool {
        let has_room = self.has_room();
        self.items += u64::from(has_room);
        has_room
    }

    fn has_room(&self) -> bool {
        self.capacity.is_none_or(|capacity| self.items < u64::from(capacity))
    }

    /// Takes an item if there is one; then [`Self::next_putter`] is to look for the room.
    fn try_get(&mut self) -> bool {
        let has_item = self.items > 0;
        self.items -= u64::from(has_item);
        has_item
    }

    fn next_getter(&mut self) -> Option<Waiter> {
        self.getters.pop_front()
    }

    fn next_putter(&mut self) -> Option<Waiter> {
        self.putters.pop_front()
    }

    fn wait_for_room(&mut self, waiter: Waiter) {
        self.putters.push_back(waiter);
    }

    fn wait_for_item(&mut self, waiter: Waiter) {
        self.getters.push_back(waiter);
    }
}

/// The connections of a site: a semaphore that hands a connection to whoever is first in line.
/// `None` is no limit.
type Site = Option<Semaphore>;

#[cfg(test)]
mod tests {
    use super::*;

    const T1: Waiter = Waiter::Thread(ThreadId(1));
    const C1: Waiter = Waiter::Coroutine(TaskId(1));

    #[test]
    fn a_coroutine_is_handed_its_permit_and_a_thread_has_to_look_again() {
        let mut semaphore = Semaphore::new(1, true);
        assert!(semaphore.try_acquire(true));
        semaphore.wait(C1, SimTime::ZERO);
        semaphore.wait(T1, SimTime::ZERO);
        assert_eq!(semaphore.release(SimTime::ZERO), Some((C1, End::Done)));
        assert!(!semaphore.try_acquire(false), "the permit went to the coroutine");
        assert_eq!(semaphore.release(SimTime::ZERO), Some((T1, End::Again)));
        assert!(semaphore.try_acquire(false), "a newcomer may barge");
    }

    #[test]
    fn who_gives_up_and_comes_back_has_waited_for_no_time() {
        let at = |us| SimTime::ZERO + SimDuration::from_micros(us);
        let fair_after = Some(SimDuration::from_micros(1_000));
        let mut lock = Semaphore { fair_after, ..Semaphore::new(1, true) };
        assert!(lock.try_acquire(false));
        lock.wait(T1, at(0));
        lock.step_out(T1);
        assert_eq!(lock.release(at(1_500)), None, "nobody is there");
        assert!(lock.try_acquire(false));
        lock.wait(T1, at(2_000));
        assert_eq!(lock.release(at(2_100)), Some((T1, End::Again)), "it has waited for 0.1 ms");
    }

    #[test]
    fn a_lock_is_handed_to_a_thread_that_has_waited_for_long_even_if_it_was_woken_in_vain() {
        let at = |us| SimTime::ZERO + SimDuration::from_micros(us);
        let fair_after = Some(SimDuration::from_micros(1_000));
        let mut lock = Semaphore { fair_after, ..Semaphore::new(1, true) };
        assert!(lock.try_acquire(false));
        lock.wait(T1, at(0));
        assert_eq!(lock.release(at(999)), Some((T1, End::Again)));
        assert!(lock.try_acquire(false), "a newcomer is faster");
        lock.wait(T1, at(1_000));
        assert_eq!(lock.release(at(1_001)), Some((T1, End::Done)));
        assert!(!lock.try_acquire(false), "it has the lock");
        lock.wait(T1, at(2_000));
        assert_eq!(lock.release(at(2_500)), Some((T1, End::Again)), "it counts from anew");
    }

    #[test]
    fn a_fair_semaphore_refuses_newcomers_while_somebody_waits() {
        let mut semaphore = Semaphore::new(1, true);
        semaphore.wait(T1, SimTime::ZERO);
        assert!(!semaphore.try_acquire(true));
        assert!(semaphore.try_acquire(false));
    }

    #[test]
    fn a_coroutine_that_has_not_run_yet_keeps_newcomers_in_line() {
        let mut semaphore = Semaphore::new(0, true);
        semaphore.wait(C1, SimTime::ZERO);
        assert_eq!(semaphore.release(SimTime::ZERO), Some((C1, End::Done)));
        assert_eq!(semaphore.release(SimTime::ZERO), None);
        assert!(!semaphore.try_acquire(true), "C1 is still in line");
        semaphore.wait(Waiter::Coroutine(TaskId(2)), SimTime::ZERO);
        semaphore.wait(Waiter::Coroutine(TaskId(3)), SimTime::ZERO);
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
        let mut connections = Semaphore::new(1, true);
        assert!(connections.try_acquire(false));
        connections.wait(T1, SimTime::ZERO);
        assert_eq!(connections.hand_over(), Some(T1));
        assert!(!connections.try_acquire(false), "the waiter has it");
        assert_eq!(connections.hand_over(), None);
        assert!(connections.try_acquire(false));
    }
}
