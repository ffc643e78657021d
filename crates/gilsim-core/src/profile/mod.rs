//! Cost profiles: what a Python version on Linux costs and how it behaves, one TOML file each.
//!
//! Where the values come from stands beside each in `cpython-3.13.toml` (docs/semantics.md, "What things cost").

mod costs;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::model::{StartMethod, Tool};

pub use costs::{
    Cost, GateCosts, InterpreterCosts, LockCosts, LoopCosts, LoopSharedCosts, MachineCosts,
    MemoryCosts, MultiprocessingPoolCosts, PickleCosts, PipeCosts, ProcessCosts, ProcessPoolCosts,
    ProcessSharedCosts, ServerCosts, SharedCosts, SharingCosts, StartCosts, ThreadCosts,
    ThreadPoolCosts, ThreadSharedCosts,
};

/// What one interpreter build on one machine costs, and which rules it follows.
///
/// All durations are CPU time or latency of one occurrence, all rates what their names say.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// How messages name it.
    pub name: String,
    /// The minor version of Python 3 whose rules and defaults apply: 8 or later.
    pub python: u8,
    /// Whether this is a free-threaded build.
    #[serde(default)]
    pub free_threaded: bool,
    /// Whether the exact rules apply: see [`crate::plan::KernelRules::Exact`].
    #[serde(default)]
    pub exact: bool,
    /// CPU time of a computation on this build, in thousandths of what the scenario says.
    #[serde(default = "one_thousand")]
    pub compute_permille: u32,
    /// The machine and its kernel.
    pub machine: MachineCosts,
    /// The interpreter lock.
    pub lock: LockCosts,
    /// OS threads and `threading`.
    pub thread: ThreadCosts,
    /// `ThreadPoolExecutor`.
    pub thread_pool: ThreadPoolCosts,
    /// The event loop.
    pub event_loop: LoopCosts,
    /// Starting and ending processes.
    pub process: ProcessCosts,
    /// `ProcessPoolExecutor`.
    pub process_pool: ProcessPoolCosts,
    /// `multiprocessing.Pool`.
    pub multiprocessing_pool: MultiprocessingPoolCosts,
    /// System calls on pipes.
    #[serde(default)]
    pub pipe: PipeCosts,
    /// Pickling and pipes.
    pub pickle: PickleCosts,
    /// What tasks share: semaphores and queues.
    #[serde(default)]
    pub shared: SharedCosts,
    /// What threads share without a lock.
    #[serde(default)]
    pub sharing: SharingCosts,
    /// Servers.
    #[serde(default)]
    pub server: ServerCosts,
    /// Subinterpreters.
    pub interpreter: InterpreterCosts,
    /// Memory.
    pub memory: MemoryCosts,
}

/// The most bytes, and the most nanoseconds per mebibyte, in a profile: countable in the same way.
const LARGEST_AMOUNT: u64 = 100_000_000_000;

const fn one_thousand() -> u32 {
    1_000
}

/// Why a profile cannot be used.
#[derive(Clone, Debug)]
pub struct ProfileError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where in the text, in bytes.
    pub span: Option<Range<usize>>,
}

/// The built-in profiles and their texts. One with a `base` has the values of that one where it gives none itself.
const BUILT_IN: [(&str, &str); 12] = [
    ("ideal", include_str!("ideal.toml")),
    ("cpython-3.8", include_str!("cpython-3.8.toml")),
    ("cpython-3.9", include_str!("cpython-3.9.toml")),
    ("cpython-3.10", include_str!("cpython-3.10.toml")),
    ("cpython-3.11", include_str!("cpython-3.11.toml")),
    ("cpython-3.12", include_str!("cpython-3.12.toml")),
    ("cpython-3.13", include_str!("cpython-3.13.toml")),
    ("cpython-3.13t", include_str!("cpython-3.13t.toml")),
    ("cpython-3.14", include_str!("cpython-3.14.toml")),
    ("cpython-3.14t", include_str!("cpython-3.14t.toml")),
    ("cpython-3.15", include_str!("cpython-3.15.toml")),
    ("cpython-3.15t", include_str!("cpython-3.15t.toml")),
];

/// The built-in profiles that have been asked for.
static PARSED: [OnceLock<Arc<Profile>>; BUILT_IN.len()] =
    [const { OnceLock::new() }; BUILT_IN.len()];

/// Reads a built-in profile.
fn based(text: &str) -> Result<Profile, ProfileError> {
    checked(whole(text).and_then(toml::Table::try_into).map_err(|error| ProfileError::of(&error))?)
}

/// The table of a built-in profile with what its base adds.
fn whole(text: &str) -> Result<toml::Table, toml::de::Error> {
    let mut own: toml::Table = text.parse()?;
    let base = own.remove("base");
    let base = BUILT_IN
        .iter()
        .find(|(name, _)| base.as_ref().is_some_and(|base| base.as_str() == Some(*name)));
    let Some((_, base)) = base else { return Ok(own) };
    let mut table = whole(base)?;
    lay_over(&mut table, own);
    Ok(table)
}

/// Puts the values of `own` in place of those of `table`.
fn lay_over(table: &mut toml::Table, own: toml::Table) {
    for (key, value) in own {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(value)) => lay_over(below, value),
            (_, value) => drop(table.insert(key, value)),
        }
    }
}

/// The profile that scenarios use when they name none.
pub const DEFAULT: &str = "cpython-3.14";

/// The minor version of the newest Python 3 that gilsim knows. A newer one plays by the rules of that one.
pub const NEWEST: u8 = 15;

/// The minor version of the oldest Python 3 that gilsim knows.
pub const OLDEST: u8 = 8;

/// The built-in profile whose rules hold for a Python, `None` where it is too old, or no free-threaded one is known of it.
pub fn rules_of(minor: u8, free_threaded: bool) -> Option<Arc<Profile>> {
    let build = if free_threaded { "t" } else { "" };
    built_in(&format!("cpython-3.{}{build}", minor.min(NEWEST)))
}

/// The names of the built-in profiles.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The built-in profile of that name.
///
/// # Panics
/// When the text of a built-in profile is wrong, which a test rules out.
pub fn built_in(name: &str) -> Option<Arc<Profile>> {
    let at = BUILT_IN.iter().position(|(built_in, _)| *built_in == name)?;
    let parsed = PARSED[at].get_or_init(|| {
        let profile = based(BUILT_IN[at].1);
        Arc::new(profile.unwrap_or_else(|error| panic!("{name}: {}", error.message)))
    });
    Some(Arc::clone(parsed))
}

/// Reads a profile file.
///
/// What a file of an older version cannot say is as in the built-in profile of its Python.
///
/// # Errors
/// When the text is no TOML, lacks a key, has one too many, or a value makes no sense.
pub fn parse(text: &str) -> Result<Profile, ProfileError> {
    let profile = checked(toml::from_str(text).map_err(|error| ProfileError::of(&error))?)?;
    match rules_of(profile.python, profile.free_threaded) {
        Some(rules) if !profile.exact => completed(text, &rules),
        _ => Ok(profile),
    }
}

/// What files of older versions do not have.
const ADDED: [&[&str]; 14] = [
    &["shared"],
    &["server"],
    &["sharing"],
    &["event_loop", "timer_level"],
    &["pickle", "dumps_per_object"],
    &["pickle", "loads_per_object"],
    &["pickle", "read_per_mib"],
    &["process_pool", "submit_item"],
    &["process_pool", "feed_item"],
    &["process_pool", "deliver_item"],
    &["process_pool", "collect_item"],
    &["multiprocessing_pool", "submit_item"],
    &["multiprocessing_pool", "feed_item"],
    &["multiprocessing_pool", "deliver_item"],
];

/// A profile file, with what it does not have taken from a built-in profile.
fn completed(text: &str, rules: &Profile) -> Result<Profile, ProfileError> {
    let rules = toml::Table::try_from(rules).expect("a profile is a table");
    let mut table: toml::Table = text.parse().map_err(|error| ProfileError::of(&error))?;
    for path in ADDED {
        let [within @ .., key] = path else { continue };
        let mut places = (Some(&mut table), Some(&rules));
        for name in within {
            let (to, from) = places;
            places = (
                to.and_then(|it| it.get_mut(*name)?.as_table_mut()),
                from.and_then(|it| it.get(*name)?.as_table()),
            );
        }
        if let (Some(to), Some(value)) = (places.0, places.1.and_then(|from| from.get(*key))) {
            fill(to.entry(*key).or_insert_with(|| value.clone()), value);
        }
    }
    table.try_into().map_err(|error| ProfileError::of(&error))
}

/// Puts into a table what another one has and it does not, and so in its tables.
fn fill(to: &mut toml::Value, from: &toml::Value) {
    let (Some(to), Some(from)) = (to.as_table_mut(), from.as_table()) else { return };
    for (key, value) in from {
        fill(to.entry(key).or_insert_with(|| value.clone()), value);
    }
}

/// The profile if its values make sense.
fn checked(profile: Profile) -> Result<Profile, ProfileError> {
    let fault = |message: &str| Err(ProfileError { message: message.to_owned(), span: None });
    if profile.python < OLDEST {
        return fault("`python` is the minor version of Python 3: 8 or later");
    }
    if profile.machine.quantum.0.is_zero() {
        return fault("`machine.quantum` must be positive");
    }
    if profile.lock.switch_interval.0.is_zero() {
        return fault("`lock.switch_interval` must be positive");
    }
    if profile.lock.requester_permille > 1_000 {
        return fault("`lock.requester_permille` is at most 1000");
    }
    if profile.machine.wake_spread_permille > 1_000 {
        return fault("`machine.wake_spread_permille` is at most 1000");
    }
    if profile.machine.newidle_permille > 1_000 {
        return fault("`machine.newidle_permille` is at most 1000");
    }
    if !(1..=1_000_000).contains(&profile.compute_permille) {
        return fault("`compute_permille` lies between 1 and 1000000");
    }
    if profile.amounts().into_iter().any(|amount| amount > LARGEST_AMOUNT) {
        return fault("bytes of memory and nanoseconds per mebibyte are at most 100000000000");
    }
    Ok(profile)
}

impl ProfileError {
    fn of(error: &toml::de::Error) -> Self {
        Self { message: error.message().to_owned(), span: error.span() }
    }
}

impl Profile {
    /// Whether the interpreter has a lock unless the scenario takes it away.
    pub const fn has_lock(&self) -> bool {
        !self.free_threaded
    }

    /// Everything in the profile that is multiplied with tasks, processes or bytes, besides costs.
    fn amounts(&self) -> [u64; 13] {
        let (memory, pickle, process) = (&self.memory, &self.pickle, &self.process);
        [
            memory.base,
            memory.thread,
            memory.coroutine,
            memory.interpreter,
            process.fork.memory,
            process.spawn.memory,
            process.forkserver.memory,
            pickle.dumps_per_mib,
            pickle.loads_per_mib,
            pickle.pipe_per_mib,
            pickle.read_per_mib,
            pickle.fresh_write_per_mib,
            pickle.fresh_read_per_mib,
        ]
    }

    /// Whether this Python has the tool.
    pub fn has(&self, tool: Tool) -> bool {
        tool.since().is_none_or(|since| self.python >= since.python)
    }

    /// The start method of this Python on Linux (docs/semantics.md, "Start methods").
    pub const fn default_start(&self) -> StartMethod {
        if self.python >= 14 { StartMethod::Forkserver } else { StartMethod::Fork }
    }

    /// What starting a process that way costs.
    pub const fn start(&self, method: StartMethod) -> &StartCosts {
        match method {
            StartMethod::Fork => &self.process.fork,
            StartMethod::Spawn => &self.process.spawn,
            StartMethod::Forkserver => &self.process.forkserver,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_can_be_read() {
        assert!(names().all(|name| built_in(name).is_some()));
    }
}
