"""A "bit" of everything.

The tasks are done by: a ProcessPoolExecutor, workers: 4 (spawn).
Waits are sleeps, computations are loops calibrated before the clock starts.
Printed by gilsim.
"""

# All of these, needed or not: a child that starts afresh pays for what its
# parent's main imports, as it does in real programs.
import argparse
import asyncio
import concurrent.futures
import csv
import hashlib
import json
import multiprocessing
import os
import statistics
import sys
import threading
import time
from itertools import repeat

LABEL = "process_pool"
CORES = 2
WORKERS = 4
CHUNK = 1
START_METHOD = "spawn"
# What goes to the worker with each task, and what comes back: bytes, objects.
PAYLOADS = [
    ((1000, 1), (200000, 1)),  # do_make_item
    ((0, 1), (0, 1)),  # do_eat_item
]
SPEEDS = {}  # seconds of CPU time that a call and a turn of each loop take
TURNS = {}  # how many turns of its loop each computation is
CONNECTIONS = {}  # how many more requests each site takes
SEMAPHORES = {}
QUEUES = {}
INHERITED = (TURNS, CONNECTIONS, SEMAPHORES, QUEUES)  # what children take over


def kept(turns):
    """Compute in one C call that never gives way."""
    sum(repeat(1, int(turns)))


def released(turns):
    """Compute in one C call that lets other threads run meanwhile."""
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1 + int(turns))


# How each computation computes, and for how many seconds.
COMPUTATIONS = {
    "sort": (kept, 0.003),
}


def parcel(size, objects):
    """Make a list of so many objects less one; or bytes. It is pickled."""
    if objects == 1:
        return bytes(size)
    each = size // (objects - 1)
    if each > 250:
        return [bytes(each) for _ in range(objects - 1)]
    number = 2 ** (8 * max(each - 2, 1) - 1) - 1
    return [number] * (objects - 1)


def do_make_item(times):
    """Do one task of `make item`."""
    times = iter(times)
    kept(TURNS["sort"])
    SEMAPHORES["slots"].acquire()
    with CONNECTIONS["bank"]:
        time.sleep(0.01)
    SEMAPHORES["slots"].release()
    for _ in range(2):
        released(next(times))
        time.sleep(0)
    QUEUES["jobs"].put(None)


def do_eat_item(number):
    """Do one task of `eat item`."""
    QUEUES["jobs"].get()
    with CONNECTIONS["bank"]:
        time.sleep(0.01)
    time.sleep(0.002)


def share(context):
    """Make what the tasks share, new for each run."""
    CONNECTIONS["bank"] = context.Semaphore(3)
    SEMAPHORES["slots"] = context.Semaphore(2)
    QUEUES["jobs"] = context.Queue(4)


def start_worker(*inherited):
    """Get a child ready: it takes over what its parent has found out."""
    for mine, theirs in zip(INHERITED, inherited):
        mine.update(theirs)


STEPS = [do_make_item, do_eat_item]


def run_task(job):
    """Do one task; return when it ended, and what it made."""
    kind, given, _ = job
    STEPS[kind](given)
    return time.monotonic_ns(), parcel(*PAYLOADS[kind][1])


def play(work, jobs):
    """Do all jobs with a pool of processes."""
    with concurrent.futures.ProcessPoolExecutor(
        WORKERS,
        mp_context=multiprocessing.get_context(START_METHOD),
        initializer=start_worker,
        initargs=INHERITED,
    ) as executor:
        return list(executor.map(work, jobs, chunksize=CHUNK))


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
    for work in (kept, released,):
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
    kinds = {steps.__name__: kind for kind, steps in enumerate(STEPS)}
    for number, line in enumerate(TASKS.split("\n")[1:-1]):
        steps, *words = line.split()
        kind = kinds[steps]
        arrivals.append(0)
        times = [number_of(word) for word in words]
        given = times[0] if len(times) == 1 else tuple(times) or number
        jobs.append((kind, given, parcel(*PAYLOADS[kind][0])))
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


def noted_make_item(task, times):
    """Do one task of `make item`."""
    times = iter(times)
    task.compute(kept, TURNS["sort"], "sort")
    SEMAPHORES["slots"].acquire()
    task.done("sync", "slots")
    with CONNECTIONS["bank"]:
        task.note("sync", "bank")
        time.sleep(0.01)
    task.done("io", "bank")
    SEMAPHORES["slots"].release()
    task.done("overhead", "slots")
    for _ in range(2):
        task.compute(released, next(times), "hash")
        time.sleep(0)
        task.done("ready")
    QUEUES["jobs"].put(None)
    task.done("sync", "jobs")


def noted_eat_item(task, number):
    """Do one task of `eat item`."""
    QUEUES["jobs"].get()
    task.done("sync", "jobs")
    with CONNECTIONS["bank"]:
        task.note("sync", "bank")
        time.sleep(0.01)
    task.done("io", "bank")
    time.sleep(0.002)
    task.done("io")


NOTED_STEPS = [noted_make_item, noted_eat_item]


def trace_task(job):
    """Do one task, and return its notes."""
    task = Task()
    task.note("queued")
    kind, given, _ = job
    NOTED_STEPS[kind](task, given)
    return task.notes, parcel(*PAYLOADS[kind][1])


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
    share(multiprocessing.get_context(START_METHOD))
    found = note_costs() if trace else {}
    start = time.monotonic_ns()
    results = play(work, jobs)
    found["makespan_ns"] = time.monotonic_ns() - start
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
do_make_item released:0.010000004 released:0.010000006
do_make_item released:0.010100004 released:0.010100006
do_make_item released:0.010200004 released:0.010200006
do_make_item released:0.010300004 released:0.010300006
do_eat_item
do_eat_item
do_eat_item
do_eat_item
"""

if __name__ == "__main__":
    main()
