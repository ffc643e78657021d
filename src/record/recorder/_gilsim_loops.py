"""What coroutines do on an event loop. A handle that runs is a step; who schedules a handle is why it runs.

Whatever wakes a task does so by `call_soon`: a transport whose peer has sent something, a timer, another task, an
executor. So streams and libraries on top of transports are understood without knowing them.
"""

import _gilsim_log as recording
import sys

from _gilsim_log import cpu, lane, now, put

# Handles that follow each other this closely run without anything in between.
NEXT = 10_000
LONG = 50_000


class Cause:
    """Why a handle runs: the kind of record, the name, since when it could, and the CPU time that went before."""

    __slots__ = ("kind", "name", "since", "cpu")

    def __init__(self, kind, name, since):
        self.kind = kind
        self.name = name
        self.since = since
        self.cpu = 0


# By the ids of handles, which take no attributes.
causes = {}
sites = None


def ready(place):
    """Since when what the last poll found may have been there: its end, or where nobody waited the middle between polls."""
    if place.poll_waited:
        return place.poll_end
    return (place.poll_before + place.poll_end) // 2


def why(handle, owner, place):
    """The cause of a handle that nobody scheduled by `call_soon`."""
    if hasattr(handle, "_when"):
        return Cause(recording.BY_TIMER, recording.name("sleep"), int(handle._when * 1e9))
    extra = getattr(owner, "_extra", None)
    if isinstance(extra, dict):
        number = getattr(owner, "_gilsim_site", None)
        if number is None:
            number = sites.number(extra.get("peername"))
            try:
                owner._gilsim_site = number
            except AttributeError:
                pass
        return Cause(recording.BY_SITE, number, ready(place))
    name = getattr(handle._callback, "__name__", "")
    if name.startswith("_sock_"):
        for argument in handle._args or ():
            if isinstance(argument, tuple):
                return Cause(recording.BY_SITE, sites.number(argument), ready(place))
            if hasattr(argument, "getpeername"):
                return Cause(recording.BY_SITE, sites.find(argument), ready(place))
    return Cause(recording.BY_EXECUTOR, 0, now())


def hook_events(module):
    original = module.Handle._run

    def _run(self):
        place = lane()
        owner = getattr(self._callback, "__self__", None)
        cause = causes.pop(id(self), None)
        number = getattr(owner, "_gilsim_task", 0)
        if type(number) is not int:  # A proxy that has every attribute.
            number = 0
        if cause is None or not number:
            cause = cause or why(self, owner, place)
        begin = now()
        used = place.last_cpu if begin - place.last_end < NEXT else cpu()
        place.cause = Cause(recording.BY_TASK, 0, begin) if number else cause
        place.step = number
        try:
            return original(self)
        finally:
            place.step = 0
            place.cause = None
            place.last_end = end = now()
            place.last_cpu = cpu()
            used = place.last_cpu - used
            if number:
                place.put(cause.kind, cause.name, number, begin, end, used + cause.cpu, cause.since)
                if owner.done():
                    failed = owner.cancelled() or getattr(owner, "_exception", None) is not None
                    place.put(recording.COROUTINE_ENDS, int(failed), number, end, end, 0, 0)
            else:
                cause.cpu += used

    module.Handle._run = _run


def hook_base_events(module):
    original = module.BaseEventLoop.call_soon
    kinds = None

    def call_soon(self, callback, *args, context=None):
        nonlocal kinds
        handle = original(self, callback, *args, context=context)
        place = lane()
        cause = place.cause
        owner = getattr(callback, "__self__", None)
        if kinds is None:
            tasks = sys.modules.get("asyncio.tasks")
            kinds = (tasks.Task, tasks._PyTask) if tasks is not None else ()
        if isinstance(owner, kinds) and not hasattr(owner, "_gilsim_task"):
            from _gilsim_hooks import name_of

            number = owner._gilsim_task = recording.log.number("coroutine")
            at = now()
            name = recording.name(name_of(owner.get_coro()))
            place.put(recording.COROUTINE_BEGINS, name, number, at, at, 0, place.step)
        causes[id(handle)] = cause if cause is not None else Cause(recording.BY_TASK, 0, now())
        return handle

    module.BaseEventLoop.call_soon = call_soon


def hook_selectors(module):
    for name in ("EpollSelector", "PollSelector", "SelectSelector"):
        kind = getattr(module, name, None)
        if kind is not None and "select" in vars(kind):
            kind.select = polls(kind.select)


def polls(original):
    number = recording.name("event loop")

    def select(self, timeout=None):
        __tracebackhide__ = True
        place = lane()
        begin = now()
        try:
            return original(self, timeout)
        finally:
            end = now()
            place.poll_before = place.poll_end
            place.poll_end = end
            place.poll_waited = end - begin > LONG
            if place.poll_waited and not place.busy:
                place.put(recording.SYNC, number, 0, begin, end, cpu(), -1)

    return select


def shared(module, kinds):
    """Semaphores and locks: when a task takes and gives back, and how many there are."""
    for name in kinds:
        kind = getattr(module, name, None)
        if kind is not None:
            hook_shared(kind)


def hook_shared(kind):
    if "__init__" in vars(kind) and kind.__name__ != "BoundedSemaphore":
        kind.__init__ = makes(kind.__init__)
    inherits = kind.__module__.startswith("asyncio") and kind.__name__ == "BoundedSemaphore"
    for name, record in (("acquire", recording.ACQUIRE), ("release", recording.RELEASE)):
        if name in vars(kind) and not (inherits and name == "release"):  # That one calls the hooked one.
            setattr(kind, name, notes(vars(kind)[name], record))
    if "__enter__" in vars(kind) and "acquire" in vars(kind):
        kind.__enter__ = kind.acquire


def makes(original):
    def __init__(self, *args, **kwargs):
        __tracebackhide__ = True
        original(self, *args, **kwargs)
        number = recording.log.number("semaphore")
        self._gilsim = recording.name(f"semaphore {number}")
        place = lane()
        at = now()
        place.put(recording.SEMAPHORE, self._gilsim, place.step, at, at, cpu(), recording.whole(getattr(self, "_value", 1)))

    return __init__


def notes(original, record):
    def call(self, *args, **kwargs):
        __tracebackhide__ = True
        place = lane()
        if not place.busy:
            at = now()
            used = 0 if place.step else cpu()
            place.put(record, getattr(self, "_gilsim", 0), place.step, at, at, used, 0)
        return original(self, *args, **kwargs)

    call.__name__, call.__qualname__ = original.__name__, original.__qualname__
    return call


def hook_asyncio_locks(module):
    shared(module, ("Semaphore", "BoundedSemaphore"))


HOOKS = {
    "asyncio.events": hook_events,
    "asyncio.base_events": hook_base_events,
    "asyncio.locks": hook_asyncio_locks,
    "selectors": hook_selectors,
}
