//! summary.csv and summary.json as texts.

use serde::Serialize;

use super::entries::EntryRow;
use crate::table::{self, Table};
use gilsim_core::sink::row::{COLUMNS, SummaryRow};

/// summary.csv: a header and a row per tool and replicate.
pub fn csv(rows: &[SummaryRow]) -> Vec<u8> {
    let columns = COLUMNS.iter().map(|column| column.name);
    let mut table = Table::with_texts(COLUMNS.len(), columns);
    for row in rows {
        table.push(row.fields());
    }
    table.csv()
}

/// summary.json: an array of objects with the columns of summary.csv as keys; where there are `extras`, as many as rows,
/// each has one under the key `open`.
/// Each has its `entries` where these tell several apart.
pub fn json<E: Serialize>(
    rows: &[SummaryRow],
    entries: &[Vec<EntryRow<'_>>],
    extras: &[E],
) -> Vec<u8> {
    let entries_of = |index: usize| entries.get(index).filter(|entries| !entries.is_empty());
    let object = |(index, row)| Object {
        row,
        entries: entries_of(index).map(Vec::as_slice),
        open: extras.get(index),
    };
    let objects = rows.iter().enumerate().map(object);
    table::json(&objects.collect::<Vec<_>>())
}

/// A row of summary.json.
#[derive(Serialize)]
struct Object<'r, E> {
    #[serde(flatten)]
    row: &'r SummaryRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<&'r [EntryRow<'r>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<&'r E>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use gilsim_core::sink::fraction::Fraction;
    use gilsim_core::sink::sample::result;
    use gilsim_core::trace::State;

    fn rows() -> [SummaryRow; 2] {
        let mut rows = [
            result("10 \"fast\" threads, say", 2_000, &[(State::Io, 750), (State::LockWait, 250)]),
            result("asyncio", 1_500, &[(State::Suspended, 1_000)]),
        ];
        rows[0].relative = Fraction::of(4, 3);
        rows[1].lock_wait_ns = u128::from(u64::MAX) * 10;
        rows
    }

    #[test]
    fn summary_csv_has_the_columns_that_are_promised() {
        let text = String::from_utf8(csv(&rows())).unwrap();
        let expected = "tool,replicate,makespan_ns,speedup,relative,tasks,throughput_per_s,\
            response_mean_ns,response_p50_ns,response_p95_ns,response_p99_ns,response_max_ns,\
            running_share,native_share,overhead_share,ready_share,lock_wait_share,io_share,suspended_share,\
            sync_share,queued_share,cpu_busy_share,lock_wait_ns,switches,threads,processes,memory_bytes,\
            failed,timed_out,cancelled,retries\n\
            \"10 \"\"fast\"\" threads, say\",0,2000000000,,1.333333,100,50.000000,\
            1000000000,1000000000,1900000000,1980000000,2000000000,\
            0.000000,0.000000,0.000000,0.000000,0.250000,0.750000,0.000000,0.000000,0.000000,\
            0.010000,0,0,1,1,1048576,0,0,0,0\n\
            asyncio,0,1500000000,,,100,66.666667,\
            750000000,750000000,1425000000,1485000000,1500000000,\
            0.000000,0.000000,0.000000,0.000000,0.000000,0.000000,1.000000,0.000000,0.000000,\
            0.010000,184467440737095516150,0,1,1,1048576,0,0,0,0\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn json_has_the_keys_and_values_of_csv_in_their_order() {
        let rows = rows();
        let json: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_slice(&json::<()>(&rows, &[], &[])).unwrap();
        for (object, row) in json.iter().zip(&rows) {
            assert!(object.keys().eq(COLUMNS.iter().map(|column| column.name)));
            for ((key, value), field) in object.iter().zip(row.fields()) {
                let same = match value {
                    serde_json::Value::Null => field.is_empty(),
                    serde_json::Value::String(text) => *text == field,
                    number => number.to_string().parse::<f64>() == field.parse::<f64>(),
                };
                assert!(same, "{key}: {value} and {field}");
            }
        }
    }

    #[test]
    fn no_results_are_a_header_and_an_empty_array() {
        assert!(csv(&[]).starts_with(b"tool,replicate,"));
        assert_eq!(json::<()>(&[], &[], &[]), b"[]\n");
    }
}
