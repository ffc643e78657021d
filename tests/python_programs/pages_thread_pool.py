"""Fetch pages and parse them.

The tasks are done by: a ThreadPoolExecutor, workers: 4.
Waits are sleeps, computations are loops calibrated before the clock starts.
Printed by gilsim.
"""

import argparse
import concurrent.futures
import csv
import json
import math
import os
import platform
import statistics
import sys
import threading
import time
from typing import Callable, NamedTuple

LABEL = "thread_pool"
CORES = 2
WORKERS = 4
TRACE_COLUMNS = (
    "tool", "replicate", "task", "step", "state", "name", "start_ns", "end_ns",
    "process", "thread", "core", "cpu_ns",
)

SETTINGS = {"trace": False}
RATES = {}  # rounds of each kind of computation in a second of CPU time


class Job(NamedTuple):
    """What is to be done for one task."""

    number: int
    steps: Callable
    arrival: float = 0.0  # seconds after the start
    times: tuple = ()  # the seconds that were drawn for its steps


class Report(NamedTuple):
    """What has become of a job."""

    number: int
    ended: float
    notes: list


class Run(NamedTuple):
    """One play of all jobs."""

    start: float
    end: float
    reports: list


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


def calibrate():
    """Find out how fast this machine does each kind of computation."""
    for work in (held,):
        rough = rounds_per_second(work, 2_000)
        rate = rounds_per_second(work, round(rough * 0.06))
        RATES[work.__name__] = rate


class Task:
    """A task under way: it does steps, and notes them when asked to."""

    def __init__(self, step=0):
        """Make one that is about to do that step."""
        self.step = step
        self.notes = []

    def note(self, state, name="", cpu=""):
        """Write down what has been going on until now."""
        if SETTINGS["trace"]:
            where = os.getpid(), threading.get_native_id()
            now = time.monotonic()
            self.notes.append((self.step, state, name, now, cpu, *where))

    def ended(self, state, name="", cpu=""):
        """Write down a step that has just ended, and go on to the next."""
        self.note(state, name, cpu)
        self.step += 1

    def compute(self, work, seconds, name=""):
        """Compute for so much CPU time."""
        rounds = max(1, round(seconds * RATES[work.__name__]))
        before = time.thread_time_ns()
        work(rounds)
        cpu = time.thread_time_ns() - before
        self.ended("running", name, cpu)

    def wait(self, seconds, site=""):
        """Wait, blocking the thread."""
        time.sleep(seconds)
        self.ended("io", site)


def do_page(task, shop_time):
    """Do one task of `page`."""
    task.wait(shop_time, "shop")
    task.compute(held, 0.005, "parse")


STEPS = {
    "do_page": do_page,
}


def run_task(job):
    """Do one job from its first step to the end of its last."""
    task = Task()
    task.note("queued")
    job.steps(task, *job.times)
    return Report(job.number, time.monotonic(), task.notes)


def play(jobs):
    """Do all jobs with a pool of threads."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as executor:
        return list(executor.map(run_task, jobs))


def make_jobs():
    """Read the table of tasks."""
    jobs = []
    for number, line in enumerate(TASKS.split("\n")[1:-1]):
        steps, *numbers = line.split()
        arrival, times = 0.0, map(float, numbers)
        jobs.append(Job(number, STEPS[steps], arrival, tuple(times)))
    return jobs


def measure(jobs):
    """Do all jobs once, from nothing made to everything shut down."""
    start = time.monotonic()
    reports = play(jobs)
    end = time.monotonic()
    return Run(start, end, sorted(reports, key=lambda report: report.number))


def responses(jobs, run):
    """Seconds from each job's arrival to the end of its last step."""
    return [
        report.ended - run.start - job.arrival
        for job, report in zip(jobs, run.reports)
    ]


def nanoseconds(seconds):
    """Whole nanoseconds, never below zero."""
    return max(0, round(seconds * 1e9))


def trace_rows(replicate, jobs, run):
    """Yield the notes of a run as rows of trace.csv, task by task."""
    processes, threads = {os.getpid(): 0}, {threading.get_native_id(): 0}
    notes = [note for report in run.reports for note in report.notes]
    for *_, process, thread in sorted(notes, key=lambda note: note[3]):
        processes.setdefault(process, len(processes))
        threads.setdefault(thread, len(threads))
    for job, report in zip(jobs, run.reports):
        begin = run.start + job.arrival
        for step, state, name, end, cpu, process, thread in report.notes:
            place = processes[process], threads[thread]
            if state in ("queued",):
                place = "", ""
            span = nanoseconds(begin - run.start), nanoseconds(end - run.start)
            if span[0] < span[1]:
                what = job.number, step, state, name
                yield (LABEL, replicate, *what, *span, *place, "", cpu)
            begin = end


def write_trace(path, jobs, runs):
    """Write what happened to every task, and when, as CSV."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(TRACE_COLUMNS)
        for replicate, run in enumerate(runs):
            writer.writerows(trace_rows(replicate, jobs, run))


def print_json(jobs, runs):
    """Print makespan and response times of every run, in nanoseconds."""
    print(json.dumps({
        "tool": LABEL,
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "runs": [
            {
                "makespan_ns": nanoseconds(run.end - run.start),
                "responses_ns": list(map(nanoseconds, responses(jobs, run))),
            }
            for run in runs
        ],
    }))


def print_text(jobs, runs):
    """Print makespan and response times of every run for people."""
    python = platform.python_implementation(), platform.python_version()
    cores = len(os.sched_getaffinity(0))
    print(f"{LABEL}: {len(jobs)} tasks, {' '.join(python)}, cores: {cores}")
    for run in runs:
        times = sorted(responses(jobs, run))
        p95 = times[math.ceil(0.95 * len(times)) - 1]
        print(f"makespan {run.end - run.start:.6f} s", end="; ")
        print(f"response mean {statistics.mean(times):.6f} s", end=", ")
        print(f"median {statistics.median_low(times):.6f} s", end=", ")
        print(f"95th percentile {p95:.6f} s, longest {times[-1]:.6f} s")


def parse_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=LABEL.replace("%", "%%"))
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--repeats", type=int, default=1, metavar="N",
                        help="do everything N times (default 1)")
    parser.add_argument("--trace", metavar="FILE",
                        help="write a CSV of what each task did, and when")
    arguments = parser.parse_args()
    if arguments.repeats < 1:
        parser.error("--repeats must be at least 1")
    return arguments


def use_cores():
    """Stay on as many cores as the scenario's machine has."""
    usable = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, usable[:CORES])
    if len(usable) < CORES:
        print(f"asked for {CORES} cores, found {len(usable)}", file=sys.stderr)


def main():
    """Do it all, and say how long it took."""
    arguments = parse_arguments()
    use_cores()
    SETTINGS["trace"] = arguments.trace is not None
    calibrate()
    jobs = make_jobs()
    runs = [measure(jobs) for _ in range(arguments.repeats)]
    if arguments.trace is not None:
        write_trace(arguments.trace, jobs, runs)
    if arguments.json:
        print_json(jobs, runs)
    else:
        print_text(jobs, runs)


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
