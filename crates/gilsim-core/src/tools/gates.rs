//! Events, barriers and limiters, as the threads and processes of Python have them.
//!
//! `threading.Event` and `threading.Barrier` are written in Python around a `Condition` and hold its lock while they work
//! (CPython `Lib/threading.py`), and so do those of `multiprocessing` (`Lib/multiprocessing/synchronize.py`). The library has
//! no limiter; people write one that counts under a lock and sleeps without it.

use crate::ids::{BarrierId, FlagId, LimiterId, SemaphoreId};
use crate::model::{Scenario, StepSpec};
use crate::plan::{
    BarrierOp, Ends, ForCoroutine, ForThread, Label, LimiterOp, Op, Pc, Thing, Wait,
};
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

    /// Whether who waits at a gate may give up: those of event loops take no timeout.
    fn gates_take_timeouts(&self) -> bool {
        self.tool.descriptor().carrier != Carrier::Coroutine
    }

    /// Notes the barriers that any task may give up.
    pub(super) fn note_what_may_break(&mut self, scenario: &Scenario) {
        if self.gates_take_timeouts() {
            let tasks = &scenario.tasks;
            let gives_up =
                |it: &BarrierId| tasks.iter().any(|entry| StepSpec::give_up(&entry.steps, *it));
            self.may_break =
                (0..scenario.barriers.len()).map(BarrierId::at).filter(gives_up).collect();
        }
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
        self.wait_at_gate(thing, ("wait", self.gate_costs().wait_for), test, None);
    }

    /// A task comes to a barrier, on a thread. It sees under the lock whether that is broken (`Barrier._enter` in CPython's
    /// `Lib/threading.py`).
    pub(super) fn meet(&mut self, barrier: BarrierId) {
        let broken = self.may_break.contains(&barrier).then(|| self.code.label());
        let test = |met| {
            let broken = broken.map_or(met, Label::target);
            Op::OnBarrier(barrier, BarrierOp::Meet { as_coroutine: false, met, broken })
        };
        let cost = self.gate_costs().meet;
        self.wait_at_gate(Thing::Meeting(barrier), ("meet", cost), test, broken);
    }

    /// Waits under the gate's lock, as `Condition.wait` does: the lock is given up meanwhile. `test` leads elsewhere who need
    /// not wait, and there those who find a barrier `broken`. Who gives up takes the lock back first, and breaks a barrier;
    /// so does whom that wakes.
    fn wait_at_gate(
        &mut self,
        thing: Thing,
        (name, cost): (&str, Cost),
        test: impl FnOnce(Pc) -> Op,
        broken: Option<Label>,
    ) {
        let (woken, through) = (self.code.label(), self.code.label());
        self.begin_at(thing, name, cost);
        self.code.push(test(through.target()));
        self.spend("wait", self.shared_costs().threads.wait);
        self.give_lock_back(thing);
        self.code.push(Op::Unlock);
        let row = Some((State::Sync, self.plan.name_of(thing)));
        let late = match broken {
            Some(_) => Some((self.code.label(), self.pad())),
            None if self.gates_take_timeouts() => self.late_without_lock(),
            None => None,
        };
        let again = self.code.here();
        let again = if late.is_some() { again } else { woken };
        let ends = Ends::of(woken.target(), again.target()).or_late(late.map(|(here, _)| here));
        self.code.push(Op::Block(Wait { on: ForThread::Thing(thing), row, ends }));
        self.come_late(late, |builder| {
            builder.take_gate_lock(thing);
            if let Thing::Meeting(barrier) = thing {
                builder.code.push(Op::OnBarrier(barrier, BarrierOp::Break));
            }
            if let Some(broken) = broken {
                builder.code.place(broken);
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
        let come = |met| BarrierOp::Meet { as_coroutine: true, met, broken: met };
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
