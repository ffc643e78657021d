//! Taking what tasks share: a permit, a connection, room in a queue, an item of one; and waiting for it.

use crate::ids::{NameId, QueueId, SemaphoreId, SiteId, ThreadId};
use crate::trace::{Sink, State};
use crate::workload::Action;

use super::sync::Waiter;
use super::thread::{Then, Wait};
use super::{Engine, Flow};

/// Something that others may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Thing {
    /// A permit of a semaphore.
    Permit(SemaphoreId),
    /// A connection of a site.
    Connection(SiteId),
    /// Room in a queue.
    Room(QueueId),
    /// An item of a queue.
    Item(QueueId),
}

impl Thing {
    /// What a step takes from others, if it does.
    pub(super) const fn of(action: Action) -> Option<Self> {
        match action {
            Action::Acquire(semaphore) => Some(Self::Permit(semaphore)),
            Action::Wait(Some(site), _) | Action::Block(Some(site), _) => {
                Some(Self::Connection(site))
            }
            Action::Put(queue) => Some(Self::Room(queue)),
            Action::Get(queue) => Some(Self::Item(queue)),
            _ => None,
        }
    }
}

/// How far a thread has come with something that may make it wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// It has it, and its lock.
    Done,
    /// It goes on at this stage.
    At(u8, Flow),
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Takes a thing if it is there. Threads barge past who was woken to look again; connections go by the line.
    pub(super) fn take_if_there(&mut self, thing: Thing) -> bool {
        match thing {
            Thing::Permit(semaphore) => self.semaphores[semaphore.index()].try_acquire(false),
            Thing::Connection(site) => {
                let connections = &mut self.sites[site.index()];
                connections.as_mut().is_none_or(|connections| connections.try_acquire(true))
            }
            Thing::Room(queue) => {
                let queue = &mut self.queues[queue.index()];
                queue.try_put() && {
                    let getter = queue.next_getter();
                    self.wake_waiter(getter);
                    true
                }
            }
            Thing::Item(queue) => {
                let queue = &mut self.queues[queue.index()];
                queue.try_get() && {
                    let putter = queue.next_putter();
                    self.wake_waiter(putter);
                    true
                }
            }
        }
    }

    pub(super) fn stand_in_line(&mut self, thing: Thing, waiter: Waiter) {
        match thing {
            Thing::Permit(semaphore) => self.semaphores[semaphore.index()].wait(waiter),
            Thing::Connection(site) => {
                let connections = self.sites[site.index()].as_mut();
                connections.expect("only connections that are counted run out").wait(waiter);
            }
            Thing::Room(queue) => self.queues[queue.index()].wait_for_room(waiter),
            Thing::Item(queue) => self.queues[queue.index()].wait_for_item(waiter),
        }
    }

    /// The name of the semaphore, site or queue.
    pub(super) fn name_of(&self, thing: Thing) -> NameId {
        match thing {
            Thing::Permit(semaphore) => self.plan.semaphores[semaphore.index()].name,
            Thing::Connection(site) => self.plan.sites[site.index()].name,
            Thing::Room(queue) | Thing::Item(queue) => self.plan.queues[queue.index()].0,
        }
    }

    /// One stage of a thread that takes a thing: at once where it is there, else without the lock, in line for it. A
    /// connection is handed over; who is woken for anything else looks again, for newcomers may barge.
    pub(super) fn obtain(
        &mut self,
        thread: ThreadId,
        thing: Thing,
        stage: u8,
        shown: bool,
    ) -> Progress {
        const WITH_LOCK: u8 = 0;
        const WITHOUT_LOCK: u8 = 1;
        const HAS_IT: u8 = 2;
        match stage {
            HAS_IT => Progress::Done,
            WITH_LOCK if self.take_if_there(thing) => Progress::Done,
            WITH_LOCK => Progress::At(WITHOUT_LOCK, self.let_go(thread)),
            _ if self.take_if_there(thing) => Progress::At(HAS_IT, self.relock(thread)),
            _ => {
                self.stand_in_line(thing, Waiter::Thread(thread));
                let next = if matches!(thing, Thing::Connection(_)) { HAS_IT } else { WITH_LOCK };
                let row = shown.then(|| (State::Sync, self.name_of(thing)));
                Progress::At(next, self.block(thread, Wait::For(thing), row))
            }
        }
    }

    /// Ends a request to a site; the first in line has the connection next.
    pub(super) fn disconnect(&mut self, site: Option<SiteId>) {
        let Some(connections) = site.and_then(|site| self.sites[site.index()].as_mut()) else {
            return;
        };
        match connections.hand_over() {
            None => {}
            Some(Waiter::Thread(next)) => self.wake(next, Then::TakeLock),
            Some(Waiter::Coroutine(next)) => self.resume_coroutine(next, true),
        }
    }

    /// Wakes somebody who has to look again.
    fn wake_waiter(&mut self, waiter: Option<Waiter>) {
        match waiter {
            None => {}
            Some(Waiter::Thread(thread)) => self.wake(thread, Then::TakeLock),
            Some(Waiter::Coroutine(task)) => self.resume_coroutine(task, false),
        }
    }
}
