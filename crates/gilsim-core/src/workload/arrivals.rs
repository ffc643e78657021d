//! When the tasks of an entry arrive, and how many do before the horizon.

use crate::ids::TaskId;
use crate::model::{After, Arrival, Distribution, Horizon, Scenario, TaskEntry};
use crate::time::{SimDuration, SimTime};

use super::draw::Law;
use super::{Draws, Key, Purpose, TooLarge, Workload};

/// When each task of an entry arrives.
#[derive(Clone, Debug)]
pub(super) enum Arrivals {
    /// At the start; those of clients, and those that come after others, when the engine finds out.
    AtOnce,
    At(Vec<SimTime>),
}

/// Tasks of an endless entry that arrive at most: twice what a scenario may have, so that chance alone never refuses one.
pub(crate) const MOST_ENDLESS: u32 = 20_000_000;

impl Arrivals {
    /// How many tasks of the entry there are, and when they arrive. `before` says how many the entries before it have.
    pub(super) fn sample(
        spec: &TaskEntry,
        key: Key,
        horizon: Option<Horizon>,
        before: impl Fn(usize) -> u32,
    ) -> Result<(u32, Self), TooLarge> {
        let most = if spec.endless { MOST_ENDLESS } else { spec.count };
        let until = horizon.map(|horizon| horizon.until);
        let instants = match &spec.arrive {
            Arrival::AtOnce | Arrival::Clients { .. } | Arrival::After(After::All(_)) => {
                return Ok((spec.count, Self::AtOnce));
            }
            Arrival::After(After::Each(entry)) => return Ok((before(*entry), Self::AtOnce)),
            Arrival::At(instants) => instants.to_vec(),
            Arrival::Every(Distribution::Cycle(values)) => instants(
                Some(SimDuration::ZERO).into_iter().chain(values.iter().copied().cycle()),
                most,
                until,
            ),
            Arrival::Every(gap) => {
                let gaps = Draws::of(Law::of(gap), key.stream(Purpose::Arrivals, 0), most);
                instants(Some(SimDuration::ZERO).into_iter().chain(gaps), most, until)
            }
            Arrival::Poisson { per_second } => {
                let law = Law::Exponential(1e9 / per_second);
                instants(Draws::of(law, key.stream(Purpose::Arrivals, 0), most), most, until)
            }
        };
        let count = u32::try_from(instants.len()).expect("entries are bounded");
        if spec.endless && count == MOST_ENDLESS {
            return Err(TooLarge::Tasks);
        }
        Ok((count, Self::At(instants)))
    }

    /// When the tasks of all entries arrive, entry after entry, of each of which the number of tasks is given; nothing where
    /// all arrive at once.
    pub(super) fn join(entries: Vec<(u32, Self)>) -> Vec<SimTime> {
        if entries.iter().all(|(_, arrivals)| matches!(arrivals, Self::AtOnce)) {
            return Vec::new();
        }
        entries.into_iter().fold(Vec::new(), |mut joined, (count, arrivals)| match arrivals {
            Self::At(instants) if joined.is_empty() => instants,
            Self::At(instants) => {
                joined.extend(instants);
                joined
            }
            Self::AtOnce => {
                joined.extend(std::iter::repeat_n(SimTime::ZERO, count as usize));
                joined
            }
        })
    }
}

/// Each one a gap after the one before it, at most so many and before `until`. Saturates far beyond the longest run,
/// which is then refused.
fn instants(
    gaps: impl Iterator<Item = SimDuration>,
    most: u32,
    until: Option<SimTime>,
) -> Vec<SimTime> {
    let mut next = 0_u64;
    let instants = gaps.take(most as usize).map(|gap| {
        next = next.saturating_add(gap.as_nanos()).min(i64::MAX as u64);
        SimTime::from_nanos(next)
    });
    instants.take_while(|instant| until.is_none_or(|until| *instant < until)).collect()
}

/// The same scenario without a horizon: every arrival before it is drawn, so that each entry counts its tasks and none is
/// endless. Who waits for an entry of which no task arrives is there at the start. All response times count.
///
/// # Errors
/// When too many tasks would arrive.
pub fn settled(scenario: &Scenario, replicate: u32) -> Result<Scenario, TooLarge> {
    let mut settled = scenario.clone();
    if scenario.horizon.is_none() {
        return Ok(settled);
    }
    for index in 0..settled.tasks.len() {
        let key = Key { seed: scenario.seed, replicate, entry: index as u64 };
        let (before, entry) = settled.tasks.split_at_mut(index);
        let entry = &mut entry[0];
        let before = |entry: usize| before[entry].count;
        let (count, arrivals) = Arrivals::sample(entry, key, scenario.horizon, before)?;
        if matches!(&entry.arrive, Arrival::After(after) if before(after.entry()) == 0) {
            entry.arrive = Arrival::AtOnce;
        }
        entry.count = count;
        entry.endless = false;
        if let Arrivals::At(instants) = arrivals {
            entry.arrive = Arrival::At(instants.into());
        }
    }
    settled.horizon = None;
    Ok(settled)
}

impl Workload {
    /// When a task arrives; of a client's task nothing is known yet.
    pub fn arrival(&self, task: TaskId) -> SimTime {
        self.instants.get(task.index()).copied().unwrap_or(SimTime::ZERO)
    }

    /// The task that arrives at position `position`; ties go by number.
    pub(crate) fn nth_to_arrive(&self, position: u32) -> TaskId {
        match &self.by_arrival {
            None => TaskId(position),
            Some(order) => order[position as usize],
        }
    }

    pub(super) fn order_of_arrival(&self) -> Option<Vec<TaskId>> {
        if self.instants.is_sorted() {
            return None;
        }
        let mut order: Vec<TaskId> = (0..self.task_count).map(TaskId).collect();
        order.sort_by_cached_key(|task| self.arrival(*task));
        Some(order)
    }
}
