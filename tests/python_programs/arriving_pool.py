"""Tasks come by and by.

The tasks are done by: a multiprocessing.Pool, workers: 4 (fork).
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
import sys
import threading
import time
from itertools import groupby

LABEL = "multiprocessing_pool"
CORES = 2
WORKERS = 4
CHUNK = 2
START_METHOD = "fork"


def do_t(wait_time):
    """Do one task of `t`."""
    time.sleep(wait_time)


def run_task(job):
    """Do one task, and return when it ended."""
    do_t(job)
    return time.monotonic_ns()


def arriving(timetable, start):
    """Hand out the jobs when they arrive, those of one instant together."""
    for arrival, batch in groupby(timetable, key=lambda entry: entry[0]):
        delay = start + arrival - time.monotonic_ns()
        if delay > 0:
            time.sleep(delay / 1e9)
        yield [job for _, job in batch]


def play(work, timetable, start):
    """Do all jobs with a multiprocessing.Pool."""
    context = multiprocessing.get_context(START_METHOD)
    with context.Pool(WORKERS) as pool:
        batches = [
            pool.map_async(work, batch, chunksize=CHUNK)
            for batch in arriving(timetable, start)
        ]
        return [result for batch in batches for result in batch.get()]


# From here on: how fast this machine computes, and what each task is given.


def make_jobs():
    """Read the table: when tasks arrive, and what they are given."""
    jobs, arrivals = [], []
    for number, line in enumerate(TASKS.split("\n")[1:-1]):
        steps, *words = line.split()
        arrivals.append(round(float(words.pop(0)) * 1e9))
        times = [float(word) for word in words]
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
        self.done("running", name, cpu)


def noted_t(task, wait_time):
    """Do one task of `t`."""
    time.sleep(wait_time)
    task.done("io")


def trace_task(job):
    """Do one task, and return its notes."""
    task = Task()
    task.note("queued")
    noted_t(task, job)
    return task.notes


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
    jobs, arrivals = make_jobs()
    order = sorted(range(len(jobs)), key=arrivals.__getitem__)
    timetable = [(arrivals[number], jobs[number]) for number in order]
    found = note_costs() if trace else {}
    start = time.monotonic_ns()
    results = play(work, timetable, start)
    found["makespan_ns"] = time.monotonic_ns() - start
    in_order = sorted(zip(order, results), key=lambda pair: pair[0])
    results = [result for _, result in in_order]
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


# A line for each task: what it does, when it arrives, and how long its
# waits and computations take, in seconds.
TASKS = """
do_t 0.0 0.01
do_t 0.0 0.0101
do_t 0.01 0.0102
do_t 0.01 0.0103
do_t 0.02 0.0104
do_t 0.02 0.0105
"""

if __name__ == "__main__":
    main()
