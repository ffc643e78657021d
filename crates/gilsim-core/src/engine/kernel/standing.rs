//! How much CPU time threads have had, and how much they are owed: the kernel gives a core to who is furthest behind
//! (EEVDF; `place_entity`, `update_curr` and `update_entity_lag` in Linux `kernel/sched/fair.c`).

use crate::ids::{CoreId, ThreadId};
use crate::time::{SimDuration, SimTime};

use super::cores::Cores;
use super::tuning::TUNING;

/// Where a thread stands among those of its core. All in nanoseconds of CPU time.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// What it has had, counted from where it was placed when it woke.
    vruntime: i64,
    /// Up to there it is protected from those who wake.
    deadline: i64,
    /// How far it had fallen behind the average of its core when it left it; below zero it had run ahead.
    lag: i64,
    lag_since: SimTime,
}

impl Standing {
    const NEW: Self = Self {
        vruntime: 0,
        deadline: 0,
        // It has none, but an earlier deadline than others (`PLACE_DEADLINE_INITIAL`): it goes first.
        lag: 1,
        lag_since: SimTime::ZERO,
    };

    /// How much a thread that left its core is forgiven by now, because others have run since (`DELAY_DEQUEUE`).
    fn forgiven(&self, now: SimTime) -> i64 {
        (now - self.lag_since).as_nanos().cast_signed()
    }
}

/// The standings of all threads.
#[derive(Debug)]
pub(super) struct Standings {
    all: Vec<Standing>,
    base_slice: i64,
}

impl Standings {
    pub(super) fn new(base_slice: SimDuration) -> Self {
        Self { all: Vec::new(), base_slice: base_slice.as_nanos().cast_signed() }
    }

    fn of(&self, thread: ThreadId) -> &Standing {
        &self.all[thread.index()]
    }

    fn of_mut(&mut self, thread: ThreadId) -> &mut Standing {
        &mut self.all[thread.index()]
    }

    /// One more thread.
    pub(super) fn add(&mut self) {
        self.all.push(Standing::NEW);
    }

    /// The thread has been on a core for so long.
    pub(super) fn ran(&mut self, thread: ThreadId, done: SimDuration) {
        self.of_mut(thread).vruntime += done.as_nanos().cast_signed();
    }

    /// When a thread that waits last left its core.
    pub(super) fn left_at(&self, thread: ThreadId) -> SimTime {
        self.of(thread).lag_since
    }

    /// The thread comes onto a core: where it has passed its deadline, it gets another one.
    pub(super) fn renew_deadline(&mut self, thread: ThreadId) {
        let base_slice = self.base_slice;
        let standing = self.of_mut(thread);
        if standing.vruntime >= standing.deadline {
            standing.deadline = standing.vruntime + base_slice;
        }
    }

    /// The thread leaves its core, as far behind the average of itself and those who wait there as it is.
    pub(super) fn leave(&mut self, thread: ThreadId, core: CoreId, cores: &Cores, now: SimTime) {
        let own = self.of(thread).vruntime;
        let mut count = 1;
        let mut sum = 0_i64;
        for other in cores.waiting(core).take(TUNING.averaged) {
            count += 1;
            sum = sum.saturating_add(self.of(other).vruntime.saturating_sub(own));
        }
        let standing = self.of_mut(thread);
        (standing.lag, standing.lag_since) = (sum / count, now);
    }

    /// A thread that wakes up behind another one is placed as far behind it as it was when it fell asleep, and gets a
    /// deadline. Who has run ahead is forgiven as others run.
    pub(super) fn place(&mut self, woken: ThreadId, core: CoreId, cores: &Cores, now: SimTime) {
        let (runtime, limit) = (self.runtime_on(core, cores, now), self.base_slice);
        let others = 1 + cores.waiting(core).take(TUNING.averaged).count().cast_signed() as i64;
        let standing = self.of_mut(woken);
        let Standing { lag, .. } = *standing;
        let lag = if lag < 0 { (lag + standing.forgiven(now)).min(0) } else { lag };
        // Its coming moves the average, and its lag is to be the same afterwards.
        let distance = lag.clamp(-limit, limit) * (others + 1) / others;
        standing.vruntime = runtime - distance;
        standing.deadline = standing.vruntime + limit;
    }

    /// Whether a thread was ahead of others or behind them when it fell asleep, and is not ahead any more. Until then it
    /// counts in their average (`DELAY_DEQUEUE`), so that whoever has run since is ahead of it. Whoever took the core when
    /// it fell asleep is safe for a base slice (`protect_slice`).
    pub(super) fn has_made_up(&self, woken: ThreadId, now: SimTime) -> bool {
        let standing = self.of(woken);
        match standing.lag {
            0 => false,
            1.. => true,
            ahead => standing.forgiven(now) >= self.base_slice.max(-ahead),
        }
    }

    /// How much CPU time the core's thread has had by now.
    fn runtime_on(&self, core: CoreId, cores: &Cores, now: SimTime) -> i64 {
        let since = (now - cores.accounted_to(core)).as_nanos().cast_signed();
        self.of(cores.running(core)).vruntime + since
    }

    /// Whether the core's thread has had its slice.
    pub(super) fn slice_is_over(&self, core: CoreId, cores: &Cores, now: SimTime) -> bool {
        self.runtime_on(core, cores, now) >= self.of(cores.running(core)).deadline
    }

    /// Whether the thread has had less CPU time than the core's thread.
    pub(super) fn is_behind(
        &self,
        thread: ThreadId,
        core: CoreId,
        cores: &Cores,
        now: SimTime,
    ) -> bool {
        self.of(thread).vruntime < self.runtime_on(core, cores, now)
    }

    /// A waiting thread goes to another core's run queue, as far behind or ahead of who is on that core as it was.
    pub(super) fn change_core(
        &mut self,
        thread: ThreadId,
        [from, to]: [CoreId; 2],
        cores: &Cores,
        now: SimTime,
    ) {
        let difference = self.runtime_on(to, cores, now) - self.runtime_on(from, cores, now);
        let standing = self.of_mut(thread);
        standing.vruntime += difference;
        standing.deadline += difference;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: [ThreadId; 3] = [ThreadId(0), ThreadId(1), ThreadId(2)];
    const CORE: CoreId = CoreId(0);

    fn at(ns: u64) -> SimTime {
        SimTime::from_nanos(ns)
    }

    /// Three threads with slices of 100 ns; the first one is on the core, from instant 0 on.
    fn one_runs() -> (Standings, Cores) {
        let mut standings = Standings::new(SimDuration::from_nanos(100));
        let mut cores = Cores::new(1);
        for _ in T {
            standings.add();
        }
        cores.occupy(CORE, T[0], at(0));
        standings.renew_deadline(T[0]);
        (standings, cores)
    }

    #[test]
    fn a_slice_is_over_after_a_base_slice_of_cpu_time() {
        let (standings, cores) = one_runs();
        assert!(!standings.slice_is_over(CORE, &cores, at(99)));
        assert!(standings.slice_is_over(CORE, &cores, at(100)));
    }

    #[test]
    fn who_left_its_core_behind_others_is_placed_as_far_behind() {
        let (mut standings, mut cores) = one_runs();
        cores.enqueue(CORE, T[2], at(0));
        // The other one who waits has had 60 ns more: on average, the leaver is 30 ns behind.
        standings.ran(T[2], SimDuration::from_nanos(60));
        standings.leave(T[1], CORE, &cores, at(0));
        cores.withdraw(CORE, T[2]);
        standings.place(T[1], CORE, &cores, at(80));
        // With two of them the average is half as far away: 80 - 2 * 30.
        assert_eq!(standings.of(T[1]).vruntime, 20);
        assert_eq!(standings.of(T[1]).deadline, 120);
    }

    #[test]
    fn who_had_run_ahead_is_forgiven_as_time_goes_by() {
        let (mut standings, mut cores) = one_runs();
        cores.enqueue(CORE, T[2], at(0));
        standings.ran(T[1], SimDuration::from_nanos(40));
        standings.leave(T[1], CORE, &cores, at(0));
        assert_eq!(standings.of(T[1]).lag, -20);
        assert!(!standings.has_made_up(T[1], at(99)), "others are safe for a base slice");
        assert!(standings.has_made_up(T[1], at(100)));
        standings.place(T[1], CORE, &cores, at(50));
        assert!(!standings.is_behind(T[1], CORE, &cores, at(50)), "it is level, not behind");
    }

    #[test]
    fn who_changes_its_core_is_as_far_from_its_new_neighbour_as_from_its_old_one() {
        let mut standings = Standings::new(SimDuration::from_nanos(100));
        let mut cores = Cores::new(2);
        for _ in T {
            standings.add();
        }
        for core in 0..2 {
            cores.occupy(CoreId(core), T[core as usize], at(0));
        }
        standings.ran(T[1], SimDuration::from_nanos(500));
        standings.change_core(T[2], [CoreId(0), CoreId(1)], &cores, at(7));
        assert_eq!(standings.of(T[2]).vruntime, 500);
    }
}
