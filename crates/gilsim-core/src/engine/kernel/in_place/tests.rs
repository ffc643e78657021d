use crate::ids::{CoreId, ThreadId};
use crate::time::SimTime;

use super::super::scene::{C, Scene, T, at, ms};
use super::super::view::{Coming, Move, Pull, Waker, Where};
use super::InPlace;

/// A kernel that knows the scene's threads since instant 0: each was on its core, or waits for it.
fn kernel(scene: &Scene) -> InPlace {
    let mut kernel = InPlace::new(&scene.rules(), 1_000, 0);
    for _ in T {
        kernel.standings.add();
    }
    for core in scene.cores.numbers() {
        if let Some(thread) = scene.cores.on(core) {
            kernel.enter(thread, core, &scene.cores, at(0));
        }
        for thread in scene.cores.waiting(core) {
            kernel.want(thread, core, at(0));
            kernel.wait(thread, core, at(0));
        }
    }
    kernel
}

fn waker(thread: ThreadId, writes_to_pipe: bool) -> Waker {
    Waker { thread, writes_to_pipe }
}

/// The thread was on the core from one instant to the other.
fn ran(
    kernel: &mut InPlace,
    scene: &Scene,
    thread: ThreadId,
    core: CoreId,
    [from, to]: [SimTime; 2],
) {
    kernel.enter(thread, core, &scene.cores, from);
    kernel.leave(thread, core, &scene.cores, to);
}

#[test]
fn a_woken_thread_goes_to_its_last_core_even_if_that_is_busy_and_another_one_idles() {
    let scene = Scene::of(2).running(C[0], T[1], at(0)).with_last_core(T[2], C[0]);
    assert_eq!(kernel(&scene).core_for(&scene.view(at(0)), T[2], None), Where::Core(C[0]));
}

#[test]
fn who_is_woken_through_a_pipe_comes_to_its_waker_if_nobody_waits_there() {
    let scene = Scene::of(2).running(C[0], T[1], at(0)).running(C[1], T[2], at(0));
    let scene = scene.with_last_core(T[3], C[1]);
    let core = |scene: &Scene, writes| {
        kernel(scene).core_for(&scene.view(at(0)), T[3], Some(waker(T[1], writes)))
    };
    assert_eq!(core(&scene, true), Where::Core(C[0]));
    let scene = scene.waiting(C[0], T[0], at(0));
    assert_eq!(core(&scene, true), Where::Core(C[0]), "its waker's load leaves with its waker");
}

#[test]
fn a_woken_thread_comes_to_its_waker_if_loads_are_lower_there() {
    // The main thread has slept for long, so it has no load.
    let scene = Scene::of(2).running(C[0], T[0], at(0)).running(C[1], T[1], at(0));
    let scene = scene.with_last_core(T[2], C[1]);
    let mut kernel = kernel(&scene);
    ran(&mut kernel, &scene, T[2], C[1], [at(0), ms(1)]);
    let core = |waker| kernel.core_for(&scene.view(ms(1)), T[2], waker);
    assert_eq!(core(Some(waker(T[0], false))), Where::Core(C[0]));
    assert_eq!(core(Some(waker(T[1], false))), Where::Core(C[1]), "its waker is on its last core");
}

#[test]
fn a_new_thread_goes_to_an_idle_core() {
    let scene = Scene::of(2).running(C[0], T[1], at(0));
    let core = kernel(&scene).core_for(&scene.view(at(0)), T[2], Some(waker(T[1], false)));
    assert_eq!(core, Where::Core(C[1]));
}

#[test]
fn a_new_thread_stays_with_its_creator_until_that_core_is_full_and_another_one_is_not() {
    let scene = Scene::of(2).running(C[0], T[1], at(0)).running(C[1], T[2], at(0));
    let mut kernel = kernel(&scene);
    let core =
        |kernel: &InPlace, now| kernel.core_for(&scene.view(now), T[3], Some(waker(T[1], false)));
    assert_eq!(core(&kernel, at(0)), Where::Core(C[0]), "both have room");
    assert_eq!(core(&kernel, ms(200)), Where::Core(C[0]), "both are full");
    kernel.leave(T[2], C[1], &scene.cores, ms(100));
    assert_eq!(core(&kernel, ms(200)), Where::Core(C[1]));
}

#[test]
fn a_new_thread_is_next_in_line() {
    let scene =
        Scene::of(1).working_on(C[0], T[1], at(0)).waiting(C[0], T[2], at(0)).beginning(T[3]);
    assert_eq!(kernel(&scene).come(&scene.view(ms(1)), T[3], C[0]), Coming::WaitsFirst);
}

#[test]
fn a_woken_thread_pre_empts_whose_slice_is_over() {
    let scene = Scene::of(1).working_on(C[0], T[1], at(0)).woken(T[2], C[0]);
    let mut kernel = kernel(&scene);
    // Whoever has slept alone has no lag.
    kernel.standings.leave(T[2], C[0], &Scene::of(1).cores, at(0));
    assert_eq!(kernel.come(&scene.view(ms(2)), T[2], C[0]), Coming::Waits);
    assert_eq!(kernel.come(&scene.view(ms(3)), T[2], C[0]), Coming::Preempts);
}

#[test]
fn who_is_between_two_steps_makes_way_with_its_next_work() {
    let scene = Scene::of(1).working_on(C[0], T[1], at(0)).woken(T[2], C[0]);
    let mut view = scene.view(ms(3));
    view.moment.acting = Some(T[1]);
    assert_eq!(kernel(&scene).come(&view, T[2], C[0]), Coming::ComesNext);
}

#[test]
fn who_has_made_up_for_what_it_had_run_ahead_pre_empts_anybody() {
    let scene = Scene::of(1).working_on(C[0], T[1], ms(12)).woken(T[2], C[0]);
    let mut kernel = kernel(&scene);
    // It left a core where another one waited that had had 2 ms less: it was 1 ms ahead of the average.
    let before = Scene::of(1).waiting(C[0], T[3], at(0));
    kernel.standings.ran(T[2], ms(2) - at(0));
    kernel.standings.leave(T[2], C[0], &before.cores, ms(10));
    // That is made up for after 1 ms, but others are safe for a base slice.
    let early = SimTime::from_nanos(ms(13).as_nanos() - 1);
    assert_eq!(kernel.come(&scene.view(early), T[2], C[0]), Coming::Waits);
    assert_eq!(kernel.come(&scene.view(ms(13)), T[2], C[0]), Coming::Preempts);
}

#[test]
fn who_comes_onto_a_core_after_its_deadline_gets_another_one() {
    let scene = Scene::of(1).working_on(C[0], T[1], at(0)).waiting(C[0], T[2], at(0));
    let kernel = kernel(&scene);
    assert!(!kernel.ends_with_work(C[0], &scene.cores, ms(2)));
    assert!(kernel.ends_with_work(C[0], &scene.cores, ms(3)));
}

#[test]
fn a_slice_that_is_over_ends_with_a_computation_only_if_somebody_waits() {
    let scene = Scene::of(1).working_on(C[0], T[1], at(0));
    assert!(!kernel(&scene).ends_with_work(C[0], &scene.cores, ms(3)));
}

#[test]
fn a_core_that_falls_idle_takes_a_waiting_thread_that_has_not_run_for_half_a_millisecond() {
    let scene = Scene::of(2).running(C[0], T[1], at(0)).waiting(C[0], T[2], at(0));
    let scene = scene.left(C[1], T[3], [at(0), ms(1)]);
    let mut kernel = kernel(&scene);
    kernel.note_left(C[1], ms(1));
    let taken = Pull::This(Move { thread: T[2], from: C[0], to: C[1] });
    assert_eq!(kernel.pull(&scene.view(ms(1)), false), Some(taken));
    kernel.standings.leave(T[2], C[0], &scene.cores, at(600_000));
    assert_eq!(kernel.pull(&scene.view(ms(1)), false), None, "it ran 0.4 ms ago");
    kernel.standings.leave(T[2], C[0], &scene.cores, at(0));
    assert_eq!(kernel.pull(&scene.view(ms(2)), false), None, "it has not fallen idle just now");
    kernel.newidle_permille = 0;
    kernel.note_left(C[1], ms(1));
    assert_eq!(kernel.pull(&scene.view(ms(1)), false), None, "the dice do not have it");
}

#[test]
fn an_idle_core_looks_at_ticks_when_the_busy_cores_have_switched() {
    let scene = Scene::of(2).running(C[0], T[1], at(0)).waiting(C[0], T[2], at(0));
    let mut kernel = kernel(&scene);
    assert_eq!(kernel.next_look(&scene.cores, ms(3)), Some((C[1], ms(4))));
    assert_eq!(kernel.next_look(&scene.cores, ms(4)), Some((C[1], ms(8))));
    assert_eq!(kernel.pull(&scene.view(ms(4)), true), None);
    let taken = Pull::This(Move { thread: T[2], from: C[0], to: C[1] });
    assert_eq!(kernel.pull(&scene.view(ms(4)), false), Some(taken));
}

#[test]
fn an_idle_core_looks_into_its_own_queue_first() {
    let scene = Scene::of(2).running(C[0], T[1], at(0)).waiting(C[0], T[2], at(0));
    let scene = scene.waiting(C[1], T[3], at(9));
    assert_eq!(kernel(&scene).pull(&scene.view(ms(4)), false), Some(Pull::Own(C[1])));
}

#[test]
fn an_idle_core_takes_who_has_just_run_after_two_ticks_in_vain() {
    let scene = Scene::of(2).running(C[0], T[1], at(0)).waiting(C[0], T[2], at(0));
    let mut kernel = kernel(&scene);
    let taken = Pull::This(Move { thread: T[2], from: C[0], to: C[1] });
    let pulls = [4, 8, 12].map(|tick| {
        let just_before = at(tick * 1_000_000 - 1_000);
        kernel.standings.leave(T[2], C[0], &scene.cores, just_before);
        kernel.pull(&scene.view(ms(tick)), false)
    });
    assert_eq!(pulls, [None, None, Some(taken)]);
}

#[test]
fn no_look_is_in_vain_while_nobody_waits() {
    let scene = Scene::of(2).running(C[0], T[1], at(0));
    let mut kernel = kernel(&scene);
    assert_eq!(kernel.pull(&scene.view(ms(4)), false), None);
    assert_eq!(kernel.lookouts[1].vain, 0);
}

#[test]
fn an_idle_core_leaves_who_needs_more_than_it_has_to_spare() {
    let scene = Scene::of(2).running(C[0], T[1], at(0)).waiting(C[0], T[2], at(0));
    let mut kernel = kernel(&scene);
    // The waiting one has been on its core for all the time before, and the idle core's last one for half of it.
    ran(&mut kernel, &scene, T[2], C[0], [at(0), ms(40)]);
    kernel.want(T[2], C[0], ms(40));
    kernel.wait(T[2], C[0], ms(40));
    ran(&mut kernel, &scene, T[3], C[1], [ms(20), ms(40)]);
    assert_eq!(kernel.pull(&scene.view(ms(44)), false), None);
    let later = kernel.pull(&scene.view(ms(80)), false);
    assert_eq!(later, Some(Pull::This(Move { thread: T[2], from: C[0], to: C[1] })));
}

#[test]
fn a_busy_core_takes_threads_while_they_fit_into_half_of_the_difference() {
    let scene = Scene::of(2).working_on(C[0], T[1], at(0)).working_on(C[1], T[0], at(0));
    let scene = scene.waiting(C[0], T[2], at(0)).waiting(C[0], T[3], at(0));
    let mut kernel = kernel(&scene);
    assert_eq!(kernel.balance(&scene.view(ms(56)), C[0]), [], "it is not its time");
    assert_eq!(kernel.balance(&scene.view(ms(60)), C[1]), [], "that one is not the busiest");
    let moved = Move { thread: T[2], from: C[0], to: C[1] };
    assert_eq!(kernel.balance(&scene.view(ms(60)), C[0]), [moved]);
    // It saw an imbalance, so it looks again 28 ms later. The loads are almost level by then, and nobody fits.
    assert_eq!(kernel.balance(&scene.view(ms(84)), C[0]), []);
    assert_eq!((kernel.lookouts[1].looked_at, kernel.lookouts[1].vain), (ms(60), 0));
    assert_eq!(kernel.balance(&scene.view(ms(88)), C[0]), []);
    assert_eq!((kernel.lookouts[1].looked_at, kernel.lookouts[1].vain), (ms(88), 1));
}

#[test]
fn a_load_counts_half_for_each_look_that_was_in_vain() {
    let scene = Scene::of(2).working_on(C[0], T[1], at(0)).working_on(C[1], T[3], at(0));
    let scene = scene.waiting(C[0], T[2], at(0));
    let mut kernel = kernel(&scene);
    // Loads of two and one: half of the difference is half of a thread.
    assert_eq!(kernel.balance(&scene.view(ms(60)), C[0]), []);
    assert_eq!(kernel.lookouts[1].vain, 1);
    let moved = Move { thread: T[2], from: C[0], to: C[1] };
    assert_eq!(kernel.balance(&scene.view(ms(88)), C[0]), [moved]);
}

#[test]
fn an_idle_core_is_never_the_busiest_however_much_load_is_left_there() {
    let scene = Scene::of(2).working_on(C[0], T[0], at(0));
    let mut kernel = kernel(&scene);
    ran(&mut kernel, &scene, T[1], C[1], [at(0), ms(1)]);
    let [busy, idle] = [C[0], C[1]].map(|it| kernel.loads.of_core(it, ms(2)));
    assert!(idle > busy, "the main thread has just begun");
    assert_eq!(kernel.busiest(&scene.cores, ms(2)), Some(C[0]));
}

#[test]
fn an_idle_core_looks_at_one_who_waits_however_many_there_are() {
    for waiting in [10, 1_000, 100_000] {
        let scene = Scene::of(2).with_threads(waiting).running(C[0], T[1], at(0));
        let mut kernel = kernel(&scene);
        for thread in (2..waiting).map(ThreadId::at) {
            kernel.wait(thread, C[0], at(0));
        }
        let scene = scene.waiting(C[0], T[2], at(0));
        let taken = Pull::This(Move { thread: T[2], from: C[0], to: C[1] });
        assert_eq!(kernel.pull(&scene.view(ms(4)), false), Some(taken));
        assert_eq!(kernel.line.looked_at.get(), 1, "{waiting} wait");
    }
}

#[test]
fn only_a_core_that_was_left_just_now_looks_as_it_falls_idle() {
    let scene = Scene::of(3).running(C[0], T[1], at(0)).waiting(C[0], T[2], at(0));
    let scene = scene.left(C[1], T[3], [at(0), ms(1)]);
    let mut kernel = kernel(&scene);
    kernel.note_left(C[2], at(7));
    kernel.note_left(C[1], ms(1));
    kernel.note_left(C[1], ms(1));
    assert_eq!(kernel.left, [C[1], C[1]]);
    assert!(kernel.pull(&scene.view(ms(1)), false).is_some());
    assert_eq!(kernel.left, [C[1]]);
}

#[test]
fn busy_cores_are_passed_over_until_one_of_them_looks_at_others() {
    let scene = Scene::of(2).working_on(C[0], T[1], at(0)).working_on(C[1], T[3], at(0));
    let mut kernel = kernel(&scene);
    // Two cores look every 60 ms while there is nothing to mend, the first time 60 ms after the start.
    assert_eq!(kernel.balance(&scene.view(ms(60)), C[0]), []);
    assert_eq!([C[0], C[1]].map(|it| kernel.looks_at(it)), [ms(60), ms(120)]);
    assert_eq!(kernel.balance(&scene.view(ms(64)), C[1]), []);
    assert_eq!(kernel.next_look, ms(120));
    let (scene, before) = (scene.waiting(C[0], T[2], at(0)), kernel.lookouts.clone());
    assert_eq!(kernel.balance(&scene.view(ms(100)), C[0]), []);
    assert_eq!(kernel.lookouts, before);
}
