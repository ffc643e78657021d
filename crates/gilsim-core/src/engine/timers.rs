//! Who wakes when: timers that are never cancelled.
//!
//! A radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, Faster algorithms for the shortest path problem, Journal of the ACM
//! 37, 1990). It knows that time does not go back: no timer is set for an instant before the last that fired. So a
//! timer only ever moves to lower buckets, at most once for each bit of its instant, and all moves go through
//! memory in order. That keeps a million timers as quick as a hundred, whatever their instants are like; a binary heap
//! of a million misses the caches at every level.

use std::collections::VecDeque;

use crate::time::SimTime;

/// The order in which timers of one instant fire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ties {
    /// By the number of whom they are for.
    ByNumber,
    /// As they were set.
    AsSet,
}

/// Pending timers: instants, and the numbers of those who wait for them.
#[derive(Debug)]
pub(super) struct Timers {
    ties: Ties,
    /// The instant of the timers that fire first or have fired last; none is earlier.
    last: u64,
    /// Timers of that very instant, first to fire first.
    first: VecDeque<u32>,
    /// In bucket `b`, those whose instants differ from `last` in bit `b` and in none above it.
    buckets: Vec<Bucket>,
    /// Bit `b` tells whether bucket `b` has any.
    filled: u64,
}

#[derive(Clone, Debug)]
struct Bucket {
    timers: Vec<(u64, u32)>,
    earliest: u64,
}

impl Bucket {
    const EMPTY: Self = Self { timers: Vec::new(), earliest: u64::MAX };
}

/// A bucket that was emptied keeps room for so many timers.
const ROOM_KEPT: usize = 1 << 10;

impl Timers {
    pub(super) fn new(ties: Ties) -> Self {
        let buckets = vec![Bucket::EMPTY; u64::BITS as usize];
        Self { ties, last: 0, first: VecDeque::new(), buckets, filled: 0 }
    }

    /// Sets a timer for `at`.
    ///
    /// # Panics
    /// When a later one has been taken already.
    pub(super) fn set(&mut self, at: SimTime, number: u32) {
        let at = at.as_nanos();
        assert!(at >= self.last, "a timer of {number} for {at} ns, after one for {} ns", self.last);
        if at != self.last {
            self.put(at, number);
        } else if self.ties == Ties::AsSet {
            self.first.push_back(number);
        } else {
            let place = self.first.partition_point(|other| *other < number);
            self.first.insert(place, number);
        }
    }

    fn put(&mut self, at: u64, number: u32) {
        let bit = (at ^ self.last).ilog2();
        let bucket = &mut self.buckets[bit as usize];
        bucket.timers.push((at, number));
        bucket.earliest = bucket.earliest.min(at);
        self.filled |= 1 << bit;
    }

    /// When the next one fires.
    pub(super) fn next(&self) -> Option<SimTime> {
        if !self.first.is_empty() {
            return Some(SimTime::from_nanos(self.last));
        }
        // All of a lower bucket are before all of a higher one.
        let lowest = self.filled.trailing_zeros() as usize;
        self.buckets.get(lowest).map(|bucket| SimTime::from_nanos(bucket.earliest))
    }

    /// Takes the next one that fires.
    pub(super) fn take(&mut self) -> Option<u32> {
        if self.first.is_empty() && self.filled != 0 {
            self.go_on();
        }
        self.first.pop_front()
    }

    /// Goes on to the earliest instant of the lowest bucket, whose timers then belong into lower ones.
    fn go_on(&mut self) {
        let lowest = self.filled.trailing_zeros() as usize;
        if let [(at, number)] = self.buckets[lowest].timers[..] {
            (self.last, self.filled) = (at, self.filled & (self.filled - 1));
            self.buckets[lowest].timers.clear();
            self.buckets[lowest].earliest = u64::MAX;
            self.first.push_back(number);
            return;
        }
        let mut timers = std::mem::take(&mut self.buckets[lowest].timers);
        self.last = std::mem::replace(&mut self.buckets[lowest].earliest, u64::MAX);
        self.filled &= !(1 << lowest);
        for (at, number) in timers.drain(..) {
            if at == self.last {
                self.first.push_back(number);
            } else {
                self.put(at, number);
            }
        }
        if self.ties == Ties::ByNumber && self.first.len() > 1 {
            self.first.make_contiguous().sort_unstable();
        }
        if timers.capacity() <= ROOM_KEPT {
            self.buckets[lowest].timers = timers;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Numbers that look random.
    fn scattered(n: u64) -> u64 {
        let z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z ^ (z >> 29)
    }

    #[test]
    fn timers_fire_as_those_of_a_sorted_set() {
        for (ties, spread) in [Ties::ByNumber, Ties::AsSet].into_iter().flat_map(|ties| {
            // Ties in plenty, moderate delays, and now and then one for years.
            [3, 1_000, 1 << 40].map(|spread| (ties, spread))
        }) {
            let (mut timers, mut set) = (Timers::new(ties), BTreeSet::new());
            let mut now = 0;
            for n in 0..20_000_u32 {
                let random = scattered(u64::from(n) + spread);
                if random % 16 < 9 {
                    let for_years = random.is_multiple_of(97);
                    let delay = if for_years { 1 << 61 } else { (random >> 20) % spread };
                    let number = if ties == Ties::AsSet {
                        n
                    } else {
                        u32::try_from(random >> 32).expect("it is")
                    };
                    timers.set(SimTime::from_nanos(now + delay), number);
                    set.insert((now + delay, number));
                }
                let first = set.first().copied();
                assert_eq!(timers.next().map(SimTime::as_nanos), first.map(|(at, _)| at));
                // Not beyond what the long ones leave room for.
                if random % 16 > 6 && first.is_some_and(|(at, _)| at < 1 << 61) {
                    let (at, number) = set.pop_first().expect("there is one");
                    assert_eq!(timers.take(), Some(number), "{ties:?}, spread {spread}, step {n}");
                    now = at;
                }
            }
            let rest: Vec<u32> = std::iter::from_fn(|| timers.take()).collect();
            assert_eq!(rest, set.into_iter().map(|(_, number)| number).collect::<Vec<_>>());
        }
    }

    #[test]
    fn looking_at_the_next_timer_does_not_forbid_an_earlier_one() {
        let mut timers = Timers::new(Ties::AsSet);
        timers.set(SimTime::from_nanos(100), 1);
        assert_eq!(timers.next(), Some(SimTime::from_nanos(100)));
        timers.set(SimTime::from_nanos(60), 2);
        assert_eq!([timers.take(), timers.take(), timers.take()], [Some(2), Some(1), None]);
    }
}
