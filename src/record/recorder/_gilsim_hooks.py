"""What is watched: plain attributes of the standard library, replaced as its modules are imported.

A hook reads clocks, names of hosts and of functions, and nothing else: no argument, no result, no payload.
"""

import _gilsim_log as recording
import _gilsim_loops
import _gilsim_processes
import os
import sys
import time

from _gilsim_log import lane, now, put

# Shorter waits are not worth a record; the scenario merges longer ones away.
SHORT = 50_000
# From here on it is asked when the data came.
LONG = 200_000
TCP_INFO = 11
LAST_DATA_RECEIVED = 52

FILES = {__file__, recording.__file__, _gilsim_loops.__file__, _gilsim_processes.__file__}


def name_of(function):
    """What a function is called, whatever wraps it."""
    for _ in range(8):
        inner = getattr(function, "func", None)  # functools.partial
        if inner is None or not callable(inner):
            break
        function = inner
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return name.replace("<locals>.", "") if isinstance(name, str) else "a function"


# Tracebacks look as they would without the recorder.


def strip(traceback):
    """Takes frames of the recorder out of a traceback."""
    while traceback is not None:
        following = traceback.tb_next
        while following is not None and following.tb_frame.f_code.co_filename in FILES:
            following = following.tb_next
        if following is not traceback.tb_next:
            traceback.tb_next = following
        traceback = following


def strip_all(error):
    """The same for an exception and those that led to it."""
    seen, left = set(), [error]
    while left:
        error = left.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        strip(error.__traceback__)
        left += [error.__cause__, error.__context__]
        members = getattr(error, "exceptions", ())
        if isinstance(members, (tuple, list)):
            left += [member for member in members if isinstance(member, BaseException)]


def excepthook(kind, error, traceback):
    strip_all(error)
    sys.__excepthook__(kind, error, traceback)


def hook_traceback(module):
    for name in ("walk_tb", "_walk_tb_with_full_positions"):
        original = getattr(module, name, None)
        if original is not None:
            setattr(module, name, stripped(original))


def stripped(original):
    def walk(traceback, *args, **kwargs):
        strip(traceback)
        return original(traceback, *args, **kwargs)

    return walk


# Waits.


def like(original):
    """Makes a hook look like what it stands for."""

    def dress(hook):
        for attribute in ("__name__", "__qualname__", "__doc__", "__module__", "__text_signature__"):
            try:
                setattr(hook, attribute, getattr(original, attribute))
            except (AttributeError, TypeError):
                pass
        hook.__wrapped__ = original
        return hook

    return dress


class Unbound:
    """A hook in place of a builtin, which is no method where a class holds it."""

    def __init__(self, hook, original):
        self.hook = hook
        self.text = repr(original)
        like(original)(self)

    def __call__(self, *args, **kwargs):
        return self.hook(*args, **kwargs)

    def __repr__(self):
        return self.text

    def __reduce__(self):
        return self.__qualname__


def waits(original, name, kind=recording.WAIT):
    """A call that blocks, and what it waits for."""
    number = recording.name(name)

    @like(original)
    def call(*args, **kwargs):
        __tracebackhide__ = True
        place = lane()
        if place.busy:
            return original(*args, **kwargs)
        place.busy = True
        begin = now()
        try:
            return original(*args, **kwargs)
        finally:
            end = now()
            place.busy = False
            args = kwargs = None  # An exception that passes keeps nothing alive by them.
            if end - begin > SHORT:
                place.put(kind, number, 0, begin, end, recording.cpu(), -1)

    return call


def hook_time():
    original = time.sleep
    number = recording.name("sleep")

    @like(original)
    def sleep(seconds, *args):
        __tracebackhide__ = True
        place = lane()
        if place.busy:
            return original(seconds, *args)
        begin = now()
        try:
            return original(seconds, *args)
        finally:
            end = now()
            if end - begin > SHORT:
                asked = int(seconds * 1e9) if isinstance(seconds, (int, float)) else -1
                place.put(recording.WAIT, number, 0, begin, end, recording.cpu(), min(asked, end - begin))

    time.sleep = Unbound(sleep, original)


class Sites:
    """Whom sockets are connected to, by their descriptors, and what names became which addresses."""

    def __init__(self):
        self.of = {}
        self.hosts = {}

    def connect(self, socket, address):
        self.of[socket.fileno()] = self.number(address)

    def number(self, address):
        if address is None:
            return recording.name("socket")
        if isinstance(address, tuple) and len(address) >= 2:
            host = self.hosts.get(address[0], address[0])
            if isinstance(host, bytes):
                host = host.decode("latin-1")
            host = f"[{host}]" if ":" in str(host) else host
            return recording.name(f"{host}:{address[1]}")
        return recording.name("unix socket")

    def find(self, socket):
        file = socket.fileno()
        number = self.of.get(file)
        if number is None:
            try:
                number = self.number(socket.getpeername())
            except OSError:
                number = recording.name("socket")
            if file >= 0:
                self.of[file] = number
        return number


sites = _gilsim_loops.sites = Sites()


def since_data_came(socket):
    """For how long, in nanoseconds, the last data has been there; the kernel counts in ticks of some milliseconds."""
    try:
        told = socket.getsockopt(6, TCP_INFO, LAST_DATA_RECEIVED + 4)
    except (OSError, ValueError):
        return -1
    if len(told) < LAST_DATA_RECEIVED + 4:
        return -1
    return int.from_bytes(told[LAST_DATA_RECEIVED:], sys.byteorder) * 1_000_000


def socket_waits(original, receives=False):
    @like(original)
    def call(self, *args, **kwargs):
        __tracebackhide__ = True
        place = lane()
        if place.busy or self.gettimeout() == 0:
            return original(self, *args, **kwargs)
        place.busy = True
        begin = now()
        try:
            return original(self, *args, **kwargs)
        finally:
            end = now()
            if end - begin > SHORT:
                late = since_data_came(self) if receives and end - begin > LONG else -1
                known = end - begin - late if 0 <= late < end - begin else -1
                place.put(recording.WAIT, sites.find(self), 1, begin, end, recording.cpu(), known)
            place.busy = False

    return call


def connects(original):
    waiting = socket_waits(original)

    @like(original)
    def connect(self, address, *args):
        __tracebackhide__ = True
        if self.gettimeout() != 0:
            sites.connect(self, address)
        return waiting(self, address, *args)

    return connect


def forgets(original):
    @like(original)
    def call(self, *args):
        __tracebackhide__ = True
        sites.of.pop(self.fileno(), None)
        return original(self, *args)

    return call


def hook_socket(module):
    kind = module.socket
    for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg"):
        setattr(kind, name, socket_waits(getattr(kind, name), receives=True))
    for name in ("send", "sendall", "sendto", "sendmsg", "accept"):
        setattr(kind, name, socket_waits(getattr(kind, name)))
    for name in ("connect", "connect_ex"):
        setattr(kind, name, connects(getattr(kind, name)))
    for name in ("_real_close", "detach"):
        setattr(kind, name, forgets(getattr(kind, name)))
    looked_up = waits(module.getaddrinfo, "name lookup")

    @like(module.getaddrinfo)
    def getaddrinfo(host, *args, **kwargs):
        __tracebackhide__ = True
        found = looked_up(host, *args, **kwargs)
        if host is not None:
            for entry in found[:8]:
                sites.hosts[entry[4][0]] = host
        return found

    module.getaddrinfo = getaddrinfo
    for name in ("gethostbyname", "gethostbyaddr", "getnameinfo"):
        setattr(module, name, waits(getattr(module, name), "name lookup"))


def hook_ssl(module):
    kind = module.SSLSocket
    for name in ("read", "recv", "recv_into"):
        setattr(kind, name, socket_waits(getattr(kind, name), receives=True))
    for name in ("write", "send", "sendall", "do_handshake"):
        setattr(kind, name, socket_waits(getattr(kind, name)))


def hook_subprocess(module):
    for name in ("wait", "communicate"):
        setattr(module.Popen, name, waits(getattr(module.Popen, name), "subprocess"))


def hook_select(module):
    module.select = Unbound(waits(module.select, "select"), module.select)


# Threads and what they share.


def hook_threading(module):
    bootstrap = module.Thread._bootstrap_inner
    original_hook = module.excepthook

    def _bootstrap_inner(self):
        target = getattr(self, "_target", None)
        name = name_of(target) if target is not None else type(self).__qualname__
        put(recording.THREAD_BEGINS, recording.name(name), 0, more=getattr(self, "_gilsim", 0))
        try:
            bootstrap(self)
        finally:
            put(recording.THREAD_ENDS)

    def thread_excepthook(args):
        strip_all(args.exc_value)
        original_hook(args)

    module.Thread._bootstrap_inner = _bootstrap_inner
    module.excepthook = thread_excepthook
    module.Thread.start = starts(module.Thread.start)
    module.Thread.join = waits(module.Thread.join, "thread.join", recording.SYNC)
    module.Condition.wait = waits(module.Condition.wait, "condition", recording.SYNC)
    module.Event.wait = waits(module.Event.wait, "event", recording.SYNC)
    _gilsim_loops.shared(module, ("Semaphore", "BoundedSemaphore"))
    module.Barrier.wait = waits(module.Barrier.wait, "barrier", recording.SYNC)


def starts(original):
    @like(original)
    def start(self):
        __tracebackhide__ = True
        place = lane()
        self._gilsim = recording.log.number("thread")
        at = now()
        was, place.busy = place.busy, True
        try:
            original(self)
        finally:
            place.busy = was
            place.put(recording.START, 0, 0, at, now(), recording.cpu(), self._gilsim)

    return start


def hook_queue(module):
    for name in ("get", "put", "join"):
        setattr(module.Queue, name, waits(getattr(module.Queue, name), f"queue.{name}", recording.SYNC))


# Executors.


def hook_futures(module):
    module.Future.result = waits(module.Future.result, "future.result", recording.SYNC)
    module.Future.exception = waits(module.Future.exception, "future.result", recording.SYNC)
    module.wait = waits(module.wait, "futures.wait", recording.SYNC)


def hook_thread_pool(module):
    item = module._WorkItem
    executor = module.ThreadPoolExecutor
    make, run, begin, submit, shutdown = (
        item.__init__,
        item.run,
        executor.__init__,
        executor.submit,
        executor.shutdown,
    )

    def pool_begins(self, *args, **kwargs):
        __tracebackhide__ = True
        begin(self, *args, **kwargs)
        self._gilsim = recording.log.number("pool")
        put(recording.POOL, recording.name("threads"), self._gilsim, more=recording.whole(self._max_workers))

    def submits(self, fn, *args, **kwargs):
        __tracebackhide__ = True
        place = lane()
        number = recording.log.number("task")
        pool = getattr(self, "_gilsim", 0)
        function = recording.name(name_of(fn))
        place.task = (number, pool, function)
        was, place.busy = place.busy, True
        at = now()
        try:
            return submit(self, fn, *args, **kwargs)
        finally:
            place.busy = was
            place.task = None
            if place.step:
                place.put(recording.OFFLOAD, function, place.step, at, at, 0, number)
            place.put(recording.SUBMIT, function, pool, at, now(), recording.cpu(), number)

    def makes(self, *args, **kwargs):
        make(self, *args, **kwargs)
        self._gilsim = lane().task

    def runs(self, *args):
        mine = getattr(self, "_gilsim", None)
        if mine is None:
            return run(self, *args)
        number, pool, function = mine
        future = self.future
        put(recording.TASK_BEGINS, function, pool, more=number)
        try:
            return run(self, *args)
        finally:
            failed = future.done() and (future.cancelled() or future._exception is not None)
            put(recording.TASK_ENDS, int(failed), pool, more=number)
            self = future = args = None  # As `concurrent.futures` does, so that what failed is freed.

    def shuts_down(self, *args, **kwargs):
        __tracebackhide__ = True
        place = lane()
        was, place.busy = place.busy, True
        at = now()
        try:
            return shutdown(self, *args, **kwargs)
        finally:
            place.busy = was
            place.put(recording.SHUTDOWN, 0, getattr(self, "_gilsim", 0), at, now(), recording.cpu(), 0)

    executor.__init__ = like(begin)(pool_begins)
    executor.submit = like(submit)(submits)
    executor.shutdown = like(shutdown)(shuts_down)
    item.__init__ = makes
    item.run = runs


HOOKS = {
    "traceback": hook_traceback,
    "socket": hook_socket,
    "ssl": hook_ssl,
    "subprocess": hook_subprocess,
    "select": hook_select,
    "threading": hook_threading,
    "queue": hook_queue,
    "concurrent.futures._base": hook_futures,
    "concurrent.futures.thread": hook_thread_pool,
    **_gilsim_loops.HOOKS,
    **_gilsim_processes.HOOKS,
}


class Finder:
    """Hooks a module when its code has run."""

    def __init__(self):
        self.left = dict(HOOKS)

    def find_spec(self, name, path=None, target=None):
        hook = self.left.get(name)
        if hook is None:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = Loader(spec.loader, hook, self.left)
                return spec
        return None


class Loader:
    """Runs a module's code as its own loader does, and hooks it then."""

    def __init__(self, own, hook, left):
        self.own = own
        self.hook = hook
        self.left = left

    def __getattr__(self, name):
        return getattr(self.own, name)

    def create_module(self, spec):
        return self.own.create_module(spec)

    def exec_module(self, module):
        self.left.pop(module.__name__, None)
        module.__loader__ = module.__spec__.loader = self.own
        self.own.exec_module(module)
        safely(self.hook, module)


def safely(hook, module):
    try:
        hook(module)
    except Exception as error:  # Another module of that name, or a Python that is not known yet.
        try:
            recording.log.tell({"unhooked": module.__name__, "why": type(error).__name__})
        except OSError:
            pass


def after_fork():
    sites.of.clear()
    try:
        recording.begin(recording.log.folder)
    except (OSError, ValueError):  # The folder is gone, or nothing more can be opened: the child is not recorded.
        recording.begin_nothing()


def begin(folder):
    import atexit

    recording.begin(folder)
    hook_time()
    sys.excepthook = excepthook
    for name, hook in HOOKS.items():
        if name in sys.modules:
            safely(hook, sys.modules[name])
    sys.meta_path.insert(0, Finder())
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=after_fork)
    atexit.register(put, recording.PROCESS_ENDS)
