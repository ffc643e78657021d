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
import os
import statistics
import sys
import threading
import time
from collections import namedtuple

if sys.version_info < (3, 9):
    sys.exit("asyncio.to_thread came with Python 3.9")

LABEL = "asyncio"
CORES = 2
LIMIT = 3
THREADS = 6
RATES = {}  # rounds of each kind of computation in a second of CPU time
CONNECTIONS = {}  # how many more requests each site takes
SEMAPHORES = {}
QUEUES = {}


def do_job_part_1(task, hash_time):
    """Do part 1 of `do_job`."""
    task.compute(released, hash_time, "hash")
    time.sleep(0.002)
    task.done("io")
    task.ask_loop(SEMAPHORES["slots"].acquire())
    task.done("sync", "slots")
    task.ask_loop(CONNECTIONS["bank"].acquire())
    task.note("sync", "bank")
    time.sleep(0.01)
    task.loop.call_soon_threadsafe(CONNECTIONS["bank"].release)
    task.done("io", "bank")
    task.loop.call_soon_threadsafe(SEMAPHORES["slots"].release)
    task.done("overhead", "slots")
    task.ask_loop(QUEUES["jobs"].put(None))
    task.done("sync", "jobs")
    task.ask_loop(QUEUES["jobs"].get())
    task.done("sync", "jobs")


async def do_job(task, hash_time):
    """Do one task of `job`."""
    await asyncio.to_thread(do_job_part_1, task, hash_time)
    async with CONNECTIONS["bank"]:
        task.note("sync", "bank")
        await asyncio.sleep(0.01)
    task.done("suspended", "bank")
    await SEMAPHORES["slots"].acquire()
    task.done("sync", "slots")
    task.compute(held, 0.005, "parse")
    SEMAPHORES["slots"].release()
    task.done("overhead", "slots")


def share():
    """Make what the tasks share, new for each run."""
    CONNECTIONS["bank"] = asyncio.Semaphore(3)
    SEMAPHORES["slots"] = asyncio.Semaphore(2)
    QUEUES["jobs"] = asyncio.Queue(4)


async def run_task(job, limit):
    """Do one job from its arrival to the end of its last step."""
    task = Task()
    task.loop = asyncio.get_running_loop()
    task.note("queued")
    async with limit:
        task.note("sync", "limit")
        await job.steps(task, *job.times)
    return job.number, task.notes


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
        self.done("native" if work is released else "running", name, cpu)

    def ask_loop(self, coroutine):
        """Have the loop's thread run a coroutine, and wait for it."""
        asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()


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
            if state in ("queued", "suspended", "sync", "ready"):
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
    for work in (held, released,):
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
do_job 0.01
do_job 0.0101
do_job 0.0102
do_job 0.0103
"""

if __name__ == "__main__":
    main()
