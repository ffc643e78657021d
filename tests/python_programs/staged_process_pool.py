"""Pages are fetched, parsed and reported.

The tasks are done by: a ProcessPoolExecutor, workers: 4 (fork).
Waits are sleeps, computations are loops calibrated before the clock starts.
Printed by gilsim.
"""

# All of these, needed or not: a child that starts afresh pays for what its
# parent's main imports, as it does in real programs.
import argparse
import asyncio
import concurrent.futures
import csv
import functools
import heapq
import hashlib
import json
import multiprocessing
import os
import queue
import statistics
import sys
import threading
import time
from collections import deque

LABEL = "process_pool"
CORES = 2
WORKERS = 4
CHUNK = 1
START_METHOD = "fork"
SPEEDS = {}  # seconds of CPU time that a call and a turn of each loop take
# What jobs wait for, by what they begin with, and whether each for one of it.
AFTER = {
    "c1": (range(0, 3), True),
    "c2": (range(3, 6), False),
}
ANSWERS = {}


def released(turns):
    """Compute in one C call that lets other threads run meanwhile."""
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1 + int(turns))


def do_page(number):
    """Do one task of `page`."""
    time.sleep(0.005)


def do_parse(hash_turns):
    """Do one task of `parse`."""
    released(hash_turns)


def do_report(number):
    """Do one task of `report`."""
    time.sleep(0.009)
    time.sleep(0.001)


def open_answers():
    """Make the way on which jobs are heard of that are done."""
    ANSWERS["queue"] = queue.SimpleQueue()


def answer(number, _):
    """Tell which job is done, and when."""
    ANSWERS["queue"].put((number, time.monotonic_ns()))


def next_answer(timeout):
    """Wait so many seconds at most until a job is done."""
    try:
        return ANSWERS["queue"].get(timeout=timeout)
    except queue.Empty:
        return None


def arriving(timetable, start):
    """Hand out each job when it arrives."""
    for _ in timetable.jobs:
        while timetable.delay(start) != 0:
            answered = next_answer(timetable.delay(start))
            if answered:
                number, now = answered
                timetable.answered(number, now - start)
        number = timetable.take()
        yield number, timetable.jobs[number]


STEPS = [do_page, do_parse, do_report]


def run_task(job):
    """Do one task, and return when it ended."""
    kind, given = job
    STEPS[kind](given)
    return time.monotonic_ns()


def submit_all(executor, work, arriving_jobs):
    """Submit each job when it arrives, and hear from its future."""
    futures = []
    for number, job in arriving_jobs:
        future = executor.submit(work, job)
        future.add_done_callback(functools.partial(answer, number))
        futures.append(future)
    return [future.result() for future in futures]


def play(work, timetable, start):
    """Do all jobs with a pool of processes."""
    with concurrent.futures.ProcessPoolExecutor(
        WORKERS,
        mp_context=multiprocessing.get_context(START_METHOD),
    ) as executor:
        return submit_all(executor, work, arriving(timetable, start))


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
    for work in (released,):
        call, many = seconds_of(work, 0.0, 1_000), 2e3
        for _ in range(2):
            turn = max(seconds_of(work, many, 1) - call, 1e-9) / many
            many = max(2e3, 0.02 // turn)
        SPEEDS[work.__name__] = call, turn


def turns_of(work, seconds):
    """So many turns take so long, with the call; a call alone is shortest."""
    call, turn = SPEEDS[work.__name__]
    return max(0.0, float(round((seconds - call) / turn)))


def number_of(word):
    """Seconds of a wait; of a computation, the turns of its loop."""
    work, _, seconds = word.rpartition(":")
    seconds = float(seconds)
    return turns_of(globals()[work], seconds) if work else seconds


def make_jobs():
    """Read the table: when tasks arrive, and what they are given."""
    jobs, arrivals = [], []
    senders = []
    kinds = {steps.__name__: kind for kind, steps in enumerate(STEPS)}
    for number, line in enumerate(TASKS.split("\n")[1:-1]):
        steps, *words = line.split()
        kind = kinds[steps]
        sender, _, seconds = words.pop(0).rpartition(":")
        senders.append(sender)
        arrivals.append(round(float(seconds) * 1e9))
        times = [number_of(word) for word in words]
        given = times[0] if len(times) == 1 else tuple(times) or number
        jobs.append((kind, given))
    return Timetable(jobs, arrivals, senders)


class Timetable:
    """When jobs arrive: at a time, or when others are done."""

    def __init__(self, jobs, arrivals, senders):
        """Let those jobs come that wait for no others."""
        self.jobs, self.arrivals, self.senders = jobs, arrivals, senders
        self.left = {sender: deque() for sender in senders}
        for number, sender in enumerate(senders):
            self.left[sender].append(number)
        self.awaited = {name: len(AFTER[name][0]) for name in AFTER}
        self.order, self.coming = [], []
        for sender, numbers in self.left.items():
            if sender in AFTER:
                continue
            for _ in range(len(numbers)):
                self.send(numbers)

    def send(self, numbers):
        """Let the next of these jobs come, if there is one left."""
        if numbers:
            number = numbers.popleft()
            heapq.heappush(self.coming, (self.arrivals[number], number))

    def answered(self, number, now):
        """A job is done: those come that waited for it."""
        for freed in self.freed(number):
            self.arrivals[freed] = now
            heapq.heappush(self.coming, (now, freed))

    def delay(self, start):
        """Seconds until the next job arrives, if that is known."""
        if not self.coming:
            return None
        delay = start + self.coming[0][0] - time.monotonic_ns()
        return max(delay, 0) / 1e9

    def take(self):
        """Take the number of the job that arrives."""
        number = heapq.heappop(self.coming)[1]
        self.order.append(number)
        return number

    def freed(self, number):
        """Yield the jobs that need not wait any more now that one is done."""
        for sender, (others, one_by_one) in AFTER.items():
            if number in others:
                self.awaited[sender] -= 1
                if one_by_one:
                    yield self.left[sender][number - others.start]
                elif not self.awaited[sender]:
                    yield from self.left[sender]


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
        self.done("native", name, cpu)


def noted_page(task, number):
    """Do one task of `page`."""
    time.sleep(0.005)
    task.done("io")


def noted_parse(task, hash_turns):
    """Do one task of `parse`."""
    task.compute(released, hash_turns, "hash")


def noted_report(task, number):
    """Do one task of `report`."""
    time.sleep(0.009)
    task.done("io")
    time.sleep(0.001)
    task.done("io")


NOTED_STEPS = [noted_page, noted_parse, noted_report]


def trace_task(job):
    """Do one task, and return its notes."""
    task = Task()
    task.note("queued")
    kind, given = job
    NOTED_STEPS[kind](task, given)
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
    measure_speeds()
    timetable = make_jobs()
    jobs, arrivals = timetable.jobs, timetable.arrivals
    open_answers()
    found = note_costs() if trace else {}
    start = time.monotonic_ns()
    results = play(work, timetable, start)
    found["makespan_ns"] = time.monotonic_ns() - start
    order = timetable.order
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


# A line for each task: what it does, when it arrives (0 if it waits
# for others that AFTER tells), and how long its
# waits and computations take, in seconds.
TASKS = """
do_page 0.0
do_page 0.0
do_page 0.0
do_parse c1:0.0 released:0.0103
do_parse c1:0.0 released:0.0104
do_parse c1:0.0 released:0.0105
do_report c2:0.0
"""

if __name__ == "__main__":
    main()
