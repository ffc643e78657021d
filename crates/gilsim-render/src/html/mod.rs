//! gantt.html: a run as a page of its own, with everything in it, to be zoomed and asked.
//!
//! [`page`] puts the lanes of recorded runs, the script and the style into one document. It
//! loads nothing: its content security policy allows no connection, and no script but the one whose checksum it names.

mod encode;
mod rows;
mod text;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::chart;
use crate::lanes::{Every, MOST_INTERVALS, Recording, Sort};
use gilsim_core::trace::{Names, State};
use text::{data, escape};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// Three files in one function, so that their names meet nobody else's.
const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("data.js"),
    include_str!("draw.js"),
    include_str!("page.js"),
    "})();\n"
);

/// A page: runs below each other on one axis of time.
pub struct Page<'a> {
    /// What it is about.
    pub title: &'a str,
    /// The parameters.
    pub subtitle: &'a str,
    /// What is to be learned from it, in a sentence.
    pub verdict: &'a str,
    /// Names and numbers of the entries of tasks, in their order.
    pub tasks: Vec<(&'a str, u32)>,
    /// The runs, in the order of the page.
    pub runs: Vec<Run<'a>>,
}

/// One run of a page.
pub struct Run<'a> {
    /// The tool's label.
    pub label: &'a str,
    /// A few words on its settings; may be empty.
    pub note: &'a str,
    /// What happened.
    pub recorded: &'a Recording,
    /// Every interval of it.
    pub every: &'a Every,
    /// The names that its rows refer to.
    pub names: &'a Names,
    /// How many cores the machine has.
    pub cores: u32,
    /// Whether it ended in a deadlock.
    pub deadlocked: bool,
}

/// The document. The same page gives the same bytes on every machine.
pub fn page(page: &Page<'_>) -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    let title = if page.title.trim().is_empty() { "Timeline" } else { page.title };
    fill(TEMPLATE, |part| match part {
        "title" => escape(title),
        "subtitle" => escape(page.subtitle),
        "verdict" => escape(page.verdict),
        "notes" => notes(page),
        "legend" => legend(page),
        "table" => table(page),
        "style" => colours() + STYLE,
        "hash" => hash.clone(),
        "data" => contents(page),
        "script" => SCRIPT.to_owned(),
        _ => unreachable!("the template has no part {part}"),
    })
}

/// The template with its `{{parts}}` filled in. What is filled in is not looked at again, whatever it says.
fn fill(template: &str, part: impl Fn(&str) -> String) -> String {
    let mut pieces = template.split("{{");
    let mut text = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").expect("a part is closed");
        text.push_str(&part(name));
        text.push_str(rest);
    }
    text
}

/// The palette as variables of the style sheet: `--running`, `--ink`, …
fn colours() -> String {
    let states = State::ALL.into_iter().filter_map(|state| {
        Some((state.name().replace('_', "-"), chart::look(state, true).colors?))
    });
    let grounds = chart::grounds().map(|(name, colors)| (name.to_owned(), colors));
    let all: Vec<_> = states.chain(grounds).collect();
    let theme = |index: usize| {
        let rules = all.iter().map(|(name, colors)| format!("--{name}:{};", colors[index]));
        rules.collect::<Vec<_>>().concat()
    };
    let (light, dark) = (theme(0), theme(1));
    format!(":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n")
}

/// What the page leaves out, and why.
fn notes(page: &Page<'_>) -> String {
    let mut text = String::new();
    for run in &page.runs {
        let mut facts = Vec::new();
        let every = run.every;
        if every.grain > 0 {
            let grain = chart::duration(every.grain);
            facts.push(format!(
                "there are more than {} intervals, so neighbours shorter than {grain} are merged",
                MOST_INTERVALS / page.runs.len()
            ));
        }
        if every.site_grain > 1 {
            let grain = chart::duration(every.site_grain);
            facts.push(format!("requests in flight are counted every {grain}"));
        }
        let lanes = [
            ("threads", Sort::Thread),
            ("tasks", Sort::Coroutine),
            ("locks", Sort::Lock),
            ("cores", Sort::Core),
        ];
        let counts = lanes.into_iter().map(|(what, sort)| (what, every.left_out(sort)));
        let left_out = counts.filter(|(_, (_, left_out))| *left_out > 0);
        facts.extend(left_out.map(|(what, (all, left_out))| {
            format!("of {all} {what} the first {} are shown", all - left_out)
        }));
        if run.deadlocked {
            facts.push("it deadlocks: waits without an end have no bar".to_owned());
        }
        if !facts.is_empty() {
            let label = escape(run.label);
            let _ = write!(text, "<p><bdi>{label}</bdi>: {}.</p>", facts.join("; "));
        }
    }
    if !text.is_empty() {
        text.push_str("<p>trace.csv has every interval.</p>");
    }
    text
}

/// The states that occur in any run.
fn occurring<'a>(page: &'a Page<'_>) -> impl Iterator<Item = State> + 'a {
    let occurs = |state: &State| page.runs.iter().any(|run| run.recorded.occurs[*state as usize]);
    State::ALL.into_iter().filter(occurs)
}

fn wording(page: &Page<'_>, state: State) -> &'static str {
    let locked = page.runs.iter().any(|run| !run.every.lanes.locks.is_empty());
    chart::look(state, locked).wording
}

fn legend(page: &Page<'_>) -> String {
    let items = occurring(page).map(|state| {
        let (name, words) = (state.name(), escape(wording(page, state)));
        format!("<li><span class=\"swatch {name}\"></span>{words}</li>")
    });
    items.collect()
}

/// The shares of the states: what the picture says, in words and numbers.
fn table(page: &Page<'_>) -> String {
    let mut text = "<thead><tr><th scope=\"col\">of all task time</th>".to_owned();
    for run in &page.runs {
        let _ = write!(text, "<th scope=\"col\"><bdi>{}</bdi></th>", escape(run.label));
    }
    text.push_str("</tr></thead><tbody>");
    for state in occurring(page) {
        let (name, words) = (state.name(), escape(wording(page, state)));
        let _ =
            write!(text, "<tr><th scope=\"row\"><span class=\"swatch {name}\"></span>{words}</th>");
        for run in &page.runs {
            let _ = write!(text, "<td>{}</td>", escape(&chart::percent(run.recorded.share(state))));
        }
        text.push_str("</tr>");
    }
    text.push_str("<tr><th scope=\"row\">makespan</th>");
    for run in &page.runs {
        let stuck = if run.deadlocked { "deadlocks after " } else { "" };
        let _ = write!(text, "<td>{stuck}{}</td>", chart::duration(run.recorded.makespan));
    }
    text.push_str("</tr></tbody>");
    text
}

/// What the script draws, as JSON that no name can break out of.
fn contents(page: &Page<'_>) -> String {
    let states = State::ALL.map(|state| {
        let look = chart::look(state, true);
        json!({
            "name": state.name(),
            "words": wording(page, state),
            "height": look.height,
            "mark": look.mark,
        })
    });
    let tasks: Vec<_> =
        page.tasks.iter().map(|(name, count)| json!([chart::clean(name), count])).collect();
    let runs: Vec<_> = page.runs.iter().map(rows::of).collect();
    data(&json!({ "states": states, "tasks": tasks, "runs": runs }))
}

#[cfg(test)]
mod tests;
