//! `--set KEY=VALUE`: one key of a document's tree is changed.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::document::Document;
use super::fault::{Fault, listed};
use super::keys::{self, Keys, Kind};
use super::read::{all_tools, unknown_key};
use super::source::{Place, Source};
use super::syntax;
use super::tree::{Entry, Node, Table, Value, shortened};
use gilsim_core::model::Tool;
use gilsim_core::tools::OwnKey;

/// A part of a dotted key.
#[derive(Clone, Debug)]
struct Segment {
    name: String,
    place: Place,
}

/// A value with the text that it was read from.
#[derive(Clone, Debug)]
struct Setting {
    value: Node,
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
    let outcome = set_at_root(document, &path, &setting);
    outcome.map_err(|fault| {
        (document.root, document.implied_tools) = before;
        vec![fault]
    })
}

/// The key and the value in `text` from byte `start` on.
fn read(text: &str, start: usize, source: usize) -> Result<(Vec<Segment>, Setting), Vec<Fault>> {
    let Some(equals) = equals_sign(text, start) else {
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

/// The first equals sign that stands in no quotes.
fn equals_sign(text: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (byte, character) in text.char_indices().filter(|(byte, _)| *byte >= start) {
        match (quote, character) {
            (None, '=') => return Some(byte),
            (None, '"' | '\'') => quote = Some(character),
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), close) if open == close && !escaped => quote = None,
            _ => {}
        }
        escaped = false;
    }
    None
}

/// The parts of the dotted key in bytes `span` of `text`.
fn path(
    text: &str,
    span: std::ops::Range<usize>,
    source: usize,
) -> Result<Vec<Segment>, Vec<Fault>> {
    let padded = format!("{}{} = 0", " ".repeat(span.start), &text[span.clone()]);
    let mut path = Vec::new();
    if let Ok(table) = DeTable::parse(&padded) {
        let mut table = table.get_ref();
        while let (1, Some((key, value))) = (table.len(), table.iter().next()) {
            let place = Place::new(source, key.span());
            path.push(Segment { name: key.get_ref().to_string(), place });
            match value.get_ref() {
                DeValue::Table(below) => table = below,
                _ => return Ok(path),
            }
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

fn set_at_root(document: &mut Document, path: &[Segment], setting: &Setting) -> Result<(), Fault> {
    let [first, rest @ ..] = path else { return Ok(()) };
    match (first.name.as_str(), rest) {
        ("tasks", [name, rest @ ..]) if !rest.is_empty() => {
            set_in_tasks(&mut document.root, name, rest, setting)
        }
        ("tools", [label, rest @ ..]) if !rest.is_empty() => {
            list_tools(document);
            set_in_tool(&mut document.root, label, rest, setting)
        }
        ("tools", [key]) => set_in_all_tools(document, key, setting),
        _ => set_in_table(&mut document.root, &keys::ROOT, path, setting, true),
    }
}

/// Gives the document the list of tools that it implies, so that there is something to set.
fn list_tools(document: &mut Document) {
    let is_listed = document
        .root
        .get("tools")
        .is_some_and(|tools| tools.as_list().is_none_or(|tools| !tools.is_empty()));
    if !is_listed {
        let place = Place::NOWHERE;
        let node = Node { place, value: Value::List(Arc::new(all_tools())) };
        document.root.insert(Entry { key: Arc::from("tools"), place, node });
        document.implied_tools = true;
    }
}

/// The tables of the list at `key`.
fn items<'t>(root: &'t mut Table, key: &str) -> &'t mut [Node] {
    let entry = root.entries.iter_mut().find(|entry| &*entry.key == key);
    entry.and_then(|entry| entry.node.as_list_mut()).map_or(&mut [], |items| items)
}

/// The text at `key` of a table.
fn text_at<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.as_table()?.get(key)?.as_text()
}

/// `tasks.NAME.…`: every entry of that name.
fn set_in_tasks(
    root: &mut Table,
    name: &Segment,
    rest: &[Segment],
    setting: &Setting,
) -> Result<(), Fault> {
    let items = items(root, "tasks");
    let mut found = false;
    for item in items.iter_mut().filter(|item| text_at(item, "name") == Some(&name.name)) {
        found = true;
        set_in_node(item, &keys::TASK, rest, setting, false)?;
    }
    let names = items.iter().filter_map(|item| text_at(item, "name"));
    if found { Ok(()) } else { Err(no_such("`[[tasks]]` entry is named", name, names)) }
}

/// `tools.LABEL.…`: the tool of that label.
fn set_in_tool(
    root: &mut Table,
    label: &Segment,
    rest: &[Segment],
    setting: &Setting,
) -> Result<(), Fault> {
    let items = items(root, "tools");
    let mut found = false;
    for item in items.iter_mut().filter(|item| label_of(item) == Some(&label.name)) {
        found = true;
        mention(item, label.place);
        set_in_node(item, &keys::TOOL, rest, setting, false)?;
    }
    let labels = items.iter().filter_map(label_of);
    if found { Ok(()) } else { Err(no_such("tool is labelled", label, labels)) }
}

/// The label of a tool as far as the tree says it.
fn label_of(tool: &Node) -> Option<&str> {
    text_at(tool, "label").or_else(|| text_at(tool, "use"))
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

/// `tools.workers`: every tool that takes it.
fn set_in_all_tools(
    document: &mut Document,
    key: &Segment,
    setting: &Setting,
) -> Result<(), Fault> {
    let Some(own) = OwnKey::ALL.into_iter().find(|own| own.name() == key.name) else {
        let title = format!("`{}` cannot be set for all tools", shortened(&key.name));
        let fault = Fault::new(key.place, title).label("expected tools.LABEL.KEY");
        return Err(fault.suggest(&key.name, OwnKey::ALL.map(OwnKey::name)));
    };
    list_tools(document);
    let tool_of = |item: &Node| {
        let name = text_at(item, "use")?;
        Tool::ALL.into_iter().find(|tool| tool.name() == name)
    };
    let mut found = false;
    for item in items(&mut document.root, "tools") {
        if tool_of(item).is_some_and(|tool| tool.takes(own)) {
            found = true;
            set_in_node(item, &keys::TOOL, std::slice::from_ref(key), setting, false)?;
        }
    }
    if found {
        return Ok(());
    }
    let title = format!("no tool of this scenario takes `{}`", key.name);
    let fault = Fault::new(key.place, title);
    Err(fault.label(format!("only {} can have it", listed(&own.takers()))))
}

fn no_such<'n>(what: &str, wrong: &Segment, names: impl Iterator<Item = &'n str>) -> Fault {
    let title = format!("no {what} `{}`", shortened(&wrong.name));
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    Fault::new(wrong.place, title).label("expected one of the scenario").suggest(&wrong.name, names)
}

fn set_in_node(
    node: &mut Node,
    keys: &'static Keys,
    path: &[Segment],
    setting: &Setting,
    names_exist: bool,
) -> Result<(), Fault> {
    let place = path.first().map_or(node.place, |segment| segment.place);
    match node.as_table_mut() {
        Some(table) => set_in_table(table, keys, path, setting, names_exist),
        None => Err(Fault::new(place, format!("{} is not a table in the scenario", keys.what))),
    }
}

/// Sets the value at `path` of a table with those keys. `names_exist` says whether only sites and the like
/// that the table has can be set.
fn set_in_table(
    table: &mut Table,
    keys: &'static Keys,
    path: &[Segment],
    setting: &Setting,
    names_exist: bool,
) -> Result<(), Fault> {
    let [first, rest @ ..] = path else { return Ok(()) };
    let Some(key) = keys.find(&first.name) else {
        return Err(unknown_key(keys, &first.name, first.place, keys.names()));
    };
    let below = |table: &mut Table, keys, rest: &[Segment]| {
        let node = table.get_or_insert(&first.name, first.place, || Node::empty_table(first.place));
        set_in_node(node, keys, rest, setting, names_exist)
    };
    match key.kind {
        Kind::Table(keys) => match rest {
            [] => Err(names_a_table(first, keys.names())),
            _ => below(table, keys, rest),
        },
        Kind::Map(_) | Kind::Amounts(..) => {
            set_in_names(table, key.kind, path, setting, names_exist)
        }
        Kind::List(keys) => Err(names_a_table(first, keys.names())),
        Kind::Distribution if !rest.is_empty() => {
            make_table(table, first);
            below(table, &keys::DISTRIBUTION, rest)
        }
        Kind::Arrival if !rest.is_empty() => {
            make_table(table, first);
            below(table, &keys::ARRIVAL, rest)
        }
        _ if !rest.is_empty() => {
            let title = format!("`{}` has no keys of its own", first.name);
            Err(Fault::new(rest[0].place, title).label("expected nothing here"))
        }
        kind => {
            insert(table, first, kind, setting);
            Ok(())
        }
    }
}

/// A table in place of a single value, so that its keys can be set.
fn make_table(table: &mut Table, at: &Segment) {
    let node = table.get_or_insert(&at.name, at.place, || Node::empty_table(at.place));
    if node.as_table().is_none() {
        *node = Node::empty_table(at.place);
    }
}

/// `sites.NAME.…` and `semaphores.NAME`.
fn set_in_names(
    table: &mut Table,
    kind: Kind,
    path: &[Segment],
    setting: &Setting,
    names_exist: bool,
) -> Result<(), Fault> {
    let [map, name, rest @ ..] = path else {
        let names = table.get(&path[0].name).and_then(Node::as_table);
        let names = names.map_or(&[][..], |names| &names.entries);
        return Err(names_a_table(&path[0], names.iter().map(|entry| &*entry.key)));
    };
    let node = table.get_or_insert(&map.name, map.place, || Node::empty_table(map.place));
    let Some(names) = node.as_table_mut() else {
        return Err(Fault::new(
            map.place,
            format!("`{}` is not a table in the scenario", map.name),
        ));
    };
    if names_exist && names.get(&name.name).is_none() {
        let known = names.entries.iter().map(|entry| &*entry.key);
        return Err(no_such(&format!("entry of `[{}]` is named", map.name), name, known));
    }
    match (kind, rest) {
        (Kind::Map(keys), []) => Err(names_a_table(name, keys.names())),
        (Kind::Map(keys), _) => {
            let node =
                names.get_or_insert(&name.name, name.place, || Node::empty_table(name.place));
            set_in_node(node, keys, rest, setting, names_exist)
        }
        (_, []) => {
            insert(names, name, kind, setting);
            Ok(())
        }
        (_, [stray, ..]) => {
            let title = format!("`{}` has no keys of its own", shortened(&name.name));
            Err(Fault::new(stray.place, title).label("expected nothing here"))
        }
    }
}

fn insert(table: &mut Table, at: &Segment, kind: Kind, setting: &Setting) {
    let is_text = setting.value.as_text().is_some();
    let wants_bare = matches!(kind, Kind::Text) && !is_text;
    let node = if wants_bare { &setting.bare } else { &setting.value };
    let key = Arc::from(at.name.as_str());
    table.insert(Entry { key, place: at.place, node: node.clone() });
}

fn names_a_table<'n>(segment: &Segment, names: impl Iterator<Item = &'n str>) -> Fault {
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
