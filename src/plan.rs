//! What the engine is given: processes, locks, threads, channels and their programs.
