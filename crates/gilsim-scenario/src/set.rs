//! `--set KEY=VALUE`: a value is merged into a document's tree, where the reader checks it.

use std::sync::Arc;

use super::brackets::outside;
use super::document::Document;
use super::fault::{Fault, listed};
use super::keys::{self, Keys, Kind};
use super::read::{all_tools, unknown_key};
use super::source::{Place, Source};
use super::syntax;
use super::tree::{Node, Table, Value, shortened};
use gilsim_core::model::Tool;
use gilsim_core::tools::OwnKey;

/// A part of a dotted key.
#[derive(Clone, Debug)]
struct Segment {
    name: String,
    place: Place,
}

/// What is set.
#[derive(Clone, Debug)]
struct Setting {
    /// As TOML, else as a bare text.
    value: Node,
    /// As a bare text, for keys that have texts.
    bare: Node,
}

/// Applies a text `KEY=VALUE` that `option` gave. Its source stays with the document for messages.
pub(super) fn apply(
    document: &mut Document,
    option: &str,
    setting: &str,
) -> Result<(), Vec<Fault>> {
    let source = document.sources.len();
    let text = format!("{option} {setting}");
    let start = option.len() + 1;
    let parsed = read(&text, start, source);
    document.sources.push(Arc::new(Source::new("command line".to_owned(), text)));
    let (path, setting) = parsed?;
    let before = (document.root.clone(), document.implied_tools);
    setting.merge_into(document, &path).map_err(|fault| {
        (document.root, document.implied_tools) = before;
        vec![fault]
    })
}

/// The key and the value in `text` from byte `start` on.
fn read(text: &str, start: usize, source: usize) -> Result<(Vec<Segment>, Setting), Vec<Fault>> {
    let Some(equals) = outside(&text[start..], '=').next().map(|byte| start + byte) else {
        let fault =
            Fault::new(Place::new(source, start..text.len()), "a setting has a key and a value");
        return Err(vec![fault.label("expected KEY=VALUE")]);
    };
    let path = path(text, start..equals, source)?;
    let rest = &text[equals + 1..];
    let value_start = equals + 1 + (rest.len() - rest.trim_start().len());
    let value = setting(text.trim_end(), value_start, source)?;
    Ok((path, value))
}

/// The parts of the dotted key in bytes `span` of `text`.
fn path(
    text: &str,
    span: std::ops::Range<usize>,
    source: usize,
) -> Result<Vec<Segment>, Vec<Fault>> {
    let padded = format!("{}{} = 0", " ".repeat(span.start), &text[span.clone()]);
    let parsed = syntax::parse(&padded, source);
    let mut path = Vec::new();
    let mut below = Some(&parsed.root).filter(|_| parsed.faults.is_empty());
    while let Some([entry]) = below.map(|table| table.entries.as_slice()) {
        path.push(Segment { name: entry.key.to_string(), place: entry.place });
        below = entry.node.as_table();
        if below.is_none() {
            return Ok(path);
        }
    }
    let fault = Fault::new(Place::new(source, span), "this is not a key")
        .label("expected names with dots between them, like machine.cores")
        .help("a name with other characters than letters, digits, - and _ stands in quotes: tools.\"10 threads\".workers");
    Err(vec![fault])
}

/// The value in `text` from byte `start` on: TOML, else a bare text.
fn setting(text: &str, start: usize, source: usize) -> Result<Setting, Vec<Fault>> {
    const KEY: &str = "v=";
    let Some(bare) = text.get(start..).filter(|bare| !bare.is_empty()) else {
        let place = Place::new(source, text.len()..text.len());
        return Err(vec![
            Fault::new(place, "a value is missing").label("expected a value after `=`"),
        ]);
    };
    let place = Place::new(source, start..text.len());
    let as_text = Node { place, value: Value::Text(Arc::from(bare)) };
    let padded = format!("{}{KEY}{bare}", " ".repeat(start.saturating_sub(KEY.len())));
    let parsed = syntax::parse(&padded, source);
    match parsed.root.entries.as_slice() {
        [entry] if parsed.faults.is_empty() => {
            Ok(Setting { value: entry.node.clone(), bare: as_text })
        }
        _ if bare.starts_with(['{', '[', '"', '\'']) && !parsed.faults.is_empty() => {
            Err(parsed.faults)
        }
        _ => Ok(Setting { value: as_text.clone(), bare: as_text }),
    }
}

impl Setting {
    /// Sets what stands at `path` of the whole tree.
    fn merge_into(&self, document: &mut Document, path: &[Segment]) -> Result<(), Fault> {
        if let [first, second, rest @ ..] = path {
            refuse_new_name(&document.root, first, second)?;
            if first.name == "tools" {
                list_tools(document);
                if rest.is_empty() {
                    return self.merge_into_tools(&mut document.root, path);
                }
            }
        }
        self.merge_key(&mut document.root, &keys::ROOT, path)
    }

    /// `tools.workers`: every tool that takes it.
    fn merge_into_tools(&self, root: &mut Table, path: &[Segment]) -> Result<(), Fault> {
        let [.., key] = path else { return Ok(()) };
        let Some(own) = OwnKey::ALL.into_iter().find(|own| own.name() == key.name) else {
            let title = format!("`{}` cannot be set for all tools", shortened(&key.name));
            let fault = Fault::new(key.place, title).label("expected tools.LABEL.KEY");
            return Err(fault.suggest(&key.name, OwnKey::ALL.map(OwnKey::name)));
        };
        let can_have_it = |item: &Node| {
            let name = text_at(item, "use");
            Tool::ALL.into_iter().any(|tool| name == Some(tool.name()) && tool.takes(own))
        };
        let tools = root.entries.iter_mut().find(|entry| &*entry.key == "tools");
        let tools = tools.and_then(|entry| entry.node.as_list_mut());
        let mut found = false;
        for item in tools.into_iter().flatten().filter(|item| can_have_it(item)) {
            found = true;
            self.merge(item, Kind::Table(&keys::TOOL), path)?;
        }
        if found {
            return Ok(());
        }
        let title = format!("no tool of this scenario takes `{}`", key.name);
        let label = format!("only {} can have it", listed(&own.takers()));
        Err(Fault::new(key.place, title).label(label))
    }

    /// Sets what stands at `path` of a table with those keys.
    fn merge_key(
        &self,
        table: &mut Table,
        keys: &'static Keys,
        path: &[Segment],
    ) -> Result<(), Fault> {
        let [key, below @ ..] = path else { return Ok(()) };
        let Some(known) = keys.find(&key.name) else {
            return Err(unknown_key(keys, &key.name, key.place, keys.names()));
        };
        let entry = table.get_or_insert(&key.name, key.place, || Node::empty_table(key.place));
        if below.is_empty() {
            entry.place = key.place;
        }
        self.merge(&mut entry.node, known.kind, path)
    }

    /// Sets a node of some kind, which the first part of `path` names, or what stands below it.
    fn merge(&self, node: &mut Node, kind: Kind, path: &[Segment]) -> Result<(), Fault> {
        let [at, below @ ..] = path else { return Ok(()) };
        match (kind, below) {
            (Kind::Table(keys), [key, ..]) => match node.as_table_mut() {
                Some(table) => self.merge_key(table, keys, below),
                None => Err(no_table(key, keys.what)),
            },
            (Kind::Distribution, [_, ..]) => {
                self.merge(made_table(node, at), Kind::Table(&keys::DISTRIBUTION), path)
            }
            (Kind::Latency, [key, ..]) => {
                let keys = match keys::LATENCY.find(&key.name) {
                    Some(_) => &keys::LATENCY,
                    None => &keys::DISTRIBUTION,
                };
                self.merge(made_table(node, at), Kind::Table(keys), path)
            }
            (Kind::After, [_, ..]) => {
                self.merge(made_table(node, at), Kind::Table(&keys::AFTER), path)
            }
            (Kind::Arrival, [_, ..]) => {
                self.merge(made_table(node, at), Kind::Table(&keys::ARRIVAL), path)
            }
            (Kind::Map(keys), [name, ..]) => {
                self.merge(named(node, at, name)?, Kind::Table(keys), below)
            }
            (Kind::Limiters, [name, ..]) => {
                self.merge(named(node, at, name)?, Kind::Limiter, below)
            }
            (Kind::Limiter, [_, ..]) => {
                self.merge(with_rate(node, at), Kind::Table(&keys::LIMITER), path)
            }
            (Kind::Amounts(least, most), [name, ..]) => {
                self.merge(named(node, at, name)?, Kind::Whole(least, most), below)
            }
            (Kind::List(keys), [name, _, ..]) => self.merge_items(node, keys, at, name, below),
            (Kind::Table(keys) | Kind::List(keys), _) => Err(is_a_table(at, keys.names())),
            (Kind::Map(_) | Kind::Amounts(..) | Kind::Limiters, []) => {
                let names = node.as_table().map_or(&[][..], |names| &names.entries);
                Err(is_a_table(at, names.iter().map(|entry| &*entry.key)))
            }
            (_, [stray, ..]) => {
                let title = format!("`{}` has no keys of its own", shortened(&at.name));
                Err(Fault::new(stray.place, title).label("expected nothing here"))
            }
            (kind, []) => {
                let wants_bare = matches!(kind, Kind::Text) && self.value.as_text().is_none();
                *node = if wants_bare { self.bare.clone() } else { self.value.clone() };
                Ok(())
            }
        }
    }

    /// `tasks.NAME.…` and `tools.LABEL.…`: every item of that name.
    fn merge_items(
        &self,
        list: &mut Node,
        keys: &'static Keys,
        at: &Segment,
        name: &Segment,
        path: &[Segment],
    ) -> Result<(), Fault> {
        let items = list.as_list_mut().map_or(&mut [][..], |items| items);
        let mut found = false;
        for item in items.iter_mut().filter(|item| name_of(item) == Some(&name.name)) {
            found = true;
            mention(item, name.place);
            self.merge(item, Kind::Table(keys), path)?;
        }
        if found {
            return Ok(());
        }
        let is_tool = at.name == "tools";
        let what = if is_tool { "tool is labelled" } else { "`[[tasks]]` entry is named" };
        Err(no_such(what, name, items.iter().filter_map(name_of)))
    }
}

/// A setting gives no site, computation, semaphore or queue to a scenario that does not have it.
fn refuse_new_name(root: &Table, map: &Segment, name: &Segment) -> Result<(), Fault> {
    let kind = keys::ROOT.find(&map.name).map(|key| key.kind);
    let known = root.get(&map.name).map_or(Some(&[][..]), |node| Some(&*node.as_table()?.entries));
    match (kind, known) {
        (Some(Kind::Map(_) | Kind::Amounts(..) | Kind::Limiters), Some(known))
            if known.iter().all(|entry| *entry.key != *name.name) =>
        {
            let known = known.iter().map(|entry| &*entry.key);
            Err(no_such(&format!("entry of `[{}]` is named", map.name), name, known))
        }
        _ => Ok(()),
    }
}

/// A limiter as a table: what was a rate alone is its rate.
fn with_rate<'n>(node: &'n mut Node, at: &Segment) -> &'n mut Node {
    let rate = node.as_text().is_some().then(|| node.clone());
    let table = made_table(node, at);
    if let (Some(rate), Some(entries)) = (rate, table.as_table_mut()) {
        let place = rate.place;
        entries.get_or_insert("rate", place, || rate);
    }
    table
}

/// Gives the document the list of tools that it implies, so that there is something to set.
fn list_tools(document: &mut Document) {
    let place = Place::NOWHERE;
    let none = || Node { place, value: Value::List(Arc::default()) };
    let listed = &mut document.root.get_or_insert("tools", place, none).node;
    if listed.as_list().is_some_and(<[Node]>::is_empty) {
        *listed = Node { place, value: Value::List(Arc::new(all_tools())) };
        document.implied_tools = true;
    }
}

/// The name of an entry of tasks, or the label of a tool, as far as the tree says it.
fn name_of(item: &Node) -> Option<&str> {
    ["name", "label", "use"].iter().find_map(|key| text_at(item, key))
}

/// The text at `key` of a table.
fn text_at<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.as_table()?.get(key)?.as_text()
}

/// An implied tool that somebody mentions is one that must exist.
fn mention(tool: &mut Node, place: Place) {
    let Some(table) = tool.as_table_mut() else { return };
    for entry in table.entries.iter_mut().filter(|entry| &*entry.key == "use") {
        if entry.node.place == Place::NOWHERE {
            entry.node.place = place;
        }
    }
}

/// The node with a table in place of a single value, so that its keys can be set.
fn made_table<'n>(node: &'n mut Node, at: &Segment) -> &'n mut Node {
    if node.as_table().is_none() {
        *node = Node::empty_table(at.place);
    }
    node
}

/// What `name` stands for in a table of names, new where it is not there.
fn named<'n>(names: &'n mut Node, at: &Segment, name: &Segment) -> Result<&'n mut Node, Fault> {
    let Some(table) = names.as_table_mut() else {
        return Err(no_table(at, &format!("`{}`", at.name)));
    };
    let entry = table.get_or_insert(&name.name, name.place, || Node::empty_table(name.place));
    Ok(&mut entry.node)
}

fn no_table(at: &Segment, what: &str) -> Fault {
    Fault::new(at.place, format!("{what} is not a table in the scenario"))
}

fn no_such<'n>(what: &str, wrong: &Segment, names: impl Iterator<Item = &'n str>) -> Fault {
    let title = format!("no {what} `{}`", shortened(&wrong.name));
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    Fault::new(wrong.place, title).label("expected one of the scenario").suggest(&wrong.name, names)
}

fn is_a_table<'n>(segment: &Segment, names: impl Iterator<Item = &'n str>) -> Fault {
    let names: Vec<&str> = names.collect();
    let title = format!("`{}` is a table: set one of its keys", shortened(&segment.name));
    let fault = Fault::new(segment.place, title);
    match segment.name.as_str() {
        "tasks" => fault.label("expected tasks.NAME.KEY, where NAME is the `name` of an entry"),
        "tools" => fault.label("expected tools.LABEL.KEY or tools.workers"),
        _ if names.is_empty() => fault.label("it has none"),
        _ => fault.label(format!("expected one of {} after it", listed(&names))),
    }
}

#[cfg(test)]
mod tests;
