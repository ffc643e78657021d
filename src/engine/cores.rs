//! The cores and their run queues: where a thread goes, and who is next. They change only themselves.
//!
//! Sources of the rules: the product contract (section 6) for `ideal`; semantics 2.2 and 2.3 (Linux
//! `kernel/sched/fair.c`) for the rest.

use std::collections::{BTreeSet, VecDeque};

use crate::ids::{CoreId, ThreadId};
use crate::time::{SimDuration, SimTime};

/// A core.
#[derive(Debug)]
pub(super) struct Core {
    /// Who is on it.
    pub(super) running: Option<ThreadId>,
    /// Who waits for it, longest first, with the instant at which each began to wait.
    queue: VecDeque<(SimTime, ThreadId)>,
    /// When its present thread came.
    pub(super) picked_at: SimTime,
    /// Up to when its present thread's progress is accounted for.
    pub(super) accounted_to: SimTime,
    /// When a thread left it that had been there for some time; never is `None`.
    left_at: Option<SimTime>,
}

/// All cores.
#[derive(Debug)]
pub(super) struct Cores {
    all: Vec<Core>,
    idle: BTreeSet<CoreId>,
    /// How many threads wait in all run queues together.
    waiting: usize,
}

impl Cores {
    pub(super) fn new(count: u32) -> Self {
        let core = || Core {
            running: None,
            queue: VecDeque::new(),
            picked_at: SimTime::ZERO,
            accounted_to: SimTime::ZERO,
            left_at: None,
        };
        Self {
            all: (0..count).map(|_| core()).collect(),
            idle: (0..count).map(CoreId).collect(),
            waiting: 0,
        }
    }

    pub(super) fn get(&self, core: CoreId) -> &Core {
        &self.all[core.index()]
    }

    pub(super) fn get_mut(&mut self, core: CoreId) -> &mut Core {
        &mut self.all[core.index()]
    }

    /// Whether nobody is on the core.
    pub(super) fn is_idle(&self, core: CoreId) -> bool {
        self.get(core).running.is_none()
    }

    /// Whether the core has stood idle until just now, rather than been left at this instant.
    pub(super) fn was_idle_before(&self, core: CoreId, now: SimTime) -> bool {
        let core = self.get(core);
        core.running.is_none() && core.left_at != Some(now)
    }

    /// The idle core with the lowest number.
    pub(super) fn lowest_idle(&self) -> Option<CoreId> {
        self.idle.first().copied()
    }

    /// The core with the fewest threads on it and in its queue; the lowest number on a tie.
    pub(super) fn least_loaded(&self) -> CoreId {
        let load = |core: &Core| core.queue.len() + usize::from(core.running.is_some());
        let least = (0..self.all.len()).min_by_key(|index| load(&self.all[*index]));
        CoreId::at(least.expect("a machine has at least one core"))
    }

    /// Whether anybody waits in the core's run queue.
    pub(super) fn has_queue(&self, core: CoreId) -> bool {
        !self.get(core).queue.is_empty()
    }

    /// `thread` comes onto the idle core.
    ///
    /// # Panics
    /// When somebody is on it.
    pub(super) fn occupy(&mut self, core: CoreId, thread: ThreadId, now: SimTime) {
        let taken = self.idle.remove(&core);
        assert!(taken, "{thread:?} comes onto {core:?}, which is busy");
        let core = self.get_mut(core);
        core.running = Some(thread);
        core.picked_at = now;
        core.accounted_to = now;
    }

    /// The core's thread leaves it.
    pub(super) fn vacate(&mut self, core: CoreId, now: SimTime) {
        self.idle.insert(core);
        let core = self.get_mut(core);
        core.running = None;
        if core.picked_at < now {
            core.left_at = Some(now);
        }
    }

    /// `thread` waits for the core, behind all who came before.
    pub(super) fn enqueue(&mut self, core: CoreId, thread: ThreadId, now: SimTime) {
        self.waiting += 1;
        self.get_mut(core).queue.push_back((now, thread));
    }

    /// The next one in the core's own run queue, who waits no longer.
    pub(super) fn next_of(&mut self, core: CoreId) -> Option<ThreadId> {
        let (_, thread) = self.get_mut(core).queue.pop_front()?;
        self.waiting -= 1;
        Some(thread)
    }

    /// An idle core, and who comes onto it: the one who has been ready longest at the head of a
    /// queue (ties by thread number), or with `own_first` the next one of its own queue if it has one.
    pub(super) fn pull(&mut self, own_first: bool) -> Option<(CoreId, ThreadId)> {
        if self.waiting == 0 {
            return None;
        }
        if own_first {
            let own = self.idle.iter().copied().find(|core| self.has_queue(*core));
            if let Some(core) = own {
                return self.next_of(core).map(|thread| (core, thread));
            }
        }
        let idle = self.lowest_idle()?;
        let heads = self.all.iter().map(|core| core.queue.front().copied()).enumerate();
        let waiting = heads.filter_map(|(source, head)| head.map(|head| (head, source)));
        let (_, source) = waiting.min()?;
        let thread = self.next_of(CoreId::at(source))?;
        Some((idle, thread))
    }

    /// The next instant, `now` included, at which the core's present time slice ends. A slice is
    /// renewed without a pause while nobody waits.
    pub(super) fn slice_end(&self, core: CoreId, quantum: SimDuration, now: SimTime) -> SimTime {
        let picked_at = self.get(core).picked_at;
        let slices = (now - picked_at).as_nanos().div_ceil(quantum.as_nanos()).max(1);
        picked_at + quantum * slices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: [ThreadId; 4] = [ThreadId(0), ThreadId(1), ThreadId(2), ThreadId(3)];

    #[test]
    fn the_least_loaded_core_counts_its_queue_and_ties_go_to_the_lowest() {
        let mut cores = Cores::new(3);
        for core in 0..3 {
            cores.occupy(CoreId(core), T[core as usize], SimTime::ZERO);
        }
        assert_eq!(cores.least_loaded(), CoreId(0));
        cores.enqueue(CoreId(0), T[3], SimTime::ZERO);
        assert_eq!(cores.least_loaded(), CoreId(1));
    }

    #[test]
    fn an_idle_core_takes_whoever_has_been_ready_longest() {
        let mut cores = Cores::new(2);
        cores.occupy(CoreId(0), T[0], SimTime::ZERO);
        cores.enqueue(CoreId(1), T[2], SimTime::from_nanos(7));
        cores.enqueue(CoreId(0), T[1], SimTime::from_nanos(3));
        assert_eq!(cores.pull(false), Some((CoreId(1), T[1])));
        cores.enqueue(CoreId(0), T[1], SimTime::from_nanos(3));
        assert_eq!(cores.pull(true), Some((CoreId(1), T[2])), "its own queue first");
    }

    #[test]
    fn a_slice_ends_at_multiples_of_the_quantum_since_its_thread_came() {
        let mut cores = Cores::new(1);
        cores.occupy(CoreId(0), T[0], SimTime::from_nanos(10));
        let quantum = SimDuration::from_nanos(4);
        let end =
            |cores: &Cores, now| cores.slice_end(CoreId(0), quantum, SimTime::from_nanos(now));
        assert_eq!(end(&cores, 10).as_nanos(), 14);
        assert_eq!(end(&cores, 14).as_nanos(), 14);
        assert_eq!(end(&cores, 15).as_nanos(), 18);
        assert_eq!(end(&cores, 18).as_nanos(), 18);
    }
}
