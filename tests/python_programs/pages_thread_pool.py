"""Fetch pages and parse them.

The tasks are done by: a ThreadPoolExecutor, workers: 4.
Waits are sleeps, computations are loops calibrated before the clock starts.
Printed by gilsim.
"""

import argparse
import concurrent.futures
import csv
import json
import os
import statistics
import sys
import threading
import time
from collections import namedtuple

LABEL = "thread_pool"
CORES = 2
WORKERS = 4
RATES = {}  # rounds of each kind of computation in a second of CPU time


def do_page(task, shop_time):
    """Do one task of `page`."""
    time.sleep(shop_time)
    task.done("io", "shop")
    task.compute(held, 0.005, "parse")


def run_task(job):
    """Do one job from its first step to the end of its last."""
    task = Task()
    task.note("queued")
    job.steps(task, *job.times)
    return job.number, task.notes


def play(jobs):
    """Do all jobs with a pool of threads."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as executor:
        return list(executor.map(run_task, jobs))


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

    def compute(self, work, seconds, name=""):
        """Compute for so much CPU time."""
        rounds = max(1, round(seconds * RATES[work.__name__]))
        before = time.thread_time_ns()
        work(rounds)
        cpu = time.thread_time_ns() - before
        self.done("running", name, cpu)


def held(rounds):
    """Compute in Python: gives way to other threads each switch interval."""
    total = 0
    for number in range(rounds):
        total += number & 3


def rounds_per_second(work, rounds):
    """Rounds of work in a second of CPU time: the median of five tries."""
    rates = []
    for _ in range(5):
        began = time.thread_time()
        work(rounds)
        rates.append(rounds / (time.thread_time() - began))
    return statistics.median(rates)


def make_jobs():
    """Read the table of tasks."""
    jobs = []
    for number, line in enumerate(TASKS.split("\n")[1:-1]):
        (steps, *times), arrival = line.split(), 0
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
    for work in (held,):
        rough = rounds_per_second(work, 2_000)
        rate = rounds_per_second(work, round(rough * 0.06))
        RATES[work.__name__] = rate
    jobs = make_jobs()
    with open(arguments.trace, "w", newline="", encoding="utf-8") as file:
        trace = csv.writer(file, lineterminator="\n")
        trace.writerow(["tool", "replicate", "task", "step", "state", "name",
                        "start_ns", "end_ns", "process", "thread", "core",
                        "cpu_ns"])
        for replicate in range(arguments.repeats):
            start = time.monotonic_ns()
            results = play(jobs)
            makespan = time.monotonic_ns() - start
            results = sorted(results, key=lambda result: result[0])
            trace.writerows(trace_rows(replicate, start, jobs, results))
            file.flush()
            tell(makespan, [
                notes[-1][3] - start - job.arrival
                for job, (_, notes, *_) in zip(jobs, results)
            ], arguments.json)


# A line for each task: what it does, and how long its
# waits and computations take, in seconds.
TASKS = """
do_page 0.01
do_page 0.0101
do_page 0.0102
do_page 0.0103
do_page 0.0104
do_page 0.0105
"""

if __name__ == "__main__":
    main()
