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
from collections import namedtuple
from itertools import groupby

LABEL = "multiprocessing_pool"
CORES = 2
WORKERS = 4
CHUNK = 2
START_METHOD = "fork"


def do_t(task, wait_time):
    """Do one task of `t`."""
    time.sleep(wait_time)
    task.done("io")


def run_task(job):
    """Do one job from its first step to the end of its last."""
    task = Task()
    task.note("queued")
    job.steps(task, *job.times)
    return job.number, task.notes


def arriving(jobs, start):
    """Hand out the jobs when they arrive, those of one instant together."""
    in_order = sorted(jobs, key=lambda job: job.arrival)
    for arrival, batch in groupby(in_order, key=lambda job: job.arrival):
        delay = start + arrival - time.monotonic_ns()
        if delay > 0:
            time.sleep(delay / 1e9)
        yield list(batch)


def play(jobs, start):
    """Do all jobs with a multiprocessing.Pool."""
    context = multiprocessing.get_context(START_METHOD)
    with context.Pool(WORKERS) as pool:
        batches = [
            pool.map_async(run_task, batch, chunksize=CHUNK)
            for batch in arriving(jobs, start)
        ]
        return [result for batch in batches for result in batch.get()]


# From here on: computing for so long, and measuring.

Job = namedtuple("Job", "number steps arrival times")


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


def make_jobs():
    """Read the table of tasks."""
    jobs = []
    for number, line in enumerate(TASKS.split("\n")[1:-1]):
        steps, arrival, *times = line.split()
        arrival = round(float(arrival) * 1e9)
        times = tuple(map(float, times))
        jobs.append(Job(number, globals()[steps], arrival, times))
    return jobs


def trace_rows(replicate, start, jobs, results):
    """Yield what each task did, and when, as rows of trace.csv."""
    processes, threads = {os.getpid(): 0}, {threading.get_native_id(): 0}
    notes = [note for _, notes, *_ in results for note in notes]
    for *_, process, thread in sorted(notes, key=lambda note: note[3]):
        processes.setdefault(process, len(processes))
        threads.setdefault(thread, len(threads))
    for job, (_, notes, *_) in zip(jobs, results):
        begin = job.arrival
        for step, state, name, now, cpu, process, thread in notes:
            place = processes[process], threads[thread]
            if state in ("queued",):
                place = "", ""
            end = max(begin, now - start)
            if begin < end:
                what = LABEL, replicate, job.number, step, state, name
                yield (*what, begin, end, *place, "", cpu)
            begin = end


def tell(makespan, responses, as_json):
    """Print how long it all took and how long each task."""
    if as_json:
        result = {"makespan_ns": makespan, "responses_ns": responses}
        print(json.dumps(result), flush=True)
        return
    times = [nanoseconds / 1e9 for nanoseconds in sorted(responses)]
    p50, p95 = (times[(len(times) * rank - 1) // 100] for rank in (50, 95))
    print(f"{LABEL}: {len(times)} tasks in {makespan / 1e9:.6f} s", end="; ")
    print(f"response p50 {p50:.6f} s, p95 {p95:.6f} s", end="")
    print(f", longest {times[-1]:.6f} s")


def main():
    """Do it all, and say how long it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=1, metavar="N",
                        help="do everything N times (default 1)")
    parser.add_argument("--json", action="store_true",
                        help="print a line of JSON for each time")
    parser.add_argument("--trace", default=os.devnull, metavar="FILE",
                        help="write a CSV of what each task did, and when")
    arguments = parser.parse_args()
    usable = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, usable[:CORES])
    if len(usable) < CORES:
        print(f"asked for {CORES} cores, found {len(usable)}", file=sys.stderr)
    jobs = make_jobs()
    with open(arguments.trace, "w", newline="", encoding="utf-8") as file:
        trace = csv.writer(file, lineterminator="\n")
        trace.writerow(["tool", "replicate", "task", "step", "state", "name",
                        "start_ns", "end_ns", "process", "thread", "core",
                        "cpu_ns"])
        for replicate in range(arguments.repeats):
            start = time.monotonic_ns()
            results = play(jobs, start)
            makespan = time.monotonic_ns() - start
            results = sorted(results, key=lambda result: result[0])
            trace.writerows(trace_rows(replicate, start, jobs, results))
            file.flush()
            tell(makespan, [
                notes[-1][3] - start - job.arrival
                for job, (_, notes, *_) in zip(jobs, results)
            ], arguments.json)


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
