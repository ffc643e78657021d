"""Clients send requests.

The tasks are done by: asyncio, a coroutine for each.
Waits are sleeps, computations are loops calibrated before the clock starts.
Printed by gilsim.
"""

import argparse
import asyncio
import csv
import json
import os
import sys
import threading
import time
from collections import deque

LABEL = "asyncio"
CORES = 2
CLIENTS = {"c0": 2}  # how many there are, by what their jobs begin with


async def do_re(wait_time):
    """Do one task of `re`."""
    await asyncio.sleep(wait_time)


async def run_task(job, due):
    """Do one task, and return when it ended."""
    delay = due - time.monotonic_ns()
    if delay > 0:
        await asyncio.sleep(delay / 1e9)
    await do_re(job)
    return time.monotonic_ns()


async def client(do, timetable, numbers, start):
    """Send one job after the other, each a think time after the last."""
    answered = None
    while numbers:
        number = numbers.popleft()
        if answered:
            timetable.arrivals[number] += answered
        due = start + timetable.arrivals[number]
        job = timetable.jobs[number]
        timetable.results[number] = await do(job, due)
        answered = time.monotonic_ns() - start


async def gather(work, timetable, start):
    """Do all jobs in one event loop."""
    coroutines = [
        client(work, timetable, numbers, start)
        for numbers in timetable.lines()
    ]
    return await asyncio.gather(*coroutines)


def play(work, timetable, start):
    """Do all jobs as coroutines."""
    return asyncio.run(gather(work, timetable, start))


# From here on: how fast this machine computes, and what each task is given.


def make_jobs():
    """Read the table: when tasks arrive, and what they are given."""
    jobs, arrivals = [], []
    senders = []
    for number, line in enumerate(TASKS.split("\n")[1:-1]):
        steps, *words = line.split()
        sender, _, seconds = words.pop(0).rpartition(":")
        senders.append(sender)
        arrivals.append(round(float(seconds) * 1e9))
        times = [float(word) for word in words]
        given = times[0] if len(times) == 1 else tuple(times) or number
        jobs.append(given)
    return Timetable(jobs, arrivals, senders)


class Timetable:
    """When jobs arrive: at a time, or a while after a client is answered."""

    def __init__(self, jobs, arrivals, senders):
        """Let each client send a job at the start."""
        self.jobs, self.arrivals, self.senders = jobs, arrivals, senders
        self.left = {sender: deque() for sender in senders}
        for number, sender in enumerate(senders):
            self.left[sender].append(number)
        self.results = {}

    def lines(self):
        """Of each client the jobs that are left; else each in a line."""
        for sender, numbers in self.left.items():
            if sender in CLIENTS:
                yield from [numbers] * min(CLIENTS[sender], len(numbers))
            else:
                yield from (deque([number]) for number in numbers)


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


async def noted_re(task, wait_time):
    """Do one task of `re`."""
    await asyncio.sleep(wait_time)
    task.done("suspended")


async def trace_task(job, due):
    """Do one task, and return its notes."""
    delay = due - time.monotonic_ns()
    if delay > 0:
        await asyncio.sleep(delay / 1e9)
    task = Task()
    task.note("queued")
    await noted_re(task, job)
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
            if state in ("queued", "suspended", "sync", "ready"):
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
    timetable = make_jobs()
    jobs, arrivals = timetable.jobs, timetable.arrivals
    found = note_costs() if trace else {}
    start = time.monotonic_ns()
    results = play(work, timetable, start)
    found["makespan_ns"] = time.monotonic_ns() - start
    results = [timetable.results[number] for number in range(len(jobs))]
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


# A line for each task: what it does, when it arrives (of a client's: how
# long after the answer before it), and how long its
# waits and computations take, in seconds.
TASKS = """
do_re c0:0.0 0.01
do_re c0:0.0 0.0101
do_re c0:0.003 0.0102
do_re c0:0.003 0.0103
do_re c0:0.003 0.0104
do_re 0.004 0.0105
"""

if __name__ == "__main__":
    main()
