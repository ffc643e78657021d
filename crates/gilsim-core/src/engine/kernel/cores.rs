//! The cores and their run queues: who is on them, who waits for them, and since when.

use std::collections::VecDeque;

use crate::ids::{CoreId, ThreadId};
use crate::time::{SimDuration, SimTime};

use crate::engine::tournament::Tournament;

use super::cold::Pause;

/// A core.
#[derive(Debug)]
struct Core {
    /// Who is on it.
    running: Option<ThreadId>,
    /// Who waits for it, the next one first, with the instant at which each began to wait.
    queue: VecDeque<(SimTime, ThreadId)>,
    /// When its present thread came.
    picked_at: SimTime,
    /// Up to when its present thread's progress is accounted for.
    accounted_to: SimTime,
    /// When a thread left it that had been there for some time; never is `None`.
    left_at: Option<SimTime>,
    /// That since its last bookkeeping, taken as uninterrupted.
    pause: Pause,
    /// Whether its thread makes way for the next one as soon as it has done what it does at this instant.
    makes_way: bool,
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
            left_at: None,
            pause: Pause { since: SimTime::ZERO, idled: SimDuration::ZERO },
            makes_way: false,
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

    fn get(&self, core: CoreId) -> &Core {
        &self.all[core.index()]
    }

    fn get_mut(&mut self, core: CoreId) -> &mut Core {
        &mut self.all[core.index()]
    }

    /// All of them, the lowest number first.
    pub(super) fn numbers(&self) -> impl Iterator<Item = CoreId> + Clone + use<> {
        (0..self.all.len()).map(CoreId::at)
    }

    /// Who is on the core.
    ///
    /// # Panics
    /// When nobody is.
    #[inline]
    pub(super) fn running(&self, core: CoreId) -> ThreadId {
        let Some(thread) = self.get(core).running else { panic!("nobody is on {core:?}") };
        thread
    }

    /// Who is on the core, if anybody is.
    pub(super) fn on(&self, core: CoreId) -> Option<ThreadId> {
        self.get(core).running
    }

    /// When the core's present thread came.
    pub(super) fn picked_at(&self, core: CoreId) -> SimTime {
        self.get(core).picked_at
    }

    /// Up to when the progress of the core's present thread is accounted for.
    pub(super) fn accounted_to(&self, core: CoreId) -> SimTime {
        self.get(core).accounted_to
    }

    /// What the core's thread did before is accounted for, or no progress.
    pub(super) fn account_from(&mut self, core: CoreId, now: SimTime) {
        self.get_mut(core).accounted_to = now;
    }

    /// The same. Returns who the core's thread is, and how long it has been at work since it was last accounted for.
    #[inline]
    pub(super) fn account(&mut self, core: CoreId, now: SimTime) -> (ThreadId, SimDuration) {
        let record = self.get_mut(core);
        let Some(thread) = record.running else { panic!("nobody is on {core:?}") };
        (thread, now - std::mem::replace(&mut record.accounted_to, now))
    }

    /// Whether the core's thread makes way as soon as it has done what it does at this instant.
    pub(super) fn makes_way(&self, core: CoreId) -> bool {
        self.get(core).makes_way
    }

    pub(super) fn set_makes_way(&mut self, core: CoreId, makes_way: bool) {
        self.get_mut(core).makes_way = makes_way;
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

    /// For how long nobody has been on the idle core; `None` if nobody ever was.
    pub(super) fn has_idled(&self, core: CoreId, now: SimTime) -> Option<SimDuration> {
        self.get(core).left_at.map(|left| now - left)
    }

    /// Somebody comes onto the core, which has idled for so long.
    pub(super) fn cool(&mut self, core: CoreId, idle: SimDuration) {
        self.get_mut(core).pause.idled += idle;
    }

    /// Bookkeeping of that length begins on the core. Returns the pause that it ends.
    pub(super) fn begin_bookkeeping(
        &mut self,
        core: CoreId,
        length: SimDuration,
        now: SimTime,
    ) -> Pause {
        let next = Pause { since: now + length, idled: SimDuration::ZERO };
        std::mem::replace(&mut self.get_mut(core).pause, next)
    }

    /// Whether nobody has been on the idle core for so long.
    pub(super) fn has_idled_for(&self, core: CoreId, length: SimDuration, now: SimTime) -> bool {
        self.has_idled(core, now).is_none_or(|idle| idle >= length)
    }

    /// The idle core with the lowest number.
    pub(super) fn lowest_idle(&self) -> Option<CoreId> {
        self.idle.lowest()
    }

    /// The idle cores, the lowest number first.
    pub(super) fn all_idle(&self) -> impl Iterator<Item = CoreId> {
        self.idle.iter()
    }

    /// The core that the fewest wait for; the lowest number on a tie.
    pub(super) fn with_shortest_queue(&mut self) -> CoreId {
        self.compare();
        CoreId::at(self.lengths.winner())
    }

    /// Whether anybody waits in the core's run queue.
    pub(super) fn has_queue(&self, core: CoreId) -> bool {
        !self.get(core).queue.is_empty()
    }

    /// How many wait in the core's run queue.
    pub(super) fn queue_length(&self, core: CoreId) -> usize {
        self.get(core).queue.len()
    }

    /// `thread` comes onto the idle core.
    ///
    /// # Panics
    /// When somebody is on it.
    #[inline]
    pub(super) fn occupy(&mut self, core: CoreId, thread: ThreadId, now: SimTime) {
        let taken = self.idle.remove(core);
        assert!(taken, "{thread:?} comes onto {core:?}, which is busy");
        let core = self.get_mut(core);
        core.running = Some(thread);
        core.makes_way = false;
        core.picked_at = now;
        core.accounted_to = now;
    }

    /// The core's thread leaves it.
    #[inline]
    pub(super) fn vacate(&mut self, core: CoreId, now: SimTime) {
        self.idle.insert(core);
        let core = self.get_mut(core);
        core.running = None;
        if core.picked_at < now {
            core.left_at = Some(now);
        }
    }

    /// `thread` waits for the core, behind all who came before.
    #[inline]
    pub(super) fn enqueue(&mut self, core: CoreId, thread: ThreadId, now: SimTime) {
        self.waiting += 1;
        self.get_mut(core).queue.push_back((now, thread));
        self.note_change(core);
    }

    /// The same, but before all of them.
    #[inline]
    pub(super) fn enqueue_first(&mut self, core: CoreId, thread: ThreadId, now: SimTime) {
        self.waiting += 1;
        self.get_mut(core).queue.push_front((now, thread));
        self.note_change(core);
    }

    /// Those in the core's own run queue, the next one first.
    pub(super) fn waiting(&self, core: CoreId) -> impl Iterator<Item = ThreadId> {
        self.get(core).queue.iter().map(|(_, thread)| *thread)
    }

    /// The next one in the core's own run queue, who waits no longer.
    #[inline]
    pub(super) fn next_of(&mut self, core: CoreId) -> Option<ThreadId> {
        let (_, thread) = self.get_mut(core).queue.pop_front()?;
        self.waiting -= 1;
        self.note_change(core);
        Some(thread)
    }

    /// The thread waits for the core no longer.
    ///
    /// # Panics
    /// When it did not wait there.
    pub(super) fn withdraw(&mut self, core: CoreId, thread: ThreadId) {
        let queue = &mut self.get_mut(core).queue;
        // From both ends: most often it is near one of them.
        let mut either = (0..queue.len()).flat_map(|place| [place, queue.len() - 1 - place]);
        let place = either.find(|place| queue[*place].1 == thread);
        let withdrawn = place.and_then(|place| queue.remove(place));
        assert!(withdrawn.is_some(), "{thread:?} does not wait for {core:?}");
        self.waiting -= 1;
        self.note_change(core);
    }

    #[inline]
    fn note_change(&mut self, core: CoreId) {
        let record = self.get_mut(core);
        if !record.is_stale {
            record.is_stale = true;
            self.stale.push(core);
        }
    }

    /// Takes note of who waits for each core now.
    pub(super) fn compare(&mut self) {
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

    /// Whose run queue has the one at its head who has waited longest in such a place (ties by thread number), if
    /// anybody waits.
    pub(super) fn with_longest_waiter(&mut self) -> Option<CoreId> {
        if self.waiting == 0 {
            return None;
        }
        self.compare();
        Some(CoreId::at(self.heads.winner()))
    }

    /// The idle core with the lowest number that somebody waits for, as of when the cores were [compared](Self::compare).
    pub(super) fn idle_with_queue(&self) -> Option<CoreId> {
        self.idle.lowest_in_both(&self.queued)
    }

    /// Whether the core has fallen idle at this instant, after somebody was on it for some time.
    pub(super) fn fell_idle_at(&self, core: CoreId, now: SimTime) -> bool {
        let core = self.get(core);
        core.running.is_none() && core.left_at == Some(now)
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

    /// The lowest number first.
    fn iter(&self) -> impl Iterator<Item = CoreId> {
        (0..).zip(&self.0).flat_map(|(number, word)| {
            let some = |bits: u64| (bits != 0).then_some(bits);
            let left = std::iter::successors(some(*word), move |left| some(left & (left - 1)));
            left.map(move |left| CoreId(number * u64::BITS + left.trailing_zeros()))
        })
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
    fn of_cores_with_queues_as_short_the_lowest_counts() {
        let mut cores = Cores::new(3);
        for core in 0..3 {
            cores.occupy(CoreId(core), T[core as usize], SimTime::ZERO);
        }
        assert_eq!(cores.with_shortest_queue(), CoreId(0));
        cores.enqueue(CoreId(0), T[3], SimTime::ZERO);
        assert_eq!(cores.with_shortest_queue(), CoreId(1));
    }

    #[test]
    fn the_longest_waiter_is_found_at_the_heads_of_all_queues() {
        let mut cores = Cores::new(2);
        cores.occupy(CoreId(0), T[0], SimTime::ZERO);
        assert_eq!(cores.with_longest_waiter(), None);
        cores.enqueue(CoreId(1), T[2], SimTime::from_nanos(7));
        cores.enqueue(CoreId(0), T[1], SimTime::from_nanos(3));
        assert_eq!(cores.with_longest_waiter(), Some(CoreId(0)));
        assert_eq!(cores.idle_with_queue(), Some(CoreId(1)));
        cores.withdraw(CoreId(1), T[2]);
        cores.compare();
        assert_eq!(cores.idle_with_queue(), None);
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
        assert!(cores.all_idle().eq([CoreId(70), CoreId(129)]));
        assert!(cores.is_idle(CoreId(70)) && !cores.is_idle(CoreId(71)));
    }
}
