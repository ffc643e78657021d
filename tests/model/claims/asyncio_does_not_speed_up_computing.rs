use crate::play::{MS, Play};

#[test]
fn asyncio_with_cpu_bound_work_is_never_faster_than_sequential() {
    for lock in ["held", "kept", "released"] {
        let play = Play::of(&format!(
            "[machine]\ncores = 16\n[computations.multiply]\ntime = \"30ms\"\nlock = \"{lock}\"\n\
             [[tasks]]\ncount = 10\nsteps = [{{ compute = \"multiply\" }}]\n"
        ));
        assert_eq!(play.makespan("sequential"), 300 * MS);
        assert_eq!(play.makespan("asyncio"), 300 * MS, "{lock}");
    }
}
