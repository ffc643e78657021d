//! Events, barriers and limiters, as the threads and processes of Python have them.
//!
//! `threading.Event` and `threading.Barrier` are written in Python around a `Condition` and hold its lock while they work
//! (CPython `Lib/threading.py`), and so do those of `multiprocessing` (`Lib/multiprocessing/synchronize.py`). The library has
//! no limiter; people write one that counts under a lock and sleeps without it.

use crate::ids::{BarrierId, FlagId, LimiterId, SemaphoreId};
use crate::plan::{BarrierOp, Ends, ForCoroutine, ForThread, LimiterOp, Op, Pc, Thing, Wait};
use crate::profile::{Cost, GateCosts};
use crate::trace::State;
use crate::workload::meets_in_time;

use super::builder::Builder;
use super::descriptor::Carrier;

impl Builder<'_> {
    /// Prepares the locks of what tasks wait at: before anything is written.
    pub(super) fn share_gates(&mut self) {
        let carrier = self.tool.tool.descriptor().carrier;
        let barriers = (0..self.plan.barriers.len()).map(BarrierId::at);
        self.may_break =
            barriers.filter(|it| carrier != Carrier::Coroutine && self.is_given_up(*it)).collect();
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

    /// Whether any task meets there in an attempt that may take only so long.
    fn is_given_up(&self, barrier: BarrierId) -> bool {
        let workload = &self.plan.workload;
        let entries = 0..workload.entry_count();
        entries.map(|entry| workload.script(entry)).any(|script| meets_in_time(script, barrier))
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
        self.take_gate_lock(thing);
        self.spend(name, cost);
    }

    /// Takes the lock of a gate, which takes no timeout.
    fn take_gate_lock(&mut self, thing: Thing) {
        if let Some(lock) = self.gate_lock(thing) {
            self.kept_on(|builder| builder.lock(lock));
        }
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
        let thing = Thing::Meeting(barrier);
        let come = |met| BarrierOp::Meet { as_coroutine: false, met };
        let test = |met| Op::OnBarrier(barrier, come(met));
        if !self.may_break.contains(&barrier) {
            return self.wait_at_gate(thing, ("meet", self.gate_costs().meet), test);
        }
        let (broken, met) = (self.code.label(), self.code.label());
        let if_broken = Op::OnBarrier(barrier, BarrierOp::IfBroken(broken.target()));
        self.code.push(if_broken);
        self.wait_at_gate(thing, ("meet", self.gate_costs().meet), test);
        self.code.push(if_broken);
        self.code.push(Op::Jump(met.target()));
        self.code.place(broken);
        self.fail();
        self.code.place(met);
    }

    /// Waits under the gate's lock, as `Condition.wait` does: the lock is given up meanwhile. `test` leads elsewhere who need
    /// not wait. Who gives up takes the lock back first, and breaks a barrier; gates of event loops take no timeout.
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
        let takes_timeout = self.tool.tool.descriptor().carrier != Carrier::Coroutine;
        let late = if takes_timeout { self.late_without_lock() } else { None };
        let again = self.code.here();
        let again = if late.is_some() { again } else { woken };
        let ends = Ends::of(woken.target(), again.target()).or_late(late.map(|(here, _)| here));
        self.code.push(Op::Block(Wait { on: ForThread::Thing(thing), row, ends }));
        self.come_late(late, |builder| {
            builder.take_gate_lock(thing);
            if let Thing::Meeting(barrier) = thing {
                builder.code.push(Op::OnBarrier(barrier, BarrierOp::Break));
            }
            builder.give_lock_back(thing);
        });
        self.code.place(woken);
        self.code.push(Op::Relock);
        self.take_gate_lock(thing);
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
        let come = |met| BarrierOp::Meet { as_coroutine: true, met };
        let test = |met| Op::OnBarrier(barrier, come(met));
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
