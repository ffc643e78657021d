//! Amdahl's law: with a serial part s and a part p that n cores share, the time is s + p/n.

use crate::play::{MS, Play};

/// A process does the serial part and then tells n others to begin.
fn scenario(serial: u64, parallel: u64, cores: u64) -> String {
    format!(
        "[machine]\ncores = {cores}\n[queues]\ngo = 0\n\
         [[tasks]]\nsteps = [{{ compute = \"{serial}ms\" }}, {{ repeat = {cores}, steps = [{{ put = \"go\" }}] }}]\n\
         [[tasks]]\ncount = {cores}\nsteps = [{{ get = \"go\" }}, {{ compute = \"{}ms\" }}]\n\
         [[tools]]\nuse = \"multiprocessing\"\n\
         [[tools]]\nuse = \"threading\"\n\
         [[tools]]\nuse = \"threading\"\nlabel = \"free threads\"\ninterpreter = {{ lock = false }}\n",
        parallel / cores
    )
}

#[test]
fn processes_and_free_threads_follow_amdahls_law_and_threads_under_a_lock_gain_nothing() {
    for (serial, parallel) in [(60, 240), (7, 24), (240, 24)] {
        for cores in [1, 2, 3, 4, 8, 12] {
            let play = Play::of(&scenario(serial, parallel, cores));
            let expected = (serial + parallel / cores) * MS;
            assert_eq!(play.makespan("multiprocessing"), expected, "{cores} cores");
            assert_eq!(play.makespan("free threads"), expected, "{cores} cores");
            assert_eq!(play.makespan("threading"), (serial + parallel) * MS, "{cores} cores");
        }
    }
}
