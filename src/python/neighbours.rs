//! How busy other programs keep the cores while one is measured, as Linux counts it.

use std::fs;

/// Ticks of the system's clock of CPU time, since the machine and since gilsim started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticks {
    /// That the cores were busy with anything.
    busy: u64,
    /// That they were there.
    all: u64,
    /// That gilsim and its children, as far as they have ended, were busy.
    own: u64,
}

/// The least ticks that say anything: a second on one core.
const ENOUGH: u64 = 100;

impl Ticks {
    /// Until now; none where the system does not say.
    pub(crate) fn now() -> Option<Self> {
        let system = fs::read_to_string("/proc/stat").ok()?;
        let own = fs::read_to_string("/proc/self/stat").ok()?;
        Self::read(&system, &own)
    }

    /// From the texts of `/proc/stat` and `/proc/self/stat` (proc(5)).
    fn read(system: &str, own: &str) -> Option<Self> {
        let cores = system.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Option<Vec<u64>> =
            cores.split_whitespace().map(|number| number.parse().ok()).collect();
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user and nice already.
        let ticks = ticks.filter(|ticks| ticks.len() >= 8)?;
        let all: u64 = ticks[..8].iter().sum();
        // The name of the program may hold spaces and brackets. After it: the state, then from the twelfth on
        // utime, stime, cutime, cstime.
        let fields = own.rsplit_once(')')?.1.split_whitespace().skip(11).take(4);
        let own: Option<Vec<u64>> = fields.map(|number| number.parse().ok()).collect();
        let own = own.filter(|own| own.len() == 4)?.iter().sum();
        Some(Self { busy: all - ticks[3] - ticks[4], all, own })
    }

    /// The share of the cores that other programs took since `earlier`; none where that is too short a time ago.
    pub(crate) fn others_since(self, earlier: Self) -> Option<f64> {
        let all = self.all.checked_sub(earlier.all).filter(|all| *all >= ENOUGH)?;
        let own = self.own.saturating_sub(earlier.own);
        let others = self.busy.saturating_sub(earlier.busy).saturating_sub(own);
        Some(share(others, all))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for a warning")]
fn share(part: u64, all: u64) -> f64 {
    part as f64 / all as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(user: u64, idle: u64, own: u64) -> Ticks {
        let system = format!("cpu  {user} 0 10 {idle} 5 1 1 3 0 0\ncpu0 1 2\n");
        let own = format!("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 {own} 2 3 4 20 0\n");
        Ticks::read(&system, &own).unwrap()
    }

    #[test]
    fn what_neither_gilsim_nor_its_children_used_was_used_by_others() {
        let earlier = ticks(100, 1_000, 50);
        assert_eq!(earlier, Ticks { busy: 115, all: 1_120, own: 59 });
        let later = ticks(400, 1_300, 150);
        assert!((later.others_since(earlier).unwrap() - 200.0 / 600.0).abs() < 1e-9);
        assert_eq!(ticks(110, 1_020, 50).others_since(earlier), None);
        assert_eq!(earlier.others_since(later), None);
    }

    #[test]
    fn what_is_no_count_of_ticks_is_none() {
        for (system, own) in [("", ""), ("cpu 1 2", "1 (a) S 1"), ("cpu a b c d e f g h", "")] {
            assert_eq!(Ticks::read(system, own), None);
        }
    }
}
