"""The log of a process: records of 40 bytes in a file that is mapped into memory.

What is put there is in the file at once, so that a process that is killed loses nothing. No descriptor is kept at
a low number, and none is used after the start: a program may close all that it does not know.
"""

import _thread
import mmap
import os
import struct
import sys
import time

# kind, name, number; from, to, CPU time of the thread at the end, more.
RECORD = struct.Struct("<HHIqqqq")
SIZE = RECORD.size
pack = RECORD.pack_into
now = time.monotonic_ns
cpu = time.thread_time_ns

CHUNK = 1
WAIT = 2
TASK_BEGINS = 3
TASK_ENDS = 4
SUBMIT = 5
THREAD_BEGINS = 6
THREAD_ENDS = 7
POOL = 8
SHUTDOWN = 9
SYNC = 10
START = 11
PROCESS_ENDS = 12
SEMAPHORE = 13
ACQUIRE = 14
RELEASE = 15
COROUTINE_BEGINS = 16
COROUTINE_ENDS = 17
OFFLOAD = 18
WORK_BEGINS = 19
BY_SITE = 20
BY_TIMER = 21
BY_TASK = 22
BY_EXECUTOR = 23

# The most that the log of a process may have.
MOST = 160 << 20
FIRST_CHUNK = 4 << 10
NEXT_CHUNK = 64 << 10
# Descriptors below are left to the program.
HIGH = 200


POLLS = ("last_end", "last_cpu", "poll_before", "poll_end", "poll_waited")


def as_json(table):
    """A line. The module `json` would take longer to import than many a program runs."""
    return "{" + ", ".join(f'"{key}": {value_as_json(value)}' for key, value in table.items()) + "}\n"


def value_as_json(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    plain = (one if " " <= one <= "~" and one not in '"\\' else f"\\u{min(ord(one), 0xFFFD):04x}" for one in value)
    return '"' + "".join(plain) + '"'


class Lane:
    """A thread's place in the log."""

    __slots__ = ("serial", "map", "at", "end", "busy", "task", "step", "cause") + POLLS

    def __init__(self, serial):
        self.serial = serial
        self.busy = False
        self.task = self.cause = None
        self.step = self.last_end = self.last_cpu = self.poll_before = self.poll_end = 0
        self.poll_waited = False
        self.map, self.at, self.end = log.chunk(self, FIRST_CHUNK)

    def put(self, kind, name, number, begin, end, used, more):
        at = self.at
        if at >= self.end:
            self.map, at, self.end = log.chunk(self, NEXT_CHUNK)
        try:
            pack(self.map, at, kind, name, number, begin, end, used, more)
        except struct.error:  # A number beyond the record. The program must not hear of it.
            return
        self.at = at + SIZE


class Log:
    """The file of this process, its names, and what is counted in it."""

    def __init__(self, folder, names):
        self.lock = _thread.RLock()
        self.folder = folder
        stem = os.path.join(folder, f"{os.getpid()}-{now()}")
        self.path = stem + ".log"
        self.names_path = stem + ".names"
        self.names = names
        self.serials = 0
        self.tasks = 0
        self.numbers = {}
        self.used = 0
        self.map = self.reserve()
        locked = getattr(sys, "_is_gil_enabled", lambda: True)()
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        about = {"minor": sys.version_info[1], "locked": locked, "cores": cores, "pid": os.getpid()}
        about["parent"] = os.getppid()
        self.tell(about, *({"name": number, "is": text} for text, number in names.items()))

    def reserve(self):
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        low = []
        try:
            os.ftruncate(file, MOST)
            # A map keeps a copy of its descriptor: the lowest that is free.
            while not low or low[-1] < HIGH:
                low.append(os.dup(file))
            return mmap.mmap(file, MOST)
        finally:
            for one in [*low, file]:
                os.close(one)

    def chunk(self, lane, size):
        """Room for more records of a thread: a buffer, and from where to where."""
        with self.lock:
            at = self.used
            try:
                if at + size > MOST:
                    raise OSError
                # Without it a full disk would end the program as it writes.
                file = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
                try:
                    os.posix_fallocate(file, at, size)
                finally:
                    os.close(file)
            except OSError:
                self.full()
                return bytearray(size), 0, size - size % SIZE
            self.used = at + size
        pack(self.map, at, CHUNK, 0, lane.serial, now(), 0, 0, size)
        return self.map, at + SIZE, at + size - size % SIZE

    def full(self):
        """From here on nothing is kept."""
        if self.used < MOST:
            self.used = MOST
            try:
                self.tell({"full": now()})
            except OSError:
                pass

    def tell(self, *what):
        file = os.open(self.names_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, "".join(map(as_json, what)).encode())
        finally:
            os.close(file)

    def name(self, text):
        """The number of a name, which is told where it is new."""
        number = self.names.get(text)
        if number is None:
            with self.lock:
                number = self.names.get(text)  # Another thread may have been faster.
                if number is not None:
                    return number
                if len(self.names) >= 65_000:
                    return 0
                number = self.names[text] = len(self.names)
                try:
                    self.tell({"name": number, "is": text})
                except OSError:
                    pass
        return number

    def number(self, kind):
        """The next number of that kind, from 1."""
        with self.lock:
            number = self.numbers[kind] = self.numbers.get(kind, 0) + 1
        return number


log = None
local = _thread._local()


def lane():
    """The place of this thread."""
    try:
        return local.lane
    except AttributeError:
        with log.lock:
            log.serials += 1
            serial = log.serials
        local.lane = Lane(serial)
        return local.lane


# More permits or workers than any program has.
UNLIMITED = 1_000_000


def whole(count):
    """How many permits or workers: programs may say `math.inf`, or 2.5."""
    if isinstance(count, int):
        return count
    try:
        return min(UNLIMITED, int(-(-count // 1)))
    except (TypeError, ValueError, OverflowError):
        return UNLIMITED


def put(kind, name=0, number=0, begin=None, end=None, more=0):
    """A record that ends now."""
    at = now()
    lane().put(kind, name, number, at if begin is None else begin, at if end is None else end, cpu(), more)


def name(text):
    return log.name(text)


class Nothing:
    """The log of a process that has nowhere to write."""

    def __init__(self, folder, names):
        self.lock = _thread.RLock()
        self.folder = folder
        self.names = names
        self.serials = 0
        self.numbers = {}

    name, number = Log.name, Log.number

    def chunk(self, lane, size):
        return bytearray(size), 0, size - size % SIZE

    def tell(self, *what):
        pass


def begin_nothing():
    """From here on nothing of this process is kept: its parent's log is the parent's alone."""
    global log, local
    local = _thread._local()
    log = Nothing(log.folder, dict(log.names))


def begin(folder):
    """Begins the log of this process. One that was forked goes on with the names that hooks know the numbers of."""
    global log, local
    local = _thread._local()
    log = Log(folder, {"": 0} if log is None else dict(log.names))
    put(THREAD_BEGINS, number=1)
