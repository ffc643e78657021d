//! The `[[tasks]]` entries.

use super::after::Above;
use super::fields::Fields;
use super::{Names, Reader, demand};
use crate::fault::Fault;
use crate::source::Place;
use crate::tree::Node;
use crate::{keys, limits};
use gilsim_core::model::{Arrival, Horizon, Parcel, Payload, TaskEntry};

/// Reads all entries. A faulty one is left out.
pub(super) fn read(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    names: &Names<'_>,
    horizon: Option<Horizon>,
) -> Vec<TaskEntry> {
    let Some(node) = reader.required(fields, "tasks") else { return Vec::new() };
    let Some(items) = node.as_list() else {
        reader.expected::<()>(node, "a list of tables: write `[[tasks]]` above each");
        return Vec::new();
    };
    if items.is_empty() {
        let fault = Fault::missing(node.place, "a scenario needs at least one task");
        reader.faults.push(fault.label("expected at least one table in this list"));
    }
    let mut total = Total::default();
    let (mut entries, mut places) = (Vec::new(), Vec::new());
    for (count, item) in items.iter().enumerate() {
        let above = Above { items, count, places: &places, entries: &entries };
        let entry = entry(reader, item, names, horizon, &above);
        places.push(entry.as_ref().map(|_| entries.len()));
        let Some(entry) = entry else { continue };
        total.add(reader, &entry, item.place);
        entries.push(entry);
    }
    entries
}

fn entry(
    reader: &mut Reader<'_>,
    node: &Node,
    names: &Names<'_>,
    horizon: Option<Horizon>,
    above: &Above<'_>,
) -> Option<TaskEntry> {
    let fields = reader.fields(node, &keys::TASK)?;
    let name = reader.text(&fields, "name").unwrap_or_default();
    let arrivals = match fields.get("after") {
        Some(after) => reader.after(after, &fields, above),
        None => arrivals(reader, node, &fields, horizon),
    };
    let payload = payload(reader, &fields);
    let steps = reader.required(&fields, "steps");
    let steps = steps.and_then(|steps| reader.steps(steps, names, 0));
    let (arrive, count, endless) = arrivals?;
    Some(TaskEntry { name, count, endless, arrive, payload, steps: steps? })
}

/// When the tasks of an entry arrive, how many there are, and whether there are more until the horizon.
fn arrivals(
    reader: &mut Reader<'_>,
    node: &Node,
    fields: &Fields<'_>,
    horizon: Option<Horizon>,
) -> Option<(Arrival, u32, bool)> {
    let arrive = match fields.get("arrive") {
        Some(node) => reader.arrival(node),
        None => Some(Arrival::AtOnce),
    };
    let count = count(reader, fields, arrive.as_ref());
    let horizon = horizon.zip(fields.get("arrive").map(|arrive| arrive.place));
    let is_counted = fields.get("count").is_some();
    let (arrive, count, endless) = match (arrive, horizon) {
        (Some(Arrival::At(instants)), Some((horizon, place))) => {
            let left = reader.before_horizon(&instants, horizon, place);
            let fewer = left.as_ref().and_then(|left| u32::try_from(left.len()).ok());
            (left.map(Arrival::At), count.and(fewer), false)
        }
        (Some(arrive @ (Arrival::Every(_) | Arrival::Poisson { .. })), Some((horizon, place)))
            if !is_counted =>
        {
            let count = reader.endless_count(&arrive, horizon, place);
            (Some(arrive), count, true)
        }
        (Some(arrive @ Arrival::Clients { .. }), Some(_)) if !is_counted => {
            (Some(arrive), count, true)
        }
        (Some(Arrival::Clients { .. }), None) if !is_counted => {
            let place = fields.get("arrive").map_or(node.place, |arrive| arrive.place);
            let fault = Fault::missing(place, "these clients would send tasks for ever");
            let fault = fault.label("expected a `count` beside it, or `until` in `[run]`");
            return reader.refuse(fault.help("`count` is the total of all clients"));
        }
        (arrive, _) => (arrive, count, false),
    };
    Some((arrive?, count?, endless))
}

/// How many tasks: what is said, else as many as there are instants, else one.
fn count(reader: &mut Reader<'_>, fields: &Fields<'_>, arrive: Option<&Arrival>) -> Option<u32> {
    let instants = match arrive {
        Some(Arrival::At(instants)) => Some(instants.len()),
        _ => None,
    };
    let said = match fields.get("count") {
        Some(node) => Some((node, reader.amount(fields, "count")?)),
        None => None,
    };
    match (said, instants) {
        (Some((node, count)), Some(instants)) if count as usize != instants => {
            let title = format!("`count` is {count}, but `arrive` has {instants} instants");
            let fault = Fault::new(node.place, title);
            let arrive = fields.get("arrive").map_or(node.place, |arrive| arrive.place);
            let fault = fault.label(format!("expected {instants}, or no `count`"));
            reader.refuse(fault.related(arrive, "the instants"))
        }
        (Some((_, count)), _) => Some(count),
        (None, Some(instants)) => Some(u32::try_from(instants).unwrap_or(u32::MAX)),
        (None, None) => match arrive {
            Some(Arrival::Clients { clients, .. }) => Some(*clients),
            _ => Some(1),
        },
    }
}

fn payload(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Payload {
    let node = fields.get("payload");
    let Some(fields) = node.and_then(|node| reader.fields(node, &keys::PAYLOAD)) else {
        return Payload::default();
    };
    let mut parcel = |bytes, objects| Parcel {
        bytes: reader.size(&fields, bytes).unwrap_or_default(),
        objects: reader.amount(&fields, objects).unwrap_or(1),
    };
    let (send, receive) = (parcel("send", "send_objects"), parcel("receive", "receive_objects"));
    let [pickle, unpickle] = ["pickle", "unpickle"].map(|key| reader.duration_at(&fields, key));
    Payload { send, receive, pickle, unpickle }
}

/// Tasks and steps of the entries so far.
#[derive(Default)]
struct Total {
    tasks: u64,
    steps: u64,
}

impl Total {
    /// Adds an entry; the one with which a limit is passed gets the fault.
    fn add(&mut self, reader: &mut Reader<'_>, entry: &TaskEntry, place: Place) {
        let steps = demand::leaf_steps(&entry.steps);
        if steps > limits::LEAF_STEPS {
            let title = format!("a task has {steps} steps with every `repeat` unrolled");
            let most = format!("at most {} are possible", limits::LEAF_STEPS);
            reader.faults.push(Fault::new(place, title).label(most));
        }
        let before = (self.tasks, self.steps);
        self.tasks = self.tasks.saturating_add(u64::from(entry.count));
        self.steps = self.steps.saturating_add(steps.saturating_mul(u64::from(entry.count)));
        if self.tasks > limits::TASKS && before.0 <= limits::TASKS {
            let title = format!("with this entry there are {} tasks", self.tasks);
            let most = format!("at most {} are possible", limits::TASKS);
            reader.faults.push(Fault::new(place, title).label(most));
        }
        if self.steps > limits::DRAWS && before.1 <= limits::DRAWS {
            let title = format!("with this entry all tasks together do {} steps", self.steps);
            let most = format!("at most {} are possible", limits::DRAWS);
            reader.faults.push(Fault::new(place, title).label(most));
        }
    }
}
