//! One table for all who read it: a terminal, a Markdown page, CSV; and records as JSON.

use comfy_table::{Cell, CellAlignment, LineStyle, TableStyle};
use serde::Serialize;
use serde_json::{Map, Value};

/// On which side the cells of a column stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// What a Markdown page makes of the cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Escape {
    /// Texts: nothing in them means anything to Markdown or HTML.
    All,
    /// Numbers and names of keys and tools: only a bar would mean something.
    Bars,
    /// Markdown already.
    Nothing,
}

/// Headings and rows of texts.
#[derive(Clone, Debug)]
pub struct Table {
    headings: Vec<String>,
    aligned: Vec<Align>,
    rows: Vec<Vec<String>>,
    gap: u16,
}

impl Table {
    /// A table without rows.
    pub fn new<H: Into<String>>(columns: impl IntoIterator<Item = (H, Align)>) -> Self {
        let columns = columns.into_iter().map(|(heading, align)| (heading.into(), align));
        let (headings, aligned) = columns.unzip();
        Self { headings, aligned, rows: Vec::new(), gap: 1 }
    }

    /// A table whose first columns hold texts, and the others numbers.
    pub fn with_texts<H: Into<String>>(
        texts: usize,
        headings: impl IntoIterator<Item = H>,
    ) -> Self {
        let align = |index| if index < texts { Align::Left } else { Align::Right };
        let headings = headings.into_iter().enumerate();
        Self::new(headings.map(|(index, heading)| (heading, align(index))))
    }

    /// A table of records: a column for each field, whose name is the heading.
    pub fn of_records<R: Serialize + Default>(records: &[R]) -> Self {
        let headings: Vec<String> =
            fields(&R::default()).into_iter().map(|(name, _)| name).collect();
        let mut table = Self::with_texts(headings.len(), headings);
        for record in records {
            table.push(fields(record).values().map(field));
        }
        table
    }

    /// With one more space between columns.
    #[must_use]
    pub fn wide(self) -> Self {
        Self { gap: 2, ..self }
    }

    /// Adds a row.
    pub fn push<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// For a terminal: a rule below the headings, where there are any, and no other lines.
    pub fn screen(&self) -> String {
        let mut table = comfy_table::Table::new();
        let rule = LineStyle::none().fill('─').junction('─');
        table.load_style(TableStyle::new().header_separator(rule));
        if self.headings.iter().any(|heading| !heading.is_empty()) {
            table.set_header(&self.headings);
        }
        for row in &self.rows {
            table.add_row(row.iter().map(Cell::new));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((if index > 0 { self.gap } else { 0 }, 0));
            if self.aligned[index] == Align::Right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    /// For a Markdown page, as GitHub reads it.
    pub fn markdown(&self, escape: Escape) -> String {
        let cell = |text: &String| match escape {
            Escape::All => escaped(text),
            Escape::Bars => text.replace('|', "\\|"),
            Escape::Nothing => text.clone(),
        };
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let rule = self.aligned.iter().map(|align| match align {
            Align::Left => "---".to_owned(),
            Align::Right => "---:".to_owned(),
        });
        let headings = line(self.headings.iter().map(cell).collect()) + &line(rule.collect());
        let rows = self.rows.iter().map(|row| line(row.iter().map(cell).collect()));
        rows.fold(headings, |text, row| text + &row)
    }

    /// For programs.
    ///
    /// # Panics
    /// Never: memory takes all that is written to it, and all rows have as many cells.
    pub fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for record in std::iter::once(&self.headings).chain(&self.rows) {
            writer.write_record(record).expect("memory takes all that is written to it");
        }
        writer.into_inner().expect("memory takes all that is written to it")
    }
}

/// The fields of a record by name, in their order.
fn fields(record: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        other => unreachable!("a record is a JSON object, not {other:?}"),
    }
}

/// A field of a record as CSV has it: nothing where there is none, and a map as `name=value` with semicolons.
fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            format!("{:.6}", number.as_f64().unwrap_or_default())
        }
        Value::Object(map) => {
            let pairs = map.iter().map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                value => format!("{name}={value}"),
            });
            pairs.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

/// Records as a text of JSON.
///
/// # Panics
/// Never: texts and numbers are JSON.
pub fn json(records: &(impl Serialize + ?Sized)) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(records).expect("texts and numbers are JSON");
    text.push(b'\n');
    text
}

/// The text without meaning to Markdown or HTML.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_[]<>|#~&".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::with_texts(1, ["tool", "a_b"]);
        table.push(["a|b", "1"]);
        table.push(["threads, say", "10"]);
        table
    }

    #[test]
    fn a_screen_has_a_rule_below_its_headings_and_no_spaces_at_the_end() {
        let expected =
            "tool          a_b\n─────────────────\na|b             1\nthreads, say   10\n";
        assert_eq!(table().screen(), expected);
        assert_eq!(table().wide().screen().lines().next(), Some("tool           a_b"));
        let mut bare = Table::with_texts(2, ["", ""]);
        bare.push(["cores", "2"]);
        assert_eq!(bare.screen(), "cores  2\n");
    }

    #[test]
    fn a_cell_of_a_markdown_table_does_not_end_at_a_bar_of_its_own() {
        let text = table().markdown(Escape::All);
        assert_eq!(
            text,
            "| tool | a\\_b |\n| --- | ---: |\n| a\\|b | 1 |\n| threads, say | 10 |\n"
        );
        assert!(table().markdown(Escape::Bars).starts_with("| tool | a_b |\n"));
        assert!(table().markdown(Escape::Bars).contains("| a\\|b |"));
        assert!(table().markdown(Escape::Nothing).contains("| a|b |"));
    }

    #[test]
    fn csv_and_json_say_the_same_of_records() {
        #[derive(Serialize, Default)]
        struct Record {
            name: &'static str,
            count: u64,
            error: Option<f64>,
        }
        let record = |error| Record { name: "a, b", count: 2, error };
        let records = [record(Some(0.25)), record(None)];
        let csv = Table::of_records(&records).csv();
        assert_eq!(csv, b"name,count,error\n\"a, b\",2,0.250000\n\"a, b\",2,\n");
        assert_eq!(Table::of_records::<Record>(&[]).csv(), b"name,count,error\n");
        let read: Value = serde_json::from_slice(&json(&records)).unwrap();
        assert_eq!((&read[0]["error"], &read[1]["error"]), (&0.25.into(), &Value::Null));
    }
}
