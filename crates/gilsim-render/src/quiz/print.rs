//! A quiz as a screen, a Markdown page and a program read it.

use serde_json::{Value, json};

use super::{Question, Quiz};
use crate::report::{list, one_line};
use crate::table::escaped;

/// Characters of a line that gives a reason.
const WIDTH: usize = 100;

/// A quiz for the screen; with the answers if they are to be revealed, and then with the schedule, a text of lanes.
pub fn screen(quiz: &Quiz, schedule: Option<&str>) -> String {
    let mut lines = Vec::new();
    for paragraph in &quiz.set_up {
        lines.push(paragraph.heading.to_owned());
        lines.extend(paragraph.lines.iter().map(|line| format!("  {line}")));
        lines.push(String::new());
    }
    for (number, question) in (1..).zip(&quiz.questions) {
        let asks = wrapped(&format!("{number}. {}", question.asks));
        lines.push(asks[0].clone());
        lines.extend(asks[1..].iter().map(|line| format!("   {line}")));
        for (index, option) in question.options.iter().enumerate() {
            let right = schedule.is_some() && question.right.contains(&index);
            let mark = if right { "→" } else { " " };
            lines.push(format!(" {mark} {}) {option}", letter(index)));
        }
        if schedule.is_some() {
            let reasons = answer(question);
            let reasons = reasons.lines().flat_map(wrapped);
            lines.extend(reasons.map(|line| format!("   {line}")));
        }
        lines.push(String::new());
    }
    if let Some(schedule) = schedule {
        lines.push("The schedule".to_owned());
        if !quiz.about.is_empty() {
            lines.extend(wrapped(&one_line(&quiz.about)));
        }
        lines.extend([String::new(), schedule.to_owned()]);
    } else {
        lines.push("The answers and the schedule: the same command with --reveal.".to_owned());
    }
    lines.join("\n") + "\n"
}

/// The same for a Markdown page.
pub fn markdown(quiz: &Quiz, schedule: Option<&str>) -> String {
    let mut lines = Vec::new();
    if schedule.is_some() && !quiz.title.is_empty() {
        lines.extend([format!("**{}**", escaped(&one_line(&quiz.title))), String::new()]);
    }
    for paragraph in &quiz.set_up {
        lines.extend([format!("**{}**", paragraph.heading), String::new()]);
        for line in &paragraph.lines {
            let words = line.trim_start();
            let indent = " ".repeat(line.len() - words.len());
            lines.push(format!("{indent}- {}", escaped(words)));
        }
        lines.push(String::new());
    }
    for (number, question) in (1..).zip(&quiz.questions) {
        lines.push(format!("{number}. {}", escaped(&question.asks)));
        for (index, option) in question.options.iter().enumerate() {
            let right = schedule.is_some() && question.right.contains(&index);
            let mark = if right { "**" } else { "" };
            lines.push(format!("   - {mark}{}) {}{mark}", letter(index), escaped(option)));
        }
        if schedule.is_some() {
            let reasons: Vec<String> = answer(question).lines().map(escaped).collect();
            lines.extend([String::new(), format!("   {}", reasons.join("  \n   "))]);
        }
        lines.push(String::new());
    }
    if let Some(schedule) = schedule {
        lines.extend(["**The schedule**".to_owned(), String::new()]);
        if !quiz.about.is_empty() {
            lines.extend([escaped(&one_line(&quiz.about)), String::new()]);
        }
        let fence = fence(schedule);
        lines.extend([format!("{fence}text\n{schedule}{fence}"), String::new()]);
    }
    lines.join("\n") + "\n"
}

/// What a block of code begins and ends with: longer than any such line within it, for names may contain backticks.
fn fence(code: &str) -> String {
    let mut fence = "```".to_owned();
    while code.contains(&fence) {
        fence.push('`');
    }
    fence
}

/// The same for a program: answers are positions of options, from 0.
pub fn json(quiz: &Quiz, schedule: Option<&str>) -> String {
    let set_up = quiz.set_up.iter();
    let set_up: Vec<Value> =
        set_up.map(|part| json!({ "heading": part.heading, "lines": part.lines })).collect();
    let questions = quiz.questions.iter().map(|question| {
        let mut shown = json!({ "asks": question.asks, "options": question.options });
        if schedule.is_some() {
            shown["answers"] = json!(question.right);
            shown["because"] = json!(question.because);
        }
        shown
    });
    let mut shown = json!({ "set_up": set_up, "questions": questions.collect::<Vec<_>>() });
    if let Some(schedule) = schedule {
        shown["title"] = json!(quiz.title);
        shown["about"] = json!(quiz.about);
        shown["schedule"] = json!(schedule.lines().collect::<Vec<_>>());
    }
    format!("{shown:#}\n")
}

/// The right letters and the reason.
fn answer(question: &Question) -> String {
    let letters: Vec<String> = question.right.iter().map(|index| letter(*index)).collect();
    format!("{}. {}", list(&letters), question.because)
}

/// The words in lines that fit below a question; what is indented stays so.
fn wrapped(text: &str) -> Vec<String> {
    let words = text.trim_start();
    let indent = " ".repeat(text.len() - words.len());
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines
}

/// `A` to `Z`, then numbers.
fn letter(index: usize) -> String {
    let letter = u8::try_from(index).ok().filter(|index| *index < 26).map(|index| b'A' + index);
    letter.map_or_else(|| (index + 1).to_string(), |letter| char::from(letter).to_string())
}
