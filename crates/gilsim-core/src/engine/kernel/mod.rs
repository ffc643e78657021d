//! The kernel: which core a thread goes to, whom it pre-empts there, whom an idle core takes, when a slice ends.
//!
//! There are three policies, each in a file of its own and described in `docs/kernels.md`. A policy is asked with a view
//! of the cores and threads and answers with a verdict; what it remembers besides (who had how much CPU time, loads,
//! when a core looked for others) is its own. The kernel keeps the run queues and does to them what the verdict says.
//! The engine moves the threads, records rows and sets events.

#![expect(
    clippy::inline_always,
    reason = "the engine asks at every event, and three policies are too much for the compiler's own judgement"
)]

mod by_number;
mod cold;
mod cores;
mod exact;
mod in_place;
#[cfg(test)]
mod scene;
mod standing;
mod tuning;
mod view;

use crate::ids::{CoreId, ThreadId};
use crate::plan::{KernelRules, MachineRules, Plan};
use crate::time::{SimDuration, SimTime};

use super::dice;
use by_number::ByNumber;
pub(super) use cold::share_of_cold;
use cores::Cores;
use exact::Exact;
use in_place::InPlace;
use standing::Standings;
use tuning::TUNING;
pub(super) use view::{Coming, Moment, Waker};
use view::{Move, Pull, Ticks, View, Where};

/// The kernel of the simulated machine.
#[derive(Debug)]
pub(super) struct Kernel {
    rules: MachineRules,
    seed: u64,
    cores: Cores,
    policy: Policy,
}

/// By which rules it decides.
#[derive(Debug)]
enum Policy {
    Exact(Exact),
    ByNumber(ByNumber),
    InPlace(Box<InPlace>),
}

impl Policy {
    /// How much CPU time threads have had, unless that does not matter.
    fn standings(&mut self) -> Option<&mut Standings> {
        match self {
            Self::Exact(_) => None,
            Self::ByNumber(it) => Some(&mut it.standings),
            Self::InPlace(it) => Some(&mut it.standings),
        }
    }
}

impl Kernel {
    pub(super) fn new(plan: &Plan) -> Self {
        let rules = plan.machine;
        let policy = match rules.kernel {
            KernelRules::Exact => Policy::Exact(Exact::new(rules.quantum)),
            KernelRules::ByNumber => Policy::ByNumber(ByNumber::new(&rules)),
            KernelRules::InPlace { newidle_permille } => {
                Policy::InPlace(Box::new(InPlace::new(&rules, newidle_permille, plan.seed)))
            }
        };
        Self { rules, seed: plan.seed, cores: Cores::new(rules.cores), policy }
    }

    /// There is one more thread.
    pub(super) fn add_thread(&mut self) {
        if let Some(standings) = self.policy.standings() {
            standings.add();
        }
    }

    /// Whether who is woken takes steps of no length at once, on no core.
    pub(super) fn wakes_on_no_core(&self) -> bool {
        matches!(self.policy, Policy::Exact(_)) && self.rules.wake_latency.is_zero()
    }

    /// Whether a thread that wants a core is placed only when the instant is over; then it is remembered until then. A real
    /// kernel places a thread when it is woken: the waker is still on its core.
    #[inline(always)]
    pub(super) fn defers(&mut self, thread: ThreadId) -> bool {
        match &mut self.policy {
            Policy::Exact(it) => {
                it.defer(thread);
                true
            }
            Policy::ByNumber(_) | Policy::InPlace(_) => false,
        }
    }

    /// The next one of those who were to be placed when the instant is over.
    #[inline(always)]
    pub(super) fn next_deferred(&mut self) -> Option<ThreadId> {
        match &mut self.policy {
            Policy::Exact(it) => it.next_deferred(),
            Policy::ByNumber(_) | Policy::InPlace(_) => None,
        }
    }

    /// A thread that wants a core gets one, or a place in a run queue.
    #[inline(always)]
    pub(super) fn place(
        &mut self,
        thread: ThreadId,
        waker: Option<Waker>,
        moment: Moment<'_>,
    ) -> (CoreId, Coming) {
        let core = self.core_for(thread, waker, moment);
        self.want(thread, core, moment.now);
        if self.cores.is_idle(core) {
            return (core, Coming::Runs);
        }
        let view = View { moment, cores: &self.cores };
        let coming = match &mut self.policy {
            Policy::Exact(_) => Exact::COMING,
            Policy::ByNumber(it) => it.come(&view, thread, core),
            Policy::InPlace(it) => it.come_and_wait(&view, thread, core),
        };
        match coming {
            Coming::Runs | Coming::Preempts => {}
            Coming::Waits | Coming::EndsSlice => self.cores.enqueue(core, thread, moment.now),
            Coming::WaitsFirst => self.cores.enqueue_first(core, thread, moment.now),
            Coming::ComesNext => {
                self.cores.enqueue_first(core, thread, moment.now);
                self.cores.set_makes_way(core, true);
            }
        }
        (core, coming)
    }

    #[inline(always)]
    fn core_for(&mut self, thread: ThreadId, waker: Option<Waker>, moment: Moment<'_>) -> CoreId {
        let view = View { moment, cores: &self.cores };
        let core = match &self.policy {
            Policy::Exact(_) => Exact::core_for(&view, thread),
            Policy::ByNumber(_) => ByNumber::core_for(&view, thread),
            Policy::InPlace(it) => it.core_for(&view, thread, waker),
        };
        match core {
            Where::Core(core) => core,
            Where::ShortestQueue => self.cores.with_shortest_queue(),
        }
    }

    /// The thread, on its core or not, wants that one.
    fn want(&mut self, thread: ThreadId, core: CoreId, now: SimTime) {
        if let Policy::InPlace(it) = &mut self.policy {
            it.want(thread, core, now);
        }
    }

    /// How long it takes a thread to wake up on an idle core: real latencies vary, and a race for a lock that somebody
    /// gives up again and again is won by a wake-up that happens to be in time. What varies is a hash of seed, thread,
    /// and instant: it depends on nothing else.
    pub(super) fn wake_latency(&self, thread: ThreadId, core: CoreId, now: SimTime) -> SimDuration {
        let rules = &self.rules;
        if !self.cores.was_idle_before(core, now) {
            return rules.wake_latency_same;
        }
        let deeper = rules.wake_latency_deep.saturating_sub(rules.wake_latency);
        let idle = self.cores.has_idled(core, now).unwrap_or(TUNING.cold_from);
        let latency = rules.wake_latency + share_of_cold(deeper, idle);
        let spread = rules.wake_spread_permille;
        if spread == 0 {
            return latency;
        }
        let key = self.seed ^ (u64::from(thread.0) << 40) ^ now.as_nanos();
        let place = dice::mix(key) % (2 * spread + 1);
        latency.scaled(1_000 - spread + place, 1_000)
    }

    /// Bookkeeping of that length begins on the core. Returns for how long its code and data have cooled: while the core
    /// idled, and while it did something else, which cools them half as fast.
    #[inline]
    pub(super) fn begin_bookkeeping(
        &mut self,
        core: CoreId,
        length: SimDuration,
        now: SimTime,
    ) -> SimDuration {
        self.cores.begin_bookkeeping(core, length, now).cooled(now)
    }

    /// A thread comes onto an idle core.
    #[inline(always)]
    pub(super) fn enter(&mut self, core: CoreId, thread: ThreadId, now: SimTime) {
        match &mut self.policy {
            Policy::Exact(_) => {}
            Policy::ByNumber(it) => it.standings.renew_deadline(thread),
            Policy::InPlace(it) => it.enter(thread, core, &self.cores, now),
        }
        // A core that nobody has been on is as cold as one that has idled since the run began.
        let idle = self.cores.has_idled(core, now).unwrap_or(now - SimTime::ZERO);
        self.cores.cool(core, idle);
        self.cores.occupy(core, thread, now);
    }

    /// What the core's thread does next is accounted for from now on.
    pub(super) fn account_from(&mut self, core: CoreId, now: SimTime) {
        self.cores.account_from(core, now);
    }

    /// Up to when the progress of the core's thread is accounted for.
    pub(super) fn accounted_to(&self, core: CoreId) -> SimTime {
        self.cores.accounted_to(core)
    }

    /// Takes note of how long the core's thread has been at work until now. Returns who it is, and how long that is.
    #[inline(always)]
    pub(super) fn account(&mut self, core: CoreId, now: SimTime) -> (ThreadId, SimDuration) {
        let (thread, done) = self.cores.account(core, now);
        if let Some(standings) = self.policy.standings() {
            standings.ran(thread, done);
        }
        (thread, done)
    }

    /// The core's thread, whose work is accounted for, leaves it.
    #[inline(always)]
    pub(super) fn leave(&mut self, core: CoreId, thread: ThreadId, now: SimTime) {
        match &mut self.policy {
            Policy::Exact(_) => {}
            Policy::ByNumber(it) => it.standings.leave(thread, core, &self.cores, now),
            Policy::InPlace(it) => it.leave(thread, core, &self.cores, now),
        }
        self.cores.vacate(core, now);
    }

    /// Whether the core's thread has some of its slice left, and so goes to the head of the run queue if it is pre-empted.
    #[inline(always)]
    pub(super) fn has_slice_left(&self, core: CoreId, now: SimTime) -> bool {
        let standings = match &self.policy {
            Policy::Exact(_) => return false,
            Policy::ByNumber(it) => &it.standings,
            Policy::InPlace(it) => &it.standings,
        };
        !standings.slice_is_over(core, &self.cores, now)
    }

    /// The thread, which was pre-empted, waits for its core again.
    #[inline(always)]
    pub(super) fn wait_again(
        &mut self,
        core: CoreId,
        thread: ThreadId,
        is_first: bool,
        now: SimTime,
    ) {
        if let Policy::InPlace(it) = &mut self.policy {
            it.want(thread, core, now);
            it.wait(thread, core, now);
        }
        if is_first {
            self.cores.enqueue_first(core, thread, now);
        } else {
            self.cores.enqueue(core, thread, now);
        }
    }

    /// Who is on the core.
    ///
    /// # Panics
    /// When nobody is.
    pub(super) fn running(&self, core: CoreId) -> ThreadId {
        self.cores.running(core)
    }

    /// Who is on the core, if anybody is.
    pub(super) fn on(&self, core: CoreId) -> Option<ThreadId> {
        self.cores.on(core)
    }

    /// Whether anybody waits for any core.
    pub(super) fn anybody_waits(&self) -> bool {
        self.cores.anybody_waits()
    }

    /// The next one in the core's run queue, who waits no longer.
    #[inline]
    pub(super) fn next_of(&mut self, core: CoreId) -> Option<ThreadId> {
        self.cores.next_of(core)
    }

    /// Whether the core's thread makes way for the next one as soon as it goes on.
    pub(super) fn makes_way(&self, core: CoreId) -> bool {
        self.cores.makes_way(core)
    }

    /// The core's thread makes way. Returns for whom.
    pub(super) fn make_way(&mut self, core: CoreId) -> Option<ThreadId> {
        self.cores.set_makes_way(core, false);
        self.cores.next_of(core)
    }

    /// The core's thread has come to the end of a computation. Returns who takes its place, if the kernel takes note there
    /// that its slice is over.
    #[inline(always)]
    pub(super) fn next_after_work(&mut self, core: CoreId, now: SimTime) -> Option<ThreadId> {
        let ends = match &self.policy {
            Policy::Exact(_) | Policy::ByNumber(_) => false,
            Policy::InPlace(it) => it.ends_with_work(core, &self.cores, now),
        };
        if ends { self.cores.next_of(core) } else { None }
    }

    /// An idle core, and who comes onto it from a run queue. `slices_end` tells whether slices end at this instant that have
    /// not been ended yet.
    #[inline]
    pub(super) fn pull(
        &mut self,
        moment: Moment<'_>,
        slices_end: bool,
    ) -> Option<(CoreId, ThreadId)> {
        let idle = self.cores.lowest_idle()?;
        self.cores.compare();
        let view = View { moment, cores: &self.cores };
        let pull = match &mut self.policy {
            Policy::Exact(_) => Exact::PULL,
            Policy::ByNumber(_) => ByNumber::pull(&view),
            Policy::InPlace(it) => it.pull(&view, slices_end)?,
        };
        match pull {
            Pull::Own(core) => self.cores.next_of(core).map(|thread| (core, thread)),
            Pull::LongestWaiter => {
                let from = self.cores.with_longest_waiter()?;
                self.cores.next_of(from).map(|thread| (idle, thread))
            }
            Pull::This(Move { thread, from, to }) => {
                self.cores.withdraw(from, thread);
                Some((to, thread))
            }
        }
    }

    /// When an idle core looks for work again, and which, if it does not by itself.
    #[inline(always)]
    pub(super) fn next_look(&self, now: SimTime) -> Option<(CoreId, SimTime)> {
        match &self.policy {
            Policy::Exact(_) | Policy::ByNumber(_) => None,
            Policy::InPlace(it) => it.next_look(&self.cores, now),
        }
    }

    /// When the present slice of the core's thread ends, if somebody waits for the core: under the exact rules a quantum
    /// after it came, else with the first timer tick at which it has had its base slice.
    #[inline(always)]
    pub(super) fn slice_end(&self, core: CoreId, now: SimTime) -> SimTime {
        if !self.cores.has_queue(core) {
            return SimTime::NEVER;
        }
        match &self.policy {
            Policy::Exact(it) => it.slice_end(core, &self.cores, now),
            Policy::ByNumber(_) | Policy::InPlace(_) => {
                let over = self.cores.picked_at(core) + self.rules.base_slice;
                Ticks(self.rules.quantum).from(over.max(now))
            }
        }
    }

    /// Whether other cores may take threads from that core's run queue.
    #[inline]
    pub(super) fn may_balance(&self, core: CoreId) -> bool {
        match &self.policy {
            Policy::Exact(_) => false,
            Policy::ByNumber(_) => self.cores.queue_length(core) > 1,
            Policy::InPlace(_) => true,
        }
    }

    /// With the end of a slice, busy cores take threads from that core's run queue. Returns the cores that took any.
    pub(super) fn balance(&mut self, core: CoreId, moment: Moment<'_>) -> Vec<CoreId> {
        match &mut self.policy {
            Policy::Exact(_) => Vec::new(),
            Policy::ByNumber(it) => {
                let calmest = self.cores.with_shortest_queue();
                let view = View { moment, cores: &self.cores };
                let moves = it.balance(&view, core, calmest);
                self.move_all(moves, moment.now)
            }
            Policy::InPlace(it) => {
                let moves = it.balance(&View { moment, cores: &self.cores }, core);
                self.move_all(moves, moment.now)
            }
        }
    }

    /// Returns where the moved threads are now.
    fn move_all(&mut self, moves: impl IntoIterator<Item = Move>, now: SimTime) -> Vec<CoreId> {
        moves.into_iter().map(|it| self.move_one(it, now)).collect()
    }

    /// A waiting thread moves to another core's run queue, whose core is returned.
    fn move_one(&mut self, Move { thread, from, to }: Move, now: SimTime) -> CoreId {
        if let Some(standings) = self.policy.standings() {
            standings.change_core(thread, [from, to], &self.cores, now);
        }
        self.cores.withdraw(from, thread);
        self.cores.enqueue(to, thread, now);
        to
    }
}
