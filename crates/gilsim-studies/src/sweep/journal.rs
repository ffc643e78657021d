//! The journal of an unfinished study: a line for each finished block.
//!
//! A line is a checksum and a block as JSON. Lines are only ever added, whole; one that was torn when the
//! program was killed does not match its checksum and is skipped, wherever it stands. The first line names the
//! study, so that no other takes the blocks up.

use std::io;

use serde::{Deserialize, Serialize};

use super::grid::Grid;
use super::play::{Block, ToolRows};
use super::rows;
use super::shard::Shard;
use gilsim_scenario::digest;

/// What every journal starts with.
const MAGIC: &str = "gilsim sweep journal 1";

/// The first line of the journal of a part of a study.
pub fn header(study: &str, shard: Shard) -> String {
    format!("{MAGIC} {study} {shard}\n")
}

/// A block as it stands in a line.
#[derive(Serialize, Deserialize)]
struct BlockText {
    point: u64,
    first: u32,
    count: u32,
    tools: Vec<ToolText>,
}

/// What one tool made of a block, its rows as lines of sweep.csv.
#[derive(Serialize, Deserialize)]
struct ToolText {
    rows: String,
    deadlock: Option<String>,
    warning: Option<String>,
}

/// A block of a study over that grid as a line.
///
/// # Errors
/// None in practice: the text is made in memory.
pub fn line(block: &Block, grid: &Grid) -> io::Result<String> {
    let values = grid.shown_values(block.point);
    let tool = |tool: &ToolRows| ToolText {
        rows: rows::lines(&values, &tool.rows),
        deadlock: tool.deadlock.clone(),
        warning: tool.warning.clone(),
    };
    let Block { point, first, count, tools } = block;
    let tools = tools.iter().map(tool).collect();
    let text = BlockText { point: *point, first: *first, count: *count, tools };
    let json = serde_json::to_string(&text)?;
    Ok(format!("{} {json}\n", checksum(json.as_bytes())))
}

/// What stands in a journal.
#[derive(PartialEq, Eq, Debug)]
pub enum Found {
    /// Nothing yet: the program was killed as it began.
    Nothing,
    /// Finished blocks of this study, in the order in which they were finished.
    Blocks(Vec<Block>),
    /// A journal of the study of that name.
    Foreign(String),
    /// No journal.
    Unknown,
}

/// Reads a journal of a study over that grid whose first line should be `header`.
pub fn read(bytes: &[u8], header: &str, grid: &Grid) -> Found {
    if header.as_bytes().starts_with(bytes) && bytes.len() < header.len() {
        return Found::Nothing;
    }
    let Some(lines) = bytes.strip_prefix(header.as_bytes()) else {
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let rest = std::str::from_utf8(first).ok().and_then(|first| first.strip_prefix(MAGIC));
        let study = rest.and_then(|rest| rest.split_whitespace().next());
        return study.map_or(Found::Unknown, |study| Found::Foreign(study.to_owned()));
    };
    let lines = lines.split(|byte| *byte == b'\n');
    Found::Blocks(lines.filter_map(|line| block(line, grid.varied().len())).collect())
}

/// The block of a line over so many varied keys, unless it was torn.
fn block(line: &[u8], keys: usize) -> Option<Block> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let (sum, json) = (&line[..space], &line[space + 1..]);
    if checksum(json).as_bytes() != sum {
        return None;
    }
    let BlockText { point, first, count, tools } = serde_json::from_slice(json).ok()?;
    let tool = |ToolText { rows, deadlock, warning }| {
        Some(ToolRows { rows: rows::parsed_lines(&rows, keys)?, deadlock, warning })
    };
    let tools = tools.into_iter().map(tool).collect::<Option<_>>()?;
    Some(Block { point, first, count, tools })
}

/// The first 64 bits of the SHA-256 in hexadecimal digits.
fn checksum(bytes: &[u8]) -> String {
    let mut digits = digest(bytes);
    digits.truncate(16);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Vary;
    use gilsim_core::sink::sample::totals;
    use gilsim_core::sink::summary::Summary;

    fn grid() -> Grid {
        Grid::new(vec![Vary::parse("k=8,\"x,y\"").unwrap()]).unwrap()
    }

    fn sample(point: u64) -> Block {
        let rows = vec![Summary::default().finish("a\nb", 2, 1, &totals(7)); 2];
        let waits = ToolRows { deadlock: Some("waits".to_owned()), ..ToolRows::default() };
        let tools = vec![ToolRows { rows, ..ToolRows::default() }, waits];
        Block { point, first: 0, count: 3, tools }
    }

    fn text(point: u64) -> String {
        line(&sample(point), &grid()).unwrap()
    }

    fn read(bytes: &[u8], header: &str) -> Found {
        super::read(bytes, header, &grid())
    }

    #[test]
    fn blocks_come_back_but_for_torn_ones() {
        let header = header("abc", Shard::WHOLE);
        let whole = [header.clone(), text(0), text(1)].concat();
        assert_eq!(read(whole.as_bytes(), &header), Found::Blocks(vec![sample(0), sample(1)]));
        let before_last = header.len() + text(0).len();
        for end in 0..whole.len() {
            let expected = match end {
                _ if end < header.len() => Found::Nothing,
                _ if end + 1 < before_last => Found::Blocks(Vec::new()),
                _ if end + 1 < whole.len() => Found::Blocks(vec![sample(0)]),
                _ => Found::Blocks(vec![sample(0), sample(1)]),
            };
            assert_eq!(read(&whole.as_bytes()[..end], &header), expected, "{end}");
        }
    }

    #[test]
    fn lines_after_a_torn_one_are_read() {
        let header = header("abc", Shard::WHOLE);
        let torn = &text(0)[..40];
        let text = [&header, torn, "\n", &text(1)].concat();
        assert_eq!(read(text.as_bytes(), &header), Found::Blocks(vec![sample(1)]));
    }

    #[test]
    fn a_journal_of_another_study_is_foreign() {
        let header = header("abc", Shard::WHOLE);
        let other = super::header("def", Shard::WHOLE) + &text(0);
        assert_eq!(read(other.as_bytes(), &header), Found::Foreign("def".to_owned()));
        assert_eq!(read(b"a,b\n1,2\n", &header), Found::Unknown);
    }
}
