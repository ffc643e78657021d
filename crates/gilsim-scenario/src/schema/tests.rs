use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::schema;
use crate::keys::{self, Keys, Kind};
use crate::parse;

/// All tables of keys, each once.
fn all_tables() -> Vec<&'static Keys> {
    let mut found = vec![
        &keys::ROOT,
        &keys::ARRIVAL,
        &keys::DISTRIBUTION,
        &keys::STEP,
        &keys::LIMITER,
        &keys::LATENCY,
        &keys::AFTER,
    ];
    let mut next = 0;
    while let Some(table) = found.get(next).copied() {
        for key in table.all {
            if let Kind::Table(below) | Kind::Map(below) | Kind::List(below) = key.kind
                && !found.iter().any(|known| std::ptr::eq(*known, below))
            {
                found.push(below);
            }
        }
        next += 1;
    }
    found
}

/// The names of each set of properties in a schema.
fn property_sets(value: &Value, sets: &mut BTreeSet<Vec<String>>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                sets.insert(properties.keys().cloned().collect());
            }
            object.values().for_each(|below| property_sets(below, sets));
        }
        Value::Array(items) => items.iter().for_each(|below| property_sets(below, sets)),
        _ => {}
    }
}

#[test]
fn the_schema_has_the_keys_of_the_reader_and_no_others() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let mut in_schema = BTreeSet::new();
    property_sets(&schema, &mut in_schema);
    let of_reader: BTreeSet<Vec<String>> =
        all_tables().iter().map(|keys| keys.names().map(str::to_owned).collect()).collect();
    assert_eq!(in_schema, of_reader);
}

/// A scenario with `key = value` in the table of these keys.
fn scenario_with(keys: &Keys, key: &str, value: &str) -> String {
    let task = "steps = [{ wait = \"1s\" }]";
    let inside = match keys.what {
        "a scenario" => return format!("{key} = {value}\ntasks = [{{ {task} }}]"),
        "`machine`" => format!("machine = {{ {key} = {value} }}"),
        "`interpreter`" => format!("interpreter = {{ {key} = {value} }}"),
        "`run`" => format!("run = {{ {key} = {value} }}"),
        "a site" => format!("sites.a = {{ {key} = {value} }}"),
        "a limiter" => {
            let beside = if key == "rate" { "" } else { "rate = \"1/s\", " };
            format!("limiters.a = {{ {beside}{key} = {value} }}")
        }
        "`latency`" => {
            let beside = if key == "base" { "" } else { "base = \"1s\", " };
            format!("sites.a.latency = {{ {beside}{key} = {value} }}")
        }
        "a computation" => format!("computations.a = {{ {key} = {value} }}"),
        "a distribution" => format!("sites.a.latency = {{ {key} = {value} }}"),
        "`lognormal`" => format!("sites.a.latency = {{ lognormal = {{ {key} = {value} }} }}"),
        "`pareto`" => format!("sites.a.latency = {{ pareto = {{ {key} = {value} }} }}"),
        "`[[tasks]]`" => return format!("tasks = [{{ {key} = {value} }}]"),
        "`after`" => return format!("tasks = [{{ after = {{ {key} = {value} }}, {task} }}]"),
        "`payload`" => return format!("tasks = [{{ payload = {{ {key} = {value} }}, {task} }}]"),
        "`arrive`" => {
            let beside = if key == "think" { "clients = 2, " } else { "" };
            return format!("tasks = [{{ arrive = {{ {beside}{key} = {value} }}, {task} }}]");
        }
        "`retry`" => {
            let times = if key == "times" { "" } else { "times = 1, " };
            return format!(
                "tasks = [{{ steps = [{{ try = [{{ yield = true }}], retry = {{ {times}{key} = {value} }} }}] }}]"
            );
        }
        "a step" => {
            let beside = match key {
                "timeout" | "retry" | "otherwise" => "try = [{ yield = true }], ",
                "on_failure" => "all = [[{ yield = true }]], ",
                "each" => "all = true, steps = [{ yield = true }], ",
                "to" => "offload = [{ yield = true }], ",
                "steps" => "repeat = 2, ",
                _ => "",
            };
            return format!("tasks = [{{ steps = [{{ {beside}{key} = {value} }}] }}]");
        }
        "`[[tools]]`" => format!("tools = [{{ {key} = {value} }}]"),
        other => panic!("{other} is a table that this test does not know"),
    };
    format!("{inside}\ntasks = [{{ {task} }}]")
}

#[test]
fn the_reader_looks_at_every_key() {
    for keys in all_tables() {
        for key in keys.all {
            let text = scenario_with(keys, key.name, "1979-05-27");
            let faults = parse(&text, "x", Path::new(""), &[]).expect_err(&text).to_string();
            assert!(!faults.contains(&format!("has no key `{}`", key.name)), "{faults}");
            assert!(faults.contains("found a date"), "{} {}: {faults}", keys.what, key.name);
        }
    }
}

/// A JSON value as TOML.
fn toml_of(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let entries = object.iter().map(|(key, value)| format!("{key} = {}", toml_of(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml_of).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[test]
fn every_example_is_of_the_right_type() {
    for keys in all_tables() {
        for key in keys.all {
            let example: Value = serde_json::from_str(key.example).expect(key.name);
            let text = scenario_with(keys, key.name, &toml_of(&example));
            let faults = parse(&text, "x", Path::new(""), &[]).err();
            let faults = faults.map(|faults| faults.to_string()).unwrap_or_default();
            let of_the_type = !faults.contains("error: expected") && !faults.contains("is not a");
            assert!(of_the_type, "{} {}: {faults}", keys.what, key.name);
        }
    }
}
