//! The costs of a profile by name, and profiles in which one of them is smaller.

use std::sync::Arc;

use serde_json::Value;

use gilsim_core::profile::Profile;
use gilsim_core::time::SimDuration;

/// Sections of a profile that hold no costs, and keys that are rules rather than costs.
const NO_COSTS: [&str; 5] =
    ["lock", "memory", "machine.quantum", "machine.base_slice", "thread.sleep_zero"];

/// The names of all costs that are not zero, as profile files have them: `thread_pool.submit`.
pub(super) fn names(profile: &Profile) -> Vec<String> {
    let Ok(Value::Object(sections)) = serde_json::to_value(profile) else { return Vec::new() };
    let mut names = Vec::new();
    for (section, value) in sections.iter().filter(|(_, value)| value.is_object()) {
        collect(section, value, &mut names);
    }
    names
}

fn collect(path: &str, value: &Value, names: &mut Vec<String>) {
    if NO_COSTS.contains(&path) {
        return;
    }
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                collect(&format!("{path}.{key}"), value, names);
            }
        }
        _ if length(value).is_some_and(|length| !length.is_zero()) => names.push(path.to_owned()),
        _ => {}
    }
}

fn length(value: &Value) -> Option<SimDuration> {
    value.as_str()?.parse().ok()
}

/// The profile with a cost of that name so many percent smaller; unchanged where it has none.
pub(super) fn faster(profile: &Arc<Profile>, name: &str, percent: u32) -> Arc<Profile> {
    let changed = || {
        let mut value = serde_json::to_value(&**profile).ok()?;
        let cost = value.pointer_mut(&format!("/{}", name.replace('.', "/")))?;
        let left = length(cost)?.scaled(u64::from(100 - percent), 100);
        *cost = Value::String(format!("{}ns", left.as_nanos()));
        serde_json::from_value(value).ok().map(Arc::new)
    };
    changed().unwrap_or_else(|| Arc::clone(profile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gilsim_core::profile::built_in;

    #[test]
    fn costs_are_named_as_in_profile_files_and_scaled_alone() {
        let profile = built_in("cpython-3.13").expect("it is built in");
        let names = names(&profile);
        for name in
            ["thread.start", "machine.wake_latency", "process.fork.parent", "event_loop.step"]
        {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
        for name in ["lock.switch_interval", "machine.quantum", "name", "thread.sleep_zero"] {
            assert!(!names.iter().any(|known| known == name), "{name}");
        }
        let half = faster(&profile, "thread.start", 50);
        assert_eq!(half.thread.start.0, SimDuration::from_nanos(12_500));
        let mut back = (*half).clone();
        back.thread.start = profile.thread.start;
        assert_eq!(format!("{back:?}"), format!("{profile:?}"));
        let ideal = built_in("ideal").expect("it is built in");
        assert_eq!(super::names(&ideal), Vec::<String>::new());
    }
}
