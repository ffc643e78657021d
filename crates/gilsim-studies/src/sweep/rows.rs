//! The rows of sweep.csv: the values of the varied keys, then the columns of summary.csv.

use super::grid::Grid;
use super::play::Block;
use super::values::Vary;
use gilsim_core::sink::row::{COLUMNS, SummaryRow};

/// The headings.
pub(super) fn headings(grid: &Grid) -> impl Iterator<Item = &str> {
    grid.varied().iter().map(Vary::key).chain(COLUMNS.iter().map(|column| column.name))
}

/// The rows of each point of finished blocks, in order: by tool, then by replicate.
pub(super) fn by_point(blocks: &[Block]) -> impl Iterator<Item = (u64, Vec<&SummaryRow>)> {
    blocks.chunk_by(|one, other| one.point == other.point).map(|of_point| {
        let tools = 0..of_point[0].tools.len();
        let rows = tools.flat_map(|tool| of_point.iter().flat_map(move |it| &it.tools[tool].rows));
        (of_point[0].point, rows.collect())
    })
}

/// A sweep.csv with the rows of those points.
pub(super) fn csv<'r>(
    grid: &Grid,
    points: impl Iterator<Item = (u64, Vec<&'r SummaryRow>)>,
) -> Vec<u8> {
    let mut text = write(|writer| writer.write_record(headings(grid)));
    for (point, rows) in points {
        text.push_str(&lines(&grid.shown_values(point), rows));
    }
    text.into_bytes()
}

/// Rows of one point.
pub(super) fn lines<'r>(
    values: &[String],
    rows: impl IntoIterator<Item = &'r SummaryRow>,
) -> String {
    write(|writer| {
        for row in rows {
            for value in values {
                writer.write_field(value)?;
            }
            for field in row.fields() {
                writer.write_field(field.as_bytes())?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    })
}

fn write(what: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    what(&mut writer).expect("memory takes all rows, and all have as many fields");
    let bytes = writer.into_inner().expect("memory takes all that is written to it");
    String::from_utf8(bytes).expect("fields are texts")
}

/// A row from its fields after those of `keys` varied keys; `None` where it is none.
pub(super) fn parsed(record: &csv::StringRecord, keys: usize) -> Option<SummaryRow> {
    SummaryRow::parsed(record.iter().skip(keys))
}

/// Rows over `keys` varied keys from lines of sweep.csv; `None` where any is none.
pub(super) fn parsed_lines(lines: &str, keys: usize) -> Option<Vec<SummaryRow>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(lines.as_bytes());
    reader.records().map(|record| parsed(&record.ok()?, keys)).collect()
}
