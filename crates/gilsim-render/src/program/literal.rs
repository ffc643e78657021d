//! Values as Python source writes them.

use std::fmt::Write as _;

use gilsim_core::time::SimDuration;

/// A Python string literal.
pub(super) fn string(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        push_escaped(&mut literal, character);
    }
    literal.push('"');
    literal
}

fn push_escaped(literal: &mut String, character: char) {
    match character {
        '"' | '\\' => literal.extend(['\\', character]),
        '\n' => literal.push_str("\\n"),
        '\t' => literal.push_str("\\t"),
        _ if is_invisible(character) => {
            write!(literal, "\\U{:08x}", u32::from(character)).expect("text grows");
        }
        _ => literal.push(character),
    }
}

/// Whether a reader of the source would not see the character, or see it elsewhere.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Text as it may stand between the quotes of a docstring, its lines broken at 79 columns.
pub(super) fn prose(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|character| if is_invisible(character) && character != '\n' { ' ' } else { character })
        .collect();
    let escaped = escaped.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    let paragraphs: Vec<String> = escaped
        .split("\n\n")
        .map(|paragraph| wrapped(paragraph, 79))
        .filter(|paragraph| !paragraph.is_empty())
        .collect();
    paragraphs.join("\n\n")
}

fn wrapped(paragraph: &str, columns: usize) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > columns {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

/// Seconds as an exact decimal: `0.02`, `1.0`.
pub(super) fn seconds(length: SimDuration) -> String {
    let (whole, fraction) = (length.as_nanos() / 1_000_000_000, length.as_nanos() % 1_000_000_000);
    let digits = format!("{fraction:09}");
    let digits = digits.trim_end_matches('0');
    format!("{whole}.{}", if digits.is_empty() { "0" } else { digits })
}

/// A part of a Python identifier that reminds of `name`; empty where nothing of it can stand in one.
pub(super) fn identifier(name: &str) -> String {
    let mut identifier = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            identifier.push(character.to_ascii_lowercase());
        } else if !identifier.is_empty() && !identifier.ends_with('_') {
            identifier.push('_');
        }
    }
    identifier.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_literal_survives_quotes_backslashes_and_what_cannot_be_seen() {
        assert_eq!(string("10 threads"), "\"10 threads\"");
        assert_eq!(string("a\"b\\c\nd"), "\"a\\\"b\\\\c\\nd\"");
        assert_eq!(string("\u{202e}x\u{0}"), "\"\\U0000202ex\\U00000000\"");
        assert_eq!(string("café"), "\"café\"");
    }

    #[test]
    fn prose_cannot_end_its_docstring() {
        assert_eq!(prose("a \"bit\""), "a \"bit\"");
        assert_eq!(prose("say \"\"\" and \\"), "say \\\"\\\"\\\" and \\\\");
        assert_eq!(prose("one\n\n\n\ntwo\u{7}three"), "one\n\ntwo three");
        assert!(prose(&"word ".repeat(100)).lines().all(|line| line.chars().count() <= 79));
    }

    #[test]
    fn seconds_are_exact_to_the_nanosecond() {
        let cases = [(0, "0.0"), (1, "0.000000001"), (20_000_000, "0.02"), (1_000_000_000, "1.0")];
        for (nanos, text) in cases {
            assert_eq!(seconds(SimDuration::from_nanos(nanos)), text);
        }
        assert_eq!(seconds(SimDuration::from_nanos(12_345_678_901)), "12.345678901");
    }

    #[test]
    fn an_identifier_keeps_letters_and_digits() {
        assert_eq!(identifier("Load page #1"), "load_page_1");
        assert_eq!(identifier("日本"), "");
        assert_eq!(identifier("--a--"), "a");
    }
}
