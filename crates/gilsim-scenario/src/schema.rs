//! The JSON Schema of scenario files, made from the same tables of keys that the reader uses.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::keys::{self, Keys, Kind};
use super::read::{AT_ONCE, SIZE_UNITS};
use gilsim_core::model::StepKind;
use gilsim_core::profile;
use gilsim_core::time::UNITS;
use gilsim_core::tools::OwnKey;

/// The JSON Schema (draft 2020-12) of scenario files, for editors; it ends with a line end.
pub fn schema() -> String {
    let mut root = object(&keys::ROOT, true);
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    whole.insert("title".to_owned(), json!("A gilsim scenario"));
    whole.append(&mut root);
    whole.insert("$defs".to_owned(), definitions());
    let mut text = serde_json::to_string_pretty(&Value::Object(whole)).unwrap_or_default();
    text.push('\n');
    text
}

/// The JSON Schema of claims files; it ends with a line end.
pub fn claims_schema() -> String {
    let mut root = object(&keys::CLAIMS, true);
    let one_text = json!([{ "required": ["scenario"] }, { "required": ["file"] }]);
    root["properties"]["claims"]["items"]["oneOf"] = one_text;
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    whole.insert("title".to_owned(), json!("gilsim claims"));
    whole.append(&mut root);
    let mut text = serde_json::to_string_pretty(&Value::Object(whole)).unwrap_or_default();
    text.push('\n');
    text
}

fn definitions() -> Value {
    json!({
        "duration": duration(),
        "size": size(),
        "rate": rate(),
        "distribution": one_form(&keys::DISTRIBUTION),
        "time": {
            "description": "A duration, or a distribution of durations.",
            "anyOf": [{ "$ref": "#/$defs/duration" }, { "$ref": "#/$defs/distribution" }],
        },
        "arrival": {
            "description": keys::ARRIVAL.about,
            "anyOf": [{ "const": AT_ONCE }, arrival()],
        },
        "steps": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/step" } },
        "step": step(),
    })
}

/// The names of units as a choice of a pattern.
fn choice_of(units: &[(&str, u64)]) -> String {
    units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|")
}

fn duration() -> Value {
    json!({
        "type": "string",
        "description": "A length of time with its unit: ns, us, ms, s or min; whole nanoseconds, at most 100 years.",
        "pattern": format!("^[0-9]+(\\.[0-9]+)?\\s*({})$", choice_of(&UNITS)),
        "examples": ["3ns", "20us", "1.5ms", "2s", "2min"],
    })
}

fn size() -> Value {
    json!({
        "type": "string",
        "description": "A number of bytes with its unit: B, kB, MB, GB (thousands), KiB, MiB or GiB (1024).",
        "pattern": format!("^[0-9]+(\\.[0-9]+)?\\s*({})$", choice_of(&SIZE_UNITS)),
        "examples": ["200kB", "1.5MiB"],
    })
}

fn rate() -> Value {
    json!({
        "type": "string",
        "description": "Events in a unit of time.",
        "pattern": format!("^[0-9]*\\.?[0-9]*\\s*/\\s*({})$", choice_of(&UNITS)),
        "examples": ["100/s"],
    })
}

/// A table with exactly one key.
fn one_form(keys: &Keys) -> Value {
    let mut object = object(keys, false);
    object.insert("minProperties".to_owned(), json!(1));
    object.insert("maxProperties".to_owned(), json!(1));
    Value::Object(object)
}

/// A table with one key, but for clients and how they think.
fn arrival() -> Value {
    let mut object = object(&keys::ARRIVAL, false);
    let forms = keys::ARRIVAL.names().filter(|name| *name != keys::THINK);
    let forms: Vec<Value> = forms.map(|form| json!({ "required": [form] })).collect();
    object.insert("oneOf".to_owned(), json!(forms));
    object.insert("dependentRequired".to_owned(), json!({ keys::THINK: ["clients"] }));
    Value::Object(object)
}

fn step() -> Value {
    let mut object = object(&keys::STEP, false);
    let forms = StepKind::ALL.map(|kind| {
        let further = kind.further.iter().filter(|further| further.required);
        let keys: Vec<&str> =
            std::iter::once(kind.key).chain(further.map(|further| further.key)).collect();
        json!({ "required": keys })
    });
    object.insert("oneOf".to_owned(), json!(forms));
    let mut owners: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for kind in StepKind::ALL {
        for further in kind.further {
            owners.entry(further.key).or_default().push(json!({ "required": [kind.key] }));
        }
    }
    let owned = owners.into_iter().map(|(key, of)| (key.to_owned(), json!({ "anyOf": of })));
    object.insert("dependentSchemas".to_owned(), Value::Object(owned.collect()));
    Value::Object(object)
}

/// A table with such keys; `whole` says whether it must have those that it cannot do without.
fn object(keys: &Keys, whole: bool) -> Map<String, Value> {
    let is_tool = keys.find("use").is_some();
    let mut properties = Map::new();
    for key in keys.all {
        let mut property = kind(key.kind, !is_tool);
        let mut about = key.about.to_owned();
        if let Some(own) = OwnKey::ALL.iter().find(|own| is_tool && own.name() == key.name) {
            about = format!("{about} For {} only.", own.takers().join(", "));
        }
        property.insert("description".to_owned(), json!(about));
        let example: Value = serde_json::from_str(key.example).unwrap_or_default();
        property.insert("examples".to_owned(), json!([example]));
        properties.insert(key.name.to_owned(), Value::Object(property));
    }
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("description".to_owned(), json!(keys.about));
    object.insert("properties".to_owned(), Value::Object(properties));
    object.insert("additionalProperties".to_owned(), json!(false));
    let required: Vec<&str> =
        keys.all.iter().filter(|key| whole && key.required).map(|key| key.name).collect();
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

/// What may stand at a key; `whole` says whether tables below must have what they cannot do without.
fn kind(kind: Kind, whole: bool) -> Map<String, Value> {
    let value = match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Name | Kind::DataFile => json!({ "type": "string", "minLength": 1 }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::True => json!({ "const": true }),
        Kind::Whole(least, most) => integer(least, most),
        Kind::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Kind::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Kind::Duration => json!({ "$ref": "#/$defs/duration" }),
        Kind::Durations(length) => durations(length),
        Kind::Distribution => json!({ "$ref": "#/$defs/time" }),
        Kind::Latency => {
            json!({ "anyOf": [{ "$ref": "#/$defs/time" }, object(&keys::LATENCY, whole)] })
        }
        Kind::Size => json!({ "$ref": "#/$defs/size" }),
        Kind::Rate => json!({ "$ref": "#/$defs/rate" }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Profile => profiles(),
        Kind::SiteOrTime | Kind::ComputationOrTime => {
            json!({ "anyOf": [{ "type": "string", "minLength": 1 }, { "$ref": "#/$defs/distribution" }] })
        }
        Kind::Table(keys) => Value::Object(object(keys, whole)),
        Kind::Map(keys) => {
            json!({ "type": "object", "additionalProperties": object(keys, whole) })
        }
        Kind::Amounts(least, most) => {
            json!({ "type": "object", "additionalProperties": integer(least, most) })
        }
        Kind::Limiters => json!({ "type": "object", "additionalProperties": limiter() }),
        Kind::Limiter => limiter(),
        Kind::List(keys) => {
            let least = usize::from(keys.find("steps").is_some());
            json!({ "type": "array", "minItems": least, "items": object(keys, true) })
        }
        Kind::Steps => json!({ "$ref": "#/$defs/steps" }),
        Kind::Lists => {
            let lists =
                json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/steps" } });
            json!({ "anyOf": [{ "const": true }, lists] })
        }
        Kind::Arrival => json!({ "$ref": "#/$defs/arrival" }),
        Kind::After => {
            let name = json!({ "type": "string", "minLength": 1 });
            json!({ "anyOf": [name, object(&keys::AFTER, whole)] })
        }
        Kind::Given => given(),
        Kind::Tolerance => json!({ "type": "string", "minLength": 2 }),
        Kind::Profiles => json!({ "type": "array", "minItems": 1, "items": profiles() }),
    };
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn limiter() -> Value {
    json!({ "anyOf": [{ "$ref": "#/$defs/rate" }, object(&keys::LIMITER, true)] })
}

/// The values that a claim draws, by name.
fn given() -> Value {
    let one = json!({ "type": ["string", "number", "boolean"] });
    json!({
        "type": "object",
        "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" },
        "additionalProperties": { "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] },
    })
}

fn integer(least: u64, most: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

fn durations(length: Option<usize>) -> Value {
    let mut list = json!({ "type": "array", "items": { "$ref": "#/$defs/duration" } });
    list["minItems"] = json!(length.unwrap_or(1));
    if let Some(length) = length {
        list["maxItems"] = json!(length);
    }
    list
}

fn profiles() -> Value {
    json!({
        "anyOf": [
            { "enum": profile::names().collect::<Vec<_>>() },
            { "type": "string", "pattern": "(/|\\.toml$)" },
        ],
    })
}

#[cfg(test)]
mod tests;
