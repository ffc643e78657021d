//! What tasks share: locks, events, limiters.

use super::fields::Fields;
use super::{Names, Reader};
use crate::fault::Fault;
use crate::keys::{self, Keys};
use crate::tree::{Entry, Node, shortened};
use gilsim_core::model::{Limiter, Mutex};
use gilsim_core::time::SimDuration;

/// The locks. No lock is called like a semaphore: `with` may name either.
pub(super) fn locks(reader: &mut Reader<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Vec<Mutex> {
    if let Some(table) = fields.get("locks").and_then(Node::as_table) {
        let is_known = |entry: &&Entry| names.semaphores.get(&entry.key).is_some();
        for entry in table.entries.iter().filter(is_known) {
            let title = format!("`{}` is a semaphore already", shortened(&entry.key));
            reader.faults.push(Fault::new(entry.place, title).label("expected another name"));
        }
    }
    let locks = names_alone(reader, fields, "locks", &keys::LOCK);
    locks.into_iter().map(|name| Mutex { name }).collect()
}

/// The names of things of which there is nothing else to say: each is an empty table.
pub(super) fn names_alone(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    keys: &'static Keys,
) -> Vec<String> {
    let Some(table) = fields.get(key).and_then(|node| reader.named_entries(node, key)) else {
        return Vec::new();
    };
    for entry in &table.entries {
        if entry.node.as_table().is_some() {
            reader.fields(&entry.node, keys);
        } else {
            reader.expected::<()>(&entry.node, "an empty table: {}");
        }
    }
    table.entries.iter().map(|entry| entry.key.to_string()).collect()
}

/// The limiters: each is a rate, or a table of a rate and a burst.
pub(super) fn limiters(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Limiter> {
    let Some(table) =
        fields.get("limiters").and_then(|node| reader.named_entries(node, "limiters"))
    else {
        return Vec::new();
    };
    let mut limiter = |entry: &Entry| {
        let name = entry.key.to_string();
        let (gap, burst) = reader.limiter(&entry.node).unwrap_or((SimDuration::from_nanos(1), 1));
        Limiter { name, gap, burst }
    };
    table.entries.iter().map(&mut limiter).collect()
}

impl Reader<'_> {
    fn limiter(&mut self, node: &Node) -> Option<(SimDuration, u32)> {
        if node.as_text().is_some() {
            return Some((self.gap(node)?, 1));
        }
        if node.as_table().is_none() {
            return self.expected(node, "a rate like \"10/s\", or { rate = \"10/s\", burst = 5 }");
        }
        let fields = self.fields(node, &keys::LIMITER)?;
        let burst = fields.get("burst").map_or(Some(1), |_| self.amount(&fields, "burst"));
        let Some(rate) = fields.get("rate") else {
            let fault = Fault::missing(fields.place, "a limiter needs `rate`");
            return self.refuse(fault.label("expected for example `rate = \"10/s\"`"));
        };
        let gap = self.gap(rate);
        Some((gap?, burst?))
    }
}
