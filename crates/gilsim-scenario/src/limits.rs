//! The sizes that a scenario may have, all in one place.
//!
//! They are far above what makes sense and low enough that no sum of them overflows, so that a slip of
//! the keyboard gives a message and not a full memory.

/// Bytes of a scenario or profile file.
pub const SCENARIO_BYTES: u64 = 64 << 20;

/// Bytes of a data file (`samples`, `csv`).
pub const DATA_FILE_BYTES: u64 = 256 << 20;

/// Cores of a machine.
pub const CORES: u64 = 4_096;

/// Tasks of one entry, and of a scenario in all.
pub const TASKS: u64 = 10_000_000;

/// Workers of a pool.
pub const WORKERS: u64 = 100_000;

/// Native threads of a computation.
pub const NATIVE_THREADS: u64 = 1_024;

/// Parallel regions of a computation.
pub const REGIONS: u64 = 1_000_000;

/// Event loops of a server: a task notes in a byte which one has it.
pub const LOOPS: u32 = 256;

/// Connections of a site, permits of a semaphore, items of a queue, `limit` and `chunk` of a tool.
pub const AMOUNT: u64 = 1_000_000_000;

/// Tools of a scenario.
pub const TOOLS: usize = 1_000;

/// Sites and computations of a scenario, times its tools: each tool has its own.
pub const SETTINGS: usize = 2_000_000;

/// Steps within steps (`repeat`, `offload`).
pub const NESTING: usize = 16;

/// Leaf steps of one task, with every `repeat` unrolled.
pub const LEAF_STEPS: u64 = 10_000_000;

/// Leaf steps of all tasks of a scenario: each stores a draw.
pub const DRAWS: u64 = 200_000_000;

/// Bytes of a payload in one direction: 1 TB.
pub const PAYLOAD_BYTES: u64 = 1_000_000_000_000;

/// Python objects of a payload in one direction.
pub const PAYLOAD_OBJECTS: u64 = 1_000_000_000;

/// Nanoseconds that all tasks of a scenario together may wait and compute: 146 years.
pub const DEMAND_NANOS: u128 = 1 << 62;

/// Arrivals in a second: one in each nanosecond.
pub const ARRIVALS_PER_SECOND: f64 = 1e9;

/// Faults that are looked for in one list: as many plain numbers instead of durations would fill the memory.
pub const LIST_FAULTS: usize = 100_000;

/// Faults that are shown of one data file.
pub const DATA_FILE_FAULTS: usize = 10;

/// Faults that are shown in all.
pub const SHOWN_FAULTS: usize = 1_000;
