//! Real Python: programs that do a scenario for real, and measuring them.
