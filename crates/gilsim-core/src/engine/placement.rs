//! Which core a thread goes to when it wakes up or is new, and what that costs who sends it there (semantics 2.2).

use crate::ids::{CoreId, NameId, ThreadId};
use crate::plan::MachineRules;
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::Engine;
use super::balance::{IMBALANCE_PERCENT, Lookout};
use super::load::{Loads, Measure, ONE};
use super::thread::{Status, Thread};

/// The last core's load counts for so many hundredths of the waker's: half of what `imbalance_pct` is above 100, for
/// cores that share a cache (`WA_BIAS` there).
const WAKER_BIAS_PERCENT: i64 = 108;

/// What a kernel that wakes in place goes by when it chooses between cores.
#[derive(Debug)]
pub(super) struct Placement {
    /// Who wakes the thread that is placed next, if it is not who acts, or writes to a pipe.
    waker: Option<Waker>,
    pub(super) loads: Loads,
    pub(super) utilisations: Loads,
    /// Of each core.
    pub(super) lookouts: Vec<Lookout>,
}

/// How much a busy core has left for a new thread (`group_type` in Linux `kernel/sched/fair.c`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fullness {
    Spare,
    Full,
    Overloaded,
}

/// Who wakes a thread.
#[derive(Clone, Copy, Debug)]
struct Waker {
    core: CoreId,
    /// Who it is, if it does so by a write to a pipe.
    writer: Option<ThreadId>,
}

impl Placement {
    pub(super) fn new(cores: u32) -> Self {
        let lookouts = vec![Lookout::default(); cores as usize];
        let [loads, utilisations] =
            [Measure::Load, Measure::Utilisation].map(|it| Loads::new(it, cores));
        Self { waker: None, loads, utilisations, lookouts }
    }

    pub(super) fn lookout(&mut self, core: CoreId) -> &mut Lookout {
        &mut self.lookouts[core.index()]
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    pub(super) fn want_core(&mut self, thread: ThreadId) {
        self.thread_mut(thread).status = Status::Ready;
        self.show(thread, Some((State::Ready, NameId::EMPTY)));
        if self.plan.machine.exact {
            self.wanting.push(thread);
        } else {
            // A kernel places a thread when it is woken: the waker is still on its core.
            self.place(thread);
        }
    }

    /// Gives idle cores to those who have waited longest, then a place to those who came to want one
    /// at this instant, in the order of their numbers.
    pub(super) fn dispatch(&mut self) {
        if self.cores.anybody_waits() {
            while let Some((core, thread)) = self.pull() {
                self.switch_to(core, thread);
            }
            if self.plan.machine.wakes_in_place {
                self.look_again_later();
            }
        }
        if self.wanting.is_empty() {
            return;
        }
        self.wanting.sort_unstable();
        let count = self.wanting.len();
        for at in 0..count {
            self.place(self.wanting[at]);
        }
        debug_assert_eq!(self.wanting.len(), count, "nobody comes to want a core by being placed");
        self.wanting.clear();
    }

    /// Wakes a sleeping thread, which does what it wanted to. The wake-up costs its maker so much CPU time, and more where it
    /// interrupts an idle core; its next bookkeeping takes longer by that.
    pub(super) fn wake_at_cost(
        &mut self,
        maker: ThreadId,
        woken: ThreadId,
        cost: SimDuration,
        by_pipe: bool,
    ) {
        self.wake_from(maker, by_pipe);
        let then = self.thread(woken).then;
        self.wake(woken, then);
        let interrupt = self.interrupt(maker, woken);
        self.thread_mut(maker).owes += cost + interrupt;
    }

    /// The CPU time that it costs to have sent a woken or new thread to its core: more than none for another core that idled.
    pub(super) fn interrupt(&self, maker: ThreadId, woken: ThreadId) -> SimDuration {
        let Thread { core, entry_name, .. } = self.thread(woken);
        let was_idle = core.is_some() && *entry_name == self.names.wake;
        let interrupts = was_idle && *core != self.thread(maker).core;
        if interrupts { self.plan.machine.interrupt } else { SimDuration::ZERO }
    }

    /// The next thread to be placed is woken by this one.
    pub(super) fn wake_from(&mut self, waker: ThreadId, by_pipe: bool) {
        if self.plan.machine.wakes_in_place {
            self.placement.waker = self.as_waker(waker, by_pipe);
        }
    }

    /// A thread that wakes another one, on the core where it is or has just been.
    fn as_waker(&self, thread: ThreadId, by_pipe: bool) -> Option<Waker> {
        let core = self.thread(thread).last_core.get()?;
        Some(Waker { core, writer: by_pipe.then_some(thread) })
    }

    /// A thread that wants a core gets one, or a place in a run queue.
    fn place(&mut self, thread: ThreadId) {
        let core = self.core_for(thread);
        self.note_load(thread, Some(core));
        if self.cores.is_idle(core) {
            return self.start_on_idle(core, thread);
        }
        self.place_in_time(thread, core);
        if self.may_preempt(thread, core) {
            return self.preempt(core, thread);
        }
        let somebody_waits = self.cores.has_queue(core);
        let is_owed = self.is_owed_the_core(thread, core);
        if is_owed || self.comes_first(thread) {
            self.cores.enqueue_first(core, thread, self.now);
        } else {
            self.cores.enqueue(core, thread, self.now);
        }
        if is_owed {
            self.cores.get_mut(core).must_switch = true;
        }
        if somebody_waits && self.is_beyond_deadline(thread, core) {
            // The kernel looks at who is on the core with every one who comes, and somebody waits already.
            self.end_of_slice(core);
        } else {
            self.schedule_core(core);
        }
    }

    /// Whether a thread goes to the head of the run queue: a new one gets a deadline ahead of those who have been there
    /// (`PLACE_DEADLINE_INITIAL` in Linux `kernel/sched/features.h`).
    fn comes_first(&self, thread: ThreadId) -> bool {
        self.plan.machine.wakes_in_place && self.thread(thread).last_core.is_none()
    }

    /// The core that a thread goes to: an idle one if there is any, but for kernels that wake in place.
    fn core_for(&mut self, thread: ThreadId) -> CoreId {
        let MachineRules { exact, wakes_in_place, .. } = self.plan.machine;
        let last = self.thread(thread).last_core.get();
        match last {
            Some(core) if wakes_in_place => {
                let told = self.placement.waker.take();
                let waker = told.or_else(|| self.as_waker(self.acting?, false));
                return self.affine(thread, core, waker);
            }
            Some(core) if self.cores.is_idle(core) => return core,
            _ => {}
        }
        match (self.cores.lowest_idle(), last) {
            (Some(idle), _) => idle,
            (None, Some(core)) if !exact => core,
            (None, None) if wakes_in_place => self.core_for_new(),
            _ => self.cores.least_loaded(),
        }
    }

    /// Where a thread wakes up that last ran on this core: there, or on its waker's core, if the last one is busy
    /// (`wake_affine` in Linux `kernel/sched/fair.c`). Who writes to a pipe is taken to be about to sleep: the reader
    /// comes to its core, if nobody waits there. Else the loads decide, with a bias for the waker's core.
    fn affine(&self, woken: ThreadId, last: CoreId, waker: Option<Waker>) -> CoreId {
        let Some(Waker { core: here, writer }) = waker.filter(|it| it.core != last) else {
            return last;
        };
        if self.cores.is_idle(last) {
            return last;
        }
        if writer.is_some() && !self.cores.has_queue(here) {
            return here;
        }
        let (loads, now) = (&self.placement.loads, self.now);
        let own = loads.of_thread(woken, now);
        let leaves = writer.map_or(0, |it| loads.of_thread(it, now));
        let with_waker = loads.of_core(here, now) - leaves + own;
        let with_last = loads.of_core(last, now) - own;
        if with_waker * 100 < with_last * WAKER_BIAS_PERCENT { here } else { last }
    }

    /// A new thread goes to the calmest of the other cores if that is calmer than its creator's, where no core is idle
    /// (`sched_balance_find_dst_group` in Linux `kernel/sched/fair.c`).
    fn core_for_new(&self) -> CoreId {
        let creator = self.acting.and_then(|it| self.thread(it).core.get());
        let all = (0..self.plan.machine.cores).map(CoreId);
        let others = all.filter(|it| Some(*it) != creator);
        let how_busy =
            |core| (self.fullness_of(core), self.placement.loads.of_core(core, self.now));
        let Some(calmest) = others.min_by_key(|it| how_busy(*it)) else { return CoreId(0) };
        let Some(own) = creator else { return calmest };
        let ((here, load), (there, other)) = (how_busy(own), how_busy(calmest));
        let is_much_calmer = here > Fullness::Spare && load * 100 > other * IMBALANCE_PERCENT;
        if here > there || (here == there && is_much_calmer) { calmest } else { own }
    }

    fn fullness_of(&self, core: CoreId) -> Fullness {
        let utilisation = self.placement.utilisations.of_core(core, self.now);
        let is_full = utilisation * IMBALANCE_PERCENT >= ONE * 100;
        match (is_full, self.cores.has_queue(core)) {
            (false, _) => Fullness::Spare,
            (true, false) => Fullness::Full,
            (true, true) => Fullness::Overloaded,
        }
    }

    /// The thread is on this core from now on, or on none.
    pub(super) fn note_utilisation(&mut self, thread: ThreadId, core: Option<CoreId>) {
        if self.plan.machine.wakes_in_place {
            self.placement.utilisations.note(thread, core, self.now);
        }
    }

    /// The thread wants this core from now on, or none.
    pub(super) fn note_load(&mut self, thread: ThreadId, core: Option<CoreId>) {
        if self.plan.machine.wakes_in_place {
            self.placement.loads.note(thread, core, self.now);
        }
    }
}
