//! From the tree of a scenario file to the model: one function a rule, every fault on the way.

mod after;
mod arrival;
mod claims;
mod demand;
mod distribution;
mod fans;
mod fields;
mod horizon;
mod named_files;
mod serving;
mod setting;
mod shared;
mod steps;
mod tasks;
mod tools;
mod values;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Input;
use super::document::Document;
use super::fault::Fault;
use super::files::Library;
use super::keys;
use super::source::Source;
use super::tree::{Entry, Node};
use gilsim_core::model::{Barrier, Flag, Queue, Scenario, Semaphore};

use fields::Fields;

pub(super) use arrival::AT_ONCE;
pub(super) use claims::claims;
pub(super) use fields::unknown_key;
pub(super) use steps::{further_kind, value_kind};
pub(super) use tools::all as all_tools;
pub(super) use values::SIZE_UNITS;

/// What came of reading a tree. The scenario is of no use where there are faults.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) scenario: Scenario,
    /// The data and profile files that the scenario names, in the order of their first use.
    pub(super) inputs: Vec<Input>,
    pub(super) faults: Vec<Fault>,
    /// The document's sources and those of faulty files.
    pub(super) sources: Vec<Arc<Source>>,
}

/// Collects faults and inputs while a tree is read.
///
/// Its methods return `None` where a value is absent or faulty; a faulty one has left its fault.
#[derive(Debug)]
struct Reader<'d> {
    files: &'d Arc<Library>,
    base: &'d Path,
    faults: Vec<Fault>,
    sources: Vec<Arc<Source>>,
    inputs: Vec<Input>,
}

impl<'d> Reader<'d> {
    fn of(document: &'d Document) -> Self {
        Self {
            files: &document.files,
            base: &document.base,
            faults: Vec::new(),
            sources: document.sources.clone(),
            inputs: Vec::new(),
        }
    }

    /// Notes a fault.
    fn refuse<T>(&mut self, fault: Fault) -> Option<T> {
        self.faults.push(fault);
        None
    }
}

/// The names that steps and overrides refer to, with their positions.
#[derive(Debug)]
struct Names<'d> {
    sites: Index<'d>,
    computations: Index<'d>,
    semaphores: Index<'d>,
    locks: Index<'d>,
    events: Index<'d>,
    barriers: Index<'d>,
    limiters: Index<'d>,
    queues: Index<'d>,
}

/// The keys of a table with their positions.
#[derive(Default, Debug)]
struct Index<'d> {
    positions: BTreeMap<&'d str, usize>,
}

impl<'d> Index<'d> {
    fn of(fields: &Fields<'d>, key: &str) -> Self {
        let entries = fields.get(key).and_then(Node::as_table).map_or(&[][..], |t| &t.entries);
        let positions = entries.iter().enumerate().map(|(index, entry)| (&*entry.key, index));
        Self { positions: positions.collect() }
    }

    fn get(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    fn names(&self) -> impl Iterator<Item = &'d str> {
        self.positions.keys().copied()
    }
}

/// Reads the whole tree of a document.
pub(super) fn scenario(document: &Document) -> Outcome {
    let mut reader = Reader::of(document);
    let scenario = read_root(&mut reader, document);
    let Reader { faults, sources, inputs, .. } = reader;
    Outcome { scenario, inputs, faults, sources }
}

fn read_root(reader: &mut Reader<'_>, document: &Document) -> Scenario {
    let fields = reader.root(document, &keys::ROOT);
    let names = Names {
        sites: Index::of(&fields, "sites"),
        computations: Index::of(&fields, "computations"),
        semaphores: Index::of(&fields, "semaphores"),
        locks: Index::of(&fields, "locks"),
        events: Index::of(&fields, "events"),
        barriers: Index::of(&fields, "barriers"),
        limiters: Index::of(&fields, "limiters"),
        queues: Index::of(&fields, "queues"),
    };
    let base = setting::base(reader, &fields);
    let semaphores = amounts(reader, &fields, "semaphores");
    let locks = shared::locks(reader, &fields, &names);
    let flags = shared::names_alone(reader, &fields, "events", &keys::EVENT);
    let barriers = amounts(reader, &fields, "barriers");
    let limiters = shared::limiters(reader, &fields);
    let queues = amounts(reader, &fields, "queues");
    let horizon = horizon::read(reader, &fields);
    let tasks = tasks::read(reader, &fields, &names, horizon);
    let tools = tools::read(reader, &fields, &base, &names, &tasks, document.implied_tools);
    let scenario = Scenario {
        title: reader.text(&fields, "title").unwrap_or_else(|| stem(&document.name())),
        about: reader.text(&fields, "about").unwrap_or_default(),
        seed: reader.whole(&fields, "seed").unwrap_or(0),
        horizon,
        tasks,
        watched: None,
        semaphores: semaphores
            .into_iter()
            .map(|(name, permits)| Semaphore { name, permits })
            .collect(),
        locks,
        flags: flags.into_iter().map(|name| Flag { name }).collect(),
        barriers: barriers.into_iter().map(|(name, parties)| Barrier { name, parties }).collect(),
        limiters,
        queues: queues
            .into_iter()
            .map(|(name, items)| Queue { name, capacity: (items > 0).then_some(items) })
            .collect(),
        tools,
    };
    demand::check(reader, &fields, &scenario);
    scenario
}

/// The names and numbers of `[semaphores]` or `[queues]`.
fn amounts(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) -> Vec<(String, u32)> {
    let bounds = fields.bounds(key);
    let Some(table) = fields.get(key).and_then(|node| reader.named_entries(node, key)) else {
        return Vec::new();
    };
    let amount = |entry: &Entry| {
        let amount = reader.whole_within(&entry.node, &entry.key, bounds).unwrap_or(1);
        (entry.key.to_string(), u32::try_from(amount).unwrap_or(u32::MAX))
    };
    table.entries.iter().map(amount).collect()
}

/// The file's name without folder and ending.
fn stem(name: &str) -> String {
    let stem = Path::new(name).file_stem();
    stem.map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
