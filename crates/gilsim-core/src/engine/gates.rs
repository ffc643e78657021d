//! What tasks wait at: events that others set, barriers where they meet, limiters that let so many through in a time.

use crate::ids::{BarrierId, FlagId, LimiterId, TaskId, ThreadId};
use crate::plan::{BarrierOp, BarrierRules, End, LimiterOp, LimiterRules, Pc, Plan, Thing};
use crate::time::{SimDuration, SimTime};
use crate::trace::{Passed, Sink, State};

use super::sync::Waiter;
use super::{Engine, Flow};

/// All of them.
#[derive(Debug)]
pub(super) struct Gates {
    flags: Vec<Flag>,
    barriers: Vec<Barrier>,
    limiters: Vec<Limiter>,
}

impl Gates {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            flags: plan.flags.iter().map(|_| Flag::default()).collect(),
            barriers: plan.barriers.iter().map(|it| Barrier::of(*it)).collect(),
            limiters: plan.limiters.iter().map(Limiter::of).collect(),
        }
    }

    pub(super) fn is_set(&self, flag: FlagId) -> bool {
        self.flags[flag.index()].is_set
    }

    pub(super) fn wait_for(&mut self, flag: FlagId, waiter: Waiter) {
        self.flags[flag.index()].waiters.push(waiter);
    }

    /// A waiter gives up.
    pub(super) fn step_out(&mut self, thing: Thing, waiter: Waiter) {
        match thing {
            Thing::Flag(flag) => self.flags[flag.index()].waiters.retain(|other| *other != waiter),
            Thing::Meeting(barrier) => {
                self.barriers[barrier.index()].come.retain(|(other, _)| *other != waiter);
            }
            _ => {}
        }
    }

    pub(super) fn wait_at(&mut self, barrier: BarrierId, waiter: Waiter) {
        self.barriers[barrier.index()].stand_in_line(waiter);
    }
}

/// An event, once set for good (CPython `threading.Event`, `asyncio.Event`).
#[derive(Debug, Default)]
struct Flag {
    is_set: bool,
    waiters: Vec<Waiter>,
}

/// A barrier. Its last one lets all others go on (CPython `threading.Barrier`, `asyncio.Barrier`).
#[derive(Debug)]
struct Barrier {
    parties: usize,
    /// Who has come to the next meeting, and whether they wait in line already.
    come: Vec<(Waiter, bool)>,
    /// Whose meeting was over before they stood in line, and how.
    over: Vec<(Waiter, End)>,
    /// Whether somebody gave up: nobody meets there any more.
    is_broken: bool,
}

impl Barrier {
    fn of(rules: BarrierRules) -> Self {
        Self {
            parties: rules.parties as usize,
            come: Vec::new(),
            over: Vec::new(),
            is_broken: false,
        }
    }

    /// Somebody comes. With the last one, those who wait in line go on.
    fn come(&mut self, waiter: Waiter) -> Option<Vec<Waiter>> {
        if self.come.len() + 1 < self.parties {
            self.come.push((waiter, false));
            return None;
        }
        Some(self.open(End::Done))
    }

    /// Nobody meets there any more. Returns who waits in line.
    fn break_up(&mut self) -> Vec<Waiter> {
        self.is_broken = true;
        self.open(End::Late)
    }

    /// The meeting of all who have come is over, in that way: of these, who wait in line.
    fn open(&mut self, end: End) -> Vec<Waiter> {
        let come = std::mem::take(&mut self.come);
        self.over.extend(come.iter().filter(|(_, waits)| !waits).map(|(waiter, _)| (*waiter, end)));
        come.into_iter().filter(|(_, waits)| *waits).map(|(waiter, _)| waiter).collect()
    }

    fn stand_in_line(&mut self, waiter: Waiter) {
        let one = self.come.iter_mut().find(|(known, _)| *known == waiter);
        one.unwrap_or_else(|| unreachable!("{waiter:?} has not come")).1 = true;
    }

    /// How the meeting of somebody is over who came and need not wait any more.
    fn is_over(&mut self, waiter: Waiter) -> Option<End> {
        let place = self.over.iter().position(|(known, _)| *known == waiter);
        place.map(|place| self.over.swap_remove(place).1)
    }
}

/// Nanoseconds: beyond the end of time, and what is added to it still fits.
const FAR: u64 = 1 << 63;

/// A token bucket, full at the start. Who takes a token that is not there yet waits for it: so it is first come, first served.
#[derive(Debug)]
struct Limiter {
    gap: SimDuration,
    /// How long a full bucket takes to fill again, but for one token.
    slack: SimDuration,
    /// When the bucket is full.
    full: SimTime,
    /// How long each task has to wait that has taken a token and not waited yet.
    waits: Vec<(TaskId, SimDuration)>,
}

impl Limiter {
    fn of(rules: &LimiterRules) -> Self {
        let slack = rules.gap.as_nanos().saturating_mul(u64::from(rules.burst - 1)).min(FAR);
        let slack = SimDuration::from_nanos(slack);
        Self { gap: rules.gap, slack, full: SimTime::ZERO, waits: Vec::new() }
    }

    /// Takes a token: for how long it is not there yet.
    fn take(&mut self, now: SimTime) -> SimDuration {
        let wait = self.full.saturating_since(now).saturating_sub(self.slack);
        let full = self.full.max(now).as_nanos().saturating_add(self.gap.as_nanos());
        self.full = SimTime::from_nanos(full.min(FAR));
        wait
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Sets an event: all who wait for it go on.
    pub(super) fn set_flag(&mut self, flag: FlagId) {
        let record = &mut self.shared.gates.flags[flag.index()];
        record.is_set = true;
        for waiter in std::mem::take(&mut record.waiters) {
            self.end_wait_of(waiter, End::Done, Thing::Flag(flag));
        }
    }

    /// The thread, or its coroutine, comes to a barrier. Whether it is the last one.
    fn meet(&mut self, thread: ThreadId, barrier: BarrierId, as_coroutine: bool) -> bool {
        let waiter = if as_coroutine {
            Waiter::Coroutine(self.task_on(thread))
        } else {
            Waiter::Thread(thread)
        };
        let barriers = &mut self.shared.gates.barriers;
        let Some(others) = barriers[barrier.index()].come(waiter) else { return false };
        for other in others {
            self.end_wait_of(other, End::Done, Thing::Meeting(barrier));
        }
        true
    }

    /// Does something at a barrier. One that somebody gives up is broken for good (`Barrier._break` in CPython's `Lib/threading.py`).
    pub(super) fn run_barrier_op(
        &mut self,
        thread: ThreadId,
        barrier: BarrierId,
        op: BarrierOp,
    ) -> Flow {
        let record = &mut self.shared.gates.barriers[barrier.index()];
        match op {
            BarrierOp::Meet { broken, .. } if record.is_broken => Flow::Jump(broken),
            BarrierOp::Meet { as_coroutine, met, .. } => {
                Flow::jump_if(self.meet(thread, barrier, as_coroutine), met)
            }
            BarrierOp::Break => {
                for waiter in record.break_up() {
                    self.end_wait_of(waiter, End::Late, Thing::Meeting(barrier));
                }
                Flow::Go
            }
        }
    }

    /// How the meeting is over to which a thread has come, if it is.
    pub(super) fn meeting_is_over(&mut self, thread: ThreadId, barrier: BarrierId) -> Option<End> {
        self.shared.gates.barriers[barrier.index()].is_over(Waiter::Thread(thread))
    }

    pub(super) fn run_limiter_op(
        &mut self,
        thread: ThreadId,
        limiter: LimiterId,
        op: LimiterOp,
    ) -> Flow {
        match op {
            LimiterOp::Take(passed) => self.take_token(thread, limiter, passed),
            LimiterOp::Sleep => {
                let wait = self.wait_at_limiter(thread, limiter);
                let name = self.plan.limiters[limiter.index()].name;
                self.sleep(thread, wait, Some((State::Sync, name)))
            }
            LimiterOp::SetTimer => {
                let when = self.now + self.wait_at_limiter(thread, limiter);
                let task = self.task_on(thread);
                let event_loop = self.loop_of(task);
                self.loops[event_loop.index()].call_at(task, when);
                Flow::Go
            }
        }
    }

    fn take_token(&mut self, thread: ThreadId, limiter: LimiterId, passed: Pc) -> Flow {
        let (task, now) = (self.task_on(thread), self.now);
        let record = &mut self.shared.gates.limiters[limiter.index()];
        let wait = record.take(now);
        if !wait.is_zero() {
            record.waits.push((task, wait));
        }
        let (task, _) = self.plan.workload.whose(task);
        self.sink.passed(&Passed { limiter, task, at: now + wait });
        Flow::jump_if(wait.is_zero(), passed)
    }

    /// How long the thread's task has to wait for the token that it has taken.
    fn wait_at_limiter(&mut self, thread: ThreadId, limiter: LimiterId) -> SimDuration {
        let task = self.task_on(thread);
        let waits = &mut self.shared.gates.limiters[limiter.index()].waits;
        let place = waits.iter().position(|(known, _)| *known == task);
        let place = place.unwrap_or_else(|| unreachable!("{task:?} has taken no token"));
        waits.swap_remove(place).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: SimDuration = SimDuration::from_millis(1);

    fn at(ms: u64) -> SimTime {
        SimTime::ZERO + MS * ms
    }

    #[test]
    fn a_bucket_that_was_left_alone_is_full_again_and_no_more() {
        let rules = LimiterRules { name: crate::ids::NameId::EMPTY, gap: MS * 10, burst: 2 };
        let mut limiter = Limiter::of(&rules);
        let mut takes = |ms| limiter.take(at(ms));
        assert_eq!(
            [0, 0, 0, 1].map(&mut takes),
            [SimDuration::ZERO, SimDuration::ZERO, MS * 10, MS * 19]
        );
        assert_eq!(
            [1_000, 1_000, 1_000].map(&mut takes),
            [SimDuration::ZERO, SimDuration::ZERO, MS * 10]
        );
        assert_eq!(takes(1_025), SimDuration::ZERO, "a token came at 1020 ms");
        assert_eq!(takes(1_025), MS * 5);
    }

    #[test]
    fn a_meeting_that_took_place_before_somebody_stood_in_line_is_not_missed() {
        let rules = BarrierRules { name: crate::ids::NameId::EMPTY, parties: 3 };
        let mut barrier = Barrier::of(rules);
        let [one, two, three] = [1, 2, 3].map(|thread| Waiter::Thread(ThreadId(thread)));
        assert_eq!((barrier.come(one), barrier.come(two)), (None, None));
        barrier.stand_in_line(two);
        assert_eq!(barrier.come(three), Some(vec![two]));
        assert_eq!([one, one, two].map(|it| barrier.is_over(it)), [Some(End::Done), None, None]);
        assert_eq!(barrier.come(three), None, "a barrier is used again");
        assert_eq!(barrier.break_up(), [], "nobody stands in line");
        assert_eq!([three, three].map(|it| barrier.is_over(it)), [Some(End::Late), None]);
    }
}
