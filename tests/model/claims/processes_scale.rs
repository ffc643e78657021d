use crate::play::{MS, Play};

fn makespan(tool: &str, workers: u64, cores: u64) -> u64 {
    let play = Play::of(&format!(
        "[machine]\ncores = {cores}\n[[tasks]]\ncount = 24\nsteps = [{{ compute = \"100ms\" }}]\n\
         [[tools]]\nlabel = \"it\"\n{tool}\nworkers = {workers}\n"
    ));
    play.makespan("it")
}

#[test]
fn processes_subinterpreters_and_free_threads_scale_to_the_lesser_of_workers_and_cores() {
    let tools = [
        "use = \"process_pool\"",
        "use = \"multiprocessing_pool\"\nchunk = 1",
        "use = \"interpreter_pool\"",
        "use = \"thread_pool\"\ninterpreter = { lock = false }",
    ];
    for tool in tools {
        for (workers, cores) in [(1, 4), (2, 4), (3, 3), (4, 4), (8, 8), (8, 4), (12, 2), (24, 1)] {
            let expected = 24 * 100 * MS / workers.min(cores);
            assert_eq!(makespan(tool, workers, cores), expected, "{tool}: {workers} on {cores}");
        }
    }
}

#[test]
fn a_process_or_a_free_thread_per_task_scales_to_the_cores() {
    for cores in [1, 2, 4, 6] {
        let play = Play::of(&format!(
            "[machine]\ncores = {cores}\n[[tasks]]\ncount = 12\nsteps = [{{ compute = \"40ms\" }}]\n\
             [[tools]]\nuse = \"multiprocessing\"\n\
             [[tools]]\nuse = \"threading\"\ninterpreter = {{ lock = false }}\n"
        ));
        assert_eq!(play.makespan("multiprocessing"), 480 * MS / cores);
        assert_eq!(play.makespan("threading"), 480 * MS / cores);
    }
}
