//! Events, barriers and limiters, as the threads and processes of Python have them.
//!
//! `threading.Event` and `threading.Barrier` are written in Python around a `Condition` and hold its lock while they work
//! (CPython `Lib/threading.py`), and so do those of `multiprocessing` (`Lib/multiprocessing/synchronize.py`). The library has
//! no limiter; people write one that counts under a lock and sleeps without it.

use crate::ids::{BarrierId, FlagId, LimiterId, SemaphoreId};
use crate::plan::{Ends, ForCoroutine, ForThread, LimiterOp, Op, Pc, Thing, Wait};
use crate::profile::{Cost, GateCosts};
use crate::trace::State;

use super::builder::Builder;
use super::descriptor::Carrier;

impl Builder<'_> {
    /// Prepares the locks of what tasks wait at: before anything is written.
    pub(super) fn share_gates(&mut self) {
        if self.shared_costs().gates == GateCosts::default() {
            return;
        }
        let Cost(notify) = self.shared_costs().threads.notify;
        self.plan.gate_wake = self.profile().machine.wake_call.0 + notify;
        let flags = (0..self.plan.flags.len()).map(FlagId::at).map(Thing::Flag);
        let barriers = (0..self.plan.barriers.len()).map(BarrierId::at).map(Thing::Meeting);
        let limiters = (0..self.plan.limiters.len()).map(LimiterId::at).map(Thing::Turn);
        let things: Vec<Thing> = flags.chain(barriers).chain(limiters).collect();
        self.gate_locks = things.into_iter().map(|thing| self.aid(thing, 1)).collect();
    }

    fn gate_lock(&self, thing: Thing) -> Option<SemaphoreId> {
        let (flags, barriers) = (self.plan.flags.len(), self.plan.barriers.len());
        let place = match thing {
            Thing::Flag(flag) => flag.index(),
            Thing::Meeting(barrier) => flags + barrier.index(),
            Thing::Turn(limiter) => flags + barriers + limiter.index(),
            _ => unreachable!("{thing:?} is no gate"),
        };
        self.gate_locks.get(place).copied()
    }

    /// What operations on a thread cost, that of a process too.
    fn gate_costs(&self) -> GateCosts {
        let costs = self.shared_costs();
        match self.tool.descriptor().carrier {
            Carrier::Process => costs.process_gates,
            Carrier::Thread | Carrier::Interpreter | Carrier::Coroutine => costs.gates,
        }
    }

    /// Begins an operation on a thread: its lock is taken, and it is paid for.
    fn begin_at(&mut self, thing: Thing, name: &str, cost: Cost) {
        if let Some(lock) = self.gate_lock(thing) {
            self.lock(lock);
        }
        self.spend(name, cost);
    }

    fn give_lock_back(&mut self, thing: Thing) {
        if let Some(lock) = self.gate_lock(thing) {
            self.code.push(Op::Release(lock));
        }
    }

    /// A task sets an event, on a thread.
    pub(super) fn set_flag(&mut self, flag: FlagId) {
        let thing = Thing::Flag(flag);
        self.begin_at(thing, "set", self.gate_costs().set);
        self.code.push(Op::Set(flag));
        self.give_lock_back(thing);
    }

    /// A task waits until an event is set, on a thread.
    pub(super) fn wait_for_flag(&mut self, flag: FlagId) {
        let thing = Thing::Flag(flag);
        let test = |obtained| Op::TryObtain { thing, in_line: false, obtained };
        self.wait_at_gate(thing, ("wait", self.gate_costs().wait_for), test);
    }

    /// A task comes to a barrier, on a thread.
    pub(super) fn meet(&mut self, barrier: BarrierId) {
        let test = |met| Op::Meet { barrier, as_coroutine: false, met };
        self.wait_at_gate(Thing::Meeting(barrier), ("meet", self.gate_costs().meet), test);
    }

    /// Waits under the gate's lock, as `Condition.wait` does: the lock is given up meanwhile. `test` leads elsewhere who need
    /// not wait.
    fn wait_at_gate(
        &mut self,
        thing: Thing,
        (name, cost): (&str, Cost),
        test: impl FnOnce(Pc) -> Op,
    ) {
        let (woken, through) = (self.code.label(), self.code.label());
        self.begin_at(thing, name, cost);
        self.code.push(test(through.target()));
        self.spend("wait", self.shared_costs().threads.wait);
        self.give_lock_back(thing);
        self.code.push(Op::Unlock);
        let row = Some((State::Sync, self.plan.name_of(thing)));
        let ends = Ends::only(woken.target());
        self.code.push(Op::Block(Wait { on: ForThread::Thing(thing), row, ends }));
        self.code.place(woken);
        self.code.push(Op::Relock);
        if let Some(lock) = self.gate_lock(thing) {
            self.lock(lock);
        }
        self.code.place(through);
        self.give_lock_back(thing);
    }

    /// A task passes a limiter, on a thread: it takes its token under the lock, and sleeps without it.
    pub(super) fn pass(&mut self, limiter: LimiterId) {
        let thing = Thing::Turn(limiter);
        let (free, end) = (self.code.label(), self.code.label());
        self.begin_at(thing, "pass", self.gate_costs().pass);
        self.code.push(Op::OnLimiter(limiter, LimiterOp::Take(free.target())));
        self.give_lock_back(thing);
        self.code.push(Op::Unlock);
        self.code.push(Op::OnLimiter(limiter, LimiterOp::Sleep));
        self.code.push(Op::Relock);
        self.code.push(Op::Jump(end.target()));
        self.code.place(free);
        self.give_lock_back(thing);
        self.code.place(end);
    }

    /// A coroutine sets an event.
    pub(super) fn set_flag_on_loop(&mut self, flag: FlagId) {
        self.spend_on_step(self.shared_costs().coroutines.set);
        self.code.push(Op::Set(flag));
    }

    /// A coroutine waits until an event is set.
    pub(super) fn wait_for_flag_on_loop(&mut self, flag: FlagId) {
        let thing = Thing::Flag(flag);
        self.wait_on_loop(thing, |obtained| Op::TryObtain { thing, in_line: false, obtained });
    }

    /// A coroutine comes to a barrier.
    pub(super) fn meet_on_loop(&mut self, barrier: BarrierId) {
        let test = |met| Op::Meet { barrier, as_coroutine: true, met };
        self.wait_on_loop(Thing::Meeting(barrier), test);
    }

    fn wait_on_loop(&mut self, thing: Thing, test: impl FnOnce(Pc) -> Op) {
        let through = self.code.label();
        self.spend_on_step(self.cost_on_loop(thing));
        self.code.push(test(through.target()));
        let row = (State::Sync, self.plan.name_of(thing));
        self.suspend(ForCoroutine::Thing(thing), Some(row));
        self.code.place(through);
    }

    /// A coroutine passes a limiter.
    pub(super) fn pass_on_loop(&mut self, limiter: LimiterId) {
        let thing = Thing::Turn(limiter);
        let free = self.code.label();
        self.spend_on_step(self.cost_on_loop(thing));
        self.code.push(Op::OnLimiter(limiter, LimiterOp::Take(free.target())));
        self.spend_on_step(self.profile().event_loop.timer_set);
        self.code.push(Op::OnLimiter(limiter, LimiterOp::SetTimer));
        let row = (State::Sync, self.plan.name_of(thing));
        self.suspend(ForCoroutine::Timer, Some(row));
        self.code.place(free);
    }
}
