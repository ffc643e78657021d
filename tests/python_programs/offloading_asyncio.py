"""Parts of the work are done elsewhere.

The tasks are done by: asyncio, at most 3 at once.
Waits are sleeps, computations are loops calibrated before the clock starts.
Printed by gilsim.
"""

import argparse
import asyncio
import concurrent.futures
import csv
import hashlib
import json
import math
import os
import platform
import statistics
import sys
import threading
import time
from typing import Callable, NamedTuple

if sys.version_info < (3, 9):
    sys.exit("asyncio.to_thread came with Python 3.9")

LABEL = "asyncio"
CORES = 2
LIMIT = 3
THREADS = 6
TRACE_COLUMNS = (
    "tool", "replicate", "task", "step", "state", "name", "start_ns", "end_ns",
    "process", "thread", "core", "cpu_ns",
)

SETTINGS = {"trace": False}
RATES = {}  # rounds of each kind of computation in a second of CPU time
CONNECTIONS = {}  # how many more requests each site takes
SEMAPHORES = {}
QUEUES = {}


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


def released(rounds):
    """Compute in one C call that lets other threads run meanwhile."""
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", rounds)


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
    for work in (held, released,):
        rough = rounds_per_second(work, 2_000)
        rate = rounds_per_second(work, round(rough * 0.06))
        RATES[work.__name__] = rate


class Task:
    """A task under way: it does steps, and notes them when asked to."""

    def __init__(self, step=0):
        """Make one that is about to do that step."""
        self.step = step
        self.notes = []
        self.loop = None

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
        self.ended("native" if work is released else "running", name, cpu)

    async def visit(self, seconds, site):
        """Wait over one of the site's connections."""
        async with CONNECTIONS[site]:
            self.note("sync", site)
            await asyncio.sleep(seconds)
        self.ended("suspended", site)

    async def acquire(self, name):
        """Take a permit, waiting for one."""
        await SEMAPHORES[name].acquire()
        self.ended("sync", name)

    async def offload(self, part, *times):
        """Do a part of the task in another thread."""
        self.loop = asyncio.get_running_loop()
        await asyncio.to_thread(part, self, *times)

    def block(self, seconds, site=""):
        """Wait, blocking the thread."""
        time.sleep(seconds)
        self.ended("io", site)

    def visit_in_part(self, seconds, site):
        """Wait over one of the site's connections, blocking the thread."""
        self.ask_loop(CONNECTIONS[site].acquire())
        self.note("sync", site)
        time.sleep(seconds)
        self.loop.call_soon_threadsafe(CONNECTIONS[site].release)
        self.ended("io", site)

    def acquire_in_part(self, name):
        """Take a permit, waiting for one."""
        self.ask_loop(SEMAPHORES[name].acquire())
        self.ended("sync", name)

    def release_in_part(self, name):
        """Give a permit back."""
        self.loop.call_soon_threadsafe(SEMAPHORES[name].release)
        self.ended("overhead", name)

    def put_in_part(self, name):
        """Put an item into a queue, waiting for room."""
        self.ask_loop(QUEUES[name].put(None))
        self.ended("sync", name)

    def get_in_part(self, name):
        """Take an item from a queue, waiting for one."""
        self.ask_loop(QUEUES[name].get())
        self.ended("sync", name)

    def ask_loop(self, coroutine):
        """Have the loop's thread run a coroutine, and wait for it."""
        asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def release(self, name):
        """Give a permit back."""
        SEMAPHORES[name].release()
        self.ended("overhead", name)


def do_job_part_1(task, hash_time):
    """Do part 1 of `do_job`."""
    task.compute(released, hash_time, "hash")
    task.block(0.002)
    task.acquire_in_part("slots")
    task.visit_in_part(0.01, "bank")
    task.release_in_part("slots")
    task.put_in_part("jobs")
    task.get_in_part("jobs")


async def do_job(task, hash_time):
    """Do one task of `job`."""
    await task.offload(do_job_part_1, hash_time)
    await task.visit(0.01, "bank")
    await task.acquire("slots")
    task.compute(held, 0.005, "parse")
    task.release("slots")


STEPS = {
    "do_job": do_job,
}


def share():
    """Make what the tasks share, new for each run."""
    CONNECTIONS["bank"] = asyncio.Semaphore(3)
    SEMAPHORES["slots"] = asyncio.Semaphore(2)
    QUEUES["jobs"] = asyncio.Queue(4)


async def run_task(job, limit):
    """Do one job from its arrival to the end of its last step."""
    task = Task()
    task.note("queued")
    async with limit:
        task.note("sync", "limit")
        await job.steps(task, *job.times)
    return Report(job.number, time.monotonic(), task.notes)


async def gather(jobs):
    """Do all jobs in one event loop."""
    share()
    limit = asyncio.Semaphore(LIMIT)
    coroutines = [run_task(job, limit) for job in jobs]
    threads = concurrent.futures.ThreadPoolExecutor(THREADS)
    asyncio.get_running_loop().set_default_executor(threads)
    return await asyncio.gather(*coroutines)


def play(jobs):
    """Do all jobs as coroutines."""
    return asyncio.run(gather(jobs))


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
            if state in ("queued", "suspended", "sync", "ready"):
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
do_job 0.01
do_job 0.0101
do_job 0.0102
do_job 0.0103
"""

if __name__ == "__main__":
    main()
