//! Small scenes for the tests of policies: who is on which core, who waits, who was woken.

use crate::ids::{CoreId, NameId, ProcessId, ThreadId};
use crate::model::LockMode;
use crate::plan::{Group, KernelRules, MachineRules, Pc};
use crate::time::{SimDuration, SimTime};
use crate::trace::State;

use super::cores::Cores;
use super::view::{Moment, View};
use crate::engine::thread::{Burst, Thread};

pub(super) const T: [ThreadId; 4] = [ThreadId(0), ThreadId(1), ThreadId(2), ThreadId(3)];
pub(super) const C: [CoreId; 3] = [CoreId(0), CoreId(1), CoreId(2)];

pub(super) fn at(ns: u64) -> SimTime {
    SimTime::from_nanos(ns)
}

pub(super) fn ms(ms: u64) -> SimTime {
    SimTime::from_nanos(ms * 1_000_000)
}

/// Cores, and threads, of which the first four are [`T`].
pub(super) struct Scene {
    pub(super) cores: Cores,
    count: u32,
    threads: Vec<Thread>,
}

impl Scene {
    /// Idle cores.
    pub(super) fn of(count: u32) -> Self {
        let thread = Thread::new(ProcessId::MAIN, None, Pc(0), Group(0));
        Self { cores: Cores::new(count), count, threads: vec![thread; T.len()] }
    }

    /// The same cores, and so many threads instead of four.
    pub(super) fn with_threads(mut self, count: usize) -> Self {
        self.threads.resize(count, self.threads[0].clone());
        self
    }

    /// Slices of 3 ms, ticks every 4.
    pub(super) fn rules(&self) -> MachineRules {
        MachineRules {
            kernel: KernelRules::InPlace { newidle_permille: 1_000 },
            cores: self.count,
            quantum: SimDuration::from_millis(4),
            wake_latency: SimDuration::ZERO,
            wake_latency_deep: SimDuration::ZERO,
            interrupt: SimDuration::ZERO,
            wake_call: SimDuration::ZERO,
            wake_spread_permille: 0,
            wake_latency_same: SimDuration::ZERO,
            context_switch: SimDuration::ZERO,
            timer_call: SimDuration::ZERO,
            base_slice: SimDuration::from_millis(3),
            timer_slack: SimDuration::ZERO,
            sleep_zero: None,
        }
    }

    pub(super) fn view(&self, now: SimTime) -> View<'_> {
        View { moment: Moment { now, acting: None, threads: &self.threads }, cores: &self.cores }
    }

    pub(super) fn with_last_core(mut self, thread: ThreadId, core: CoreId) -> Self {
        self.threads[thread.index()].last_core = Some(core).into();
        self
    }

    /// The thread is on the core since that instant, and has nothing to do there.
    pub(super) fn running(mut self, core: CoreId, thread: ThreadId, since: SimTime) -> Self {
        self.cores.occupy(core, thread, since);
        self.threads[thread.index()].core = Some(core).into();
        self.with_last_core(thread, core)
    }

    /// The same, with work.
    pub(super) fn working_on(mut self, core: CoreId, thread: ThreadId, since: SimTime) -> Self {
        self.threads[thread.index()].burst = Burst {
            left: SimDuration::from_millis(1_000),
            state: State::Running,
            lock: LockMode::Released,
            name: NameId::EMPTY,
        };
        self.running(core, thread, since)
    }

    /// The thread waits for the core since that instant.
    pub(super) fn waiting(mut self, core: CoreId, thread: ThreadId, since: SimTime) -> Self {
        self.cores.enqueue(core, thread, since);
        self.cores.compare();
        self.with_last_core(thread, core)
    }

    /// The thread, which was on that core last, has been woken.
    pub(super) fn woken(mut self, thread: ThreadId, last_core: CoreId) -> Self {
        self.threads[thread.index()].woken = true;
        self.with_last_core(thread, last_core)
    }

    /// The thread, which was never on a core, begins.
    pub(super) fn beginning(mut self, thread: ThreadId) -> Self {
        self.threads[thread.index()].woken = true;
        self
    }

    /// The thread was on the core from one instant to the other, and nobody has been since.
    pub(super) fn left(mut self, core: CoreId, thread: ThreadId, [from, to]: [SimTime; 2]) -> Self {
        self.cores.occupy(core, thread, from);
        self.cores.vacate(core, to);
        self.with_last_core(thread, core)
    }
}
