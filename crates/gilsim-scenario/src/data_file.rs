//! Files of measured durations and of instants: the first column of a CSV file.

use std::ops::Range;
use std::sync::Arc;

use super::limits;
use super::tree::shortened;
use gilsim_core::time::{Decimal, DurationError, SimDuration};

/// What a data file holds.
#[derive(Debug)]
pub(super) struct DataFile {
    /// The values in file order.
    pub(super) values: Arc<[SimDuration]>,
    /// What is wrong with it; then `values` is of no use.
    pub(super) faults: Vec<DataFault>,
    /// The text, kept only where there are faults.
    pub(super) text: String,
}

/// A fault of a data file.
#[derive(Debug)]
pub(super) struct DataFault {
    /// Where, in bytes of the text.
    pub(super) span: Range<usize>,
    /// What is wrong.
    pub(super) title: String,
    /// What was expected.
    pub(super) label: String,
}

impl DataFile {
    /// Reads the first column of `text`, with a header or without.
    pub(super) fn parse(text: String) -> Self {
        let mut values = Vec::new();
        let mut faults = Vec::new();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        for (row, record) in reader.records().enumerate() {
            let Ok(record) = record else { continue };
            let field = record.get(0).unwrap_or_default();
            if row == 0 && is_header(field) {
                continue;
            }
            match parse_value(field) {
                Ok(value) => values.push(value),
                Err(label) => faults.push(fault_of(&record, field, &text, label)),
            }
            if values.len() as u64 > limits::TASKS {
                faults.push(whole_file(format!("more than {} rows", limits::TASKS)));
            }
            if faults.len() == limits::DATA_FILE_FAULTS {
                break;
            }
        }
        if values.is_empty() && faults.is_empty() {
            faults.push(whole_file("a data file without values".to_owned()));
        }
        let text = if faults.is_empty() { String::new() } else { text };
        Self { values: Arc::from(values), faults, text }
    }
}

fn whole_file(title: String) -> DataFault {
    let label = "expected a duration or a number of seconds in each row".to_owned();
    DataFault { span: 0..0, title, label }
}

fn fault_of(record: &csv::StringRecord, field: &str, text: &str, label: String) -> DataFault {
    let from = record.position().map_or(0, csv::Position::byte);
    let from = usize::try_from(from).unwrap_or(text.len()).min(text.len());
    // The position of a record is that of the end of the one before it: line ends and blank lines come first.
    let rest = text.get(from..).unwrap_or_default();
    let start = from + rest.len() - rest.trim_start_matches(['\r', '\n', ' ', '\t']).len();
    let row = text.get(start..).unwrap_or_default();
    let length = row.find([',', '\r', '\n']).unwrap_or(row.len());
    let title = format!("`{}` is not a duration", shortened(field));
    DataFault { span: start..start + length, title, label }
}

/// Whether the first field names a column: it starts like a word, and not like a number that failed.
fn is_header(field: &str) -> bool {
    let lower = field.to_ascii_lowercase();
    let is_number = lower == "nan" || lower == "inf" || lower == "infinity";
    field.starts_with(|c: char| c.is_alphabetic() || c == '_') && !is_number
}

/// A duration with its unit, or a plain number of seconds.
fn parse_value(field: &str) -> Result<SimDuration, String> {
    field.parse::<SimDuration>().or_else(|error| match (Decimal::parse(field), error) {
        (Some(number), _) if number.is_negative() => Err("a duration is not negative".to_owned()),
        (Some(number), _) => {
            SimDuration::from_decimal_secs(number).ok_or_else(|| DurationError::TooLong.to_string())
        }
        (None, DurationError::TooFine | DurationError::TooLong) => Err(error.to_string()),
        (None, DurationError::MissingUnit | DurationError::Number | DurationError::Unit) => {
            Err("expected a duration like `1.5ms`, or a number of seconds".to_owned())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<u64> {
        let file = DataFile::parse(text.to_owned());
        assert!(file.faults.is_empty(), "{:?}", file.faults);
        file.values.iter().map(|value| value.as_nanos()).collect()
    }

    fn faults(text: &str) -> Vec<(String, String)> {
        let file = DataFile::parse(text.to_owned());
        let shown = |fault: DataFault| (file.text[fault.span].to_owned(), fault.label);
        file.faults.into_iter().map(shown).collect()
    }

    #[test]
    fn the_first_column_is_read_with_a_header_or_without() {
        assert_eq!(values("latency,host\n1ms,a\n2ms,b\n"), [1_000_000, 2_000_000]);
        assert_eq!(values("1ms\r\n\r\n0.5\r\n"), [1_000_000, 500_000_000]);
        assert_eq!(values("\"1ms\", x\n 2ms ,y"), [1_000_000, 2_000_000]);
    }

    #[test]
    fn seconds_are_exact_to_the_nanosecond() {
        let cases = [
            ("0", 0),
            ("0.1", 100_000_000),
            ("1e-05", 10_000),
            ("1.5E+1", 15_000_000_000),
            ("0.0000000005", 1),
            ("0.00000000049", 0),
            ("0.012345678912345", 12_345_679),
            ("0.9999999999", 1_000_000_000),
            (".5", 500_000_000),
            ("5.", 5_000_000_000),
            ("1e-400", 0),
            ("+1", 1_000_000_000),
            ("-0", 0),
            ("3155760000", 3_155_760_000_000_000_000),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse_value(text), Ok(SimDuration::from_nanos(nanos)), "{text}");
        }
        for text in
            ["", ".", "-1", "nan", "inf", "1e400", "1e99999999999", "3155760001", "1_0", "0x1"]
        {
            assert!(parse_value(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_wrong_value_is_found_where_it_stands() {
        let found = faults("latency\n1ms\n\n-5,x\nnan\n5 sec\n");
        let texts: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["-5", "nan", "5 sec"]);
        assert_eq!(found[0].1, "a duration is not negative");
        assert_eq!(faults("nan").len(), 1);
        assert_eq!(faults("0.5ns\n").len(), 1);
        assert_eq!(faults("").len(), 1);
        assert_eq!(faults("header\n").len(), 1);
        assert_eq!(faults("1\n,2\n").len(), 1);
    }

    #[test]
    fn a_file_of_rubbish_gives_a_handful_of_faults() {
        assert_eq!(faults(&"-1\n".repeat(1_000)).len(), limits::DATA_FILE_FAULTS);
    }
}
