//! The command line: arguments, files, printing, exit codes.
