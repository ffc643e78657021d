//! The tools that a scenario is played through.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fields::Fields;
use super::setting::{self, Base};
use super::{Names, Reader, serving};
use crate::fault::{Fault, listed};
use crate::keys;
use crate::limits;
use crate::source::Place;
use crate::tree::{Node, Value, shortened};
use gilsim_core::model::{Arrival, Serving, StartMethod, TaskEntry, Tool, ToolRun};
use gilsim_core::profile::{self, Profile};
use gilsim_core::time::SimDuration;
use gilsim_core::tools::OwnKey;

/// The start methods in the order of their names among the keys.
const START_METHODS: [StartMethod; keys::START_METHODS.len()] =
    [StartMethod::Fork, StartMethod::Spawn, StartMethod::Forkserver];

/// What all tools share while they are read.
struct Context<'c> {
    base: &'c Base,
    names: &'c Names<'c>,
    entries: &'c [TaskEntry],
    /// Tasks of the scenario.
    tasks: u32,
    /// Whether some come one by one: clients send them, or others are done.
    comes_alone: bool,
    /// Whether nobody listed the tools: one that the profile lacks is left out.
    implied: bool,
}

/// Reads `[[tools]]`, or takes every tool that the profile's Python has where none is listed.
pub(super) fn read(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    base: &Base,
    names: &Names<'_>,
    entries: &[TaskEntry],
    implied: bool,
) -> Vec<ToolRun> {
    let tasks = entries.iter().map(|entry| entry.count).fold(0, u32::saturating_add);
    let comes_alone =
        |entry: &TaskEntry| matches!(entry.arrive, Arrival::Clients { .. } | Arrival::After(_));
    let comes_alone = entries.iter().any(comes_alone);
    let mut context = Context { base, names, entries, tasks, comes_alone, implied };
    let mut listed = Vec::new();
    if let Some(node) = fields.get("tools") {
        let Some(items) = node.as_list() else {
            let what = "a list of tables: write `[[tools]]` above each";
            return reader.expected(node, what).unwrap_or_default();
        };
        listed.extend(items.iter().cloned());
    }
    if listed.is_empty() {
        listed = all();
        context.implied = true;
    }
    if !sizes_fit(reader, fields, &listed, names) {
        return Vec::new();
    }
    let mut labels = BTreeMap::new();
    let mut runs = Vec::new();
    for node in &listed {
        runs.extend(tool(reader, node, &context, &mut labels));
    }
    runs
}

/// Whether the tools with their own sites and computations are few enough; else there is a fault.
fn sizes_fit(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    tools: &[Node],
    names: &Names<'_>,
) -> bool {
    let copied = names.sites.names().count() + names.computations.names().count();
    let title = if tools.len() > limits::TOOLS {
        format!("there are {} tools: at most {} are possible", tools.len(), limits::TOOLS)
    } else if tools.len().saturating_mul(copied) > limits::SETTINGS {
        format!("there are {copied} sites and computations for each of {} tools", tools.len())
    } else {
        return true;
    };
    let place = tools.last().map(|tool| tool.place).filter(|place| *place != Place::NOWHERE);
    let fault = Fault::new(place.unwrap_or(fields.place), title);
    reader.faults.push(fault.label(format!(
        "at most {} tools, and {} sites and computations times tools, are possible",
        limits::TOOLS,
        limits::SETTINGS
    )));
    false
}

/// An entry for each tool there is, of which nobody wrote anything.
pub(crate) fn all() -> Vec<Node> {
    let entry = |tool: &Tool| {
        let mut node = Node::empty_table(Place::NOWHERE);
        let name = Value::Text(Arc::from(tool.name()));
        if let Some(table) = node.as_table_mut() {
            table.get_or_insert("use", Place::NOWHERE, || Node {
                place: Place::NOWHERE,
                value: name,
            });
        }
        node
    };
    Tool::ALL.iter().filter(|tool| !tool.is_server()).map(entry).collect()
}

fn tool(
    reader: &mut Reader<'_>,
    node: &Node,
    context: &Context<'_>,
    labels: &mut BTreeMap<String, Place>,
) -> Option<ToolRun> {
    let fields = reader.fields(node, &keys::TOOL)?;
    let chosen = reader.required(&fields, "use");
    let tool = chosen.and_then(|_| reader.choice(&fields, "use")).map(|index| Tool::ALL[index]);
    let over = setting::overrides(reader, &fields, context.names);
    let profile = context.base.profile(&over);
    let said = said(reader, &fields, tool);
    let written = reader.text(&fields, "label");
    let (tool, profile) = (tool?, profile?);
    if !profile.has(tool) {
        let place = chosen.map_or(node.place, |chosen| chosen.place);
        if !(context.implied && place == Place::NOWHERE) {
            reader.faults.push(lacks(&profile, tool, place));
        }
        return None;
    }
    let label = label(reader, &fields, written.as_deref().unwrap_or(tool.name()), labels)?;
    let setting = context.base.setting(&over, Arc::clone(&profile));
    let cores = setting.machine.cores;
    let serving = said.serving;
    if tool.is_server() {
        serving::check(reader, &fields, serving, context.entries);
    }
    let workers = match said.offload_workers {
        _ if tool.is_server() => serving.processes.saturating_mul(serving.threads),
        Some(workers) if tool.has_workers() => workers,
        _ => said.workers.unwrap_or_else(|| tool.default_workers(cores)),
    };
    let chunk = chunk(reader, &fields, said.chunk, context);
    let chunk = chunk.unwrap_or_else(|| tool.default_chunk(context.tasks, workers));
    let start = said.start.unwrap_or(profile.default_start());
    let Said { limit, worker_init, offload_workers, .. } = said;
    Some(ToolRun {
        label,
        tool,
        workers,
        limit,
        chunk,
        start,
        worker_init,
        offload_workers,
        serving,
        setting,
    })
}

/// How many tasks a message carries, if that is said or follows: clients send their tasks one by one, and those that come
/// after others are submitted one by one.
fn chunk(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    said: Option<u32>,
    context: &Context<'_>,
) -> Option<u32> {
    if !context.comes_alone {
        return said;
    }
    if let Some(node) = fields.get("chunk").filter(|_| said.is_some_and(|chunk| chunk > 1)) {
        let title = "tasks of clients, and those that come after others, are sent one by one";
        let fault = Fault::new(node.place, title);
        reader.faults.push(fault.label("expected no `chunk`, or neither `clients` nor `after`"));
    }
    Some(1)
}

/// What a tool's own keys say.
struct Said {
    workers: Option<u32>,
    limit: Option<u32>,
    chunk: Option<u32>,
    start: Option<StartMethod>,
    worker_init: SimDuration,
    offload_workers: Option<u32>,
    serving: Serving,
}

fn said(reader: &mut Reader<'_>, fields: &Fields<'_>, tool: Option<Tool>) -> Said {
    for key in OwnKey::ALL {
        let entry = fields.entries().iter().find(|entry| &*entry.key == key.name());
        if let (Some(entry), Some(tool)) = (entry, tool)
            && !tool.takes(key)
        {
            let title = format!("`{}` takes no `{}`", tool.name(), key.name());
            let label = format!("only {} can have it", listed(&key.takers()));
            reader.faults.push(Fault::new(entry.place, title).label(label));
        }
    }
    Said {
        workers: reader.amount(fields, "workers"),
        limit: reader.amount(fields, "limit"),
        chunk: reader.amount(fields, "chunk"),
        start: reader.choice(fields, "start").map(|index| START_METHODS[index]),
        worker_init: reader.duration_at(fields, "worker_init").unwrap_or_default(),
        offload_workers: reader.amount(fields, "offload_workers"),
        serving: serving::read(reader, fields),
    }
}

/// The fault of a tool that a Python does not have.
fn lacks(profile: &Profile, tool: Tool, place: Place) -> Fault {
    let having: Vec<&str> = profile::names()
        .filter(|name| profile::built_in(name).is_some_and(|profile| profile.has(tool)))
        .collect();
    let title = format!("Python 3.{} has no `{}`", profile.python, tool.name());
    let label = format!("the profile is `{}`", shortened(&profile.name));
    Fault::new(place, title)
        .label(label)
        .help(format!("these profiles have it: {}", having.join(", ")))
}

/// The label, unlike those before it.
fn label(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    label: &str,
    labels: &mut BTreeMap<String, Place>,
) -> Option<String> {
    let place = fields.get("label").or(fields.get("use")).map_or(fields.place, |node| node.place);
    if label.trim().is_empty() || label.contains(char::is_control) {
        let fault = Fault::new(place, "a label has no control characters and is not empty");
        return reader.refuse(fault.label("expected a label like \"10 threads\""));
    }
    if let Some(first) = labels.get(label) {
        let title = format!("two tools are labelled `{}`", shortened(label));
        let fault = Fault::new(place, title).label("expected another `label` for this one");
        return reader.refuse(fault.related(*first, "the first"));
    }
    labels.insert(label.to_owned(), place);
    Some(label.to_owned())
}
