//! The simulation itself: a pure function from a plan to rows.
