//! Options to choose from: the right ones among others that are plausible and wrong.

/// How many options a question about a number or a state has.
pub(super) const OPTIONS: usize = 4;

/// How many percent of the right time a wrong one is, or the other way round. No whole numbers: they would tell which time
/// the others are made of.
const PERCENT: [u64; 7] = [180, 310, 550, 930, 1_700, 2_900, 5_000];

/// Wrong times for a right one so short that no parts of it can be taken.
const ANY: [u64; 4] = [1_000_000, 30_000_000, 1_000_000_000, 30_000_000_000];

/// Times to choose from, ascending, to two digits, and which of them is the right one. The others are `known` times, which
/// are results of the same scenario, then multiples and parts. `bits` say how many of them are shorter, so that the place of the
/// right one gives nothing away.
pub(super) fn times(right: u64, known: &[u64], bits: u64) -> (Vec<u64>, usize) {
    let right = rounded(right);
    let shorter = usize::try_from(bits % OPTIONS as u64).unwrap_or(0);
    let room = [shorter, OPTIONS - 1 - shorter];
    let times = |by: u64, of: u64| {
        u64::try_from(u128::from(right) * u128::from(by) / u128::from(of)).unwrap_or(u64::MAX)
    };
    let made = PERCENT.iter().flat_map(|percent| [times(100, *percent), times(*percent, 100)]);
    let others: Vec<u64> = known.iter().copied().chain(made).chain(ANY).map(rounded).collect();
    let mut chosen = vec![right];
    let side = |time: u64| usize::from(time > right);
    let mut taken = [0, 0];
    for time in &others {
        if taken[side(*time)] < room[side(*time)] && is_apart(*time, &chosen) {
            taken[side(*time)] += 1;
            chosen.push(*time);
        }
    }
    // Below a few nanoseconds there is no room for shorter ones.
    for time in others {
        if chosen.len() < OPTIONS && is_apart(time, &chosen) {
            chosen.push(time);
        }
    }
    chosen.sort_unstable();
    let position = chosen.iter().position(|time| *time == right).unwrap_or(0);
    (chosen, position)
}

/// Whether a time differs from all of these by a third or more.
fn is_apart(time: u64, from: &[u64]) -> bool {
    from.iter().all(|other| {
        let (less, more) = (time.min(*other), time.max(*other));
        u128::from(more) * 3 >= u128::from(less) * 4 && more > less
    })
}

/// The time to two digits.
fn rounded(time: u64) -> u64 {
    let mut grain = 1;
    while time / grain >= 100 {
        grain *= 10;
    }
    (time / grain + u64::from(time % grain >= grain.div_ceil(2) && grain > 1)) * grain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_time_is_among_four_that_lie_apart() {
        for right in [0, 1, 2, 7, 99, 12_345, 2_012_345_678, 1 << 62] {
            for bits in 0..8 {
                let (times, position) = times(right, &[2_000_000_000, 19_610_000_000, right], bits);
                assert_eq!(times.len(), OPTIONS, "{right} {times:?}");
                assert_eq!(times[position], rounded(right));
                let apart = |pair: &[u64]| is_apart(pair[1], &pair[..1]);
                assert!(times.windows(2).all(apart), "{right}: {times:?}");
            }
        }
    }

    #[test]
    fn the_place_of_the_right_time_is_not_always_the_same() {
        let places: Vec<usize> = (0..4).map(|bits| times(2_000_000_000, &[], bits).1).collect();
        assert_eq!(places, [0, 1, 2, 3]);
    }

    #[test]
    fn results_of_other_tools_come_before_made_up_times() {
        let known = [147_400_000_000, 19_610_000_000];
        let (times, _) = times(2_000_000_000, &known, 0);
        assert!(times.contains(&150_000_000_000) && times.contains(&20_000_000_000), "{times:?}");
    }

    #[test]
    fn times_have_two_digits() {
        let shown = [(0, 0), (9, 9), (99, 99), (104, 100), (105, 110), (2_012_345, 2_000_000)];
        for (exact, round) in shown {
            assert_eq!(rounded(exact), round);
        }
        assert_eq!(rounded(999_999), 1_000_000);
    }
}
