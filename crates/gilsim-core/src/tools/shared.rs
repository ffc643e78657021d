//! What tasks share, semaphores and queues, as the threads and processes of Python have them.
//!
//! - Threads: `threading.Semaphore` and `queue.Queue` are written in Python around a `Condition`. Each operation holds
//!   the lock of that condition while it works (CPython `Lib/threading.py`, `Lib/queue.py`).
//! - Processes: `multiprocessing.Semaphore` is one of the kernel. `multiprocessing.Queue` is a pipe; a feeder thread in
//!   each process that puts pickles and writes, and getters take turns at reading (`Lib/multiprocessing/queues.py`).
//! - Coroutines: see `script.rs`; no other coroutine runs during an operation.

use crate::ids::{ChannelId, QueueId, SemaphoreId};
use crate::model::Guard;
use crate::plan::{
    ChannelOp, ChannelRules, Ends, ForThread, Group, Label, Op, QueueRules, SemaphoreRules, Thing,
    Wait,
};
use crate::profile::{Cost, SharedCosts};
use crate::time::SimDuration;
use crate::trace::State;

use super::builder::Builder;
use super::descriptor::Carrier;

/// What there is beside each semaphore and queue of the scenario.
pub(super) enum Aids {
    /// Nothing: operations cost nothing and are over at once.
    None,
    /// The lock of each semaphore, then that of each queue.
    Threads(Vec<SemaphoreId>),
    /// The pipe of each queue.
    Processes(Vec<QueuePipe>),
}

/// The parts of a `multiprocessing.Queue`.
#[derive(Clone, Copy)]
pub(super) struct QueuePipe {
    /// Room in it, where that has a limit.
    room: Option<SemaphoreId>,
    /// The putters' ends take turns, and so do the getters'.
    write_lock: SemaphoreId,
    read_lock: SemaphoreId,
    /// What a process has put and its feeder has not written yet.
    buffer: ChannelId,
    /// A feeder thread says here that it has written all.
    flushed: ChannelId,
    feeder: Label,
    feeders: Group,
}

impl Builder<'_> {
    pub(super) fn shared_costs(&self) -> SharedCosts {
        self.profile().shared
    }

    /// Prepares what tasks share: before anything is written.
    pub(super) fn share(&mut self) {
        self.aids = match self.tool.descriptor().carrier {
            _ if self.shared_costs() == SharedCosts::default() => Aids::None,
            Carrier::Process => self.share_among_processes(),
            Carrier::Thread | Carrier::Interpreter | Carrier::Coroutine => {
                self.share_among_threads()
            }
        };
        self.share_gates();
    }

    fn share_among_threads(&mut self) -> Aids {
        let Cost(notify) = self.shared_costs().threads.notify;
        let wake = self.profile().machine.wake_call.0 + notify;
        let fair_after = self.lock_is_fair_after();
        let wake_locked = self.profile().machine.wake_call.0;
        let (semaphores, locks) = self.plan.semaphores.split_at_mut(self.plan.first_lock);
        let semaphores = semaphores.iter_mut().map(|it| &mut it.wake);
        let queues = self.plan.queues.iter_mut().map(|it| &mut it.wake);
        semaphores.chain(queues).for_each(|it| *it = wake);
        for lock in locks {
            (lock.wake, lock.fair_after) = (wake_locked, fair_after);
        }
        let things: Vec<Thing> = self.shared_things().collect();
        Aids::Threads(things.into_iter().map(|thing| self.aid(thing, 1)).collect())
    }

    /// `threading.Lock` is a `PyMutex` since 3.14, and in the free-threaded build of 3.13: it is handed to a thread that has
    /// waited for 1 ms (`TIME_TO_BE_FAIR_NS` in CPython `Python/lock.c`). Before, it is a semaphore of the kernel. Interpreters
    /// share a semaphore of the kernel, too.
    fn lock_is_fair_after(&self) -> Option<SimDuration> {
        let profile = self.profile();
        let is_mutex = profile.python >= 14 || profile.free_threaded && profile.python >= 13;
        let among_threads = self.tool.descriptor().carrier != Carrier::Interpreter;
        (is_mutex && among_threads).then_some(SimDuration::from_millis(1))
    }

    fn share_among_processes(&mut self) -> Aids {
        let wake = self.profile().machine.wake_call.0;
        self.plan.semaphores.iter_mut().for_each(|it| it.wake = wake);
        let feeders = self.group();
        let queues = (0..self.plan.queues.len()).map(QueueId::at);
        Aids::Processes(queues.map(|queue| self.queue_pipe(queue, feeders)).collect())
    }

    fn queue_pipe(&mut self, queue: QueueId, feeders: Group) -> QueuePipe {
        let wake = self.profile().pipe.wake.0;
        let rules = &mut self.plan.queues[queue.index()];
        let capacity = rules.capacity.take();
        *rules = QueueRules { wake, is_pipe: true, ..*rules };
        QueuePipe {
            room: capacity.map(|permits| self.aid(Thing::Room(queue), permits)),
            write_lock: self.aid(Thing::Room(queue), 1),
            read_lock: self.aid(Thing::Item(queue), 1),
            buffer: self.channel_of_process(),
            flushed: self.channel_of_process(),
            feeder: self.code.label(),
            feeders,
        }
    }

    pub(super) fn channel_of_process(&mut self) -> ChannelId {
        let wake = self.profile().machine.wake_call.0;
        let rules = ChannelRules { hand_off: false, wake, is_pipe: false, in_each_process: true };
        self.channel_with(rules)
    }

    /// A semaphore of the tool's own beside a thing.
    pub(super) fn aid(&mut self, thing: Thing, permits: u32) -> SemaphoreId {
        let name = self.plan.name_of(thing);
        let wake = self.profile().machine.wake_call.0;
        let stands_for = Some(thing);
        let (hands_over, is_lock, fair_after) = (false, false, None);
        self.semaphore_with(SemaphoreRules {
            name,
            permits,
            is_lock,
            hands_over,
            fair_after,
            wake,
            stands_for,
        })
    }

    fn shared_things(&self) -> impl Iterator<Item = Thing> {
        let semaphores = (0..self.plan.first_lock).map(SemaphoreId::at).map(Thing::Permit);
        semaphores.chain((0..self.plan.queues.len()).map(QueueId::at).map(Thing::Room))
    }

    /// A task takes a permit, or room in a queue for an item, or an item, on a thread.
    pub(super) fn obtain_shared(&mut self, thing: Thing) {
        match &self.aids {
            Aids::None => self.obtain_shown(thing),
            Aids::Threads(locks) => {
                let lock = locks[self.number_of(thing)];
                self.obtain_under_lock(lock, thing);
            }
            Aids::Processes(pipes) => match thing {
                Thing::Room(queue) => {
                    let pipe = pipes[queue.index()];
                    self.put_to_pipe(&pipe);
                }
                Thing::Item(queue) => {
                    let pipe = pipes[queue.index()];
                    self.get_from_pipe(queue, &pipe);
                }
                _ => {
                    let cost = self.shared_costs().processes.acquire;
                    self.spend("acquire", cost);
                    self.obtain_without_lock(thing);
                }
            },
        }
    }

    /// A task gives a permit back, on a thread.
    pub(super) fn release_shared(&mut self, semaphore: SemaphoreId) {
        match &self.aids {
            Aids::None => self.code.push(Op::Release(semaphore)),
            Aids::Threads(locks) => {
                let lock = locks[semaphore.index()];
                let cost = self.shared_costs().threads.release;
                self.kept_on(|builder| builder.lock(lock));
                self.spend("release", cost);
                self.code.push(Op::Release(semaphore));
                self.code.push(Op::Release(lock));
            }
            Aids::Processes(_) => {
                let cost = self.shared_costs().processes.release;
                self.spend("release", cost);
                self.code.push(Op::Release(semaphore));
            }
        }
    }

    /// A task begins to hold a permit or a lock, on a thread.
    pub(super) fn take_guard(&mut self, guard: Guard) {
        let permit = self.plan.permit_of(guard);
        let is_mutex = self.plan.semaphores[permit.index()].fair_after.is_some();
        let thing = Thing::Permit(permit);
        match guard {
            Guard::Semaphore(_) => self.obtain_shared(thing),
            Guard::Lock(_) => {
                let cost = self.lock_costs().0;
                self.spend("lock", cost);
                // A thread that a `PyMutex` wakes takes the interpreter lock back before it looks again
                // (`_PyParkingLot_Park` in CPython `Python/parking_lot.c`); one that a semaphore wakes looks at once.
                if is_mutex {
                    self.obtain_shown(thing);
                } else {
                    self.obtain_without_lock(thing);
                }
            }
        }
    }

    /// A task lets go of it.
    pub(super) fn give_guard_back(&mut self, guard: Guard) {
        let permit = self.plan.permit_of(guard);
        match guard {
            Guard::Semaphore(_) => self.release_shared(permit),
            Guard::Lock(_) => {
                let cost = self.lock_costs().1;
                self.spend("unlock", cost);
                self.code.push(Op::Release(permit));
            }
        }
    }

    /// What it costs a thread to take a lock that is free, and to give it back.
    fn lock_costs(&self) -> (Cost, Cost) {
        let costs = self.shared_costs();
        match &self.aids {
            Aids::None | Aids::Threads(_) => (costs.threads.lock, costs.threads.unlock),
            Aids::Processes(_) => (costs.processes.acquire, costs.processes.release),
        }
    }

    /// The number of a thing among semaphores, then queues.
    fn number_of(&self, thing: Thing) -> usize {
        match thing {
            Thing::Permit(semaphore) => semaphore.index(),
            Thing::Room(queue) | Thing::Item(queue) => self.plan.first_lock + queue.index(),
            _ => unreachable!("{thing:?} has no lock here"),
        }
    }

    /// Takes a thing under its lock. Who has to wait gives that up meanwhile, and looks again after it.
    fn obtain_under_lock(&mut self, lock: SemaphoreId, thing: Thing) {
        let (obtained, handed, end) = (self.code.label(), self.code.label(), self.code.label());
        let row = Some((State::Sync, self.plan.name_of(thing)));
        let costs = self.shared_costs().threads;
        let (name, cost) = match thing {
            Thing::Room(_) => ("put", costs.put),
            Thing::Item(_) => ("get", costs.get),
            _ => ("acquire", costs.acquire),
        };
        self.kept_on(|builder| builder.lock(lock));
        self.spend(name, cost);
        let again = self.code.here();
        self.try_obtain(thing, obtained);
        self.spend("wait", costs.wait);
        self.code.push(Op::Release(lock));
        self.code.push(Op::Unlock);
        let woken = self.code.label();
        let late = self.late_without_lock();
        let ends = Ends::of(handed.target(), woken.target()).or_late(late.map(|(here, _)| here));
        self.code.push(Op::Block(Wait { on: ForThread::Thing(thing), row, ends }));
        // `Condition.wait` takes the lock back before it returns.
        self.come_late(late, |builder| {
            builder.kept_on(|builder| builder.lock(lock));
            builder.code.push(Op::Release(lock));
        });
        self.code.place(woken);
        self.code.push(Op::Relock);
        self.kept_on(|builder| builder.lock(lock));
        self.code.push(Op::Jump(again.target()));
        // It came while the lock was being given up.
        self.code.place(handed);
        self.code.push(Op::Relock);
        self.code.push(Op::Jump(end.target()));
        self.code.place(obtained);
        self.code.push(Op::Release(lock));
        self.code.place(end);
    }

    /// `multiprocessing.Queue.put`: hands the item to the feeder thread, which the first one of a process starts.
    fn put_to_pipe(&mut self, pipe: &QueuePipe) {
        let cost = self.shared_costs().processes.put;
        if let Some(room) = pipe.room {
            self.lock(room);
        }
        self.spend("put", cost);
        let fed = self.code.label();
        self.on_channel(pipe.buffer, ChannelOp::Once(fed.target()));
        self.start_thread(pipe.feeder, pipe.feeders, false);
        self.code.place(fed);
        self.put(pipe.buffer);
    }

    /// `multiprocessing.Queue.get`.
    fn get_from_pipe(&mut self, queue: QueueId, pipe: &QueuePipe) {
        let cost = self.shared_costs().processes.get;
        self.lock(pipe.read_lock);
        self.obtain_or_give_back(Thing::Item(queue), Some(pipe.read_lock));
        self.read_from_pipe();
        if let Some(room) = pipe.room {
            self.code.push(Op::Release(room));
        }
        self.code.push(Op::Release(pipe.read_lock));
        self.spend("get", cost);
    }

    /// The feeder threads of queues.
    pub(super) fn write_queue_feeders(&mut self) {
        let Aids::Processes(pipes) = &self.aids else { return };
        for (queue, pipe) in pipes.clone().iter().enumerate() {
            self.write_queue_feeder(QueueId::at(queue), pipe);
        }
    }

    fn write_queue_feeder(&mut self, queue: QueueId, pipe: &QueuePipe) {
        let cost = self.shared_costs().processes.feed;
        let closed = self.code.label();
        self.program(pipe.feeder);
        self.boot_thread();
        let next = self.code.here();
        self.take(pipe.buffer, closed);
        self.spend("pickle", cost);
        self.lock(pipe.write_lock);
        let written = self.code.label();
        // There is no limit to what is in the pipe: room was taken by the putter.
        self.try_obtain(Thing::Room(queue), written);
        self.code.place(written);
        self.write_to_pipe();
        self.code.push(Op::Release(pipe.write_lock));
        self.code.push(Op::Jump(next.target()));
        self.code.place(closed);
        self.nudge(pipe.flushed);
        self.exit_thread();
    }

    /// Before a process ends, its feeder threads write what is left.
    pub(super) fn flush_queues(&mut self) {
        let Aids::Processes(pipes) = &self.aids else { return };
        for pipe in pipes.clone() {
            let (used, flushed) = (self.code.label(), self.code.label());
            self.on_channel(pipe.buffer, ChannelOp::Once(used.target()));
            self.code.push(Op::Jump(flushed.target()));
            self.code.place(used);
            self.close(pipe.buffer);
            self.take_or(pipe.flushed, flushed, flushed);
            self.code.place(flushed);
        }
    }

    pub(super) fn try_obtain(&mut self, thing: Thing, obtained: Label) {
        self.code.push(Op::TryObtain { thing, in_line: false, obtained: obtained.target() });
    }

    /// Takes a lock or semaphore of the kernel's kind.
    pub(super) fn lock(&mut self, lock: SemaphoreId) {
        self.obtain_without_lock(Thing::Permit(lock));
    }

    /// Takes a thing. Who has to wait looks again without the interpreter lock, and takes that back once it has the
    /// thing.
    fn obtain_without_lock(&mut self, thing: Thing) {
        self.obtain_or_give_back(thing, None);
    }

    /// The same; who gives up gives back what it has taken before.
    fn obtain_or_give_back(&mut self, thing: Thing, taken: Option<SemaphoreId>) {
        let row = Some((State::Sync, self.plan.name_of(thing)));
        let (done, obtained) = (self.code.label(), self.code.label());
        self.try_obtain(thing, obtained);
        self.code.push(Op::Unlock);
        let again = self.code.here();
        let late = self.late_without_lock();
        let ends = Ends::of(done.target(), again.target()).or_late(late.map(|(here, _)| here));
        self.code.push(Op::Block(Wait { on: ForThread::Thing(thing), row, ends }));
        self.come_late(late, |builder| {
            if let Some(taken) = taken {
                builder.code.push(Op::Release(taken));
            }
        });
        self.code.place(done);
        self.code.push(Op::Relock);
        self.code.place(obtained);
    }

    /// What it costs a coroutine to take a thing that is there.
    pub(super) fn cost_on_loop(&self, thing: Thing) -> Cost {
        let costs = self.shared_costs().coroutines;
        match thing {
            Thing::Permit(permit) if self.plan.semaphores[permit.index()].is_lock => costs.lock,
            Thing::Permit(_) => costs.acquire,
            Thing::Room(_) => costs.put,
            Thing::Item(_) => costs.get,
            Thing::Flag(_) => costs.wait_for,
            Thing::Meeting(_) => costs.meet,
            Thing::Turn(_) => costs.pass,
            Thing::Connection(_) => Cost::default(),
        }
    }
}
