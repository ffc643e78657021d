//! Tables with known keys, and tables of names.

use super::Reader;
use crate::document::Document;
use crate::fault::{Fault, listed, nearest};
use crate::keys::{self, Keys, Kind};
use crate::source::Place;
use crate::tree::{Entry, Node, Table, shortened};
use crate::unmodelled;
use gilsim_core::model::StepKind;

/// A table whose keys were checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'n> {
    table: &'n Table,
    keys: &'static Keys,
    /// Where the table is.
    pub(super) place: Place,
}

impl<'n> Fields<'n> {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        debug_assert!(self.keys.find(key).is_some(), "`{key}` is in the table of keys");
        self.table.get(key)
    }

    /// The entries in file order.
    pub(super) fn entries(&self) -> &'n [Entry] {
        &self.table.entries
    }

    /// The bounds of a key that takes a whole number.
    pub(super) fn bounds(&self, key: &str) -> (u64, u64) {
        match self.keys.find(key).map(|key| key.kind) {
            Some(Kind::Whole(least, most) | Kind::Amounts(least, most)) => (least, most),
            _ => (0, u64::MAX),
        }
    }

    /// The words that a key takes.
    pub(super) fn choices(&self, key: &str) -> &'static [&'static str] {
        match self.keys.find(key).map(|key| key.kind) {
            Some(Kind::Choice(words)) => words,
            _ => &[],
        }
    }
}

impl Reader<'_> {
    /// The table at `node`, with a fault for each key that it should not have.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, keys: &'static Keys) -> Option<Fields<'n>> {
        match node.as_table() {
            Some(table) => Some(self.checked(table, keys, node.place)),
            None => self.expected(node, &format!("a table with {}", key_list(keys))),
        }
    }

    /// The table of a whole file, with a fault for each key that it should not have.
    pub(super) fn root<'n>(&mut self, document: &'n Document, keys: &'static Keys) -> Fields<'n> {
        self.checked(&document.root, keys, Place::new(0, 0..0))
    }

    fn checked<'n>(&mut self, table: &'n Table, keys: &'static Keys, place: Place) -> Fields<'n> {
        let is_unknown = |entry: &&Entry| keys.find(&entry.key).is_none();
        if table.entries.iter().any(|entry| is_unknown(&entry)) {
            let absent: Vec<&str> =
                keys.names().filter(|name| may_be_added(table, keys, name)).collect();
            for entry in table.entries.iter().filter(is_unknown) {
                let fault = unknown_key(keys, &entry.key, entry.place, absent.iter().copied());
                self.faults.push(fault);
            }
        }
        Fields { table, keys, place }
    }

    /// The value of a key that the table must have.
    pub(super) fn required<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<&'n Node> {
        let found = fields.get(key);
        let is_misspelt = || {
            fields.entries().iter().any(|entry| {
                fields.keys.find(&entry.key).is_none() && nearest(&entry.key, &[key]).is_some()
            })
        };
        if found.is_none() && !is_misspelt() {
            let what = fields.keys.what;
            let fault = Fault::missing(fields.place, format!("{what} needs `{key}`"));
            let about = fields.keys.find(key).map(|key| key.about).unwrap_or_default();
            self.faults
                .push(fault.label(format!("expected `{key}`")).help(format!("`{key}`: {about}")));
        }
        found
    }

    /// The one key of the table that says which form it has.
    pub(super) fn only_form<'n>(
        &mut self,
        fields: &Fields<'n>,
        forms: &[&str],
    ) -> Option<&'n Entry> {
        let is_form = |entry: &&Entry| forms.contains(&&*entry.key);
        let mut found = fields.entries().iter().filter(is_form);
        let what = fields.keys.what;
        let Some(first) = found.next() else {
            // An unknown key in its place has left a fault that says more.
            if fields.entries().iter().all(|entry| fields.keys.find(&entry.key).is_some()) {
                let title = format!("{what} needs one of {}", listed(forms));
                self.faults.push(Fault::missing(fields.place, title));
            }
            return None;
        };
        let Some(second) = found.next() else { return Some(first) };
        let title = format!("`{}` and `{}` cannot stand together", first.key, second.key);
        let fault = Fault::new(second.place, title).label(format!("{what} has only one of them"));
        self.refuse(fault.related(first.place, "the first"))
    }

    /// The table at `node` in which each key is a name, with a fault for each name that cannot be one.
    pub(super) fn named_entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Table> {
        let Some(table) = node.as_table() else {
            return self.expected(node, &format!("a table: `[{what}]`, or `[{what}.NAME]`"));
        };
        for entry in &table.entries {
            if entry.key.trim().is_empty() || entry.key.contains(char::is_control) {
                let fault =
                    Fault::new(entry.place, "a name has no control characters and is not empty");
                self.faults.push(fault.label("expected a name"));
            }
        }
        Some(table)
    }

    /// Notes that something else was expected at `node`.
    pub(super) fn expected<T>(&mut self, node: &Node, what: &str) -> Option<T> {
        self.refuse(Fault::new(node.place, format!("expected {what}, found {}", node.describe())))
    }
}

/// The keys of a table in words.
fn key_list(keys: &Keys) -> String {
    listed(&keys.names().collect::<Vec<_>>())
}

/// Whether a table may have that key besides those that it has. A step is of one kind, and has the keys of that kind alone.
fn may_be_added(table: &Table, keys: &Keys, name: &str) -> bool {
    if table.get(name).is_some() {
        return false;
    }
    if !std::ptr::eq(keys, &raw const keys::STEP) {
        return true;
    }
    let mut kinds = StepKind::ALL.into_iter();
    match kinds.find(|kind| table.get(kind.key).is_some()) {
        Some(kind) => kind.further.iter().any(|further| further.key == name),
        None => keys::VERBS.contains(&name),
    }
}

/// The fault of a key that a table does not have; `names` are those that may have been meant.
pub(crate) fn unknown_key(
    keys: &'static Keys,
    key: &str,
    place: Place,
    names: impl Iterator<Item = &'static str>,
) -> Fault {
    let title = format!("{} has no key `{}`", keys.what, shortened(key));
    let is_tool = std::ptr::eq(keys, &raw const keys::TOOL);
    if is_tool && keys::ROOT.find(key).is_some() {
        return Fault::new(place, format!("`{key}` cannot be overridden for one tool")).label(
            "expected machine, interpreter, sites or computations; every tool does the same tasks",
        );
    }
    let has_such = |keys: &Keys| keys.find(&unmodelled::plain(key)).is_some();
    // What an interpreter has, as a `lock`, is easily looked for beside it.
    let beside = [&raw const keys::MACHINE, &raw const keys::TOOL];
    let is_beside = beside.contains(&std::ptr::from_ref(keys));
    let is_near = has_such(keys) || (is_beside && has_such(&keys::INTERPRETER));
    if let Some(fault) = unmodelled::fault(key, place).filter(|_| !is_near) {
        return fault;
    }
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return Fault::new(place, title).label("no other key can stand here");
    }
    Fault::new(place, title).suggest(key, names)
}
