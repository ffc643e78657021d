//! The numbers that a kernel is tuned with, each with its source: a file of Linux and a name in it, or a measurement.

use crate::time::SimDuration;

/// What the rules of `by_number` and `in_place` are tuned with.
#[derive(Debug)]
pub(super) struct Tuning {
    /// For so long after it ran, a waiting thread is left to its core, whose caches hold its memory.
    /// Source: `kernel/sched/fair.c`, `sysctl_sched_migration_cost`.
    pub(super) migration_cost: SimDuration,
    /// After more vain looks than that a core takes threads whatever they have in caches.
    /// Source: `kernel/sched/topology.c`, `cache_nice_tries` in `sd_init`, for cores that share a cache.
    pub(super) cache_nice_tries: u32,
    /// How long a busy core waits for each core of the machine before it looks at the others again.
    /// Source: `kernel/sched/topology.c`, `busy_factor` in `sd_init`, times a millisecond.
    pub(super) busy_interval: SimDuration,
    /// A core counts as busier than another one with so many hundredths of its load, and as full with a utilisation that
    /// is a whole one after so many hundredths.
    /// Source: `kernel/sched/topology.c`, `imbalance_pct` in `sd_init`, for cores that share a cache.
    pub(super) imbalance_percent: i64,
    /// The load of the woken thread's last core counts for so many hundredths of that of its waker's core.
    /// Source: `kernel/sched/fair.c`, `WA_BIAS` in `wake_affine_weight`: half of what `imbalance_pct` is above 100.
    pub(super) waker_bias_percent: i64,
    /// So many waiting threads are considered in one look.
    /// Source: `kernel/sched/fair.c`, `sysctl_sched_nr_migrate`.
    pub(super) most_at_once: usize,
    /// So many of those who wait for a core count for the average of their CPU time. Linux counts all of them (`avg_vruntime`
    /// in `kernel/sched/fair.c`); the average is needed often, and eight are enough for it.
    pub(super) averaged: usize,
    /// A core that has idled for longer takes longer to wake up: its host, or its power management, has put it away, and
    /// others have filled its caches.
    /// Source: measured on a virtual machine. 22 us after 0.2 to 1 ms, 27 us after 2 ms, 48 us after 5 ms, 62 us and more
    /// after 20 ms.
    pub(super) warm_until: SimDuration,
    /// From then on it takes no longer still. Source: likewise.
    pub(super) cold_from: SimDuration,
    /// Code and data that are not used cool so many times slower while their core computes something else than while it
    /// idles. Source: measured on a virtual machine (docs/semantics.md, "Cold caches").
    pub(super) computing_cools_by: u64,
    /// What 1,024 ns leave of a load, in 2^-64: half of a load is left after 32,768 of them.
    /// Source: `kernel/sched/sched-pelt.h`, `LOAD_AVG_PERIOD`.
    pub(super) load_left: u64,
}

pub(super) const TUNING: Tuning = Tuning {
    migration_cost: SimDuration::from_micros(500),
    cache_nice_tries: 1,
    busy_interval: SimDuration::from_millis(16),
    imbalance_percent: 117,
    waker_bias_percent: 108,
    most_at_once: 32,
    averaged: 8,
    warm_until: SimDuration::from_millis(1),
    cold_from: SimDuration::from_millis(8),
    computing_cools_by: 2,
    load_left: 18_446_353_870_663_572_145,
};
