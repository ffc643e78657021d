//! A counter-example as a scenario file.

use std::path::{Component, Path, PathBuf};

use super::case::shown_time;
use super::screen::value_words;
use super::{Claim, CounterExample};
use gilsim_render::report::one_line;
use gilsim_scenario::claims::Tolerance;

/// The text of the file, to be written into `folder`: which claim it refutes, and the scenario.
pub(super) fn scenario(
    file: &str,
    claim: &Claim,
    counter: &CounterExample,
    folder: &Path,
) -> String {
    let name = Path::new(file)
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut lines =
        vec![format!("# A counter-example to claim {} of {}:", claim.number, one_line(&name))];
    lines.push(format!("#   {}", one_line(&claim.text.says)));
    let words = counter.case.words(&claim.text.given);
    if !words.is_empty() {
        lines.push(format!("# In this case {}.", one_line(&words)));
    }
    lines.push(format!("# Expected: {}", expected(claim)));
    for (metric, value) in claim.metrics.iter().zip(&counter.seen.metrics) {
        let value = value_words(metric, *value);
        lines.push(format!("#   {} is {value}", one_line(&metric.written())));
    }
    if let Some(deadlock) = &counter.seen.deadlock {
        lines.extend(deadlock.lines().map(|line| format!("#   {}", one_line(line))));
    }
    let text =
        rebased(counter.text.trim_start_matches(['\n', '\r']), claim.text.template.base(), folder);
    format!("{}\n\n{}\n", lines.join("\n"), text.trim_end())
}

/// What a claim expects, and by how much it may miss.
pub(super) fn expected(claim: &Claim) -> String {
    let tolerance = match claim.text.tolerance {
        Tolerance::None => String::new(),
        Tolerance::Share(share) => format!(", within {} %", libm::round(share * 1e6) / 1e4),
        Tolerance::Nanos(nanos) => format!(", within {}", shown_time(nanos)),
    };
    format!("{}{tolerance}", squeezed(claim.text.expect.text()))
}

/// The text on one line, with single spaces.
fn squeezed(text: &str) -> String {
    one_line(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The keys whose values are paths.
const PATH_KEYS: [&str; 3] = ["samples", "csv", "profile"];

/// A scenario whose relative paths, which start at `base`, start at `folder` instead.
fn rebased(text: &str, base: &Path, folder: &Path) -> String {
    let Some(way) = way(folder, base) else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(quote) = rest.find(['"', '\'']) {
        let (before, from) = rest.split_at(quote);
        out.push_str(before);
        let mark = &from[..1];
        let Some(end) = length_of_string(from) else { break };
        let value = &from[1..=end];
        let before = before.trim_end().trim_end_matches('=').trim_end();
        let key = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
        let is_path = PATH_KEYS.contains(&key)
            && (key != "profile"
                || value.contains('/')
                || Path::new(value).extension().is_some_and(|ending| ending == "toml"))
            && !Path::new(value).is_absolute();
        out.push_str(mark);
        if is_path {
            out.push_str(&way.join(value).to_string_lossy());
        } else {
            out.push_str(value);
        }
        rest = &from[1 + end..];
        if rest.starts_with(mark) {
            out.push_str(mark);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// How long the string is that starts with this quotation mark: up to the next one that is not escaped, or
/// to the end of the line.
fn length_of_string(text: &str) -> Option<usize> {
    let mark = text.chars().next()?;
    let mut is_escaped = false;
    text[1..].find(|c: char| {
        let ends = c == '\n' || (c == mark && !is_escaped);
        is_escaped = mark == '"' && c == '\\' && !is_escaped;
        ends
    })
}

/// The way from one folder to another, both relative to the present one; `None` where there is none to go.
fn way(from: &Path, target: &Path) -> Option<PathBuf> {
    if target.is_absolute() {
        return Some(target.to_owned());
    }
    let parts = |path: &Path| -> Vec<PathBuf> {
        let parts = path.components().filter(|part| !matches!(part, Component::CurDir));
        parts.map(|part| PathBuf::from(part.as_os_str())).collect()
    };
    let (from, to) = (parts(from), parts(target));
    let climbs = from.iter().any(|part| part.as_os_str() == "..");
    if climbs || from.first().is_some_and(|part| part.is_absolute()) {
        return std::path::absolute(target).ok();
    }
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = from[shared..].iter().map(|_| PathBuf::from(".."));
    let way: PathBuf = up.chain(to[shared..].iter().cloned()).collect();
    (!way.as_os_str().is_empty()).then_some(way)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_a_scenario_are_still_found_from_its_new_place() {
        let text = "a.latency = { samples = \"d/m.csv\" }\nt = \"it's \\\" { csv\"\nx = { csv = '/abs.csv' }\n\
            [interpreter]\nprofile = 'mine.toml'\nb = { profile = \"ideal\" }\n";
        let moved = rebased(text, Path::new("claims"), Path::new("output/claims"));
        let expected = "a.latency = { samples = \"../../claims/d/m.csv\" }\nt = \"it's \\\" { csv\"\n\
            x = { csv = '/abs.csv' }\n[interpreter]\nprofile = '../../claims/mine.toml'\nb = { profile = \"ideal\" }\n";
        assert_eq!(moved, expected);
        assert_eq!(rebased(text, Path::new("a/b"), Path::new("a/b")), text);
    }

    #[test]
    fn the_way_between_folders_climbs_as_far_as_it_must() {
        let of = |from: &str, to: &str| way(Path::new(from), Path::new(to));
        assert_eq!(of("output/claims", ""), Some(PathBuf::from("../..")));
        assert_eq!(of("a/b", "a/c"), Some(PathBuf::from("../c")));
        assert_eq!(of("a", "a"), None);
        assert_eq!(of("./a", "/home"), Some(PathBuf::from("/home")));
    }
}
