use crate::play::{MS, Play};

#[test]
fn threads_that_compute_take_as_long_as_sequential_on_any_number_of_cores() {
    for cores in [1, 2, 3, 8, 64] {
        let play = Play::of(&format!(
            "[machine]\ncores = {cores}\n[[tasks]]\ncount = 6\n\
             steps = [{{ compute = {{ cycle = [\"40ms\", \"17ms\"] }} }}]\n"
        ));
        assert_eq!(play.makespan("sequential"), 171 * MS);
        assert_eq!(play.makespan("threading"), 171 * MS, "{cores} cores");
        assert_eq!(play.makespan("thread_pool"), 171 * MS, "{cores} cores");
    }
}
