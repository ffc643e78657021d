//! Recordings of real programs become scenarios.
