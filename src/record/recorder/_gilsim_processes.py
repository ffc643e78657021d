"""What worker processes do. Each has a log of its own; a task carries the number that it got in the main process."""

import _gilsim_log as recording

from _gilsim_log import lane, now, put

# What was submitted, by the ids of the keyword arguments, until it is sent to a worker.
submitted = {}


def name_of(function):
    from _gilsim_hooks import name_of

    return name_of(function)


class Recorded:
    """A function that a worker calls for a task."""

    def __init__(self, function, pool, number):
        self.function = function
        self.pool = pool
        self.number = number

    def __call__(self, *args, **kwargs):
        __tracebackhide__ = True
        put(recording.WORK_BEGINS, recording.name(name_of(self.function)), self.pool, more=self.number)
        failed = 1
        try:
            result = self.function(*args, **kwargs)
            failed = 0
            return result
        finally:
            put(recording.TASK_ENDS, failed, self.pool, more=self.number)


class Each:
    """A function that a worker calls for each item of a chunk."""

    def __init__(self, function, pool, number):
        self.function = function
        self.pool = pool
        self.next = number << 24

    def __call__(self, *args):
        __tracebackhide__ = True
        self.next += 1
        return Recorded(self.function, self.pool, self.next - 1)(*args)


def hook_process_pool(module):
    executor, item, call = module.ProcessPoolExecutor, module._WorkItem, module._CallItem
    begin, submit, shutdown = executor.__init__, executor.submit, executor.shutdown
    make_item, make_call = item.__init__, call.__init__
    from _gilsim_hooks import like

    def pool_begins(self, *args, **kwargs):
        __tracebackhide__ = True
        begin(self, *args, **kwargs)
        self._gilsim = recording.log.number("pool")
        start = self._mp_context.get_start_method()
        put(recording.POOL, recording.name(start), self._gilsim, more=recording.whole(self._max_workers))

    def submits(self, fn, *args, **kwargs):
        __tracebackhide__ = True
        place = lane()
        number = recording.log.number("task")
        was, place.busy = place.busy, True
        place.task = (getattr(self, "_gilsim", 0), number)
        at = now()
        try:
            return submit(self, fn, *args, **kwargs)
        finally:
            place.busy, place.task = was, None
            place.put(recording.SUBMIT, 1, getattr(self, "_gilsim", 0), at, now(), recording.cpu(), number)

    def makes_item(self, future, fn, args, kwargs):
        make_item(self, future, fn, args, kwargs)
        submitted[id(kwargs)] = lane().task

    def makes_call(self, work_id, fn, args, kwargs):
        make_call(self, work_id, fn, args, kwargs)
        self._gilsim = submitted.pop(id(kwargs), None)

    def arrives(self, state):
        self.__dict__.update(state)
        mine = state.get("_gilsim")
        if mine is None:
            return
        pool, number = mine
        if getattr(self.fn, "func", None) is module._process_chunk:
            from functools import partial

            (function,) = self.fn.args
            self.fn = partial(module._process_chunk, Each(function, pool, number))
        else:
            self.fn = Recorded(self.fn, pool, number << 24)

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
    item.__init__ = makes_item
    call.__init__ = makes_call
    call.__setstate__ = arrives


class Inbox:
    """The queue that a worker of a `multiprocessing.Pool` takes its tasks from."""

    def __init__(self, own, module):
        self.own = own
        self.module = module

    def __getattr__(self, name):
        return getattr(self.own, name)

    def get(self):
        task = self.own.get()
        if task is None:
            return None
        job, place, function, args, kwargs = task
        number = (job << 20) + (place or 0)
        if function is getattr(self.module, "_helper_reraises_exception", None):
            return task
        if function is self.module.mapstar or function is self.module.starmapstar:
            ((mine, chunk),) = args
            return job, place, function, ((Each(mine, 0, number), chunk),), kwargs
        return job, place, Recorded(function, 0, number << 24), args, kwargs


def hook_pool(module):
    work, begin = module.worker, module.Pool.__init__
    from _gilsim_hooks import like

    @like(work)
    def worker(inqueue, *args, **kwargs):
        threads = module.threading
        if threads.current_thread() is not threads.main_thread():  # A `ThreadPool`: its threads are watched as such.
            return work(inqueue, *args, **kwargs)
        return work(Inbox(inqueue, module), *args, **kwargs)

    @like(begin)
    def pool_begins(self, *args, **kwargs):
        __tracebackhide__ = True
        at = now()
        begin(self, *args, **kwargs)
        if type(self) is module.Pool:
            put(recording.POOL, recording.name(self._ctx.get_start_method()), 0, begin=at, more=recording.whole(self._processes))

    module.worker = worker
    module.Pool.__init__ = pool_begins
    module.Pool.join = waits_for_pool(module.Pool.join)


def waits_for_pool(original):
    from _gilsim_hooks import like

    @like(original)
    def join(self):
        __tracebackhide__ = True
        place = lane()
        was, place.busy = place.busy, True
        at = now()
        try:
            return original(self)
        finally:
            place.busy = was
            place.put(recording.SHUTDOWN, 0, 0, at, now(), recording.cpu(), 0)

    return join


HOOKS = {
    "concurrent.futures.process": hook_process_pool,
    "multiprocessing.pool": hook_pool,
}
