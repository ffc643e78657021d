//! Balancing: a core takes threads from another's run queue. An idle one does so as it falls idle and at timer ticks, a
//! busy one at some ticks (`sched_balance_newidle`, `sched_balance_domains`, `calculate_imbalance` and `detach_tasks` in
//! Linux `kernel/sched/fair.c`; semantics 2.2).

use crate::ids::{CoreId, ThreadId};
use crate::plan::{MachineRules, Plan};
use crate::time::{SimDuration, SimTime};
use crate::trace::Sink;

use super::Engine;
use super::placement::Placement;
use super::queue::Rank;
use super::thread::{Standing, Thread};

/// For so long after it ran, a kernel leaves a waiting thread to its core, whose caches hold its memory
/// (`sysctl_sched_migration_cost` there).
const MIGRATION_COST: SimDuration = SimDuration::from_micros(500);

/// After more vain looks than that a core takes threads whatever they have in caches (`cache_nice_tries` there, for
/// cores that share a cache).
const CACHE_NICE_TRIES: u32 = 1;

/// How long a busy core waits for each core of the machine before it looks again: `busy_factor` times a millisecond
/// (`sd_init` in `kernel/sched/topology.c`). Where loads decide, it waits twice as long after it found nothing to mend.
pub(super) const BUSY_INTERVAL: SimDuration = SimDuration::from_millis(16);

/// A core that itself has threads waiting looks only for one with so many hundredths of its load (`imbalance_pct`, for
/// cores that share a cache).
pub(super) const IMBALANCE_PERCENT: i64 = 117;

/// So many threads are considered at once (`sysctl_sched_nr_migrate`).
const MOST_AT_ONCE: usize = 32;

/// Sets this throw of dice apart from other hashes.
const DICE: u64 = 0x6e65_7769_646c_6500;

/// What a core knows of its last looks for others that are busier.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Lookout {
    looked_at: SimTime,
    /// Whether it saw an imbalance then.
    saw: bool,
    /// How many looks in a row it saw one, and found nobody who could come.
    vain: u32,
}

impl Lookout {
    /// It found nobody at this tick though somebody waits elsewhere, or took somebody.
    fn saw_imbalance(&mut self, now: SimTime, took: bool) {
        let vain = if took { 0 } else { self.vain + 1 };
        *self = Self { looked_at: now, saw: true, vain };
    }

    /// There was nothing to mend when it last looked, at this instant.
    fn saw_balance(&mut self, at: SimTime) {
        *self = Self { looked_at: at, saw: false, vain: 0 };
    }

    /// What it saw is of no more use.
    fn forget(&mut self) {
        (self.saw, self.vain) = (false, 0);
    }

    /// Whether it saw an imbalance at this very instant.
    fn saw_one_at(&self, now: SimTime) -> bool {
        self.saw && self.looked_at == now
    }

    /// Whether the core takes a waiting thread that ran at that instant, if it ever did.
    fn takes(&self, ran_at: Option<SimTime>, now: SimTime) -> bool {
        self.vain > CACHE_NICE_TRIES || ran_at.is_none_or(|at| now - at >= MIGRATION_COST)
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// While somebody waits for a busy core, an idle one looks for work again at the next timer tick.
    pub(super) fn look_again_later(&mut self) {
        let idle = self.cores.lowest_idle().filter(|_| self.cores.anybody_waits());
        let Some(core) = idle else { return };
        let at = self.tick_from(self.now + SimDuration::from_nanos(1));
        self.events.set_core(core, at, Rank::QuantumEnd, core.0);
    }

    /// An idle core, and who comes onto it from a run queue.
    pub(super) fn pull(&mut self) -> Option<(CoreId, ThreadId)> {
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
        let (threads, standings) = (&self.threads, &self.standings);
        let Placement { lookouts, utilisations, .. } = &mut self.placement;
        for core in (0..self.plan.machine.cores).map(CoreId) {
            let falls_idle =
                || self.cores.fell_idle_at(core, now) && looks_when_idle(self.plan, core, now);
            if !self.cores.is_idle(core) || !(is_tick || falls_idle()) {
                continue;
            }
            let lookout = &mut lookouts[core.index()];
            let idled_at_last =
                self.cores.has_idled_for(core, tick + SimDuration::from_nanos(1), now);
            if idled_at_last && now - lookout.looked_at > tick {
                // Nobody waited then.
                lookout.forget();
            }
            // With nothing to spare at all a kernel counts threads instead (`migrate_task`).
            let spare = utilisations.spare_on(core, now);
            let pulled = self.cores.pull_any(|it| {
                let fits = !is_tick || spare == 0 || utilisations.of_thread(it, now) <= spare;
                fits && lookout.takes(ran_at(&threads[it.index()], &standings[it.index()]), now)
            });
            if is_tick && !(pulled.is_none() && lookout.saw_one_at(now)) {
                lookout.saw_imbalance(now, pulled.is_some());
            } else if pulled.is_some() {
                lookout.forget();
                lookout.saw = true;
            }
            if let Some(thread) = pulled {
                return Some((core, thread));
            }
        }
        None
    }

    /// A core that has been idle until now has looked at every tick.
    pub(super) fn note_idle_looks(&mut self, core: CoreId) {
        let tick = self.plan.machine.quantum.as_nanos();
        let last = SimTime::from_nanos(self.now.as_nanos() / tick * tick);
        let until_now = self.now - last + SimDuration::from_nanos(1);
        let was_idle = self.cores.has_idled_for(core, until_now, self.now);
        let lookout = self.placement.lookout(core);
        if was_idle && lookout.looked_at < last {
            lookout.saw_balance(last);
        }
    }

    /// At the end of a time slice on `busier`: if it is the busiest of all, other busy cores whose time it is look at it.
    pub(super) fn balance(&mut self, busier: CoreId) {
        let all = (0..self.plan.machine.cores).map(CoreId);
        let is_other = |core: &CoreId| *core != busier && !self.cores.is_idle(*core);
        let mut due: Vec<CoreId> = all.clone().filter(is_other).collect();
        due.retain(|core| self.looks_now(*core));
        if due.is_empty() {
            return;
        }
        let load = |core| self.placement.loads.of_core(core, self.now);
        let average = all.clone().map(load).sum::<i64>() / i64::from(self.plan.machine.cores);
        let busiest = all.max_by_key(|it| (load(*it), std::cmp::Reverse(it.0)));
        if busiest == Some(busier) {
            for core in due {
                self.look_at(busier, core, average);
            }
        }
    }

    /// Whether it is time for a busy core to look. While nobody waits anywhere it looks, too, and sees no imbalance.
    fn looks_now(&mut self, core: CoreId) -> bool {
        let now = self.now;
        let (soon, late) = (self.busy_interval(1), self.busy_interval(2));
        let lookout = self.placement.lookout(core);
        let due = lookout.looked_at + if lookout.saw { soon } else { late };
        if due >= now {
            return due == now;
        }
        let past = (now - due).as_nanos();
        let is_due = past.is_multiple_of(late.as_nanos());
        let further = past / late.as_nanos() - u64::from(is_due);
        lookout.saw_balance(due + late * further);
        is_due
    }

    /// How long a busy core waits between two looks: a tick less than it might, so that cores of different domains do
    /// not look at once (`get_sd_balance_interval`).
    fn busy_interval(&self, factor: u64) -> SimDuration {
        let interval = BUSY_INTERVAL * u64::from(self.plan.machine.cores) * factor;
        let tick = self.plan.machine.quantum;
        let ticks = interval.as_nanos().div_ceil(tick.as_nanos());
        tick * (ticks - 1).max(1)
    }

    /// A busy core looks at the busiest one, whose load and its own are compared with the average of all.
    fn look_at(&mut self, busier: CoreId, core: CoreId, average: i64) {
        let now = self.now;
        let [own, there] = [core, busier].map(|it| self.placement.loads.of_core(it, now));
        let is_alike = self.cores.has_queue(core) && there * 100 <= own * IMBALANCE_PERCENT;
        let mut excess = (there - average).min(average - own);
        if is_alike || excess <= 0 {
            return self.placement.lookout(core).saw_balance(now);
        }
        let lookout = *self.placement.lookout(core);
        let mut took = false;
        let waiting: Vec<ThreadId> = self.cores.first_of(busier).take(MOST_AT_ONCE).collect();
        for thread in waiting {
            let load = self.placement.loads.of_thread(thread, now);
            let ran_at = ran_at(self.thread(thread), &self.standings[thread.index()]);
            if load >> lookout.vain.min(62) <= excess && lookout.takes(ran_at, now) {
                self.move_to(core, busier, thread);
                took = true;
                excess -= load;
            }
            if excess <= 0 {
                break;
            }
        }
        self.placement.lookout(core).saw_imbalance(now, took);
    }

    /// A waiting thread moves to another core's run queue, as far behind or ahead of who is on that core as it was.
    fn move_to(&mut self, core: CoreId, from: CoreId, thread: ThreadId) {
        self.cores.withdraw(from, thread);
        let difference = self.runtime_on(core) - self.runtime_on(from);
        let standing = &mut self.standings[thread.index()];
        standing.vruntime += difference;
        standing.deadline += difference;
        self.note_load(thread, Some(core));
        self.cores.enqueue(core, thread, self.now);
        self.schedule_core(core);
    }

    /// The same for a kernel that is said to let woken threads go to idle cores: by the numbers of those who wait.
    pub(super) fn balance_by_number(&mut self, busier: CoreId) {
        let Some(calmer) = self.cores.calmer_than(busier, self.now) else { return };
        let moved = self.cores.first_of(busier).next().expect("two more wait there");
        self.cores.get_mut(calmer).balanced_at = self.now;
        self.move_to(calmer, busier, moved);
    }
}

/// When a waiting thread last ran, if it ever did.
fn ran_at(thread: &Thread, standing: &Standing) -> Option<SimTime> {
    thread.last_core.is_some().then_some(standing.lag_since)
}

/// Whether a core that falls idle now looks for work elsewhere at once: a throw of dice, a hash of seed, core and
/// instant.
fn looks_when_idle(plan: &Plan, core: CoreId, now: SimTime) -> bool {
    let key = plan.seed ^ DICE ^ (u64::from(core.0) << 40) ^ now.as_nanos();
    super::gil::mix(key) % 1_000 < plan.machine.newidle_permille
}
