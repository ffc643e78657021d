"""Work fans out.

The tasks are done by: a thread for each.
Waits are sleeps, computations are loops calibrated before the clock starts.
Printed by gilsim.
"""

import argparse
import csv
import hashlib
import json
import os
import queue
import statistics
import sys
import threading
import time
from itertools import islice

LABEL = "threading"
CORES = 2
SPEEDS = {}  # seconds of CPU time that a call and a turn of each loop take
TURNS = {}  # how many turns of its loop each computation is
CONNECTIONS = {}  # how many more requests each site takes


def held(turns):
    """Compute in Python: gives way to other threads each switch interval."""
    while turns:
        turns -= 1.0  # a float: it takes as long for each number of turns


def released(turns):
    """Compute in one C call that lets other threads run meanwhile."""
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1 + int(turns))


# How each computation computes, and for how many seconds.
COMPUTATIONS = {
    "parse": (held, 0.005),
}


class Failed(Exception):
    """A task cannot go on."""


CANCELLED = []  # one for each list of steps that was cancelled


THREADS_OF_LISTS = []


def do_lists(until, limits, *lists):
    """Do lists of steps at the same time, in a thread each."""
    answers, problems = queue.SimpleQueue(), []

    def run(steps, *given):
        problem = None
        try:
            steps(*given)
        except Failed as caught:
            problem = caught
        answers.put(problem)

    for given in lists:
        thread = threading.Thread(target=run, args=given)
        thread.start()
        THREADS_OF_LISTS.append(thread)
    for _ in lists:
        problems.append(answers.get())
        if until == "FIRST_COMPLETED":
            break
        if until == "FIRST_EXCEPTION" and problems[-1]:
            break
    if any(problems):
        raise Failed("a list of steps has failed")

def do_request_list_1():
    """Do list 1 of `do_request`."""
    with CONNECTIONS["bank"]:
        time.sleep(0.01)
    held(TURNS["parse"])


def do_request_list_2(shop_time):
    """Do list 2 of `do_request`."""
    time.sleep(shop_time)


def do_request_list_3():
    """Do list 3 of `do_request`."""
    raise Failed("it was to fail")


def do_request_list_4():
    """Do list 4 of `do_request`."""
    with CONNECTIONS["bank"]:
        time.sleep(0.01)


def do_request_list_5():
    """Do list 5 of `do_request`."""
    with CONNECTIONS["bank"]:
        time.sleep(0.01)


def do_request_list_6(hash_turns):
    """Do list 6 of `do_request`."""
    released(hash_turns)


def do_request(times):
    """Do one task of `request`."""
    times = iter(times)
    do_lists("ALL_COMPLETED", (),
        (do_request_list_1,),
        *((do_request_list_2, *islice(times, 1)) for _ in range(3)),
    )
    do_lists("FIRST_EXCEPTION", (), (do_request_list_3,), (do_request_list_4,))
    do_lists("FIRST_COMPLETED", (),
        (do_request_list_5,),
        (do_request_list_6, *islice(times, 1)),
    )


def share():
    """Make what the tasks share, new for each run."""
    CONNECTIONS["bank"] = threading.Semaphore(3)


def run_task(job):
    """Do one task, and return when it ended."""
    failed = 0
    try:
        do_request(job)
    except Failed:
        failed = 1
    return (time.monotonic_ns(), failed)


def play(work, jobs):
    """Do each job in a thread of its own."""
    results, threads = {}, []

    def run(number, job):
        results[number] = work(job)

    for number, job in enumerate(jobs):
        thread = threading.Thread(target=run, args=(number, job))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    while THREADS_OF_LISTS:
        THREADS_OF_LISTS.pop().join()
    return [results[number] for number in range(len(threads))]


# From here on: how fast this machine computes, and what each task is given.


def seconds_of(work, turns, times):
    """CPU time of a call that turns so often: the median of five tries."""
    tries = []
    for _ in range(5):
        began = time.thread_time()
        for _ in range(times):
            work(turns)
        tries.append((time.thread_time() - began) / times)
    return statistics.median(tries)


def measure_speeds():
    """Find out what a call and a turn of each loop take here and now."""
    for work in (held, released,):
        call, many = seconds_of(work, 0.0, 1_000), 2e3
        for _ in range(2):
            turn = max(seconds_of(work, many, 1) - call, 1e-9) / many
            many = max(2e3, 0.02 // turn)
        SPEEDS[work.__name__] = call, turn
    for name, (work, seconds) in COMPUTATIONS.items():
        TURNS[name] = turns_of(work, seconds)


def turns_of(work, seconds):
    """So many turns take so long, with the call; a call alone is shortest."""
    call, turn = SPEEDS[work.__name__]
    return max(0.0, float(round((seconds - call) / turn)))


def tell_what_is_not_exact():
    """Say which computations are so short that they cannot be exact."""
    for name, (work, seconds) in COMPUTATIONS.items():
        call, turn = SPEEDS[work.__name__]
        takes = call + TURNS[name] * turn
        if abs(takes - seconds) > 0.1 * seconds:
            takes = f"takes {takes * 1e9:.0f} ns here"
            print(f"note: `{name}` {takes}", file=sys.stderr)


def number_of(word):
    """Seconds of a wait; of a computation, the turns of its loop."""
    work, _, seconds = word.rpartition(":")
    seconds = float(seconds)
    return turns_of(globals()[work], seconds) if work else seconds


def make_jobs():
    """Read the table: when tasks arrive, and what they are given."""
    jobs, arrivals = [], []
    for number, line in enumerate(TASKS.split("\n")[1:-1]):
        steps, *words = line.split()
        arrivals.append(0)
        times = [number_of(word) for word in words]
        given = times[0] if len(times) == 1 else tuple(times) or number
        jobs.append(given)
    return jobs, arrivals


# And with --trace: the same steps with notes of what they did, and when.


class Task:
    """A task under way: it notes what it has done, and until when."""

    def __init__(self, step=0):
        """Make one that is about to do that step."""
        self.step, self.notes = step, []

    def note(self, state, name="", cpu=""):
        """Note what it has been doing until now."""
        where = os.getpid(), threading.get_native_id()
        now = time.monotonic_ns()
        self.notes.append((self.step, state, name, now, cpu, *where))

    def done(self, state, name="", cpu=""):
        """Note a step that has just ended, and go on to the next."""
        self.note(state, name, cpu)
        self.step += 1

    def compute(self, work, turns, name=""):
        """Compute, and note how much CPU time it took."""
        before = time.thread_time_ns()
        work(turns)
        cpu = time.thread_time_ns() - before
        self.done("native" if work is released else "running", name, cpu)

    def begin(self, further):
        """Make one of a list of steps that begins now, so much further on."""
        task = Task(self.step + further)
        task.note("")
        return task

    def end(self, lists, leaves, name):
        """Note what lists of steps have done, and that they are over."""
        step, _, _, now, *rest = self.notes[-1]
        for task in lists:
            self.notes += task.notes
        self.notes.append((step, "", "", now, *rest))
        self.step += leaves
        self.done("sync", name)


def noted_request_list_1(task):
    """Do list 1 of `noted_request`."""
    with CONNECTIONS["bank"]:
        task.note("sync", "bank")
        time.sleep(0.01)
    task.done("io", "bank")
    task.compute(held, TURNS["parse"], "parse")


def noted_request_list_2(task, shop_time):
    """Do list 2 of `noted_request`."""
    time.sleep(shop_time)
    task.done("io", "shop")


def noted_request_list_3(task):
    """Do list 3 of `noted_request`."""
    task.done("running")
    raise Failed("it was to fail")


def noted_request_list_4(task):
    """Do list 4 of `noted_request`."""
    with CONNECTIONS["bank"]:
        task.note("sync", "bank")
        time.sleep(0.01)
    task.done("io", "bank")


def noted_request_list_5(task):
    """Do list 5 of `noted_request`."""
    with CONNECTIONS["bank"]:
        task.note("sync", "bank")
        time.sleep(0.01)
    task.done("io", "bank")


def noted_request_list_6(task, hash_turns):
    """Do list 6 of `noted_request`."""
    task.compute(released, hash_turns, "hash")


def noted_request(task, times):
    """Do one task of `request`."""
    times = iter(times)
    lists_1 = [
        task.begin(0),
        *(task.begin(2 + 1 * number) for number in range(3)),
    ]
    try:
        do_lists("ALL_COMPLETED", (),
            (noted_request_list_1, lists_1[0]),
            *(
                (noted_request_list_2, lists_1[1 + number], *islice(times, 1))
                for number in range(3)
            ),
        )
    finally:
        task.end(lists_1, 5, "all")
    lists_2 = [task.begin(0), task.begin(1)]
    try:
        do_lists("FIRST_EXCEPTION", (),
            (noted_request_list_3, lists_2[0]),
            (noted_request_list_4, lists_2[1]),
        )
    finally:
        task.end(lists_2, 2, "all")
    lists_3 = [task.begin(0), task.begin(1)]
    try:
        do_lists("FIRST_COMPLETED", (),
            (noted_request_list_5, lists_3[0]),
            (noted_request_list_6, lists_3[1], *islice(times, 1)),
        )
    finally:
        task.end(lists_3, 2, "first")


def trace_task(job):
    """Do one task, and return its notes."""
    task = Task()
    task.note("queued")
    failed = 0
    try:
        noted_request(task, job)
    except Failed:
        failed = 1
    return (task.notes, failed)


def note_costs():
    """Nanoseconds of CPU time that a note takes, and one of a computation."""
    task, many = Task(), 1_000
    began = time.thread_time_ns()
    for _ in range(many):
        task.done("io", "site")
    noted = time.thread_time_ns()
    for _ in range(many):
        task.compute(int, 0, "work")
    computed = time.thread_time_ns()
    known = sum(cpu for *_, cpu, _, _ in task.notes[many:])
    note, computation = noted - began, computed - noted - known
    return {"note_ns": note // many, "computation_ns": computation // many}


def trace_rows(replicate, start, arrivals, results):
    """Yield what each task did, and when, as rows of trace.csv."""
    processes, threads = {os.getpid(): 0}, {threading.get_native_id(): 0}
    notes = [note for notes in results for note in notes]
    for *_, process, thread in sorted(notes, key=lambda note: note[3]):
        processes.setdefault(process, len(processes))
        threads.setdefault(thread, len(threads))
    for number, (begin, notes) in enumerate(zip(arrivals, results)):
        for step, state, name, now, cpu, process, thread in notes:
            if not state:
                begin = max(arrivals[number], now - start)
                continue
            place = processes[process], threads[thread]
            if state in ("queued",):
                place = "", ""
            end = max(begin, now - start)
            if begin < end:
                what = LABEL, replicate, number, step, state, name
                yield (*what, begin, end, *place, "", cpu)
            begin = end


def write_trace(path, replicate, rows):
    """Write the rows of one replicate behind those of the earlier ones."""
    mode = "a" if replicate else "w"
    with open(path, mode, newline="", encoding="utf-8") as file:
        trace = csv.writer(file, lineterminator="\n")
        if not replicate:
            trace.writerow(["tool", "replicate", "task", "step", "state",
                            "name", "start_ns", "end_ns", "process",
                            "thread", "core", "cpu_ns"])
        trace.writerows(rows)


def tell(tasks, found, as_json):
    """Print how long it all took and, if it was noted, how long each task."""
    if as_json:
        print(json.dumps(found), flush=True)
        return
    makespan = found["makespan_ns"] / 1e9
    print(f"{LABEL}: {tasks} tasks in {makespan:.6f} s", end="")
    times = [length / 1e9 for length in sorted(found.get("responses_ns", []))]
    if times:
        p50, p95 = (times[(len(times) * rank - 1) // 100] for rank in (50, 95))
        print(f"; response p50 {p50:.6f} s, p95 {p95:.6f} s", end="")
        print(f", longest {times[-1]:.6f} s", end="")
    print()


def measure(work, replicate, trace):
    """Do it all once: how long it took, and how long each task."""
    measure_speeds()
    if replicate == 0:
        tell_what_is_not_exact()
    jobs, arrivals = make_jobs()
    share()
    found = note_costs() if trace else {}
    start = time.monotonic_ns()
    results = play(work, jobs)
    found["makespan_ns"] = time.monotonic_ns() - start
    found["cancelled"] = len(CANCELLED)
    CANCELLED.clear()
    found["failed"] = sum(failed for _, failed in results)
    results = [result for result, _ in results]
    if trace:
        rows = trace_rows(replicate, start, arrivals, results)
        write_trace(trace, replicate, rows)
        results = [notes[-1][3] for notes in results]
    ends = zip(arrivals, results)
    found["responses_ns"] = [end - start - arrival for arrival, end in ends]
    return len(jobs), found


def main():
    """Do it all, and say how long it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=1, metavar="N",
                        help="do everything N times (default 1)")
    parser.add_argument("--json", action="store_true",
                        help="print a line of JSON for each time")
    parser.add_argument("--trace", metavar="FILE",
                        help="write a CSV of what each task did, and when")
    arguments = parser.parse_args()
    usable = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, usable[:CORES])
    if len(usable) < CORES:
        print(f"asked for {CORES} cores, found {len(usable)}", file=sys.stderr)
    work = trace_task if arguments.trace else run_task
    for replicate in range(arguments.repeats):
        tasks, found = measure(work, replicate, arguments.trace)
        tell(tasks, found, arguments.json)


# A line for each task: what it does, and how long its
# waits and computations take, in seconds.
TASKS = """
do_request 0.010000002 0.010000003 0.010000004 released:0.01000001
do_request 0.010100002 0.010100003 0.010100004 released:0.01010001
"""

if __name__ == "__main__":
    main()
