//! Who listens to a run: trace files, summaries, the audit.
