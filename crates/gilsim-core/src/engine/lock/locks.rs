//! All interpreter locks of a run, and what happens to them at this instant.

#![expect(clippy::inline_always, reason = "the engine asks at every switch, from one place each")]

use crate::ids::{LockId, ThreadId};
use crate::plan::{KernelRules, LockRules, Plan};
use crate::time::{SimDuration, SimTime};

use super::{Alarm, Heir, Lock};
use crate::engine::dice;

/// The locks.
#[derive(Debug)]
pub(in crate::engine) struct Locks {
    /// None where there are no locks.
    rules: Option<LockRules>,
    is_exact: bool,
    /// The patience of waiters.
    interval: SimDuration,
    seed: u64,
    all: Vec<Lock>,
    /// Where each waiter has a patience of its own, its lock's count of windows when it began.
    windows: Vec<u64>,
    /// Locks whose holders were asked to give way at this instant.
    asked_now: Vec<LockId>,
    /// Whether those who lose patience at this instant have done so.
    renewed: bool,
}

impl Locks {
    pub(in crate::engine) fn new(plan: &Plan) -> Self {
        let interval = plan.lock.map_or(SimDuration::ZERO, |rules| rules.switch_interval);
        Self {
            rules: plan.lock,
            is_exact: plan.machine.kernel == KernelRules::Exact,
            interval: interval + plan.machine.timer_slack,
            seed: plan.seed,
            all: Vec::new(),
            windows: Vec::new(),
            asked_now: Vec::new(),
            renewed: false,
        }
    }

    /// The lock of a new interpreter, if interpreters have any.
    pub(in crate::engine) fn add(&mut self) -> Option<LockId> {
        self.rules?;
        let lock = if self.is_exact { Lock::exact(self.interval) } else { Lock::barging() };
        self.all.push(lock);
        Some(LockId::at(self.all.len() - 1))
    }

    #[inline]
    pub(in crate::engine) fn get(&self, lock: LockId) -> &Lock {
        &self.all[lock.index()]
    }

    #[inline]
    pub(in crate::engine) fn get_mut(&mut self, lock: LockId) -> &mut Lock {
        &mut self.all[lock.index()]
    }

    /// How often the holders of all locks changed.
    pub(in crate::engine) fn switches(&self) -> u64 {
        self.all.iter().map(|lock| lock.switches).sum()
    }

    /// An instant begins, at which nobody has lost patience yet.
    pub(in crate::engine) fn begin_instant(&mut self) {
        self.renewed = false;
    }

    /// Nobody can go on at this instant: those who lose patience do so now.
    pub(in crate::engine) fn let_patience_end(&mut self) {
        self.renewed = true;
    }

    /// `thread` takes the free lock.
    #[inline(always)]
    pub(in crate::engine) fn take(&mut self, lock: LockId, thread: ThreadId, now: SimTime) {
        self.all[lock.index()].take(thread, now, self.renewed);
    }

    /// The lock's holder is on a core. Returns whether the intervals of those who wait begin anew with that.
    #[inline(always)]
    pub(in crate::engine) fn holder_runs(&mut self, lock: LockId, now: SimTime) -> bool {
        self.all[lock.index()].holder_runs(now, self.renewed)
    }

    /// How long a thread that has come onto a core still needs to take the lock, which is free.
    pub(in crate::engine) fn retake_takes(&self, lock: LockId, now: SimTime) -> SimDuration {
        let retake = self.rules.map_or(SimDuration::ZERO, |rules| rules.retake);
        retake.saturating_sub(now - self.get(lock).free_since)
    }

    /// `thread` sleeps until the lock is free or its patience is over.
    #[inline(always)]
    pub(in crate::engine) fn wait(
        &mut self,
        lock: LockId,
        thread: ThreadId,
        now: SimTime,
    ) -> Alarm {
        let record = &mut self.all[lock.index()];
        record.wait(thread, now);
        if record.has_one_alarm() {
            return Alarm::OfLock(record.next_request());
        }
        let windows = record.windows;
        self.windows.resize(self.windows.len().max(thread.index() + 1), 0);
        self.windows[thread.index()] = windows;
        Alarm::OfWaiter(now + self.interval)
    }

    /// The patience of a waiter is over, who sleeps no longer.
    pub(in crate::engine) fn wakes_impatient(&mut self, lock: LockId, thread: ThreadId) {
        self.all[lock.index()].withdraw(thread);
    }

    /// Whether the waiter, whose patience is over, may ask the holder to give way, if anybody holds the lock.
    pub(in crate::engine) fn may_ask(&self, lock: LockId, thread: ThreadId) -> bool {
        self.get(lock).may_be_asked(self.windows[thread.index()])
    }

    /// Asks the holder to give way. All who lose patience at one instant ask before it does.
    pub(in crate::engine) fn request(&mut self, lock: LockId, by: Option<ThreadId>, now: SimTime) {
        self.get_mut(lock).ask_holder(by, now);
        self.asked_now.push(lock);
    }

    /// Whether any holder was asked to give way at this instant, and has not been told.
    pub(in crate::engine) fn any_asked_now(&self) -> bool {
        !self.asked_now.is_empty()
    }

    /// The next holder that is told that it was asked to give way at this instant.
    pub(in crate::engine) fn next_asked(&mut self) -> Option<ThreadId> {
        let lock = self.asked_now.pop()?;
        self.get(lock).holder
    }

    /// `thread` gives the lock up. Returns since when it held it, and who gets it now.
    #[inline(always)]
    pub(in crate::engine) fn give_up(
        &mut self,
        lock: LockId,
        thread: ThreadId,
        now: SimTime,
    ) -> (SimTime, Option<Heir>) {
        let since = self.get_mut(lock).give_up(thread, now);
        let request = self.get(lock).request.filter(|it| it.at == now);
        let winner = request.and_then(|it| it.by).filter(|_| self.requester_wins(lock));
        (since, self.get_mut(lock).next_holder(winner))
    }

    /// Whether who asked for the lock at this instant gets ahead of the longest waiter, if it waits again: a throw of dice,
    /// a hash of seed, lock and the number of switches so far.
    fn requester_wins(&self, lock: LockId) -> bool {
        let permille = self.rules.map_or(0, |rules| rules.requester_permille);
        let key = self.seed ^ (u64::from(lock.0) << 48) ^ self.get(lock).switches;
        dice::mix(key) % 1_000 < u64::from(permille)
    }
}
