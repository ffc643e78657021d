//! What is to be done: a scenario after every draw is made.
//!
//! Every draw depends on (seed, replicate, entry, task in the entry, leaf step as executed) alone: a
//! `ChaCha8` key per (seed, replicate, entry), a stream per leaf step, two words of 64 bits per task.
//! So a step's draw is the same under every tool and interleaving, and stays when another step or
//! another entry changes. Transcendental functions come from `libm`, whose results do not depend on
//! the platform.

mod arrivals;
mod case;
mod demand;
mod draw;
mod lists;
mod notes;
mod script;

use std::ops::Range;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::ids::{ComputationId, TaskId};
use crate::model::{
    After, Arrival, Distribution, OffloadTo, Payload, Scenario, Setting, TaskEntry,
};
use crate::time::{SimDuration, SimTime};

use arrivals::Arrivals;
pub(crate) use arrivals::MOST_ENDLESS;
pub use arrivals::settled;
pub use case::bits;
pub use demand::{Demand, TURNS, TooLarge};
use draw::Law;
use lists::Lists;
pub use notes::Notes;
pub(crate) use script::without_repair;
pub use script::{Action, Length, Spent, Step};
use script::{Draw, Drawn, Odds, Script, Times};

/// All tasks of a run, their arrivals, and the length of every step.
#[derive(Clone, Debug)]
pub struct Workload {
    entries: Vec<Entry>,
    /// The scripts of all entries, one after the other.
    steps: Vec<Step>,
    /// One for each drawn step.
    columns: Vec<Column>,
    task_count: u32,
    /// How many lists of steps all tasks have together that are done at the same time.
    list_count: u32,
    /// When each task arrives; empty where all do at once.
    instants: Vec<SimTime>,
    /// Tasks in order of arrival; `None` where that is the order of their numbers.
    by_arrival: Option<Vec<TaskId>>,
    /// No client sends a task from then on.
    until: Option<SimTime>,
}

/// The tasks of one `[[tasks]]` entry.
#[derive(Clone, Debug)]
struct Entry {
    first: u32,
    count: u32,
    payload: Payload,
    /// Where its script stands among the steps.
    script: Range<usize>,
    closed: Option<Closed>,
    after: Option<After>,
    lists: Lists,
}

/// The clients of an entry that is a closed loop.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    /// How many there are.
    pub clients: u32,
    /// How long a client thinks before it sends a task; not before its first.
    pub think: Length,
}

/// The lengths of a drawn step.
#[derive(Clone, Debug)]
struct Column {
    /// The first task of the entry.
    first: u32,
    /// One for each task of the entry.
    lengths: Vec<SimDuration>,
}

impl Closed {
    /// Whether its clients may wait before they send the next task.
    pub(crate) fn thinks(self) -> bool {
        self.think != Length::Constant(SimDuration::ZERO)
    }
}

impl Workload {
    /// Draws everything that the scenario leaves to chance, for the sites and computations of one tool.
    ///
    /// # Errors
    /// When the demands add up to more time than can be counted.
    pub fn sample(
        scenario: &Scenario,
        setting: &Setting,
        replicate: u32,
    ) -> Result<Self, TooLarge> {
        let mut workload = Self {
            entries: Vec::with_capacity(scenario.tasks.len()),
            steps: Vec::new(),
            columns: Vec::new(),
            task_count: 0,
            list_count: 0,
            instants: Vec::new(),
            by_arrival: None,
            until: scenario.horizon.map(|horizon| horizon.until),
        };
        let mut arrivals = Vec::with_capacity(scenario.tasks.len());
        for (index, spec) in scenario.tasks.iter().enumerate() {
            let key = Key { seed: scenario.seed, replicate, entry: index as u64 };
            let before = |entry: usize| workload.entries[entry].count;
            let (count, instants) = Arrivals::sample(spec, key, scenario.horizon, before)?;
            workload.add_entry(spec, setting, count, key)?;
            arrivals.push((count, instants));
        }
        workload.instants = Arrivals::join(arrivals);
        workload.check_total(setting)?;
        workload.by_arrival = workload.order_of_arrival();
        Ok(workload)
    }

    /// Adds an entry of so many tasks, and draws the lengths of their steps.
    fn add_entry(
        &mut self,
        spec: &TaskEntry,
        setting: &Setting,
        count: u32,
        key: Key,
    ) -> Result<(), TooLarge> {
        let first = self.task_count;
        let begin = self.steps.len();
        let Script { steps, drawn, lists, .. } =
            Script::of(&spec.steps, setting, self.columns.len());
        self.steps.extend(steps);
        let end = self.steps.len();
        let columns = drawn.iter().map(|draw| Column { first, lengths: draw.column(count, key) });
        self.columns.extend(columns);
        let closed = self.closed_loop(spec, count, key);
        let after = match spec.arrive {
            Arrival::After(after) => Some(after).filter(|it| self.tasks_of(it.entry()) > 0),
            _ => None,
        };
        self.entries.push(Entry {
            first,
            count,
            payload: spec.payload,
            script: begin..end,
            closed,
            after,
            lists: Lists { first: self.list_count, of_each: lists },
        });
        self.add_lists(count, lists)?;
        self.task_count += count;
        Ok(())
    }

    /// The clients of an entry, if it has some, with their think times drawn.
    fn closed_loop(&mut self, spec: &TaskEntry, count: u32, key: Key) -> Option<Closed> {
        let Arrival::Clients { clients, think } = &spec.arrive else { return None };
        let think = if let Distribution::Constant(constant) = think {
            Length::Constant(*constant)
        } else {
            let lengths = column(think, 0, count, key.stream(Purpose::Arrivals, 0));
            self.columns.push(Column { first: self.task_count, lengths });
            Length::Drawn(position(self.columns.len() - 1))
        };
        Some(Closed { clients: *clients, think })
    }

    /// How many tasks there are.
    pub fn task_count(&self) -> u32 {
        self.task_count
    }

    /// How many `[[tasks]]` entries there are.
    pub(crate) fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// The entry that a task belongs to, as its position in the scenario.
    pub fn entry_of(&self, task: TaskId) -> usize {
        if self.entries.len() == 1 {
            return 0;
        }
        self.entries.partition_point(|entry| entry.first <= task.0) - 1
    }

    /// The number of the first task of each entry.
    pub fn first_tasks(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|entry| entry.first)
    }

    /// The number of an entry's first task.
    pub(crate) fn first_task(&self, entry: usize) -> u32 {
        self.entries[entry].first
    }

    /// What crosses a process boundary for a task.
    pub fn payload(&self, task: TaskId) -> Payload {
        self.entries[self.entry_of(task)].payload
    }

    /// The steps of the tasks of an entry.
    pub fn script(&self, entry: usize) -> &[Step] {
        &self.steps[self.entries[entry].script.clone()]
    }

    /// The clients of an entry, if it is a closed loop.
    pub fn closed(&self, entry: usize) -> Option<Closed> {
        self.entries[entry].closed
    }

    /// The tasks of closed loops, and how many clients send those.
    pub fn closed_loops(&self) -> Vec<(Range<u32>, u32)> {
        let closed = self.entries.iter().filter_map(|entry| Some((entry, entry.closed?)));
        closed.map(|(it, closed)| (it.first..it.first + it.count, closed.clients)).collect()
    }

    /// How long a client thinks before it sends a task; not before its first, and nobody before any other task.
    pub fn think(&self, task: TaskId) -> SimDuration {
        let Entry { first, closed, .. } = self.entries[self.entry_of(task)];
        match closed {
            Some(closed) if task.0 - first >= closed.clients => self.length(task, closed.think),
            _ => SimDuration::ZERO,
        }
    }

    /// Whether any entry is a closed loop or comes after another: when its tasks arrive is found out as the run goes.
    pub fn has_unknown_arrivals(&self) -> bool {
        self.entries.iter().any(|entry| entry.closed.is_some() || entry.after.is_some())
    }

    /// What the tasks of an entry wait for before they arrive, if for anything. Nothing where there is no such task.
    pub fn after(&self, entry: usize) -> Option<After> {
        self.entries[entry].after
    }

    /// The numbers of the tasks of an entry.
    pub fn numbers_of(&self, entry: usize) -> Range<u32> {
        let Entry { first, count, .. } = self.entries[entry];
        first..first + count
    }

    /// How many tasks of an entry are known before the run to arrive: all but those that clients send when they come free, and
    /// those that wait for others.
    pub(crate) fn known_tasks_of(&self, entry: usize) -> u32 {
        if self.after(entry).is_some() { 0 } else { self.coroutines_of(entry) }
    }

    /// The tasks that are known before the run to arrive.
    pub(crate) fn known_tasks(&self) -> impl Iterator<Item = TaskId> {
        self.first_tasks_of_each(|entry| self.known_tasks_of(entry))
    }

    /// The tasks whose coroutines are made up front: that of a client goes on with the tasks that it is dealt later.
    pub(crate) fn coroutines(&self) -> impl Iterator<Item = TaskId> {
        self.first_tasks_of_each(|entry| self.coroutines_of(entry))
    }

    fn coroutines_of(&self, entry: usize) -> u32 {
        let Entry { count, closed, .. } = self.entries[entry];
        closed.map_or(count, |closed| count.min(closed.clients))
    }

    fn first_tasks_of_each(&self, count: impl Fn(usize) -> u32) -> impl Iterator<Item = TaskId> {
        let entries = self.entries.iter().enumerate();
        entries
            .flat_map(move |(index, entry)| (entry.first..entry.first + count(index)).map(TaskId))
    }

    /// No client sends a task from then on, if ever.
    pub(crate) fn until(&self) -> Option<SimTime> {
        self.until
    }

    /// How many tasks an entry has.
    pub(crate) fn tasks_of(&self, entry: usize) -> u32 {
        self.entries[entry].count
    }

    /// How long a step of a task takes.
    pub fn length(&self, task: TaskId, length: Length) -> SimDuration {
        match length {
            Length::Constant(constant) => constant,
            Length::Drawn(column) => {
                let column = &self.columns[column as usize];
                column.lengths[(self.whose(task).0.0 - column.first) as usize]
            }
        }
    }

    /// How long all tasks of an entry together take for a step, in nanoseconds.
    pub(crate) fn total_length(&self, entry: usize, length: Length) -> u128 {
        match length {
            Length::Constant(constant) => {
                u128::from(constant.as_nanos()) * u128::from(self.entries[entry].count)
            }
            Length::Drawn(column) => self.columns[column as usize].total(),
        }
    }

    /// Which computation the leaf step `leaf` of a task is, and how much CPU time it demands; `None` where it is none.
    pub(crate) fn computation(
        &self,
        task: TaskId,
        leaf: u32,
    ) -> Option<(Option<ComputationId>, SimDuration)> {
        match self.leaf_action(task, leaf)?.spends()? {
            (Spent::Computing(which), length) => Some((which, self.length(task, length))),
            (Spent::Waiting(_), _) => None,
        }
    }

    /// Gives a computation another length: what it really took in a program that was measured, say.
    ///
    /// Returns whether the leaf step `leaf` of the task computes; nothing changes where it does not. The sum
    /// of all lengths is not checked again: the caller keeps it far below 2^63 ns.
    pub fn set_computation(&mut self, task: TaskId, leaf: u32, length: SimDuration) -> bool {
        if task.0 >= self.task_count {
            return false;
        }
        let entry = &self.entries[self.entry_of(task)];
        let script = &mut self.steps[entry.script.clone()];
        let from = script.partition_point(|step| step.leaf < leaf);
        let mut same = script[from..].iter_mut().take_while(|step| step.leaf == leaf);
        let Some(old) = same.find_map(|step| step.action.computing_mut()) else { return false };
        let column = match *old {
            Length::Drawn(column) => column as usize,
            Length::Constant(constant) => {
                let column = self.columns.len();
                *old = Length::Drawn(position(column));
                let lengths = vec![constant; entry.count as usize];
                self.columns.push(Column { first: entry.first, lengths });
                column
            }
        };
        let column = &mut self.columns[column];
        column.lengths[(task.0 - column.first) as usize] = length;
        true
    }

    /// How long the leaf step `leaf` of a task waits or computes, `None` where it does neither.
    pub fn leaf_length(&self, task: TaskId, leaf: u32) -> Option<SimDuration> {
        let (_, length) = self.leaf_action(task, leaf)?.spends()?;
        Some(self.length(task, length))
    }

    /// Whether the leaf step `leaf` of a task, a wait on a site, fails.
    pub fn leaf_fails(&self, task: TaskId, leaf: u32) -> bool {
        self.actions_of_leaf(task, leaf).any(|action| match action {
            Action::MayFail(column) => !self.length(task, Length::Drawn(column)).is_zero(),
            _ => false,
        })
    }

    /// What the leaf step `leaf` of a task does.
    fn leaf_action(&self, task: TaskId, leaf: u32) -> Option<Action> {
        self.actions_of_leaf(task, leaf).find(|action| action.is_leaf())
    }

    /// What stands in the script of a task under that leaf step.
    fn actions_of_leaf(&self, task: TaskId, leaf: u32) -> impl Iterator<Item = Action> {
        let script = self.script(self.entry_of(task));
        let from = script.partition_point(|step| step.leaf < leaf);
        let same = script[from..].iter().take_while(move |step| step.leaf == leaf);
        same.map(|step| step.action)
    }

    /// Whether any step is offloaded to such an executor.
    pub(crate) fn offloads_to(&self, executor: OffloadTo) -> bool {
        self.steps.iter().any(|step| step.action.hands_over_to() == Some(Some(executor)))
    }
}

/// A position among all steps or columns, as steps tell it.
fn position(index: usize) -> u32 {
    u32::try_from(index).expect("scripts are bounded")
}

impl Column {
    /// All its lengths together, in nanoseconds.
    fn total(&self) -> u128 {
        self.lengths.iter().map(|length| u128::from(length.as_nanos())).sum()
    }
}

/// What a stream of draws belongs to.
#[derive(Clone, Copy)]
struct Key {
    seed: u64,
    replicate: u32,
    entry: u64,
}

/// Which draws of an entry a key is for.
#[derive(Clone, Copy)]
enum Purpose {
    Steps,
    Arrivals,
    Failures,
}

impl Key {
    fn stream(self, purpose: Purpose, stream: u64) -> ChaCha8Rng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..12].copy_from_slice(&self.replicate.to_le_bytes());
        seed[12] = purpose as u8;
        seed[16..24].copy_from_slice(&self.entry.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(seed);
        rng.set_stream(stream);
        rng
    }
}

/// So many draws are made at once.
const BLOCK: usize = 32;

/// The draws of a stream, two words of it each.
struct Draws<'a> {
    law: Law<'a>,
    rng: ChaCha8Rng,
    /// How many are still to be made.
    left: usize,
    /// Draws are made in blocks: so the processor works on several of them at once.
    block: [SimDuration; BLOCK],
    made: Range<usize>,
}

impl<'a> Draws<'a> {
    /// So many draws.
    fn of(law: Law<'a>, rng: ChaCha8Rng, count: u32) -> Self {
        Self { law, rng, left: count as usize, block: [SimDuration::ZERO; BLOCK], made: 0..0 }
    }

    #[inline(never)]
    fn refill(&mut self) {
        let count = self.left.min(BLOCK);
        self.left -= count;
        self.made = 0..count;
        let mut bytes = [0; 16 * BLOCK];
        self.rng.fill_bytes(&mut bytes);
        let mut bits = [[0; 2]; BLOCK];
        for (bits, words) in bits.iter_mut().zip(bytes.as_chunks().0.chunks_exact(2)) {
            *bits = [u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1])];
        }
        self.law.draw(&bits[..count], &mut self.block);
    }
}

impl Iterator for Draws<'_> {
    type Item = SimDuration;

    #[inline]
    fn next(&mut self) -> Option<SimDuration> {
        if self.made.is_empty() {
            self.refill();
        }
        self.made.next().map(|at| self.block[at])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.left + self.made.len();
        (count, Some(count))
    }
}

impl Draw<'_> {
    fn column(&self, count: u32, key: Key) -> Vec<SimDuration> {
        match self.what {
            Drawn::Length(times) => self.lengths(times, count, key),
            Drawn::Between(low, high) => {
                let distribution = &Distribution::Uniform { low, high };
                self.lengths(Times { distribution, uses_before: 0 }, count, key)
            }
            Drawn::Failure(odds) => {
                let fails = |it| SimDuration::from_nanos(u64::from(it));
                self.failures(odds, count, key).map(fails).collect()
            }
            Drawn::LengthOrFailure(times, odds, after) => {
                let lengths = self.lengths(times, count, key).into_iter();
                let both = lengths.zip(self.failures(odds, count, key));
                both.map(|(length, fails)| if fails { after } else { length }).collect()
            }
        }
    }

    fn lengths(&self, times: Times<'_>, count: u32, key: Key) -> Vec<SimDuration> {
        let stream = key.stream(Purpose::Steps, u64::from(self.leaf));
        column(times.distribution, times.uses_before, count, stream)
    }

    /// For which tasks the step fails. Each has two words of the step's stream, as lengths have.
    fn failures(&self, odds: Odds, count: u32, key: Key) -> impl Iterator<Item = bool> {
        let mut stream = key.stream(Purpose::Failures, u64::from(self.leaf));
        (0..count).map(move |_| {
            let word = stream.next_u64();
            stream.next_u64();
            odds.come_true(word)
        })
    }
}

/// A draw for each task of an entry. Of a cycle, so many uses came before.
fn column(of: &Distribution, uses_before: u32, count: u32, stream: ChaCha8Rng) -> Vec<SimDuration> {
    if let Distribution::Cycle(values) = of {
        let start = uses_before as usize;
        return (start..start + count as usize).map(|at| values[at % values.len()]).collect();
    }
    Draws::of(Law::of(of), stream, count).collect()
}
