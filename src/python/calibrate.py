"""Measure what concurrency costs on this machine and this Python: gilsim calibrate.

Prints one JSON object. Its `measures` are named as the fields of a gilsim profile; each
has the median of its samples, their quartiles and their number. Durations are nanoseconds,
memory is bytes. `extra` holds what was measured on the way and no profile wants, `others` the
share of the cores that other programs took meanwhile: above a few hundredths, measure again.

How costs are told apart
- CPU time is read from the clock of the thread that spends it (time.thread_time_ns, or
  pthread_getcpuclockid for a thread of the library), so waits and wake-ups do not count.
- Wake-ups are timed between two processes, each held to its core, with CPU time taken off.
- What cannot be timed alone is what is left of something that can, less its other parts;
  `less` in `record` says which. No cost is fitted to a workload.
- Costs are steady ones: everything is done once before it is measured. What grows when nobody looks
  (cold caches, fresh memory, pages after a fork) is measured as such.
- Children start with a main module, this one, that imports what real programs import.
"""

import asyncio
import concurrent.futures
import concurrent.futures.process
import gc
import hashlib  # noqa: F401 (children import what real programs import)
import heapq
import itertools
import json
import math
import multiprocessing
import multiprocessing.connection
import multiprocessing.pool
import os
import pickle
import platform
import queue
import select
import signal
import socket
import statistics
import sys
import sysconfig
import threading
import time
import types

MEASURES = {}
EXTRA = {}
CORES = sorted(os.sched_getaffinity(0))
MIB = 1 << 20


# Keeping books


def record(name, samples, less=0.0, into=None):
    """Note the samples of a measure, each of them less what is known of its other parts."""
    samples = sorted(max(0.0, sample - less) for sample in samples)
    if not samples:
        return
    quarter = len(samples) // 4
    (MEASURES if into is None else into)[name] = {
        "median": statistics.median(samples),
        "low": samples[quarter],
        "high": samples[-1 - quarter],
        "samples": len(samples),
    }


def known(*names):
    """Add up the medians of measures, 0 for one that could not be taken."""
    return sum(MEASURES[name]["median"] for name in names if name in MEASURES)


def cost_of_clock():
    """CPU time that reading a thread's CPU clock adds to what it times."""
    pairs = [(time.thread_time_ns(), time.thread_time_ns()) for _ in range(2000)]
    return statistics.median(after - before for before, after in pairs)


CLOCK = cost_of_clock()


def cpu_of(work, *arguments):
    """CPU nanoseconds that the calling thread spends on a call."""
    before = time.thread_time_ns()
    work(*arguments)
    return time.thread_time_ns() - before - CLOCK


def wall_of(work, *arguments):
    """Nanoseconds that a call takes."""
    before = time.perf_counter_ns()
    work(*arguments)
    return time.perf_counter_ns() - before


def cpu_clock(thread):
    """Return a function that reads the CPU clock of another thread."""
    clock = time.pthread_getcpuclockid(thread.ident)
    return lambda: time.clock_gettime_ns(clock)


def nothing(*_):
    """Do nothing, as a task."""


# The machine


def in_child(work):
    """Run work() in a forked child; return a function that reads what it sent."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            with os.fdopen(writer, "w") as file:
                json.dump(work(), file)
        finally:
            os._exit(0)
    os.close(writer)

    def result():
        with os.fdopen(reader) as file:
            text = file.read()
        os.waitpid(child, 0)
        return json.loads(text)

    return result


def pipe_latencies(sender, receiver, count, pause):
    """Times from a write on one core until the reader on the other core runs."""
    here, there = os.pipe()

    def receive():
        os.sched_setaffinity(0, {receiver})
        stamps = []
        for _ in range(count):
            os.read(here, 1)
            stamps.append(time.perf_counter_ns())
        return stamps

    stamps = in_child(receive)
    os.sched_setaffinity(0, {sender})
    sent = []
    for _ in range(count):
        time.sleep(pause)
        sent.append(time.perf_counter_ns())
        os.write(there, b"x")
    os.sched_setaffinity(0, CORES)
    received = stamps()
    os.close(here)
    os.close(there)
    return [after - before for before, after in zip(sent, received)][count // 10:]


def ping_pong(core, count):
    """Half of each round trip between two processes that share a core and never rest."""
    there, back = os.pipe(), os.pipe()

    def answer():
        os.sched_setaffinity(0, {core})
        for _ in range(count):
            os.read(there[0], 1)
            os.write(back[1], b"x")
        return []

    answered = in_child(answer)
    os.sched_setaffinity(0, {core})
    times = []
    for _ in range(count):
        before = time.perf_counter_ns()
        os.write(there[1], b"x")
        os.read(back[0], 1)
        times.append((time.perf_counter_ns() - before) / 2)
    os.sched_setaffinity(0, CORES)
    answered()
    for descriptor in there + back:
        os.close(descriptor)
    return times[count // 10:]


def sleeps_on_busy_core(core, count):
    """CPU time of short sleeps on a core that never idles."""
    os.sched_setaffinity(0, {core})
    child = os.fork()
    if child == 0:
        os.nice(19)
        while True:
            pass
    try:
        time.sleep(0.01)
        return [cpu_of(time.sleep, 0.001) for _ in range(count)][count // 10:]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.sched_setaffinity(0, CORES)


def pipe_calls():
    """Time of a write to a pipe and the read of it, when nobody sleeps."""
    here, there = os.pipe()
    times = []
    for _ in range(2000):
        before = time.perf_counter_ns()
        os.write(there, b"x")
        os.read(here, 1)
        times.append(time.perf_counter_ns() - before)
    os.close(here)
    os.close(there)
    return statistics.median(times)


def measure_wakes():
    """From a wake-up to the first instruction, on another core and on the same."""
    calls = pipe_calls()
    if len(CORES) > 1:
        there = pipe_latencies(CORES[0], CORES[1], 400, 0.001)
        back = pipe_latencies(CORES[1], CORES[0], 400, 0.001)
        record("machine.wake_latency", there + back, less=calls)
        # Of a latency that lies anywhere within its spread, half lie within the quartiles.
        quartiles = MEASURES["machine.wake_latency"]
        share = (quartiles["high"] - quartiles["low"]) / max(quartiles["median"], 1)
        record("machine.wake_spread_permille", [1000 * min(share, 0.5)])
        for idle in (0.0002, 0.005):
            times = pipe_latencies(CORES[0], CORES[1], 60, idle)
            record(f"wake latency after {idle * 1e3:g} ms", times, less=calls, into=EXTRA)
        there = pipe_latencies(CORES[0], CORES[1], 40, 0.015)
        back = pipe_latencies(CORES[1], CORES[0], 40, 0.015)
        record("machine.wake_latency_deep", there + back, less=calls)
        near = waking_writes(200, CORES[0], CORES[0])
        far = waking_writes(200, CORES[0], CORES[1])
        record("machine.interrupt", far, less=statistics.median(near))
        record("machine.wakes_in_place", wakes_in_place(60))
    same = pipe_latencies(CORES[0], CORES[0], 400, 0.0002)
    record("machine.wake_latency_same", same, less=calls)
    record("machine.context_switch", ping_pong(CORES[0], 2000), less=calls)
    record("machine.timer_call", sleeps_on_busy_core(CORES[0], 200),
           less=known("machine.context_switch"))
    record("machine.wake_call", wake_calls(200))


def present_core():
    """Return the core that this process runs on."""
    with open("/proc/self/stat", encoding="ascii") as file:
        return int(file.read().rpartition(")")[2].split()[36])


def wakes_in_place(count):
    """1 if most wake-ups of a reader leave it on its busy core beside an idle one, or 0.

    The core is its waker's, too: of more than two cores this does not tell which of them counts.
    """
    here, there = os.pipe()

    def receive():
        stays = []
        for _ in range(count):
            os.sched_setaffinity(0, {CORES[0]})
            os.sched_setaffinity(0, CORES)
            os.read(here, 1)
            stays.append(int(present_core() == CORES[0]))
        return stays

    stays = in_child(receive)
    os.sched_setaffinity(0, {CORES[0]})
    for _ in range(count):
        time.sleep(0.002)
        os.write(there, b"x")
        busy_until = time.perf_counter_ns() + 400_000
        while time.perf_counter_ns() < busy_until:
            pass
    os.sched_setaffinity(0, CORES)
    os.close(here)
    os.close(there)
    return [int(4 * sum(stays()) >= 3 * count)]


def wake_calls(count):
    """CPU time that giving a lock up takes longer when somebody on that core sleeps for it."""
    lock, plain, waking = threading.Lock(), [], []
    os.sched_setaffinity(0, {CORES[0]})

    def wait_for_it():
        with lock:
            pass

    for _ in range(count):
        lock.acquire()
        plain.append(cpu_of(lock.release))
        lock.acquire()
        waiter = threading.Thread(target=wait_for_it)
        waiter.start()
        time.sleep(0.0003)
        waking.append(cpu_of(lock.release))
        waiter.join()
    os.sched_setaffinity(0, CORES)
    usual = statistics.median(plain)
    return [max(0, one - usual) for one in waking][count // 10:]


def waking_writes(count, sender, receiver):
    """CPU time of writes on one core to a pipe whose reader sleeps on the same or on another."""
    here, there = os.pipe()

    def receive():
        os.sched_setaffinity(0, {receiver})
        for _ in range(count):
            os.read(here, 1)
        return []

    received = in_child(receive)
    os.sched_setaffinity(0, {sender})
    times = []
    for _ in range(count):
        time.sleep(0.0003)
        times.append(cpu_of(os.write, there, b"x"))
    os.sched_setaffinity(0, CORES)
    received()
    os.close(here)
    os.close(there)
    return times[count // 10:]


def measure_pipe_calls():
    """System calls on a pipe when nobody sleeps: for so long each gives the lock up."""
    here, there = os.pipe()
    poll = select.poll()
    poll.register(here, select.POLLIN)
    calls = {"write": (os.write, there, b"1234"), "poll": (poll.poll,), "read": (os.read, here, 4)}
    times = {name: [] for name in calls}
    for _ in range(2000):
        for name, call in calls.items():
            times[name].append(wall_of(*call))
    overhead = statistics.median(wall_of(nothing) for _ in range(2000))
    record("pipe.write", times["write"], less=overhead)
    record("pipe.wake", waking_writes(200, CORES[0], CORES[0]), less=known("pipe.write"))
    record("pipe.poll", times["poll"], less=overhead)
    record("pipe.read", times["read"], less=overhead)
    os.close(here)
    os.close(there)


def measure_timers():
    """How much later than asked a sleeper is woken, its wake-up apart."""
    late = [wall_of(time.sleep, 0.001) - 1_000_000 for _ in range(400)]
    record("machine.timer_slack", late, less=known("machine.wake_latency"))
    for length in (0.001, 0.005, 0.02):
        late = [wall_of(time.sleep, length) - length * 1e9 for _ in range(50)]
        record(f"sleep of {length * 1e3:g} ms: overshoot", late, into=EXTRA)
    poll = select.epoll()
    waited = [wall_of(poll.poll, 0.0002) for _ in range(50)]
    poll.close()
    is_rounded = statistics.median(waited) > 800_000
    record("machine.poll_granularity", [1_000_000 if is_rounded else 0])


def turns(cores, length, of_its_own=False):
    """When this process ran: pairs of first and last clock reading, gaps in between.

    It computes for so many nanoseconds, by the clock or, if they are to be its own, without the gaps. It calls
    nothing that reads a CPU clock: the kernel would end slices there, not at timer ticks.
    """
    os.sched_setaffinity(0, cores)
    first = last = now = begin = time.perf_counter_ns()
    taken = []
    while now - begin < length:
        now = time.perf_counter_ns()
        if now - last > 200_000:
            taken.append((first, last))
            begin += now - last if of_its_own else 0
            first = now
        last = now
    return [*taken, (first, last)] if of_its_own else taken


def measure_quantum():
    """Let two processes compete for one core: how long their turns are, and the gaps."""
    rivals = [in_child(lambda: turns({CORES[0]}, 1_500_000_000)) for _ in range(2)]
    pairs = sorted(tuple(turn) for rival in rivals for turn in rival()[1:])
    ticks = round_to_ticks([last - first for first, last in pairs])
    record("machine.quantum", ticks)
    gaps = [after[0] - before[1] for before, after in zip(pairs, pairs[1:])]
    record("gap between turns on a core", gaps, into=EXTRA)
    record("machine.base_slice", [base_slice()])


def measure_idle_looks(count):
    """Let three processes compute on two cores: does the core that the first leaves take one of the others?"""
    if len(CORES) < 2:
        return
    looks = []
    for _ in range(count):
        trio = [in_child(lambda: turns(CORES[:2], 50_000_000, True)) for _ in range(3)]
        time.sleep(0.12)  # whoever reads would run, and fall asleep, on the core that is left
        looks.append(looks_until_taken([one() for one in trio], known("machine.quantum")))
    looks = [found for found in looks if found is not None]
    at_ticks = [found for found in looks if found > 0]
    if looks:
        record("machine.newidle_permille", [1000 * (1 - len(at_ticks) / len(looks))])
    record("ticks until an idle core took a computation", at_ticks, into=EXTRA)


def looks_until_taken(trio, tick):
    """At how many timer ticks a core idled beside two computations until it took one: 0 if it took it at once.

    None if the first to end had shared its core, or if nothing is known of ticks. If no computation was taken,
    the ticks until the others had ended.
    """
    trio = sorted(trio, key=lambda one: one[-1][1])
    (begin, freed), pair = trio[0][-1], trio[1:]
    switches = [begin for one in pair for begin, _ in one if begin <= freed]
    if not tick or not switches or freed - begin < 3 * tick:
        return None

    def ticks_before(instant):
        """The switches of the pair tell when ticks are, give or take a sixteenth of one."""
        return (instant - max(switches) + tick / 16) // tick

    both = [max(one[0], other[0], freed) for one in pair[0] for other in pair[1]
            if min(one[1], other[1]) - max(one[0], other[0], freed) > tick / 8]
    if not both:
        end = min(one[-1][1] for one in pair)
        return max(1, int(ticks_before(end) - ticks_before(freed)))
    at_tick = (min(both) - max(switches) + tick / 16) % tick < tick / 8
    if min(both) - freed < tick and not at_tick:
        return 0
    return max(1, int(ticks_before(min(both)) - ticks_before(freed)))


def round_to_ticks(lengths):
    """Turns that lasted a tick and more, to the next quarter of a millisecond."""
    return [max(1, round(length / 250_000)) * 250_000 for length in lengths if length > 500_000]


def base_slice():
    """Return the kernel's base slice on one core: as it says, or the rule of kernel/sched/fair.c."""
    factor = min(os.cpu_count() or 1, 8).bit_length()
    try:
        with open("/sys/kernel/debug/sched/base_slice_ns", encoding="ascii") as file:
            return int(file.read()) // factor
    except (OSError, ValueError):
        pass
    version = tuple(int(part) for part in platform.release().split(".")[:2])
    return 700_000 if version >= (6, 13) else 750_000


# The interpreter lock


def measure_lock():
    """Let four threads compete for the lock: how often the one before the last is next."""
    record("lock.switch_interval", [sys.getswitchinterval() * 1e9])
    turns, end = [-1], time.perf_counter() + 2.0

    def compete(me):
        while time.perf_counter() < end:
            if turns[-1] != me:
                turns.append(me)

    competitors = [threading.Thread(target=compete, args=(me,)) for me in range(4)]
    for thread in competitors:
        thread.start()
    for thread in competitors:
        thread.join()
    again = [before == after for before, after in zip(turns[10:], turns[12:])]
    if len(again) >= 50:
        record("lock.requester_permille", [1000 * sum(again) / len(again)])
    EXTRA["lock turns"] = len(turns)


def measure_retake():
    """Let a thread that wakes up compete with one that gives the lock up again and again.

    Each attempt takes a wake-up, and meets a free lock as often as the lock is free for long
    enough. So the number of attempts tells for how much of its free time the lock can be taken.
    """
    if len(CORES) < 2 or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return
    here, there = os.pipe()
    poller = select.poll()
    poller.register(here, select.POLLIN)
    rounds, over = [0], []

    def loop():
        while not over:
            poller.poll(0)
            for _ in range(300):
                pass
            rounds[0] += 1

    alone = statistics.median(wall_of(time.sleep, 0.002) for _ in range(100))
    looper = threading.Thread(target=loop)
    looper.start()
    began, rounds[0] = time.perf_counter_ns(), 0
    waits = sorted(wall_of(time.sleep, 0.002) for _ in range(300))
    each = (time.perf_counter_ns() - began) / max(rounds[0], 1)
    over.append(True)
    looper.join()
    os.close(here)
    os.close(there)
    longer = max(0, statistics.mean(waits[:-15]) - alone)
    attempts = 1 + longer / known("machine.wake_latency")
    record("lock.retake", [known("pipe.poll") - each / attempts])
    EXTRA["attempts to take the lock"] = attempts


# Threads


class Births:
    """Threads that live on, started one right after the other, and what their starts took.

    The C library keeps the stacks of threads that have gone for the next ones. Real programs
    start threads while others live: each needs a new stack.
    """

    def __init__(self):
        """Make one without threads."""
        self.threads, self.cpu, self.made, self.wall = [], [], [], []
        self.asked, self.began, self.boot = [], [], []
        self.end = threading.Event()

    def work(self):
        """Be the thread's function."""
        self.began.append(time.perf_counter_ns())
        self.boot.append(time.thread_time_ns())
        self.end.wait()

    def start(self):
        """Start a thread."""
        spent = time.thread_time_ns()
        asked = time.perf_counter_ns()
        self.threads.append(threading.Thread(target=self.work))
        self.threads[-1].start()
        self.wall.append(time.perf_counter_ns() - asked)
        self.cpu.append(time.thread_time_ns() - spent - CLOCK)
        self.made.append(MADE.pop() - spent - CLOCK)
        self.asked.append(asked)

    def latencies(self):
        """From each call of start until the thread's function began."""
        return [began - asked for asked, began in zip(self.asked, self.began)]


# The parent's CPU time as soon as the kernel had made a new thread.
MADE = []


def note_when_made(make):
    """Make new threads as the function does, and note when the parent goes on."""
    def noting(*arguments, **named):
        made = make(*arguments, **named)
        MADE.append(time.thread_time_ns())
        return made
    return noting


def measure_threads():
    """Start, boot, exit and join of threads, in batches."""
    maker = "_start_joinable_thread"  # from 3.13 on
    if not hasattr(threading, maker):
        maker = "_start_new_thread"
    usual = getattr(threading, maker)
    setattr(threading, maker, note_when_made(usual))
    cpu, made, wall, birth, boot, join = [], [], [], [], [], []
    for batch in range(31):
        births = Births()
        for _ in range(20):
            births.start()
        births.end.set()
        time.sleep(0.002)
        joins = [cpu_of(thread.join) for thread in births.threads]
        if batch:
            cpu += births.cpu
            made += births.made
            wall += births.wall
            birth += births.latencies()
            boot += births.boot
            join += joins
    setattr(threading, maker, usual)
    record("thread start: CPU", cpu, into=EXTRA)
    record("thread start: wall", wall, into=EXTRA)
    record("thread start: birth", birth, into=EXTRA)
    record("thread.join", join)
    # The parent sends the child to another core, which the engine adds. What is left of the
    # child's birth without that and its wake-up is the child's own share.
    record("thread.start", made, less=known("machine.interrupt"))
    beyond = known("thread.start", "machine.wake_latency")
    record("thread.boot", [min(one, all_ - beyond) for one, all_ in zip(boot, birth)])
    record("thread.exit", [time_to_end() for _ in range(200)],
           less=known("machine.wake_latency", "thread.join"))


def time_to_end():
    """From the end of a thread's function until who waits in join goes on."""
    ended = []

    def work():
        time.sleep(0.001)
        ended.append(time.perf_counter_ns())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return time.perf_counter_ns() - ended[0]


def measure_thread_disposal(count=20):
    """CPU time of threads after their functions have ended: all but what their joiners wait for is the kernel's."""
    def work():
        time.sleep(0.002)
        ends.append(time.thread_time_ns())

    rest = []
    for _ in range(30):
        ends = []
        mine, all_ = time.thread_time_ns(), time.process_time_ns()
        threads = [threading.Thread(target=work) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(0.005)
        mine, all_ = time.thread_time_ns() - mine, time.process_time_ns() - all_
        rest.append((all_ - mine - sum(ends)) / count)
    record("thread.dispose", rest[3:], less=known("thread.exit"))


def measure_sleep_zero():
    """`time.sleep(0)` where it costs little: up to 3.10 it passes by the kernel's timers."""
    times = [wall_of(time.sleep, 0) for _ in range(500)]
    if statistics.median(times) > 10_000:
        times = [0]
    record("thread.sleep_zero", times)


# ThreadPoolExecutor


def measure_thread_pool():
    """Tiny tasks through one worker that is busy while they are submitted."""
    create, submit, collect, shutdown = [], [], [], []
    dequeue, complete = [], []
    for batch in range(16):
        executors = []
        create.append(cpu_of(lambda: executors.append(
            concurrent.futures.ThreadPoolExecutor(1))))
        executor = executors[0]
        gate = threading.Event()
        executor.submit(gate.wait)
        tasks = WorkerStamps()
        futures = []
        submit.append(cpu_of(submit_all, executor, tasks.work, futures, 300) / 300)
        for future in futures:
            future.add_done_callback(tasks.done)
        results = executor.map(nothing, range(300))
        gate.set()
        concurrent.futures.wait(futures)
        executor.submit(nothing).result()
        collect.append(cpu_of(list, results) / 300)
        shutdown.append(cpu_of(executor.shutdown, False))
        if batch:
            dequeue += tasks.dequeues()
            complete += tasks.completes()
    record("thread_pool.create", create[1:])
    record("thread_pool.submit", submit[1:])
    record("thread_pool.dequeue", dequeue)
    record("thread_pool.complete", complete)
    record("thread_pool.collect", collect[1:])
    record("thread_pool.shutdown", shutdown[1:])


def submit_all(executor, work, futures, count):
    """Submit so many tasks, each with a small record."""
    for number in range(count):
        futures.append(executor.submit(work, record_of(number)))


class WorkerStamps:
    """CPU time of a worker thread, before and after its tasks and their callbacks."""

    def __init__(self):
        """Make one without stamps."""
        self.called, self.completed = [], []

    def work(self, _):
        """Be the task."""
        self.called.append(time.thread_time_ns())

    def done(self, _):
        """Be the callback, in the worker's thread."""
        self.completed.append(time.thread_time_ns())

    def completes(self):
        """From each task's return until its result was set."""
        pairs = zip(self.called, self.completed)
        return [completed - called - CLOCK for called, completed in pairs]

    def dequeues(self):
        """From each result set until the next task was called."""
        pairs = zip(self.completed, self.called[1:])
        return [called - completed - CLOCK for completed, called in pairs]


# The event loop


def measure_loop_ends():
    """`asyncio.run` before its coroutine's first step and after its last.

    A program does this once, before and after other things, and so it does here: the coroutine sleeps for long. In a
    tight loop it would take a fourth of the time.
    """
    start, stop = [], []
    for _ in range(40):
        stamps = []

        async def main(stamps=stamps):
            stamps.append(time.thread_time_ns())
            await asyncio.sleep(LONG)
            stamps.append(time.thread_time_ns())

        before = time.thread_time_ns()
        asyncio.run(main())
        stop.append(time.thread_time_ns() - stamps[1])
        start.append(stamps[0] - before)
    record("event_loop.start", start[5:])
    record("event_loop.stop", stop[5:])


async def sleep_zero_times(times):
    """Give way so many times."""
    for _ in range(times):
        await asyncio.sleep(0)


async def no_step():
    """Be a coroutine that ends in its first step."""


async def gathered(coroutine, count):
    """CPU time of so many coroutines under gather, each."""
    before = time.thread_time_ns()
    await asyncio.gather(*(coroutine() for _ in range(count)))
    return (time.thread_time_ns() - before) / count


async def measure_steps():
    """Many tasks share an iteration, one has it for itself: that tells the two apart."""
    alone, shared, create, whole = [], [], [], []
    for _ in range(25):
        before = time.thread_time_ns()
        await sleep_zero_times(500)
        alone.append((time.thread_time_ns() - before) / 500)
        many = await gathered(lambda: sleep_zero_times(12), 500)
        few = await gathered(lambda: sleep_zero_times(2), 500)
        shared.append((many - few) / 10)
        coroutines = [no_step() for _ in range(500)]
        before = time.thread_time_ns()
        tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
        create.append((time.thread_time_ns() - before) / 500)
        await asyncio.gather(*tasks)
        whole.append(await gathered(no_step, 500))
    record("event_loop.step", shared[3:])
    record("event_loop.iteration", alone[3:], less=known("event_loop.step"))
    record("event_loop.create_task", create[3:])
    record("event_loop.first_step", whole[3:], less=known("event_loop.create_task"))


def measure_heap():
    """Taking timers from a heap: what each doubling of those that are in it costs."""
    loop = asyncio.new_event_loop()

    def pop_all(count):
        timers = [asyncio.TimerHandle(number, nothing, (), loop) for number in range(count)]
        return cpu_of(lambda: [heapq.heappop(timers) for _ in range(count)]) / count

    few, many = 64, 8192
    levels = math.log2(many / few)
    record("event_loop.timer_level",
           [(pop_all(many) - pop_all(few)) / levels for _ in range(12)][2:])
    loop.close()


FEW_LIVE, MANY_LIVE = 512, 8192
"""Coroutines that live at once. The first is what the engine counts from (`FEW_LIVE` in `tools/event_loop.rs`)."""


async def measure_loop_timers():
    """Coroutines that sleep: what they cost beyond steps is their timers. All of it is CPU time: the loop may rest."""
    loop = asyncio.get_running_loop()
    setting, whole = [], []
    for _ in range(20):
        timers = []
        before = time.thread_time_ns()
        for _ in range(500):
            loop.create_future()
            timers.append(loop.call_later(100, nothing))
        setting.append((time.thread_time_ns() - before) / 500)
        for timer in timers:
            timer.cancel()
        await asyncio.sleep(0)
        whole.append(await gathered(lambda: asyncio.sleep(0.001), FEW_LIVE))
    record("event_loop.timer_set", setting[2:])
    parts = ["create_task", "first_step", "step", "timer_set"]
    # 512 timers are taken from a heap that empties: 7.5 doublings on average.
    level = known("event_loop.timer_level")
    others = known(*("event_loop." + part for part in parts)) + 7.5 * level
    record("event_loop.timer_fire", whole[2:], less=others)
    some = [await gathered(keep_and_sleep, FEW_LIVE) for _ in range(20)]
    crowd = [await gathered(keep_and_sleep, MANY_LIVE) for _ in range(6)]
    # So many more live in the first step, and half as many on average in the one that ends it: one doubling less.
    doublings = math.log2(MANY_LIVE / FEW_LIVE)
    few = statistics.median(some[2:]) + doublings * level
    record("event_loop.live_level", [(many - few) / (2 * doublings - 1) for many in crowd[1:]])


async def keep_and_sleep():
    """Be a coroutine as programs have them: it awaits another one, and keeps what it has done until it ends.

    Many of them take memory that leaves the caches, and that the garbage collector goes through.
    """
    async def part(number):
        await asyncio.sleep(0.001)
        return [number, time.perf_counter()]

    return [await part(0)]


async def measure_futures():
    """Futures that coroutines await, completed in a row."""
    times = []
    for _ in range(15):
        futures = [asyncio.get_running_loop().create_future() for _ in range(500)]

        async def await_it(future):
            await future

        tasks = [asyncio.ensure_future(await_it(future)) for future in futures]
        await asyncio.sleep(0)
        before = time.thread_time_ns()
        for future in futures:
            future.set_result(None)
        times.append((time.thread_time_ns() - before) / 500)
        await asyncio.gather(*tasks)
    record("event_loop.future", times[3:])


async def measure_self_pipe():
    """`call_soon_threadsafe` from another thread, and what the loop does about it."""
    loop = asyncio.get_running_loop()
    calls = []

    def call_often():
        for _ in range(200):
            time.sleep(0.0005)
            calls.append(cpu_of(loop.call_soon_threadsafe, nothing))

    await loop.run_in_executor(None, call_often)
    record("event_loop.call_threadsafe", calls[20:])
    plain, piped = [], []
    for _ in range(800):
        for call, times in ((loop.call_soon, plain), (loop.call_soon_threadsafe, piped)):
            call(nothing)
            before = time.thread_time_ns()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            times.append(time.thread_time_ns() - before)
    record("event_loop.drain", piped[80:], less=statistics.median(plain[80:]))


async def measure_offload():
    """Round trips through the default executor: the loop's share beyond its known parts."""
    loop = asyncio.get_running_loop()
    times = []
    for _ in range(400):
        before = time.thread_time_ns()
        if sys.version_info >= (3, 9):
            await asyncio.to_thread(nothing)
        else:
            await loop.run_in_executor(None, nothing)
        times.append(time.thread_time_ns() - before - CLOCK)
    parts = ["iteration", "iteration", "drain", "future", "step"]
    others = known("thread_pool.submit", *("event_loop." + part for part in parts))
    record("event_loop.offload", times[50:], less=others)


def measure_stop_executor():
    """The end of a loop whose default executor has one thread, beyond its threads' costs."""
    times = []
    for _ in range(40):
        stamps = []

        async def main(stamps=stamps):
            await asyncio.get_running_loop().run_in_executor(None, nothing)
            stamps.append(time.perf_counter_ns())

        asyncio.run(main())
        times.append(time.perf_counter_ns() - stamps[0])
    # A thread is started that wakes the executor's, joins it, and is joined.
    threads = known("thread.start", "thread.boot", *2 * ("thread.exit", "thread.join"),
                    *4 * ("machine.wake_latency",))
    if sys.version_info >= (3, 9):
        record("event_loop.stop_executor", times[5:],
               less=known("event_loop.stop") + threads)
    else:
        record("event_loop.stop_executor", [0])


def measure_loop():
    """All of the event loop."""
    measure_loop_ends()
    measure_heap()
    for measure in (measure_steps, measure_loop_timers, measure_futures,
                    measure_self_pipe, measure_offload):
        asyncio.run(measure())
    measure_stop_executor()


# Processes


def report_life(connection):
    """In a child: say when its code began to run, then when it ends."""
    began, spent = time.perf_counter_ns(), time.process_time_ns()
    connection.send((began, spent))
    connection.recv()
    connection.send(time.perf_counter_ns())


def private_bytes(process):
    """Memory of a process that it shares with nobody, or nothing."""
    try:
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
            rows = [line.split() for line in file if line.startswith("Private_")]
    except OSError:
        return []
    return [1024 * sum(int(row[1]) for row in rows)]


class Lives:
    """What was measured of some children that were started in one way."""

    def __init__(self, method):
        """Make one for a start method."""
        self.context = multiprocessing.get_context(method)
        self.parent, self.cpu, self.whole, self.child = [], [], [], []
        self.exit, self.join, self.memory = [], [], []

    def begin_at_once(self):
        """Start a child for each of two cores. How long it took until each began to work."""
        pairs = [self.context.Pipe() for _ in range(BESIDE)]
        children = [self.context.Process(target=report_life, args=(its,)) for _, its in pairs]
        started = []
        for child in children:
            started.append(time.perf_counter_ns())
            child.start()
        whole = [mine.recv()[0] - before for before, (mine, _) in zip(started, pairs)]
        for child, (mine, its) in zip(children, pairs):
            mine.send(None)
            child.join()
            mine.close()
            its.close()
        return whole

    def live(self):
        """Start a child, let it end, join it."""
        mine, its = self.context.Pipe()
        child = self.context.Process(target=report_life, args=(its,))
        before, spent = time.perf_counter_ns(), time.thread_time_ns()
        child.start()
        spent = time.thread_time_ns() - spent - CLOCK
        started = time.perf_counter_ns()
        began, its_cpu = mine.recv()
        self.child.append(its_cpu)
        self.memory += private_bytes(child.pid)
        mine.send(None)
        ended = mine.recv()
        self.join.append(cpu_of(child.join))
        self.exit.append(time.perf_counter_ns() - ended)
        self.cpu.append(spent)
        self.parent.append(started - before)
        self.whole.append(began - before)
        mine.close()
        its.close()


BESIDE = min(2, len(CORES))
"""How many children are started at once, where that makes a difference."""


def measure_processes():
    """Children by each start method. The first of each is apart from the others, whose costs are steady."""
    latency = known("machine.wake_latency")
    forked = None
    for method, count in (("fork", 60), ("spawn", 12), ("forkserver", 12)):
        lives = Lives(method)
        for _ in range(count + 1):
            lives.live()
        name = "process." + method
        # fork is all work; the others wait for something as well.
        record(name + ".parent", (lives.cpu if method == "fork" else lives.parent)[1:])
        if method == "fork":
            # Parent and child work at once for some time: what they take together is less than the sum.
            record(name + ".child", lives.child[1:])
            parts = known(name + ".parent", name + ".child") + latency
            record(name + ".after", [max(0, min(known(name + ".parent"),
                                                parts - statistics.median(lives.whole[1:])))])
        else:
            # Pools start theirs together. A new interpreter then takes 8 to 17 % longer than alone: it reads much memory.
            whole = [time for _ in range(count // 2) for time in lives.begin_at_once()]
            record(name + ".child", whole, less=latency + known(name + ".parent"))
            record(name + ".after", [0])
            record(name + ".copies", [0])
            record(name + ".parent_copies", [0])
            record(name + ".copies_per_object", [0])
        # What the first one starts besides: the resource tracker, the fork server.
        record(name + ".first",
               [0 if method == "fork" else lives.whole[0] - statistics.median(lives.whole[1:])])
        record(name + ".memory", lives.memory[1:])
        forked = forked or lives
    record("process.join", forked.join[1:])
    record("process.exit", forked.exit[1:], less=latency + known("process.join"))


# What tasks share


MANY = 1000


def each_of_many(work):
    """CPU time of one of many calls in a loop, the loop's own time taken off."""
    def calls(repeat):
        before = time.thread_time_ns()
        for _ in repeat:
            work()
        return time.thread_time_ns() - before

    def turns(repeat):
        before = time.thread_time_ns()
        for _ in repeat:
            pass
        return time.thread_time_ns() - before

    repeat = [None] * MANY
    return (calls(repeat) - turns(repeat)) / MANY


def use_of(semaphore):
    """Return a function that takes a permit and gives it back, as programs do."""
    def use():
        with semaphore:
            pass

    return use


def lock_costs():
    """CPU times of acquiring locks, and of releasing them: what `with` takes longer."""
    locks = [threading.Lock() for _ in range(MANY)]
    acquire, both = [], []
    for _ in range(25):
        acquire.append(each_of_many(map(threading.Lock.acquire, locks).__next__))
        for lock in locks:
            lock.release()
        both.append(each_of_many(use_of(locks[0])))
    taken = statistics.median(acquire)
    return acquire, [max(0.0, pair - taken) for pair in both]


def semaphore_costs(make):
    """CPU times of taking permits, and of giving them back: what `with` takes longer."""
    acquire, both = [], []
    for _ in range(25):
        acquire.append(each_of_many(make(MANY).acquire))
        both.append(each_of_many(use_of(make(MANY))))
    taken = statistics.median(acquire)
    return acquire, [pair - taken for pair in both]


def put_one(queue):
    """Return a function that puts a number, as programs do."""
    return lambda: queue.put(1)


def waits_of_conditions():
    """CPU time of Condition.wait and of a notify that wakes, system calls aside."""
    wait, notify = [], []
    condition = threading.Condition()
    with condition:
        for _ in range(25):
            wait.append(each_of_many(lambda: condition.wait(0)))
            alone = each_of_many(condition.notify)
            locks = [threading.Lock() for _ in range(MANY)]
            for lock in locks:
                lock.acquire()
            condition._waiters.extend(locks)
            notify.append(each_of_many(condition.notify) - alone)
    return wait, notify


def measure_shared_by_threads():
    """threading.Semaphore and queue.Queue: nobody else is there."""
    acquire, release = semaphore_costs(threading.Semaphore)
    record("shared.threads.acquire", acquire[3:])
    record("shared.threads.release", release[3:])
    lock, unlock = lock_costs()
    record("shared.threads.lock", lock[3:])
    record("shared.threads.unlock", unlock[3:])
    put, get = [], []
    for _ in range(25):
        waiting = queue.Queue()
        put.append(each_of_many(put_one(waiting)))
        get.append(each_of_many(waiting.get))
    record("shared.threads.put", put[3:])
    record("shared.threads.get", get[3:])
    wait, notify = waits_of_conditions()
    record("shared.threads.wait", wait[3:])
    record("shared.threads.notify", notify[3:])


def measure_shared_by_processes():
    """multiprocessing.Semaphore and Queue: the feeder thread has a core for itself."""
    acquire, release = semaphore_costs(multiprocessing.Semaphore)
    record("shared.processes.acquire", acquire[3:])
    record("shared.processes.release", release[3:])
    put, feed, get = [], [], []
    waiting = multiprocessing.Queue()
    waiting.put(1)
    waiting.get()
    fed = cpu_clock(waiting._thread)
    for _ in range(25):
        before = fed()
        put.append(each_of_many(put_one(waiting)))
        while waiting.qsize() < MANY or waiting._buffer:
            time.sleep(0.001)
        time.sleep(0.001)
        feed.append((fed() - before) / MANY)
        get.append(each_of_many(waiting.get))
    record("shared.processes.put", put[3:])
    record("shared.processes.feed", feed[3:], less=known("pipe.write"))
    record("shared.processes.get", get[3:], less=known("pipe.read"))


class Limiter:
    """A token bucket that always has a token, as printed programs have it."""

    def __init__(self, lock, full):
        self.gap, self.slack, self.lock, self.full = 1e-9, 1e9, lock, full

    def wait(self):
        """Take a token."""
        with self.lock:
            now = time.monotonic()
            delay = self.full.value - self.slack - now
            self.full.value = max(self.full.value, now) + self.gap
        if delay > 0:
            time.sleep(delay)


class LoopLimiter:
    """The same on an event loop."""

    def __init__(self):
        self.gap, self.slack, self.full = 1e-9, 1e9, 0.0

    async def wait(self):
        """Take a token."""
        now = time.monotonic()
        delay = self.full - self.slack - now
        self.full = max(self.full, now) + self.gap
        if delay > 0:
            await asyncio.sleep(delay)


def gate_costs(kind, limiter):
    """CPU times of an event, of a barrier for one, and of a limiter: nobody waits."""
    costs = {"set": [], "wait_for": [], "meet": [], "pass": []}
    for _ in range(12):
        event, barrier = kind.Event(), kind.Barrier(1)
        costs["set"].append(each_of_many(event.set))
        costs["wait_for"].append(each_of_many(event.wait))
        costs["meet"].append(each_of_many(barrier.wait))
        costs["pass"].append(each_of_many(limiter.wait))
    return {name: samples[2:] for name, samples in costs.items()}


def measure_gates():
    """Events, barriers and limiters of threads and of processes."""
    on_threads = gate_costs(threading, Limiter(threading.Lock(), types.SimpleNamespace(value=0.0)))
    record("shared.gates.set", on_threads["set"])
    record("shared.gates.wait_for", on_threads["wait_for"])
    record("shared.gates.meet", on_threads["meet"])
    record("shared.gates.pass", on_threads["pass"])
    context = multiprocessing.get_context("fork")
    full = context.Value("d", 0.0, lock=False)
    of_processes = gate_costs(context, Limiter(context.Lock(), full))
    record("shared.process_gates.set", of_processes["set"])
    record("shared.process_gates.wait_for", of_processes["wait_for"])
    record("shared.process_gates.meet", of_processes["meet"])
    record("shared.process_gates.pass", of_processes["pass"])


async def measure_gates_of_coroutines():
    """Events, barriers and limiters of an event loop; barriers came with Python 3.11."""
    costs = {"set": [], "wait_for": [], "meet": [], "pass": []}
    limiter = LoopLimiter()
    for _ in range(12):
        event = asyncio.Event()
        costs["set"].append(each_of_many(event.set))
        costs["wait_for"].append(await await_many(event.wait))
        costs["pass"].append(await await_many(limiter.wait))
        if sys.version_info >= (3, 11):
            costs["meet"].append(await await_many(asyncio.Barrier(1).wait))
    record("shared.coroutines.set", costs["set"][2:])
    record("shared.coroutines.wait_for", costs["wait_for"][2:])
    record("shared.coroutines.meet", costs["meet"][2:])
    record("shared.coroutines.pass", costs["pass"][2:])


class Something:
    """An object with an attribute."""

    def __init__(self):
        self.value = object()


def uses_of(something, gate, costs):
    """CPU time of one of many uses of an attribute, from the gate on."""
    def use():
        something.value  # noqa: B018

    gate.wait()
    costs.append(each_of_many(use))


def uses_by_two(first, second):
    """The mean CPU time of a use by two threads at once."""
    gate, costs = threading.Barrier(2), []
    threads = [threading.Thread(target=uses_of, args=(it, gate, costs)) for it in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statistics.mean(costs)


def measure_sharing():
    """What two threads take for what both use: only free-threaded builds let them do it at once."""
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return
    alone, together = [], []
    for _ in range(12):
        one, other = Something(), Something()
        alone.append(uses_by_two(one, other))
        together.append(uses_by_two(one, one))
    record("sharing.access", alone[2:])
    record("sharing.hand_over", together[2:], less=known("sharing.access"))


REQUESTS = 200


def requests_to(listener):
    """Connect and ask so often; return the sockets."""
    clients = [socket.create_connection(listener.getsockname()) for _ in range(REQUESTS)]
    for client in clients:
        client.sendall(b"GET /")
    return clients


class Answer(asyncio.Protocol):
    """A request that is answered by a task of its own."""

    left = REQUESTS
    all_are_answered = None

    def connection_made(self, transport):
        """Keep the transport."""
        self.transport = transport

    def data_received(self, _):
        """Answer in a task."""
        asyncio.get_running_loop().create_task(self.answer())

    async def answer(self):
        """Answer and close; the last one tells."""
        self.transport.write(b"ok")
        self.transport.close()
        Answer.left -= 1
        if not Answer.left:
            Answer.all_are_answered.set()


async def accept_on_loop(listener):
    """CPU time of an event loop for one of many requests."""
    server = await asyncio.get_running_loop().create_server(Answer, sock=listener, backlog=REQUESTS)
    costs = []
    for _ in range(10):
        Answer.left, Answer.all_are_answered = REQUESTS, asyncio.Event()
        clients = requests_to(listener)
        before = time.thread_time_ns()
        await Answer.all_are_answered.wait()
        costs.append((time.thread_time_ns() - before) / REQUESTS)
        for client in clients:
            client.close()
    server.close()
    return costs[2:]


def accept_in_vain(listener):
    """Look for a connection where there is none."""
    try:
        listener.accept()
    except BlockingIOError:
        pass


def measure_servers():
    """Accepting requests: by a thread, by an event loop, and in vain."""
    accept, nothing = [], []
    with socket.create_server(("127.0.0.1", 0), backlog=REQUESTS) as listener:
        for _ in range(10):
            clients = requests_to(listener)
            before = time.thread_time_ns()
            for _ in clients:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(b"ok")
            accept.append((time.thread_time_ns() - before) / REQUESTS)
            for client in clients:
                client.close()
        listener.setblocking(False)
        for _ in range(10):
            nothing.append(each_of_many(lambda: accept_in_vain(listener)))
    record("server.accept", accept[2:])
    record("server.accept_nothing", nothing[2:])
    on_loop = asyncio.run(accept_on_loop(socket.create_server(("127.0.0.1", 0), backlog=REQUESTS)))
    record("server.accept_on_loop", on_loop, less=known("event_loop.first_step"))


async def use_on_loop(semaphore):
    """CPU time of one of many uses of a semaphore that nobody else has."""
    before = time.thread_time_ns()
    for _ in range(MANY):
        async with semaphore:
            pass
    return (time.thread_time_ns() - before) / MANY


async def await_many(make):
    """CPU time of awaiting one of many coroutines that do not wait."""
    before = time.thread_time_ns()
    for _ in range(MANY):
        await make()
    return (time.thread_time_ns() - before) / MANY


async def measure_shared_by_coroutines():
    """asyncio.Semaphore and Queue: nobody else is there."""
    acquire, both, put, get = [], [], [], []
    lock, lock_and_unlock = [], []
    for _ in range(25):
        locks = [asyncio.Lock() for _ in range(MANY)]
        lock.append(await await_many(map(asyncio.Lock.acquire, locks).__next__))
        lock_and_unlock.append(await use_on_loop(asyncio.Lock()))
        acquire.append(await await_many(asyncio.Semaphore(MANY).acquire))
        both.append(await use_on_loop(asyncio.Semaphore(1)))
        waiting = asyncio.Queue()
        put.append(await await_many(lambda: waiting.put(1)))
        get.append(await await_many(waiting.get))
    record("shared.coroutines.acquire", acquire[3:])
    record("shared.coroutines.release", both[3:], less=statistics.median(acquire[3:]))
    record("shared.coroutines.lock", lock[3:])
    record("shared.coroutines.unlock", lock_and_unlock[3:], less=statistics.median(lock[3:]))
    record("shared.coroutines.put", put[3:])
    record("shared.coroutines.get", get[3:])


# ProcessPoolExecutor


STEPS = [["compute", 0.1]]
OPTIONS = {"rate": 1.5, "scale": 2.5, "limit": 3.5}


def record_of(number):
    """A small record, as tasks are given."""
    return number, STEPS, OPTIONS


def answer(given):
    """Return a small record, as tasks do."""
    return given[0], 1.25, 2.5, [0.125]


def same(number):
    """Return a number, as the simplest tasks do."""
    return number


def process_cpu(_=None):
    """In a worker: its CPU time."""
    return time.process_time_ns()


def worker_cost(run, work, items):
    """CPU time of one worker for each task, from `run(function, items)`."""
    costs = []
    for _ in range(12):
        before = run(process_cpu, [0])[0]
        run(work, items)
        after = run(process_cpu, [0])[0]
        costs.append((after - before) / (len(items) + 1))
    return costs[1:]


def ratio_of_receive(make_queue):
    """Share of a get in a put and a get of a queue that nobody else uses."""
    queue = make_queue()
    puts, gets = [], []
    for number in range(500):
        puts.append(cpu_of(queue.put, (0, answer, (record_of(number),), {})))
        time.sleep(0)
        gets.append(cpu_of(queue.get))
    put, get = statistics.median(puts), statistics.median(gets)
    return get / (put + get)


def measure_process_pool_parent(context):
    """Tiny tasks through two workers: the CPU of the caller and of both helper threads."""
    submit, collect, feed, manage = [], [], [], []
    before = set(threading.enumerate())
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        executor.submit(nothing).result()
        helpers = set(threading.enumerate()) - before
        feeders = [thread for thread in helpers if thread.name == "QueueFeederThread"]
        managers = [thread for thread in helpers if thread not in feeders]
        feeder, manager = cpu_clock(feeders[0]), cpu_clock(managers[0])
        for _ in range(8):
            futures = []
            fed, managed = feeder(), manager()
            submit.append(cpu_of(submit_all, executor, answer, futures, 400) / 400)
            concurrent.futures.wait(futures)
            time.sleep(0.01)
            feed.append((feeder() - fed) / 400)
            manage.append((manager() - managed) / 400)
            results = executor.map(answer, map(record_of, range(400)))
            time.sleep(0.2)
            collect.append(cpu_of(list, results) / 400)
    record("process_pool.submit", submit[1:], less=known("pipe.write"))
    record("process_pool.collect", collect[1:])
    record("process_pool.feed", feed[1:], less=known("pipe.write"))
    return manage[1:]


def measure_enqueue(context):
    """A put into a multiprocessing.Queue, which its feeder thread sends on."""
    queue = context.Queue()
    times = []
    for number in range(300):
        times.append(cpu_of(queue.put, (0, answer, (record_of(number),), {})))
        queue.get()
    queue.close()
    queue.join_thread()
    record("process_pool.enqueue", times[50:])


def measure_wait(context):
    """Wait for two pipes and two sentinels of which one is ready."""
    results, wakeups = context.SimpleQueue(), context.SimpleQueue()
    idle = [context.Pipe(False)[0] for _ in range(2)]
    results.put(None)
    ready = [results._reader, wakeups._reader, *idle]
    # The manager also looks whether it was woken up.
    looks = [cpu_of(wakeups._reader.poll) for _ in range(500)]
    times = [cpu_of(multiprocessing.connection.wait, ready) for _ in range(500)]
    record("process_pool.wait", [one + other for one, other in zip(times, looks)][50:])


def measure_drain():
    """Reading the wake-ups that submits have sent, one by one."""
    reader, writer = multiprocessing.Pipe(False)

    def clear():
        while reader.poll():
            reader.recv_bytes()

    times = []
    for _ in range(40):
        for _ in range(100):
            writer.send_bytes(b"")
        times.append(cpu_of(clear) / 100)
    record("process_pool.drain", times[5:])
    reader.close()
    writer.close()


ITEMS, CHUNK = 100_000, 1000


def per_item(work, prepare=lambda: None):
    """CPU time of a call that goes through many items, for each of them; what it returns is kept meanwhile.

    Each time in a new process: in a real program, too, the memory of many items is fresh.
    """
    def once():
        prepared, kept = prepare(), []
        return cpu_of(lambda: kept.append(work(prepared))) / ITEMS

    return [in_child(once)() for _ in range(7)]


def cut_for_executor():
    """Cut items into chunks as ProcessPoolExecutor.map does."""
    if sys.version_info >= (3, 13):
        return list(itertools.batched(zip(range(ITEMS)), CHUNK))
    return list(concurrent.futures.process._get_chunks(range(ITEMS), chunksize=CHUNK))


def cut_for_pool():
    """Cut items into chunks as multiprocessing.Pool.map does."""
    return list(multiprocessing.pool.Pool._get_tasks(same, list(range(ITEMS)), CHUNK))


def measure_chunks():
    """What each item of a chunk costs the parent's threads. All chunks are kept, as pools keep them."""
    chain = concurrent.futures.process._chain_from_iterable_of_lists
    record("process_pool.submit_item", per_item(lambda _: cut_for_executor()))
    record("multiprocessing_pool.submit_item", per_item(lambda _: cut_for_pool()))

    def parts():
        return [part for _, part in cut_for_pool()]

    def pickled(parts):
        for part in parts:
            pickle.dumps(part)

    record("process_pool.feed_item", per_item(pickled, cut_for_executor))
    record("multiprocessing_pool.feed_item", per_item(pickled, parts))
    deliver = per_item(lambda results: [pickle.loads(part) for part in results],
                       lambda: [pickle.dumps(list(part)) for part in parts()])
    record("process_pool.deliver_item", deliver)
    record("multiprocessing_pool.deliver_item", deliver)
    record("process_pool.collect_item",
           per_item(lambda parts: list(chain(parts)), lambda: [list(part) for part in parts()]))


def process_pool_lives(context):
    """CPU time of making a pool; how long the end of one with one worker takes."""
    create, shutdown = [], []
    for _ in range(25):
        made = time.thread_time_ns()
        executor = concurrent.futures.ProcessPoolExecutor(1, mp_context=context)
        create.append(time.thread_time_ns() - made - CLOCK)
        executor.submit(nothing).result()
        executor.submit(nothing).result()
        time.sleep(0.002)
        shutdown.append(wall_of(executor.shutdown))
    # Caller, manager, feeder and worker wake each other in turn, then the joins do.
    parts = known(*5 * ("machine.wake_latency",), "process.exit", "process.join",
                  "thread.exit", *2 * ("thread.join",))
    record("process_pool.create", create[1:])
    record("process_pool.shutdown", shutdown[1:], less=parts)


def first_items(context):
    """CPU time of worker and parent for a forked worker's first item beyond that of others.

    Real programs have fewer objects than this one has by now, so that their garbage collector
    touches less of the memory that is copied then.
    """
    its, mine = [], []
    gc.collect()
    gc.freeze()
    threads = 2 * ("thread.start", "thread.boot", "machine.interrupt")
    started = known("process_pool.create", "process.fork.parent", *threads)
    for _ in range(12):
        spent = [time.process_time_ns()]
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
            executor.submit(answer, record_of(0)).result()
            time.sleep(0.002)
            spent.append(time.process_time_ns())
            worker = []
            for _ in range(3):
                worker.append(executor.submit(process_cpu).result())
                time.sleep(0.002)
                spent.append(time.process_time_ns())
        # The first stamp is taken when one item is done and another one received.
        later = worker[2] - worker[1]
        its.append(worker[0] - known("process.fork.child") - 1.5 * later)
        mine.append(spent[1] - spent[0] - (spent[3] - spent[2]) - started)
    gc.unfreeze()
    record("process.fork.copies", its)
    record("process.fork.parent_copies", mine)


def measure_process_pool():
    """All of ProcessPoolExecutor, with forked workers."""
    context = multiprocessing.get_context("fork")
    measure_enqueue(context)
    measure_wait(context)
    measure_drain()
    manage = measure_process_pool_parent(context)
    record("process_pool.deliver", manage,
           less=known("process_pool.enqueue", "process_pool.wait", "process_pool.drain"))
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
        records = [record_of(number) for number in range(400)]
        one = worker_cost(lambda work, items: list(executor.map(work, items)), answer, records)
        many = worker_cost(
            lambda work, items: list(executor.map(work, items, chunksize=CHUNK)), same,
            range(20 * CHUNK))
    share = ratio_of_receive(context.SimpleQueue)
    record("process_pool.receive", [cost * share for cost in one])
    record("process_pool.send", [cost * (1 - share) for cost in one])
    record("process_pool.chunk_item", many, less=statistics.median(one) / CHUNK)
    measure_chunks()
    process_pool_lives(context)
    first_items(context)


# multiprocessing.Pool


def measure_pool_parent(context):
    """Tiny tasks through two workers: the CPU of the caller and of both handlers."""
    submit, feed, deliver = [], [], []
    with context.Pool(2) as pool:
        pool.map(answer, map(record_of, range(10)))
        # The handlers have no names of their own: only the pool knows which is which.
        feeder, deliverer = cpu_clock(pool._task_handler), cpu_clock(pool._result_handler)
        for _ in range(10):
            fed, delivered = feeder(), deliverer()
            results = []
            items = [record_of(number) for number in range(400)]
            submit.append(cpu_of(
                lambda: results.append(pool.map_async(answer, items, 1))) / 400)
            results[0].wait()
            time.sleep(0.01)
            feed.append((feeder() - fed) / 400)
            deliver.append((deliverer() - delivered) / 400)
        watch = watch_costs(pool)
    record("multiprocessing_pool.submit", submit[1:])
    record("multiprocessing_pool.feed", feed[1:])
    record("multiprocessing_pool.deliver", deliver[1:])
    record("multiprocessing_pool.watch", watch, less=4 * known("pipe.poll"))


def watch_costs(pool):
    """CPU time of the worker handler for one look at its workers, when there is a result to be read."""
    here, there = multiprocessing.Pipe(False)
    there.send_bytes(b"result")
    sentinels = [worker.sentinel for worker in pool._pool]

    def look():
        pool._join_exited_workers(pool._pool)
        multiprocessing.connection.wait([here, pool._change_notifier._reader, *sentinels])
        pool._change_notifier.empty()

    times = [cpu_of(look) for _ in range(200)]
    here.close()
    there.close()
    return times[20:]


def pool_lives(context):
    """CPU time for the making of a pool of one worker, and how long its end takes."""
    create, shutdown = [], []
    gc.collect()
    gc.freeze()
    for _ in range(25):
        pools = []
        create.append(cpu_of(lambda: pools.append(context.Pool(1))))
        pools[0].apply(nothing)
        time.sleep(0.002)
        shutdown.append(wall_of(pools[0].terminate))
    gc.unfreeze()
    latency = "machine.wake_latency"
    record("multiprocessing_pool.create", create[1:],
           less=known("process.fork.parent", "process.fork.parent_copies",
                      *3 * ("thread.start", "machine.interrupt")))
    # The handlers end side by side, then the worker does.
    parts = known(*4 * (latency,), "thread.exit", *3 * ("thread.join",), "process.exit",
                  "process.join")
    record("multiprocessing_pool.shutdown", shutdown[1:], less=parts)


def measure_pool():
    """All of multiprocessing.Pool, with forked workers."""
    context = multiprocessing.get_context("fork")
    measure_pool_parent(context)
    with context.Pool(1) as pool:
        records = [record_of(number) for number in range(400)]
        one = worker_cost(lambda work, items: pool.map(work, items, 1), answer, records)
        many = worker_cost(lambda work, items: pool.map(work, items, CHUNK), same,
                           range(20 * CHUNK))
    share = ratio_of_receive(context.SimpleQueue)
    record("multiprocessing_pool.receive", [cost * share for cost in one])
    record("multiprocessing_pool.send", [cost * (1 - share) for cost in one])
    record("multiprocessing_pool.chunk_item", many, less=statistics.median(one) / CHUNK)
    pool_lives(context)


# Cold caches


SHORT, LONG = 0.001, 0.015
"""Seconds of sleep that leave a core warm, and such that leave it cold."""


def lateness(run):
    """How much later each of many sleeps ends than asked: samples after short ones, and after long ones."""
    def each(length):
        return (wall_of(run, length, 12) - wall_of(run, length, 4)) / 8 - length * 1e9

    run(SHORT, 4)
    return [each(SHORT) for _ in range(7)], [each(LONG) for _ in range(7)]


def sleep_often(length, times):
    """Sleep as one thread does."""
    for _ in range(times):
        time.sleep(length)


async def sleep_often_on_loop(length, times):
    """Sleep as a coroutine does."""
    for _ in range(times):
        await asyncio.sleep(length)


def measure_cold_caches():
    """What bookkeeping costs more on a core that has idled for long, beyond what the core itself takes to wake up."""
    short, long = map(statistics.median, lateness(sleep_often))
    context = multiprocessing.get_context("fork")

    def more(run):
        after_short, after_long = lateness(run)
        return [late - statistics.median(after_short) - (long - short) for late in after_long]

    def on_executor(pool):
        return lambda length, times: list(pool.map(time.sleep, [length] * times))

    record("event_loop.cold",
           more(lambda length, times: asyncio.run(sleep_often_on_loop(length, times))))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        record("thread_pool.cold", more(on_executor(pool)))
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        record("process_pool.cold", more(on_executor(pool)))
    with context.Pool(1) as pool:
        record("multiprocessing_pool.cold",
               more(lambda length, times: pool.map(time.sleep, [length] * times, 1)))


# Pickling


def measure_objects():
    """Pickling objects: whole numbers, floats and short texts, a third each."""
    objects = [kind for number in range(MANY // 3)
               for kind in (number, number + 0.5, "text " + str(number))]
    few = objects[:30]
    count = len(objects) - len(few)

    def each(work, more, less):
        short = statistics.median(cpu_of(work, less) for _ in range(100))
        return [(cpu_of(work, more) - short) / count for _ in range(100)][20:]

    record("pickle.dumps_per_object", each(pickle.dumps, objects, few))
    record("pickle.loads_per_object", each(pickle.loads, pickle.dumps(objects), pickle.dumps(few)))


SIZES = (MIB // 16, MIB // 4, MIB)


def per_mib(work):
    """CPU time of a call for each MiB, of messages of several sizes alike."""
    samples = []
    for size in SIZES:
        once = work(size)
        samples += [once() * MIB / size for _ in range(100)][10:]
    return samples


def measure_pickle():
    """Pickling bytes, and sending them through a pipe: CPU time of either side."""
    def dumps(size):
        data = os.urandom(size)
        return lambda: cpu_of(pickle.dumps, data)

    def loads(size):
        data = pickle.dumps(os.urandom(size))
        return lambda: cpu_of(pickle.loads, data)

    record("pickle.dumps_per_mib", per_mib(dumps))
    record("pickle.loads_per_mib", per_mib(loads))
    measure_objects()
    reader, writer = multiprocessing.Pipe(False)

    def send(size):
        data = os.urandom(size)
        return lambda: cpu_of(writer.send_bytes, data)

    received = in_child(lambda: per_mib(lambda _: lambda: cpu_of(reader.recv_bytes)))
    record("pickle.pipe_per_mib", per_mib(send))
    record("pickle.read_per_mib", received())
    reader.close()
    writer.close()


LARGE_SIZES = (MIB // 4, MIB, 4 * MIB)


def measure_fresh_memory():
    """What large items cost the task handler of a pool and its worker besides: the pages of fresh memory."""
    write, read = [], []
    with multiprocessing.get_context("fork").Pool(1) as pool:
        feeder = cpu_clock(pool._task_handler)
        for size in LARGE_SIZES * 3:
            count = max(6, 8 * MIB // size)
            items = [os.urandom(size) for _ in range(count)]
            before, fed = pool.apply(process_cpu), feeder()
            pool.map(nothing, items, 1)
            wrote, took = feeder() - fed, pool.apply(process_cpu) - before
            moved = count * size / MIB
            write.append((wrote - count * known("multiprocessing_pool.feed")) / moved)
            read.append((took - count * known("multiprocessing_pool.receive",
                                              "multiprocessing_pool.send")) / moved)
    record("pickle.fresh_write_per_mib", write[1:],
           less=known("pickle.dumps_per_mib", "pickle.pipe_per_mib"))
    record("pickle.fresh_read_per_mib", read[1:],
           less=known("pickle.loads_per_mib", "pickle.read_per_mib"))


def measure_copies_of_objects():
    """What pickling costs more where a child shares the pages of the objects."""
    lists = [list(range(20 * number, 20 * number + 20)) for number in range(5000)]
    context = multiprocessing.get_context("fork")

    def pickle_all():
        return cpu_of(lambda: [pickle.dumps(lists[first:first + 100])
                               for first in range(0, len(lists), 100)])

    copies = []
    for _ in range(6):
        child = context.Process(target=time.sleep, args=(60,))
        child.start()
        shared, own = pickle_all(), pickle_all()
        child.terminate()
        child.join()
        copies.append((shared - own) / (21 * len(lists)))
    record("process.fork.copies_per_object", copies[1:])


# Subinterpreters


def measure_interpreters():
    """Subinterpreters with a lock of their own, where Python offers them."""
    try:
        from concurrent import interpreters
    except ImportError:
        return
    create, destroy, call, memory = [], [], [], []
    for _ in range(12):
        made, before = [], resident()
        create.append(wall_of(lambda: made.append(interpreters.create())))
        memory.append(resident() - before)
        made[0].call(nothing)
        call += [wall_of(made[0].call, nothing) for _ in range(30)]
        destroy.append(wall_of(made[0].close))
    record("interpreter.create", create[1:])
    record("interpreter.call", call)
    record("interpreter.destroy", destroy[1:])
    record("memory.interpreter", memory[:1])  # the next ones reuse it


# Memory


def resident():
    """Resident memory of this process in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def memory_of_threads():
    """Resident memory of threads that wait, each."""
    gate = threading.Event()
    before = resident()
    threads = [threading.Thread(target=gate.wait) for _ in range(200)]
    for thread in threads:
        thread.start()
    after = resident()
    gate.set()
    for thread in threads:
        thread.join()
    return (after - before) / 200


async def memory_of_coroutines():
    """Resident memory of coroutines that wait, each."""
    before = resident()
    tasks = [asyncio.ensure_future(asyncio.sleep(100)) for _ in range(20_000)]
    await asyncio.sleep(0)
    after = resident()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return (after - before) / 20_000


def measure_memory():
    """In children, whose memory is not used up by what was measured before."""
    record("memory.base", [resident()])
    record("memory.thread", [in_child(memory_of_threads)() for _ in range(3)])
    record("memory.coroutine",
           [in_child(lambda: asyncio.run(memory_of_coroutines()))() for _ in range(3)])


def core_time():
    """Seconds that all cores worked since the machine began, and those that they had."""
    with open("/proc/stat", encoding="ascii") as file:
        numbers = [int(word) for word in file.readline().split()[1:9]]
    tick = os.sysconf("SC_CLK_TCK")
    return (sum(numbers) - numbers[3] - numbers[4]) / tick, sum(numbers) / tick


def own_time():
    """CPU seconds of this process and of its children that are gone."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main():
    """Measure everything and print it."""
    began = time.perf_counter()
    busy, there, own = *core_time(), own_time()
    measure_memory()
    measure_wakes()
    measure_pipe_calls()
    measure_timers()
    measure_quantum()
    measure_idle_looks(60)
    measure_lock()
    measure_retake()
    measure_threads()
    measure_thread_disposal()
    measure_sleep_zero()
    measure_thread_pool()
    measure_processes()
    measure_process_pool()
    measure_pool()
    measure_cold_caches()
    measure_pickle()
    measure_fresh_memory()
    measure_copies_of_objects()
    measure_shared_by_threads()
    measure_shared_by_processes()
    measure_gates()
    measure_loop()
    asyncio.run(measure_shared_by_coroutines())
    asyncio.run(measure_gates_of_coroutines())
    measure_servers()
    measure_sharing()
    measure_interpreters()
    busy_now, there_now = core_time()
    others = (busy_now - busy - own_time() + own) / max(there_now - there, 1e-9)
    print(json.dumps({
        "python": platform.python_version(),
        "minor": sys.version_info.minor,
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "kernel": platform.release(),
        "cores": len(CORES),
        "seconds": round(time.perf_counter() - began, 1),
        "others": round(max(0.0, others), 3),
        "measures": MEASURES,
        "extra": EXTRA,
    }, indent=1))


if __name__ == "__main__":
    main()
