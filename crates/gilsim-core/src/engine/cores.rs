//! The cores and their run queues: who is on them, who waits for them, and who is next. They change only themselves.
//!
//! Sources of the rules: the product contract (section 6) for `ideal`; semantics 2.2 and 2.3 (Linux
//! `kernel/sched/fair.c`) for the rest.

use std::collections::VecDeque;

use crate::ids::{CoreId, ThreadId};
use crate::time::{SimDuration, SimTime};

use super::balance::BUSY_INTERVAL;
use super::tournament::Tournament;

/// A core.
#[derive(Debug)]
pub(super) struct Core {
    /// Who is on it.
    pub(super) running: Option<ThreadId>,
    /// Who waits for it, the next one first, with the instant at which each began to wait.
    queue: VecDeque<(SimTime, ThreadId)>,
    /// When its present thread came.
    pub(super) picked_at: SimTime,
    /// Up to when its present thread's progress is accounted for.
    pub(super) accounted_to: SimTime,
    /// When it last took a thread from a busier core.
    pub(super) balanced_at: SimTime,
    /// When a thread left it that had been there for some time; never is `None`.
    left_at: Option<SimTime>,
    /// Whether its thread makes way for the next one as soon as it has done what it does at this instant.
    pub(super) must_switch: bool,
    /// Whether its run queue is another one than when it was last compared with others.
    is_stale: bool,
}

/// All cores.
#[derive(Debug)]
pub(super) struct Cores {
    all: Vec<Core>,
    /// Those that nobody is on.
    idle: CoreSet,
    /// Those that somebody waits for.
    queued: CoreSet,
    /// How many wait for each, and its number.
    lengths: Tournament,
    /// Who is at the head of each run queue, and since when it has waited.
    heads: Tournament,
    /// Those whose run queues are others than the tournaments know. Most queues change many times before somebody
    /// compares them.
    stale: Vec<CoreId>,
    /// How many threads wait in all run queues together.
    waiting: usize,
}

/// The key of a run queue that nobody waits in.
const NOBODY: u128 = u128::MAX;

impl Cores {
    pub(super) fn new(count: u32) -> Self {
        let core = || Core {
            running: None,
            queue: VecDeque::new(),
            picked_at: SimTime::ZERO,
            accounted_to: SimTime::ZERO,
            balanced_at: SimTime::ZERO,
            left_at: None,
            must_switch: false,
            is_stale: false,
        };
        let mut idle = CoreSet::new(count);
        for core in (0..count).map(CoreId) {
            idle.insert(core);
        }
        Self {
            all: (0..count).map(|_| core()).collect(),
            idle,
            queued: CoreSet::new(count),
            lengths: Tournament::new((0..count).map(u128::from)),
            heads: Tournament::new((0..count).map(|_| NOBODY)),
            stale: Vec::new(),
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

    /// Whether nobody has been on the idle core for so long.
    pub(super) fn has_idled_for(&self, core: CoreId, length: SimDuration, now: SimTime) -> bool {
        self.get(core).left_at.is_none_or(|left| now - left >= length)
    }

    /// The idle core with the lowest number.
    pub(super) fn lowest_idle(&self) -> Option<CoreId> {
        self.idle.lowest()
    }

    /// Of all cores the one that the fewest wait for; the lowest number on a tie.
    pub(super) fn least_loaded(&mut self) -> CoreId {
        self.compare();
        CoreId::at(self.lengths.winner())
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
        let taken = self.idle.remove(core);
        assert!(taken, "{thread:?} comes onto {core:?}, which is busy");
        let core = self.get_mut(core);
        core.running = Some(thread);
        core.must_switch = false;
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
        self.note_change(core);
    }

    /// The same, but before all of them.
    pub(super) fn enqueue_first(&mut self, core: CoreId, thread: ThreadId, now: SimTime) {
        self.waiting += 1;
        self.get_mut(core).queue.push_front((now, thread));
        self.note_change(core);
    }

    /// Those in the core's own run queue, the next one first.
    pub(super) fn first_of(&self, core: CoreId) -> impl Iterator<Item = ThreadId> {
        self.get(core).queue.iter().map(|(_, thread)| *thread)
    }

    /// The next one in the core's own run queue, who waits no longer.
    pub(super) fn next_of(&mut self, core: CoreId) -> Option<ThreadId> {
        let (_, thread) = self.get_mut(core).queue.pop_front()?;
        self.waiting -= 1;
        self.note_change(core);
        Some(thread)
    }

    /// The thread waits for the core no longer.
    pub(super) fn withdraw(&mut self, core: CoreId, thread: ThreadId) {
        let queue = &mut self.get_mut(core).queue;
        let before = queue.len();
        queue.retain(|(_, it)| *it != thread);
        self.waiting -= before - self.get(core).queue.len();
        self.note_change(core);
    }

    fn note_change(&mut self, core: CoreId) {
        let record = self.get_mut(core);
        if !record.is_stale {
            record.is_stale = true;
            self.stale.push(core);
        }
    }

    /// Takes note of who waits for each core now.
    fn compare(&mut self) {
        while let Some(core) = self.stale.pop() {
            let record = &mut self.all[core.index()];
            record.is_stale = false;
            let queue = &record.queue;
            let head = queue.front().map_or(NOBODY, |(since, thread)| {
                (u128::from(since.as_nanos()) << 32) | u128::from(thread.0)
            });
            let length = queue.len() as u128;
            if queue.is_empty() {
                self.queued.remove(core);
            } else {
                self.queued.insert(core);
            }
            self.lengths.set(core.index(), (length << 32) | u128::from(core.0));
            self.heads.set(core.index(), head);
        }
    }

    /// Whether anybody waits for any core.
    pub(super) fn anybody_waits(&self) -> bool {
        self.waiting > 0
    }

    /// An idle core, and who comes onto it: the one who has been ready longest at the head of a
    /// queue (ties by thread number).
    pub(super) fn pull_longest(&mut self) -> Option<(CoreId, ThreadId)> {
        let idle = self.lowest_idle()?;
        if self.waiting == 0 {
            return None;
        }
        self.compare();
        let source = CoreId::at(self.heads.winner());
        self.next_of(source).map(|thread| (idle, thread))
    }

    /// An idle core that somebody waits for, and who comes onto it.
    pub(super) fn pull_own(&mut self) -> Option<(CoreId, ThreadId)> {
        self.lowest_idle()?;
        self.compare();
        let core = self.idle.lowest_in_both(&self.queued)?;
        self.next_of(core).map(|thread| (core, thread))
    }

    /// Whether the core has fallen idle at this instant, after somebody was on it for some time.
    pub(super) fn fell_idle_at(&self, core: CoreId, now: SimTime) -> bool {
        let core = self.get(core);
        core.running.is_none() && core.left_at == Some(now)
    }

    /// Of those in all run queues who may go, the one who has been ready longest, who waits no longer.
    pub(super) fn pull_any(&mut self, may_go: impl Fn(ThreadId) -> bool) -> Option<ThreadId> {
        let waiting = |core: usize| self.all[core].queue.iter().map(move |it| (*it, core));
        let those = (0..self.all.len()).flat_map(waiting).filter(|((_, it), _)| may_go(*it));
        let (pulled, from) = those.min()?;
        self.all[from].queue.retain(|it| *it != pulled);
        self.waiting -= 1;
        self.note_change(CoreId::at(from));
        Some(pulled.1)
    }

    /// The busy core that may take a thread from a busier one: two more wait there, and it has not looked for a while.
    pub(super) fn calmer_than(&mut self, busier: CoreId, now: SimTime) -> Option<CoreId> {
        if self.get(busier).queue.len() < 2 {
            return None;
        }
        let calmest = self.least_loaded();
        let interval = BUSY_INTERVAL * self.all.len() as u64;
        let looks = now - self.get(calmest).balanced_at >= interval;
        let waits = |core: CoreId| self.get(core).queue.len();
        let is_busy = self.get(calmest).running.is_some();
        (is_busy && looks && waits(busier) >= waits(calmest) + 2).then_some(calmest)
    }

    /// The next instant, `now` included, at which the core's present time slice ends. A slice is
    /// renewed without a pause while nobody waits.
    pub(super) fn slice_end(&self, core: CoreId, quantum: SimDuration, now: SimTime) -> SimTime {
        let picked_at = self.get(core).picked_at;
        let so_far = now - picked_at;
        if so_far <= quantum {
            return picked_at + quantum;
        }
        picked_at + quantum * so_far.as_nanos().div_ceil(quantum.as_nanos())
    }
}

/// Some of the cores: a bit for each.
#[derive(Debug)]
struct CoreSet(Vec<u64>);

impl CoreSet {
    /// None of so many cores.
    fn new(cores: u32) -> Self {
        Self(vec![0; cores.div_ceil(u64::BITS) as usize])
    }

    fn insert(&mut self, core: CoreId) {
        self.0[core.index() / 64] |= 1 << (core.0 % u64::BITS);
    }

    /// Returns whether it was in.
    fn remove(&mut self, core: CoreId) -> bool {
        let (word, bit) = (&mut self.0[core.index() / 64], 1 << (core.0 % u64::BITS));
        let was_in = *word & bit != 0;
        *word &= !bit;
        was_in
    }

    fn lowest(&self) -> Option<CoreId> {
        Self::lowest_of(self.0.iter().copied())
    }

    fn lowest_in_both(&self, other: &Self) -> Option<CoreId> {
        Self::lowest_of(self.0.iter().zip(&other.0).map(|(one, other)| one & other))
    }

    fn lowest_of(words: impl Iterator<Item = u64>) -> Option<CoreId> {
        let (number, word) = words.enumerate().find(|(_, word)| *word != 0)?;
        Some(CoreId::at(number * 64 + word.trailing_zeros() as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: [ThreadId; 4] = [ThreadId(0), ThreadId(1), ThreadId(2), ThreadId(3)];

    #[test]
    fn the_least_loaded_core_has_the_shortest_queue_and_ties_go_to_the_lowest() {
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
        assert_eq!(cores.pull_longest(), Some((CoreId(1), T[1])));
        cores.enqueue(CoreId(0), T[1], SimTime::from_nanos(3));
        assert_eq!(cores.pull_own(), Some((CoreId(1), T[2])), "its own queue first");
    }

    #[test]
    fn the_lowest_idle_core_is_found_among_many() {
        let mut cores = Cores::new(130);
        for core in 0..129 {
            cores.occupy(CoreId(core), T[0], SimTime::ZERO);
        }
        assert_eq!(cores.lowest_idle(), Some(CoreId(129)));
        cores.vacate(CoreId(70), SimTime::ZERO);
        assert_eq!(cores.lowest_idle(), Some(CoreId(70)));
        assert!(cores.is_idle(CoreId(70)) && !cores.is_idle(CoreId(71)));
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
