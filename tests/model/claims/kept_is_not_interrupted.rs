use crate::play::{MS, Play};

fn play(lock: &str) -> Play {
    Play::of(&format!(
        "[computations.work]\ntime = \"50ms\"\nlock = \"{lock}\"\n\
         [[tasks]]\nsteps = [{{ wait = \"10ms\" }}, {{ compute = \"work\" }}]\n\
         [[tasks]]\nsteps = [{{ wait = \"20ms\" }}, {{ compute = \"1ms\" }}]\n"
    ))
}

#[test]
fn a_kept_computation_cannot_be_interrupted() {
    assert_eq!(
        play("kept").run("threading").turns(),
        [(0, 10 * MS, 60 * MS), (1, 60 * MS, 61 * MS)]
    );
}

#[test]
fn a_held_computation_gives_way_after_one_switch_interval() {
    let turns = [(0, 10 * MS, 25 * MS), (1, 25 * MS, 26 * MS), (0, 26 * MS, 61 * MS)];
    assert_eq!(play("held").run("threading").turns(), turns);
}
