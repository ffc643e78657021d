//! The tree of a scenario file: TOML values with their places, cheap to clone and to change.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::source::Place;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A TOML value. Lists and tables are shared until they are changed.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(Arc<str>),
    /// Saturates where the file says more than 128 bits.
    Integer(i128),
    /// As written, without underscores.
    Float(Arc<str>),
    Boolean(bool),
    Date,
    List(Arc<Vec<Node>>),
    Table(Arc<Table>),
}

/// A TOML table in file order.
#[derive(Clone, Default, Debug)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
}

/// A key of a table with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Arc<str>,
    /// Where the key stands.
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Node {
    /// The node of a parsed value of source number `source`.
    pub(super) fn from_toml(value: &Spanned<DeValue<'_>>, source: usize) -> Self {
        let place = Place::new(source, value.span());
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(Arc::from(text.as_ref())),
            DeValue::Integer(integer) => Value::Integer(integer_of(integer)),
            DeValue::Float(float) => Value::Float(Arc::from(float.as_str())),
            DeValue::Boolean(boolean) => Value::Boolean(*boolean),
            DeValue::Datetime(_) => Value::Date,
            DeValue::Array(items) => {
                let items = items.iter().map(|item| Self::from_toml(item, source));
                Value::List(Arc::new(items.collect()))
            }
            DeValue::Table(table) => Value::Table(Arc::new(Table::from_toml(table, source))),
        };
        Self { place, value }
    }

    /// An empty table at a place.
    pub(super) fn empty_table(place: Place) -> Self {
        Self { place, value: Value::Table(Arc::default()) }
    }

    /// The table, if it is one.
    pub(super) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The table to be changed, if it is one.
    pub(super) fn as_table_mut(&mut self) -> Option<&mut Table> {
        match &mut self.value {
            Value::Table(table) => Some(Arc::make_mut(table)),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub(super) fn as_list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The items to be changed, if it is a list.
    pub(super) fn as_list_mut(&mut self) -> Option<&mut Vec<Self>> {
        match &mut self.value {
            Value::List(items) => Some(Arc::make_mut(items)),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What the value is, as a message says it: `the number 5`, `a list`.
    pub(super) fn describe(&self) -> String {
        match &self.value {
            Value::Text(text) => format!("the string \"{}\"", shortened(text)),
            Value::Integer(integer) => format!("the number {integer}"),
            Value::Float(float) => format!("the number {}", shortened(float)),
            Value::Boolean(boolean) => boolean.to_string(),
            Value::Date => "a date".to_owned(),
            Value::List(items) if items.is_empty() => "an empty list".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        }
    }
}

impl Table {
    /// The table of a parsed table of source number `source`.
    pub(super) fn from_toml(table: &DeTable<'_>, source: usize) -> Self {
        let entries = table.iter().map(|(key, value)| Entry {
            key: Arc::from(key.get_ref().as_ref()),
            place: Place::new(source, key.span()),
            node: Node::from_toml(value, source),
        });
        Self { entries: entries.collect() }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The entry of a key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| &*entry.key == key)
    }

    /// The entry of a key, with a value made by `make` where there is none.
    pub(super) fn get_or_insert(
        &mut self,
        key: &str,
        place: Place,
        make: impl FnOnce() -> Node,
    ) -> &mut Entry {
        let found = self.entries.iter().position(|entry| &*entry.key == key);
        let index = found.unwrap_or_else(|| {
            self.entries.push(Entry { key: Arc::from(key), place, node: make() });
            self.entries.len() - 1
        });
        &mut self.entries[index]
    }
}

/// The integer, at the end of the range where it does not fit.
fn integer_of(integer: &DeInteger<'_>) -> i128 {
    let text = integer.as_str();
    let saturated = if text.starts_with('-') { i128::MIN } else { i128::MAX };
    i128::from_str_radix(text, integer.radix()).unwrap_or(saturated)
}

/// A text of the user as a message shows it: on one line, without control characters, not too long.
pub fn shortened(text: &str) -> String {
    cut(text, 60)
}

/// A path as a message shows it: as [`shortened`] does, but whole unless it is absurdly long.
pub(super) fn shown_path(path: &Path) -> String {
    cut(&path.display().to_string(), 500)
}

/// The first `longest` characters on one line.
fn cut(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    for (position, character) in text.chars().enumerate() {
        if position == longest {
            shown.push('…');
            break;
        }
        if character.is_control() || is_bidirectional_control(character) {
            let _ = write!(shown, "{}", character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a character only changes the direction in which others are shown.
fn is_bidirectional_control(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_on_one_line_and_not_too_long() {
        assert_eq!(shortened("a\nb\u{1b}[0m"), "a\\nb\\u{1b}[0m");
        assert_eq!(shortened(&"x".repeat(100)), format!("{}…", "x".repeat(60)));
    }
}
