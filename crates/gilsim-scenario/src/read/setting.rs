//! Machine, interpreter, sites and computations, of the scenario and as a tool overrides them.

use std::sync::Arc;

use super::fields::Fields;
use super::{Index, Names, Reader};
use crate::fault::Fault;
use crate::keys::{self, Keys};
use crate::tree::{Entry, Node, shortened};
use gilsim_core::model::{
    Computation, Distribution, Interpreter, LockMode, Machine, NativeBarrier, Parallel, Server,
    Setting, Site,
};
use gilsim_core::profile::{self, Profile};
use gilsim_core::time::SimDuration;

/// Cores of a machine where nothing is said.
const DEFAULT_CORES: u32 = 4;

/// What one set of tables says. What it does not say is left to the tables below it, then to the profile.
#[derive(Clone, Default, Debug)]
pub(super) struct Said {
    cores: Option<u32>,
    quantum: Option<SimDuration>,
    wake_latency: Option<SimDuration>,
    profile: SaidProfile,
    lock: Option<bool>,
    switch_interval: Option<SimDuration>,
    /// With the positions of the sites of the scenario.
    sites: Vec<(usize, SaidSite)>,
    /// With the positions of the computations of the scenario.
    computations: Vec<(usize, SaidComputation)>,
}

/// What is said of the profile.
#[derive(Clone, Default, Debug)]
enum SaidProfile {
    #[default]
    Nothing,
    Known(Arc<Profile>),
    /// Something that left a fault.
    Faulty,
}

#[derive(Clone, Default, Debug)]
struct SaidSite {
    latency: Option<Distribution>,
    connections: Option<u32>,
    fails: Option<f64>,
    fails_after: Option<SimDuration>,
    connect: Option<SimDuration>,
    keep_alive: Option<bool>,
    per_concurrent: Option<SimDuration>,
    turn: Option<SimDuration>,
}

#[derive(Clone, Default, Debug)]
struct SaidComputation {
    time: Option<Distribution>,
    lock: Option<LockMode>,
    threads: Option<u32>,
    barrier: Option<NativeBarrier>,
    regions: Option<u32>,
    shared_permille: Option<u32>,
}

/// The scenario's own setting: what it says, and the names of its sites and computations.
#[derive(Debug)]
pub(super) struct Base {
    said: Said,
    sites: Vec<String>,
    computations: Vec<String>,
}

/// Reads the tables of the scenario itself.
pub(super) fn base(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Base {
    let mut said = Said::default();
    machine(reader, fields, &mut said);
    interpreter(reader, fields, &mut said);
    let sites = entries(reader, fields, "sites");
    for (index, entry) in sites.iter().enumerate() {
        refuse_duration_name(reader, entry, "site");
        let site = site(reader, entry, true);
        said.sites.push((index, site));
    }
    let computations = entries(reader, fields, "computations");
    for (index, entry) in computations.iter().enumerate() {
        refuse_duration_name(reader, entry, "computation");
        let computation = computation(reader, entry, true);
        said.computations.push((index, computation));
    }
    let names = |entries: &[Entry]| entries.iter().map(|entry| entry.key.to_string()).collect();
    Base { said, sites: names(sites), computations: names(computations) }
}

/// Reads the tables of a tool.
pub(super) fn overrides(reader: &mut Reader<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Said {
    let mut said = Said::default();
    machine(reader, fields, &mut said);
    interpreter(reader, fields, &mut said);
    for entry in entries(reader, fields, "sites") {
        let index = known(reader, entry, &names.sites, "site");
        let site = site(reader, entry, false);
        said.sites.extend(index.map(|index| (index, site)));
    }
    for entry in entries(reader, fields, "computations") {
        let index = known(reader, entry, &names.computations, "computation");
        let computation = computation(reader, entry, false);
        said.computations.extend(index.map(|index| (index, computation)));
    }
    said
}

/// The entries of `sites` or `computations`.
fn entries<'n>(reader: &mut Reader<'_>, fields: &Fields<'n>, key: &str) -> &'n [Entry] {
    let table = fields.get(key).and_then(|node| reader.named_entries(node, key));
    table.map_or(&[], |table| &table.entries)
}

fn machine(reader: &mut Reader<'_>, fields: &Fields<'_>, said: &mut Said) {
    let Some(node) = fields.get("machine") else { return };
    let Some(fields) = reader.fields(node, &keys::MACHINE) else { return };
    said.cores = reader.amount(&fields, "cores");
    said.quantum = reader.positive_duration_at(&fields, "quantum");
    said.wake_latency = reader.duration_at(&fields, "wake_latency");
}

fn interpreter(reader: &mut Reader<'_>, fields: &Fields<'_>, said: &mut Said) {
    let Some(node) = fields.get("interpreter") else { return };
    let Some(fields) = reader.fields(node, &keys::INTERPRETER) else { return };
    if let Some(node) = fields.get("profile") {
        let profile = reader.profile(node);
        said.profile = profile.map_or(SaidProfile::Faulty, SaidProfile::Known);
    }
    said.lock = reader.boolean(&fields, "lock");
    said.switch_interval = reader.positive_duration_at(&fields, "switch_interval");
}

fn site(reader: &mut Reader<'_>, entry: &Entry, whole: bool) -> SaidSite {
    let Some(fields) = named_table(reader, entry, &keys::SITE) else { return SaidSite::default() };
    let latency = if whole { reader.required(&fields, "latency") } else { fields.get("latency") };
    let (latency, per_concurrent) =
        latency.map_or((None, None), |node| latency_under_load(reader, node));
    let capacity = fields.get("capacity").and_then(|node| reader.rate(node));
    SaidSite {
        latency,
        connections: reader.amount(&fields, "connections"),
        fails: reader.share(&fields, "fails"),
        fails_after: reader.duration_at(&fields, "fails_after"),
        connect: reader.duration_at(&fields, "connect"),
        keep_alive: reader.boolean(&fields, "keep_alive"),
        per_concurrent,
        turn: capacity.map(turn),
    }
}

/// How long an answer takes, and how much longer for each other request.
fn latency_under_load(
    reader: &mut Reader<'_>,
    node: &Node,
) -> (Option<Distribution>, Option<SimDuration>) {
    let names_one = |key| node.as_table().is_some_and(|table| table.get(key).is_some());
    if !keys::LATENCY.names().any(names_one) {
        return (reader.distribution(node), Some(SimDuration::ZERO));
    }
    let Some(fields) = reader.fields(node, &keys::LATENCY) else { return (None, None) };
    let base = reader.required(&fields, "base");
    let base = base.and_then(|node| reader.distribution(node));
    reader.required(&fields, "per_concurrent");
    (base, reader.duration_at(&fields, "per_concurrent"))
}

/// The whole nanoseconds from one turn to the next of a server that serves so many in a second.
fn turn(per_second: f64) -> SimDuration {
    let nanos = (1e9 / per_second).round().min(SimDuration::LONGEST.as_secs_f64() * 1e9);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded above")]
    SimDuration::from_nanos((nanos as u64).max(1))
}

fn computation(reader: &mut Reader<'_>, entry: &Entry, whole: bool) -> SaidComputation {
    let Some(fields) = named_table(reader, entry, &keys::COMPUTATION) else {
        return SaidComputation::default();
    };
    let time = if whole { reader.required(&fields, "time") } else { fields.get("time") };
    let said = SaidComputation {
        time: time.and_then(|node| reader.distribution(node)),
        lock: reader.choice(&fields, "lock").map(|index| LOCK_MODES[index]),
        threads: reader.amount(&fields, "threads"),
        barrier: reader.choice(&fields, "barrier").map(|index| BARRIERS[index]),
        regions: reader.amount(&fields, "regions"),
        shared_permille: reader.share(&fields, "shared").map(permille),
    };
    if whole {
        check_parallel(reader, &fields, &said);
    }
    said
}

/// A share in thousandths.
fn permille(share: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    let permille = (share * 1_000.0).round() as u32;
    permille
}

/// Refuses native threads that would need the interpreter lock, and what only several of them have.
fn check_parallel(reader: &mut Reader<'_>, fields: &Fields<'_>, said: &SaidComputation) {
    let mut refuse = |key: &str, title: &str, label: &str| {
        let place = fields.get(key).map_or(fields.place, |node| node.place);
        reader.faults.push(Fault::new(place, title).label(label));
    };
    let has_team = said.threads.is_some_and(|threads| threads > 1);
    if has_team && said.lock != Some(LockMode::Released) {
        let title = "native threads compute without the interpreter lock";
        refuse("threads", title, "expected `lock = \"released\"` beside it");
    }
    if has_team && said.shared_permille.is_some_and(|share| share > 0) {
        let title = "a computation is done by native threads or shares objects of Python, not both";
        refuse("shared", title, "expected no `threads` beside it");
    }
    for key in ["barrier", "regions"] {
        if !has_team && fields.get(key).is_some() {
            let title = format!("one thread alone has no `{key}`");
            refuse(key, &title, "expected `threads`, two or more, beside it");
        }
    }
}

/// How native threads wait, in the order of the names among the keys.
const BARRIERS: [NativeBarrier; keys::BARRIERS.len()] = [NativeBarrier::Spin, NativeBarrier::Sleep];

/// The lock modes in the order of their names among the keys.
const LOCK_MODES: [LockMode; keys::LOCK_MODES.len()] =
    [LockMode::Held, LockMode::Kept, LockMode::Released];

/// The table of a site or computation; a bare duration is the likely slip.
fn named_table<'n>(
    reader: &mut Reader<'_>,
    entry: &'n Entry,
    keys: &'static Keys,
) -> Option<Fields<'n>> {
    if entry.node.as_text().is_none() {
        return reader.fields(&entry.node, keys);
    }
    let (what, first) = (keys.what, keys.all[0].name);
    let title = format!("{what} is a table, found {}", entry.node.describe());
    let text = shortened(entry.node.as_text().unwrap_or_default());
    reader.refuse(
        Fault::new(entry.node.place, title).label(format!("write {{ {first} = \"{text}\" }}")),
    )
}

/// A step could not tell such a name from a duration.
fn refuse_duration_name(reader: &mut Reader<'_>, entry: &Entry, what: &str) {
    if entry.key.parse::<SimDuration>().is_ok() {
        let title = format!("a {what} cannot be named `{}`", shortened(&entry.key));
        let fault = Fault::new(entry.place, title);
        reader.faults.push(fault.label("a step would take it for a duration"));
    }
}

/// The position of the site or computation that an override names.
fn known(reader: &mut Reader<'_>, entry: &Entry, names: &Index<'_>, what: &str) -> Option<usize> {
    let found = names.get(&entry.key);
    if found.is_none() {
        let title = format!("there is no {what} `{}` to override", shortened(&entry.key));
        let fault =
            Fault::new(entry.place, title).label(format!("expected a {what} of the scenario"));
        reader.faults.push(fault.suggest(&entry.key, names.names()));
    }
    found
}

impl Base {
    /// The profile under a tool's overrides; `None` where it is faulty.
    pub(super) fn profile(&self, over: &Said) -> Option<Arc<Profile>> {
        let said = match &over.profile {
            SaidProfile::Nothing => &self.said.profile,
            said => said,
        };
        match said {
            SaidProfile::Nothing => profile::built_in(profile::DEFAULT),
            SaidProfile::Known(profile) => Some(Arc::clone(profile)),
            SaidProfile::Faulty => None,
        }
    }

    /// The setting under a tool's overrides.
    pub(super) fn setting(&self, over: &Said, profile: Arc<Profile>) -> Setting {
        let said = &self.said;
        let machine = Machine {
            cores: over.cores.or(said.cores).unwrap_or(DEFAULT_CORES),
            quantum: over.quantum.or(said.quantum).unwrap_or(profile.machine.quantum.0),
            wake_latency: over
                .wake_latency
                .or(said.wake_latency)
                .unwrap_or(profile.machine.wake_latency.0),
        };
        let switch_interval = over.switch_interval.or(said.switch_interval);
        let interpreter = Interpreter {
            lock: over.lock.or(said.lock).unwrap_or(profile.has_lock()),
            switch_interval: switch_interval.unwrap_or(profile.lock.switch_interval.0),
            profile,
        };
        Setting {
            machine,
            interpreter,
            sites: self.sites_under(over),
            computations: self.computations_under(over),
        }
    }

    fn sites_under(&self, over: &Said) -> Vec<Site> {
        let mut sites: Vec<Site> = self.sites.iter().map(|name| unsaid_site(name)).collect();
        for (index, said) in self.said.sites.iter().chain(&over.sites) {
            let site = &mut sites[*index];
            site.latency = said.latency.clone().unwrap_or_else(|| site.latency.clone());
            site.connections = said.connections.or(site.connections);
            site.fails = said.fails.unwrap_or(site.fails);
            site.fails_after = said.fails_after.or(site.fails_after);
            let server = &mut site.server;
            server.connect = said.connect.unwrap_or(server.connect);
            server.drops_connections =
                said.keep_alive.map_or(server.drops_connections, |kept| !kept);
            server.per_concurrent = said.per_concurrent.unwrap_or(server.per_concurrent);
            server.turn = said.turn.unwrap_or(server.turn);
        }
        sites
    }

    fn computations_under(&self, over: &Said) -> Vec<Computation> {
        let unsaid = self.computations.iter().map(|name| unsaid_computation(name));
        let mut computations: Vec<Computation> = unsaid.collect();
        for (index, said) in self.said.computations.iter().chain(&over.computations) {
            let computation = &mut computations[*index];
            computation.time = said.time.clone().unwrap_or_else(|| computation.time.clone());
            computation.lock = said.lock.unwrap_or(computation.lock);
            let parallel = &mut computation.parallel;
            parallel.threads = said.threads.unwrap_or(parallel.threads);
            parallel.barrier = said.barrier.unwrap_or(parallel.barrier);
            parallel.regions = said.regions.unwrap_or(parallel.regions);
            parallel.shared_permille = said.shared_permille.unwrap_or(parallel.shared_permille);
        }
        computations
    }
}

fn unsaid_site(name: &str) -> Site {
    let latency = Distribution::Constant(SimDuration::ZERO);
    let (connections, fails, fails_after) = (None, 0.0, None);
    let server = Server::default();
    Site { name: name.to_owned(), latency, connections, fails, fails_after, server }
}

fn unsaid_computation(name: &str) -> Computation {
    let time = Distribution::Constant(SimDuration::ZERO);
    let parallel = Parallel::default();
    Computation { name: name.to_owned(), time, lock: LockMode::Held, parallel }
}
