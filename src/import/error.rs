//! What is wrong with a recording, and where.

use std::fmt;

/// Why a recording cannot become a scenario: one sentence, and the place where it is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportError {
    message: String,
    place: Option<Place>,
}

/// A place in a text; both count from 1, columns in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    line: usize,
    column: Option<usize>,
}

impl ImportError {
    /// A fault of the recording as a whole.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: None }
    }

    /// A fault of one line, where the column is not known.
    pub(super) fn on_line(line: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), place: Some(Place { line, column: None }) }
    }

    /// A fault of `part`, which is a slice of `text`.
    pub(super) fn at(text: &str, part: &str, message: impl Into<String>) -> Self {
        let offset = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1;
        Self { message: message.into(), place: Some(Place { line, column: Some(column) }) }
    }

    /// A fault that the JSON reader found; `kind` names what the text should have been.
    pub(super) fn json(error: &serde_json::Error, kind: &str) -> Self {
        let full = error.to_string();
        let found = full.rsplit_once(" at line ").map_or(full.as_str(), |(found, _)| found);
        let message = match error.classify() {
            serde_json::error::Category::Eof => {
                "the file ends in the middle: it was cut short, so record or export it again"
                    .to_owned()
            }
            serde_json::error::Category::Data => format!("this is JSON, but not {kind}: {found}"),
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
                format!("this is not JSON: {found}")
            }
        };
        let place = (error.line() > 0)
            .then(|| Place { line: error.line(), column: Some(error.column().max(1)) });
        Self { message, place }
    }

    /// What is wrong and the way out, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The line, from 1.
    pub fn line(&self) -> Option<usize> {
        self.place.map(|place| place.line)
    }

    /// The column, from 1, in bytes.
    pub fn column(&self) -> Option<usize> {
        self.place.and_then(|place| place.column)
    }
}

/// The message behind as much of the place as is known, in words; for `FILE:LINE:COLUMN` see the methods.
impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            None => {}
            Some(Place { line, column: None }) => write!(f, "line {line}: ")?,
            Some(Place { line, column: Some(column) }) => {
                write!(f, "line {line}, column {column}: ")?;
            }
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ImportError {}
