//! Which core a thread goes to: the one that it wakes up on, and the idle one that takes it from another's run queue
//! (semantics 2.2).

use crate::ids::{CoreId, NameId, ThreadId};
use crate::plan::MachineRules;
use crate::time::{SimDuration, SimTime};
use crate::trace::{Sink, State};

use super::Engine;
use super::load::Loads;
use super::queue::Rank;
use super::thread::{Status, Then, Thread};

/// For so long after it ran, a kernel leaves a waiting thread to its core, whose caches hold its memory
/// (`sysctl_sched_migration_cost` in Linux `kernel/sched/fair.c`; semantics 2.2).
const MIGRATION_COST: SimDuration = SimDuration::from_micros(500);

/// After more vain looks than that an idle core takes threads whatever they have in caches (`cache_nice_tries` there, for
/// cores that share a cache).
const CACHE_NICE_TRIES: u32 = 1;

/// Sets this throw of dice apart from other hashes.
const DICE: u64 = 0x6e65_7769_646c_6500;

/// The last core's load counts for so many hundredths of the waker's: half of what `imbalance_pct` is above 100, for
/// cores that share a cache (`WA_BIAS` there).
const WAKER_BIAS_PERCENT: i64 = 108;

/// What a kernel that wakes in place goes by when it chooses between cores.
#[derive(Debug)]
pub(super) struct Placement {
    /// Who wakes the thread that is placed next, if it is not who acts, or writes to a pipe.
    waker: Option<Waker>,
    loads: Loads,
    /// At how many timer ticks in a row idle cores have looked elsewhere and found nobody who may go.
    vain_looks: u32,
    /// When they last looked.
    looked_at: Option<SimTime>,
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
        Self { waker: None, loads: Loads::new(cores), vain_looks: 0, looked_at: None }
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

    /// While somebody waits for a busy core, an idle one looks for work again at the next timer tick.
    fn look_again_later(&mut self) {
        let idle = self.cores.lowest_idle().filter(|_| self.cores.anybody_waits());
        let Some(core) = idle else { return };
        let at = self.tick_from(self.now + SimDuration::from_nanos(1));
        self.events.set_core(core, at, Rank::QuantumEnd, core.0);
    }

    /// An idle core, and who comes onto it from a run queue.
    fn pull(&mut self) -> Option<(CoreId, ThreadId)> {
        let MachineRules { exact, wakes_in_place, .. } = self.plan.machine;
        let own = if exact { None } else { self.cores.pull_own() };
        if own.is_some() {
            own
        } else if wakes_in_place {
            self.pull_elsewhere()
        } else {
            self.cores.pull_longest()
        }
    }

    /// An idle core of a kernel that wakes in place, and who comes onto it from another's run queue. It looks there when
    /// it falls idle, if the dice have it, and at timer ticks. It leaves those alone who have just run, unless it has
    /// looked in vain at some ticks.
    fn pull_elsewhere(&mut self) -> Option<(CoreId, ThreadId)> {
        if !self.cores.anybody_waits() {
            return None;
        }
        let (now, tick) = (self.now, self.plan.machine.quantum);
        // The busy cores switch first. An idle core's own event is such a slice's end, too: after it this is done again.
        let slices_end = self.events.peek() == Some((now, Rank::QuantumEnd));
        let is_tick = self.tick_from(now) == now && !slices_end;
        let core = match self.cores.lowest_idle() {
            Some(core) if is_tick => core,
            _ => self.cores.newly_idle(now).find(|it| self.looks_when_idle(*it))?,
        };
        if self.placement.looked_at.is_none_or(|at| now - at > tick) {
            self.placement.vain_looks = 0;
        }
        let (threads, standings) = (&self.threads, &self.standings);
        let insists = self.placement.vain_looks > CACHE_NICE_TRIES;
        let pulled = self.cores.pull_any(|it| {
            let has_run = threads[it.index()].last_core.is_some();
            insists || !has_run || now - standings[it.index()].lag_since >= MIGRATION_COST
        });
        if pulled.is_some() {
            self.placement.vain_looks = 0;
        } else if is_tick && self.placement.looked_at != Some(now) {
            self.placement.vain_looks += 1;
            self.placement.looked_at = Some(now);
        }
        pulled.map(|thread| (core, thread))
    }

    /// Whether a core that falls idle now looks for work elsewhere at once: a throw of dice, a hash of seed, core and
    /// instant.
    fn looks_when_idle(&self, core: CoreId) -> bool {
        let key = self.plan.seed ^ DICE ^ (u64::from(core.0) << 40) ^ self.now.as_nanos();
        super::gil::mix(key) % 1_000 < self.plan.machine.newidle_permille
    }

    /// Wakes a sleeping thread, which takes its lock. The wake-up costs its maker so much CPU time, and more where it
    /// interrupts an idle core; its next bookkeeping takes longer by that.
    pub(super) fn wake_at_cost(
        &mut self,
        maker: ThreadId,
        woken: ThreadId,
        cost: SimDuration,
        by_pipe: bool,
    ) {
        self.wake_from(maker, by_pipe);
        self.wake(woken, Then::TakeLock);
        let Thread { core, entry_name, .. } = self.thread(woken);
        let was_idle = core.is_some() && *entry_name == self.names.wake;
        let interrupts = was_idle && *core != self.thread(maker).core;
        let interrupt = if interrupts { self.plan.machine.interrupt } else { SimDuration::ZERO };
        self.thread_mut(maker).owes += cost + interrupt;
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
        self.cores.enqueue(core, thread, self.now);
        if somebody_waits && self.is_beyond_deadline(thread, core) {
            // The kernel looks at who is on the core with every one who comes, and somebody waits already.
            self.end_of_slice(core);
        } else {
            self.schedule_core(core);
        }
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

    /// A new thread goes to another core than the one that its creator keeps busy, where there is another.
    fn core_for_new(&self) -> CoreId {
        let creator = self.acting.and_then(|it| self.thread(it).core.get());
        let others = (0..self.plan.machine.cores).map(CoreId).filter(|it| Some(*it) != creator);
        others.min_by_key(|it| self.cores.first_of(*it).count()).unwrap_or(CoreId(0))
    }

    /// The next in the core's run queue moves to a calmer core (periodic balancing, semantics 2.2), as far behind or
    /// ahead of who is on it as it was.
    pub(super) fn balance(&mut self, busier: CoreId) {
        let Some(calmer) = self.cores.calmer_than(busier, self.now) else { return };
        let moved = self.cores.next_of(busier).expect("two more wait there");
        let difference = self.runtime_on(calmer) - self.runtime_on(busier);
        let standing = &mut self.standings[moved.index()];
        standing.vruntime += difference;
        standing.deadline += difference;
        self.cores.get_mut(calmer).balanced_at = self.now;
        self.note_load(moved, Some(calmer));
        self.cores.enqueue(calmer, moved, self.now);
        self.schedule_core(calmer);
    }

    /// The thread wants this core from now on, or none.
    pub(super) fn note_load(&mut self, thread: ThreadId, core: Option<CoreId>) {
        if !self.plan.machine.wakes_in_place {
            return;
        }
        match core {
            Some(core) => self.placement.loads.wants(thread, core, self.now),
            None => self.placement.loads.sleeps(thread, self.now),
        }
    }
}
