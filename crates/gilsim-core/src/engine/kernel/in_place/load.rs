//! How much of the time threads want a core, averaged over the last tens of milliseconds, and the same of all threads
//! of a core together: kernels compare it when they choose between the cores of a waker and of the thread that it
//! wakes (`kernel/sched/pelt.c` and `wake_affine_weight` in `kernel/sched/fair.c` of Linux).

use crate::ids::{CoreId, ThreadId};
use crate::time::{SimDuration, SimTime};

use super::super::tuning::TUNING;

/// The load of a thread that always wants a core: loads are fixed-point numbers of threads.
pub(super) const ONE: i64 = 1 << 20;

/// What so many microseconds of 1,024 ns leave of a load.
fn after(load: i64, mut micros: u64) -> i64 {
    if micros == 0 {
        return load;
    }
    let (mut left, mut power) = (u128::from(u64::MAX), u128::from(TUNING.load_left));
    while micros > 0 && left > 0 {
        if micros % 2 == 1 {
            left = (left * power) >> 64;
        }
        power = (power * power) >> 64;
        micros /= 2;
    }
    let fraction = i128::try_from(left >> 32).expect("it is below 2^32");
    i64::try_from((i128::from(load) * fraction) >> 32).expect("a load only shrinks")
}

/// An average number of threads that want a core.
#[derive(Clone, Copy, Default, Debug)]
struct Average {
    value: i64,
    since: SimTime,
    /// How many want one now.
    wanting: i64,
}

impl Average {
    fn at(&self, now: SimTime) -> i64 {
        self.wanting + after(self.value - self.wanting, self.micros_until(now))
    }

    /// Whole ones: what is left over counts next time.
    fn micros_until(&self, now: SimTime) -> u64 {
        (now - self.since).as_nanos() >> 10
    }

    /// Adds a load, and threads that want a core from now on.
    fn add(&mut self, now: SimTime, load: i64, wanting: i64) {
        self.value = self.at(now) + load;
        self.since += SimDuration::from_nanos(self.micros_until(now) << 10);
        self.wanting += wanting;
    }
}

/// What is averaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Measure {
    /// Wanting a core: on it or waiting for it.
    Load,
    /// Being on it.
    Utilisation,
}

/// The loads of all cores and threads, or their utilisations.
#[derive(Debug)]
pub(super) struct Loads {
    measure: Measure,
    cores: Vec<Average>,
    /// Of each thread its load, and the core to whose load it belongs.
    threads: Vec<Option<(Average, CoreId)>>,
}

impl Loads {
    pub(super) fn new(measure: Measure, cores: u32) -> Self {
        Self { measure, cores: vec![Average::default(); cores as usize], threads: Vec::new() }
    }

    /// A new thread is taken to want a core all the time, and to be on it for half of what it has to spare
    /// (`post_init_entity_util_avg`).
    fn of_new(&self, core: CoreId, now: SimTime) -> i64 {
        match self.measure {
            Measure::Load => ONE,
            Measure::Utilisation => self.spare_on(core, now) / 2,
        }
    }

    /// What the core has left of itself.
    pub(super) fn spare_on(&self, core: CoreId, now: SimTime) -> i64 {
        (ONE - self.of_core(core, now)).max(0)
    }

    pub(super) fn of_core(&self, core: CoreId, now: SimTime) -> i64 {
        self.cores[core.index()].at(now)
    }

    pub(super) fn of_thread(&self, thread: ThreadId, now: SimTime) -> i64 {
        let known = self.threads.get(thread.index()).copied().flatten();
        known.map_or(0, |(load, _)| load.at(now))
    }

    /// From now on the thread wants this core, or is on it, or on none.
    pub(super) fn note(&mut self, thread: ThreadId, core: Option<CoreId>, now: SimTime) {
        match core {
            Some(core) => self.wants(thread, core, now),
            None => self.sleeps(thread, now),
        }
    }

    /// From now on the thread wants this core.
    fn wants(&mut self, thread: ThreadId, core: CoreId, now: SimTime) {
        self.threads.resize(self.threads.len().max(thread.index() + 1), None);
        let before = self.threads[thread.index()];
        // The main thread has slept until now: programs that are measured play their work again and again.
        let value = if thread == ThreadId::MAIN { 0 } else { self.of_new(core, now) };
        let mut load = before.map_or(Average { value, since: now, wanting: 0 }, |(load, _)| load);
        if let Some((_, last)) = before {
            if last == core && load.wanting > 0 {
                return;
            }
            self.cores[last.index()].add(now, -load.at(now), -load.wanting);
        }
        self.cores[core.index()].add(now, load.at(now), ONE);
        load.add(now, 0, ONE - load.wanting);
        self.threads[thread.index()] = Some((load, core));
    }

    /// From now on the thread wants no core.
    fn sleeps(&mut self, thread: ThreadId, now: SimTime) {
        let known = self.threads[thread.index()].as_mut();
        let (load, core) = known.expect("who leaves a core has come to it");
        let wanting = load.wanting;
        load.add(now, 0, -wanting);
        self.cores[core.index()].add(now, 0, -wanting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: [ThreadId; 2] = [ThreadId(1), ThreadId(2)];
    const C: [CoreId; 2] = [CoreId(0), CoreId(1)];

    fn at(micros: u64) -> SimTime {
        SimTime::from_nanos(micros * 1_000)
    }

    /// To a thousandth of a thread.
    fn assert_near(load: i64, thousandths: i64) {
        let expected = ONE * thousandths / 1_000;
        assert!((load - expected).abs() < ONE / 1_000, "{load} is not {expected}");
    }

    #[test]
    fn half_of_a_load_is_left_after_32_periods() {
        let mut loads = Loads::new(Measure::Load, 2);
        loads.wants(T[0], C[0], at(0));
        assert_near(loads.of_core(C[0], at(5_000)), 1_000);
        loads.sleeps(T[0], at(5_000));
        assert_near(loads.of_core(C[0], at(5_000 + 33_554)), 500);
        assert_near(loads.of_thread(T[0], at(5_000 + 16_777)), 707);
        assert_near(loads.of_core(C[0], at(60_000_000)), 0);
    }

    #[test]
    fn a_new_thread_is_taken_to_use_half_of_what_its_core_has_to_spare() {
        let mut utilisations = Loads::new(Measure::Utilisation, 2);
        utilisations.wants(T[0], C[0], at(0));
        assert_near(utilisations.of_core(C[0], at(0)), 500);
        utilisations.wants(T[1], C[0], at(0));
        assert_near(utilisations.of_thread(T[1], at(0)), 250);
        let mut loads = Loads::new(Measure::Load, 2);
        loads.wants(ThreadId::MAIN, C[0], at(0));
        assert_near(loads.of_core(C[0], at(0)), 0);
        assert_near(loads.of_core(C[0], at(33_554)), 500);
    }

    #[test]
    fn a_thread_takes_its_load_along() {
        let mut loads = Loads::new(Measure::Load, 2);
        loads.wants(T[0], C[0], at(0));
        loads.wants(T[1], C[0], at(0));
        loads.sleeps(T[0], at(0));
        loads.wants(T[0], C[1], at(33_554));
        assert_near(loads.of_core(C[0], at(33_554)), 1_000);
        assert_near(loads.of_core(C[1], at(33_554)), 500);
        assert_near(loads.of_core(C[1], at(67_108)), 750);
    }
}
