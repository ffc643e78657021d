//! Scenario files: reading, checking, and messages with a place.
