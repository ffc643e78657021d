//! A kernel that wakes threads where they were, or beside their wakers, and balances by loads (`docs/kernels.md`).
//! Profiles that `gilsim calibrate` makes have it.

mod balance;
mod line;
mod load;
mod lookout;
#[cfg(test)]
mod tests;

use crate::ids::{CoreId, ThreadId};
use crate::plan::MachineRules;
use crate::time::{SimDuration, SimTime};

use self::line::Line;
use self::load::{Loads, Measure, ONE};
use self::lookout::Lookout;
use super::cores::Cores;
use super::standing::Standings;
use super::tuning::TUNING;
use super::view::{Coming, Ticks, View, Waker, Where};

/// The rules, where threads stand, how busy they and the cores have been, and what each core knows of the others.
#[derive(Debug)]
pub(super) struct InPlace {
    pub(super) standings: Standings,
    loads: Loads,
    utilisations: Loads,
    /// Who waits in run queues.
    line: Line,
    /// Of each core.
    lookouts: Vec<Lookout>,
    /// The cores that threads have left at the latest instant at which any did: no others fall idle then.
    left: Vec<CoreId>,
    left_at: SimTime,
    /// Before that instant no busy core looks at others.
    next_look: SimTime,
    ticks: Ticks,
    /// How long a busy core waits until it looks at others again, after a look at which it saw an imbalance.
    soon: SimDuration,
    /// The same after another look.
    late: SimDuration,
    newidle_permille: u64,
    seed: u64,
}

/// How much a busy core has left for a new thread (`group_type` in Linux `kernel/sched/fair.c`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fullness {
    Spare,
    Full,
    Overloaded,
}

/// How long a busy core waits between two looks: a tick less than it might, so that cores of different domains do
/// not look at once (`get_sd_balance_interval`).
fn busy_interval(rules: &MachineRules, factor: u64) -> SimDuration {
    let interval = TUNING.busy_interval * u64::from(rules.cores) * factor;
    let ticks = interval.as_nanos().div_ceil(rules.quantum.as_nanos());
    rules.quantum * (ticks - 1).max(1)
}

impl InPlace {
    pub(super) fn new(rules: &MachineRules, newidle_permille: u64, seed: u64) -> Self {
        let [loads, utilisations] =
            [Measure::Load, Measure::Utilisation].map(|it| Loads::new(it, rules.cores));
        Self {
            standings: Standings::new(rules.base_slice),
            loads,
            utilisations,
            line: Line::new(),
            lookouts: vec![Lookout::default(); rules.cores as usize],
            left: Vec::new(),
            left_at: SimTime::ZERO,
            next_look: SimTime::ZERO,
            ticks: Ticks(rules.quantum),
            soon: busy_interval(rules, 1),
            late: busy_interval(rules, 2),
            newidle_permille,
            seed,
        }
    }

    /// A thread wakes up where it was, or beside its waker. A new one goes to an idle core if there is one.
    pub(super) fn core_for(
        &self,
        view: &View<'_>,
        thread: ThreadId,
        waker: Option<Waker>,
    ) -> Where {
        let last = view.thread(thread).last_core.get();
        Where::Core(match (last, view.cores.lowest_idle()) {
            (Some(last), _) => self.core_for_woken(view, thread, last, waker),
            (None, Some(idle)) => idle,
            (None, None) => self.core_for_new(view, waker),
        })
    }

    /// A woken thread goes to its waker's core, if its own last one is busy (`wake_affine` in Linux
    /// `kernel/sched/fair.c`). Who writes to a pipe is taken to be about to sleep: the reader comes to its core, if
    /// nobody waits there. Else the loads decide, with a bias for the waker's core.
    fn core_for_woken(
        &self,
        view: &View<'_>,
        woken: ThreadId,
        last: CoreId,
        waker: Option<Waker>,
    ) -> CoreId {
        let here = waker.and_then(|it| view.thread(it.thread).last_core.get());
        let (Some(waker), Some(here)) = (waker, here) else { return last };
        if here == last || view.cores.is_idle(last) {
            return last;
        }
        if waker.writes_to_pipe && !view.cores.has_queue(here) {
            return here;
        }
        let (loads, now) = (&self.loads, view.moment.now);
        let own = loads.of_thread(woken, now);
        let leaves = if waker.writes_to_pipe { loads.of_thread(waker.thread, now) } else { 0 };
        let with_waker = loads.of_core(here, now) - leaves + own;
        let with_last = loads.of_core(last, now) - own;
        if with_waker * 100 < with_last * TUNING.waker_bias_percent { here } else { last }
    }

    /// A new thread goes to the calmest of the other cores if that is calmer than its creator's, where no core is idle
    /// (`sched_balance_find_dst_group` in Linux `kernel/sched/fair.c`).
    fn core_for_new(&self, view: &View<'_>, creator: Option<Waker>) -> CoreId {
        let own = creator.and_then(|it| view.thread(it.thread).core.get());
        let others = view.cores.numbers().filter(|it| Some(*it) != own);
        let how_busy =
            |core| (self.fullness_of(view, core), self.loads.of_core(core, view.moment.now));
        let Some(calmest) = others.min_by_key(|it| how_busy(*it)) else { return CoreId(0) };
        let Some(own) = own else { return calmest };
        let ((here, load), (there, other)) = (how_busy(own), how_busy(calmest));
        let is_much_calmer =
            here > Fullness::Spare && load * 100 > other * TUNING.imbalance_percent;
        if here > there || (here == there && is_much_calmer) { calmest } else { own }
    }

    fn fullness_of(&self, view: &View<'_>, core: CoreId) -> Fullness {
        let utilisation = self.utilisations.of_core(core, view.moment.now);
        let is_full = utilisation * TUNING.imbalance_percent >= ONE * 100;
        match (is_full, view.cores.has_queue(core)) {
            (false, _) => Fullness::Spare,
            (true, false) => Fullness::Full,
            (true, true) => Fullness::Overloaded,
        }
    }

    /// A woken or new thread gets the core as soon as its thread is not between two steps: if that one's slice is over, or
    /// if the woken one has made up for what it had run ahead. Measured: a sleeper beside one and two threads that
    /// compute wakes up as fast as alone, however little they had of their slices; but who has slept alone waits for
    /// the end of a slice.
    pub(super) fn come(&mut self, view: &View<'_>, thread: ThreadId, core: CoreId) -> Coming {
        let (cores, now) = (view.cores, view.moment.now);
        let is_new = view.thread(thread).last_core.is_none();
        let is_woken = view.thread(thread).woken;
        if is_woken {
            self.standings.place(thread, core, cores, now);
        }
        let has_made_up = !is_new && self.standings.has_made_up(thread, now);
        let is_owed = is_woken && (has_made_up || self.standings.slice_is_over(core, cores, now));
        match (is_owed, view.stays(core), is_new) {
            (true, true, _) => Coming::Preempts,
            (true, false, _) => Coming::ComesNext,
            // It gets a deadline ahead of those who have been there (`PLACE_DEADLINE_INITIAL` in Linux
            // `kernel/sched/features.h`).
            (false, _, true) => Coming::WaitsFirst,
            (false, _, false) => Coming::Waits,
        }
    }

    /// The same. Where it waits, it stands in line.
    pub(super) fn come_and_wait(
        &mut self,
        view: &View<'_>,
        thread: ThreadId,
        core: CoreId,
    ) -> Coming {
        let coming = self.come(view, thread, core);
        match coming {
            Coming::Runs | Coming::Preempts => {}
            Coming::Waits | Coming::WaitsFirst | Coming::ComesNext | Coming::EndsSlice => {
                self.wait(thread, core, view.moment.now);
            }
        }
        coming
    }

    /// The thread waits in the core's run queue from now on.
    pub(super) fn wait(&mut self, thread: ThreadId, core: CoreId, now: SimTime) {
        self.line.join(thread, core, now);
    }

    /// Whether the core's thread, at the end of a computation, has had its slice while others wait. Programs that are
    /// measured read their CPU clock there, and the kernel takes note that the slice is over (`update_curr` in Linux
    /// `kernel/sched/fair.c`). Calibrated profiles predict such programs; others would go on to the next tick.
    pub(super) fn ends_with_work(&self, core: CoreId, cores: &Cores, now: SimTime) -> bool {
        cores.has_queue(core) && self.standings.slice_is_over(core, cores, now)
    }

    /// The thread wants this core from now on.
    pub(super) fn want(&mut self, thread: ThreadId, core: CoreId, now: SimTime) {
        self.loads.note(thread, Some(core), now);
    }

    /// The thread comes onto a core, which has idled until now.
    pub(super) fn enter(&mut self, thread: ThreadId, core: CoreId, cores: &Cores, now: SimTime) {
        self.line.leave(thread);
        self.loads.note(thread, Some(core), now);
        self.utilisations.note(thread, Some(core), now);
        self.note_idle_looks(core, cores, now);
        self.next_look = self.next_look.min(self.looks_at(core));
        self.standings.renew_deadline(thread);
    }

    /// A thread leaves that core now.
    fn note_left(&mut self, core: CoreId, now: SimTime) {
        if self.left_at != now {
            self.left_at = now;
            self.left.clear();
        }
        self.left.push(core);
    }

    /// The thread leaves its core, and wants none.
    pub(super) fn leave(&mut self, thread: ThreadId, core: CoreId, cores: &Cores, now: SimTime) {
        self.loads.note(thread, None, now);
        self.utilisations.note(thread, None, now);
        self.note_left(core, now);
        self.standings.leave(thread, core, cores, now);
    }
}
