#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gilsim_fuzz::targets::claims(bytes));
