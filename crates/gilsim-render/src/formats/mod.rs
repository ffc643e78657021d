//! The files of a run as texts: trace.csv, trace.perfetto.json, summary.csv, summary.json, entries.csv, queues.csv.

mod block;
pub mod csv;
pub mod entries;
pub mod perfetto;
pub mod queues;
pub mod summary;
