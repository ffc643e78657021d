//! The statements of the article and of docs/contract.md, "The profile ideal", one file each.

mod a_deadlock_is_named;
mod a_free_lock_interrupts_nobody;
mod a_hundred_pages;
mod a_pool_is_bounded_by_its_workers;
mod a_thread_lives_inside_one_process;
mod asynchrony_needs_one_thread;
mod asyncio_does_not_speed_up_computing;
mod asyncio_spares_the_threads;
mod common_random_numbers;
mod concurrency_needs_no_parallelism;
mod each_process_has_its_own_lock;
mod kept_is_not_interrupted;
mod no_await_starves_the_others;
mod one_barista;
mod one_blocking_call_stalls_the_loop;
mod one_holder_at_a_time;
mod parallelism_needs_cores;
mod processes_scale;
mod released_computations_overlap;
mod sequential_time_is_the_sum;
mod the_lock_is_released_while_waiting;
mod the_wrong_tool_slows_down;
mod threads_do_not_speed_up_computing;
mod threads_take_turns;
mod waits_overlap;
mod which_tool_when;
