//! `after`: tasks that arrive when others are done.

use super::Reader;
use super::fields::Fields;
use crate::fault::Fault;
use crate::keys;
use crate::tree::{Node, shortened};
use gilsim_core::model::{After, Arrival, TaskEntry};

/// The entries above the one that is read.
pub(super) struct Above<'r> {
    /// All tables of `[[tasks]]`, those below included.
    pub(super) items: &'r [Node],
    /// How many of them are above.
    pub(super) count: usize,
    /// What was read of each; none of a faulty one.
    pub(super) places: &'r [Option<usize>],
    /// The entries that are not faulty.
    pub(super) entries: &'r [TaskEntry],
}

impl Above<'_> {
    fn name_of(item: &Node) -> Option<&str> {
        item.as_table()?.get("name")?.as_text()
    }

    /// The numbers of those tables that have a name.
    fn called(&self, name: &str) -> Vec<usize> {
        let all = self.items.iter().enumerate();
        all.filter(|(_, item)| Self::name_of(item) == Some(name)).map(|(at, _)| at).collect()
    }
}

impl Reader<'_> {
    /// When tasks arrive that come after others, and how many there are; nothing where there is a fault.
    pub(super) fn after(
        &mut self,
        node: &Node,
        fields: &Fields<'_>,
        above: &Above<'_>,
    ) -> Option<(Arrival, u32, bool)> {
        if let Some(arrive) = fields.get("arrive") {
            let fault = Fault::new(arrive.place, "these tasks arrive after others");
            let fault = fault.label("expected no `arrive` beside `after`");
            return self.refuse(fault.related(node.place, "they arrive when these are done"));
        }
        let each = match node.as_table() {
            None => None,
            Some(_) => Some(self.fields(node, &keys::AFTER)?),
        };
        let named = match &each {
            None => node,
            Some(fields) => self.required(fields, "each")?,
        };
        let entry = self.entry_above(named, above)?;
        if each.is_none() {
            let count = fields.get("count").map_or(Some(1), |_| self.amount(fields, "count"));
            return Some((Arrival::After(After::All(entry)), count?, false));
        }
        let others = &above.entries[entry];
        if others.endless && matches!(others.arrive, Arrival::Clients { .. }) {
            let fault = Fault::new(named.place, "nobody knows how many tasks these clients send");
            return self.refuse(fault.label("expected an entry of clients with a `count`"));
        }
        if let Some(said) = fields.get("count")
            && (others.endless || self.amount(fields, "count")? != others.count)
        {
            let title = format!("each of these tasks comes after one of `{}`", others.name);
            let label = if others.endless {
                "expected no `count`: there are as many".to_owned()
            } else {
                format!("expected {}, or no `count`", others.count)
            };
            return self.refuse(Fault::new(said.place, title).label(label));
        }
        Some((Arrival::After(After::Each(entry)), others.count, others.endless))
    }

    /// The entry that a name means.
    fn entry_above(&mut self, node: &Node, above: &Above<'_>) -> Option<usize> {
        let Some(name) = node.as_text() else {
            return self.expected(node, "the name of an entry of `[[tasks]]`, or { each = NAME }");
        };
        let called = above.called(name);
        if let [only] = called[..]
            && only < above.count
        {
            return above.places[only];
        }
        let short = shortened(name);
        let fault = match called[..] {
            [] => {
                let title = format!("no entry of `[[tasks]]` is called `{short}`");
                let known = above.items[..above.count].iter().filter_map(Above::name_of);
                Fault::new(node.place, title).suggest(name, known)
            }
            [_] => Fault::new(node.place, format!("`{short}` does not stand above these tasks"))
                .label("expected the name of an entry above this one"),
            _ => Fault::new(node.place, format!("several entries are called `{short}`"))
                .label("expected a name that one entry has"),
        };
        self.refuse(fault)
    }
}
