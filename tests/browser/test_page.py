"""gantt.html as a person uses it: pointer, wheel, keys, light and dark."""

import csv
import re

import pytest

NAMES = """</script><script>window.broken = 1</script><img src=x onerror="window.broken = 1">'&"""

# 20 threads and 20 coroutines that do 2,500 short steps each.
MANY = """
title = "Many intervals"
[interpreter]
profile = "ideal"
[machine]
cores = 2
[[tasks]]
count = 20
steps = [{ repeat = 500, steps = [{ compute = "20us" }, { wait = { uniform = ["100us", "900us"] } }] }]
[[tools]]
use = "threading"
[[tools]]
use = "asyncio"
"""

NANOSECONDS = {"ns": 1, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


@pytest.fixture
def open_page(chromium):
    """Opens gantt.html; whatever it reports as an error, or loads from elsewhere, fails the test."""
    faults, pages = [], []

    def open_in(folder, scheme="light"):
        page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: message.type == "error" and faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: request.url.startswith("file:") or faults.append(request.url))
        page.goto((folder / "gantt.html").as_uri())
        wait(page, "document.getElementById('timeline').dataset.drawn")
        pages.append(page)
        return page

    yield open_in
    for page in pages:
        page.close()
    assert faults == []


def wait(page, condition):
    """Playwright's own way to wait evaluates a text in the page, which the page's security policy forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{condition} did not come true")


def lane_of(page, tool, label):
    lanes = page.evaluate("gilsim.lanes()")
    return next(i for i, lane in enumerate(lanes) if (lane["tool"], lane["label"]) == (tool, label))


def place(page, interval):
    """Where an interval's middle is in the window."""
    box = page.locator("#lanes").bounding_box()
    return box["x"] + interval["x"], box["y"] + interval["y"]


def view(page):
    return page.evaluate("[gilsim.view.from, gilsim.view.to]")


def span(page):
    start, end = view(page)
    return end - start


def nanoseconds(text):
    number, unit = text.split()
    return round(float(number) * NANOSECONDS[unit])


def pixel(page, x, y):
    """The colour of the canvas at a place of the timeline."""
    return page.evaluate(
        """([x, y]) => {
          const canvas = document.querySelector("canvas"), scale = devicePixelRatio;
          return [...canvas.getContext("2d").getImageData(x * scale, y * scale, 1, 1).data].slice(0, 3);
        }""",
        [x, y],
    )


def test_hovering_over_every_interval_of_a_lane_tells_what_the_trace_says(run, open_page):
    folder = run("three-timelines.toml", "--html")
    page = open_page(folder)
    with (folder / "trace.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["tool"] == "concurrency" and r["thread"] == "1"]
    # Rows that differ in nothing but their times and follow each other are one interval to the eye.
    for one, other in reversed(list(zip(rows, rows[1:]))):
        if {**one, "start_ns": "", "end_ns": ""} == {**other, "start_ns": "", "end_ns": ""} and one["end_ns"] == other["start_ns"]:
            one["end_ns"] = other["end_ns"]
            rows.remove(other)
    lane = lane_of(page, "concurrency", "T1")
    assert page.evaluate("gilsim.lanes()")[lane]["count"] == len(rows) > 3
    for i, row in enumerate(rows):
        interval = page.evaluate("([lane, i]) => gilsim.interval(lane, i)", [lane, i])
        page.mouse.move(*place(page, interval))
        tip = page.locator("#tip")
        lines = tip.locator("div").all_text_contents()
        start, end = re.fullmatch(r"(.+) to (.+): .+", lines[1]).groups()
        assert (nanoseconds(start), nanoseconds(end)) == (int(row["start_ns"]), int(row["end_ns"]))
        assert lines[0] == "concurrency, T1" and f"task {row['task']} " in lines[2] + " "
        if row["name"]:
            assert tip.locator("strong").text_content().endswith(f": {row['name']}")
        # The colour under the pointer is that of the state.
        style = "getComputedStyle(document.documentElement).getPropertyValue('--' + name)"
        colour = page.evaluate(f"(name) => {style}", row["state"].replace("_", "-")).strip()
        if row["state"] in ("running", "io"):
            at = (interval["x"], interval["y"] + 3)
            assert "#{:02X}{:02X}{:02X}".format(*pixel(page, *at)) == colour


def test_the_wheel_zooms_around_the_pointer_and_dragging_pans(run, open_page):
    page = open_page(run("convoy.toml", "--html"))
    whole = span(page)
    lane = lane_of(page, "threading", "T1")
    before = page.evaluate("(lane) => gilsim.interval(lane, 20)", lane)
    page.mouse.move(*place(page, before))
    page.mouse.wheel(0, -300)
    page.mouse.wheel(0, -300)
    wait(page, f"gilsim.view.to - gilsim.view.from < {whole / 3}")
    after = page.evaluate("(lane) => gilsim.interval(lane, 20)", lane)
    assert abs(after["x"] - before["x"]) < 4, "what is under the pointer stays there"
    start, _ = view(page)
    x, y = place(page, after)
    page.mouse.down()
    page.mouse.move(x + 100, y, steps=5)
    page.mouse.up()
    assert view(page)[0] < start
    for _ in range(4):
        page.mouse.wheel(0, 300)
    wait(page, f"gilsim.view.to - gilsim.view.from > {whole / 3}")


def test_buttons_zoom_pan_and_show_all(run, open_page):
    page = open_page(run("convoy.toml", "--html"))
    whole = span(page)
    page.get_by_role("button", name="Zoom in").click()
    assert span(page) == pytest.approx(whole / 2)
    start, _ = view(page)
    page.get_by_role("button", name="Later").click()
    assert view(page)[0] > start
    page.get_by_role("button", name="Earlier").click()
    assert view(page)[0] == pytest.approx(start)
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Show all").click()
    assert view(page) == [0, whole]


def test_keys_alone_reach_everything_and_say_where_they_are(run, open_page):
    page = open_page(run("three-timelines.toml", "--html", "--tool", "concurrency", "--tool", "asynchrony"))
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.type || ''"))
    assert reached[:8] == ["zoom-in", "zoom-out", "left", "right", "all", "checkbox", "checkbox", "lanes"]
    page.locator("#lanes").focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    status = page.locator("#status")
    page.keyboard.press("ArrowRight")
    first = status.text_content()
    assert "concurrency, main" in first and "0 ns to " in first
    page.keyboard.press("ArrowRight")
    assert status.text_content() != first
    page.keyboard.press("ArrowLeft")
    assert status.text_content() == first
    page.keyboard.press("ArrowDown")
    assert "concurrency, T1" in status.text_content()
    whole = span(page)
    page.keyboard.press("Enter")
    assert span(page) < whole / 2
    page.keyboard.press("-")
    page.keyboard.press("0")
    assert span(page) == whole
    page.keyboard.press("+")
    assert span(page) < whole
    start, _ = view(page)
    page.keyboard.press("Shift+ArrowRight")
    assert view(page)[0] > start
    page.keyboard.press("Escape")
    assert status.text_content() == ""


def test_a_tool_can_be_hidden_and_the_axis_fits_those_that_are_left(run, open_page):
    page = open_page(run("download-100-pages.toml", "--html"))
    whole = span(page)
    page.get_by_label("sequential", exact=True).uncheck()
    assert {lane["tool"] for lane in page.evaluate("gilsim.lanes()")}.isdisjoint({"sequential"})
    assert span(page) < whole / 3


def test_a_hundred_thousand_intervals_are_drawn_in_two_seconds_and_zoom_smoothly(run, open_page):
    page = open_page(run(MANY, "--html"))
    assert sum(lane["count"] for lane in page.evaluate("gilsim.lanes()")) >= 100_000
    drawn = page.evaluate("Number(document.getElementById('timeline').dataset.drawn)")
    assert drawn < 2_000, "milliseconds from opening the page to the first picture"
    frame = page.evaluate(
        """() => {
          const frames = [...Array(20)].map(() => {
            const started = performance.now();
            gilsim.draw();
            return performance.now() - started;
          });
          return Math.min(...frames); // The others shared the machine with somebody.
        }"""
    )
    assert frame < 250, "milliseconds for a frame with all of them in sight"
    # Threads wait most of their time: so says the colour of nearly every pixel of their lanes.
    lane = page.evaluate("gilsim.interval(1, 0)")
    io, background = (0xA6, 0xBF, 0xD8), (0xFF, 0xFF, 0xFF)
    pixels = [pixel(page, 300 + i, lane["y"]) for i in range(200)]
    assert background not in map(tuple, pixels), "a thread is always somewhere"
    near = [max(abs(one - other) for one, other in zip(it, io)) < 40 for it in pixels]
    assert sum(near) > 150


def test_the_dark_scheme_is_the_palette_s(run, open_page):
    folder = run("convoy.toml", "--html")
    grounds = {}
    for scheme in ("light", "dark"):
        page = open_page(folder, scheme)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)" if scheme == "light" else "rgb(31, 32, 35)"
        )
        grounds[scheme] = pixel(page, 4, 60)
    assert grounds == {"light": [255, 255, 255], "dark": [31, 32, 35]}


def test_the_table_says_in_words_what_the_picture_shows(run, open_page):
    page = open_page(run("convoy.toml", "--html"))
    table = page.get_by_role("table")
    assert table.get_by_role("columnheader").all_text_contents()[1:] == ["threading", "switch interval 0.5 ms", "no lock"]
    rows = table.get_by_role("rowheader").all_text_contents()
    assert "waiting for the GIL" in rows and rows[-1] == "makespan"
    assert page.get_by_role("application", name="Timeline of all lanes").count() == 1


def test_markup_in_every_name_stays_text(run, open_page):
    quoted = NAMES.replace("\\", "\\\\").replace('"', '\\"')
    scenario = f"""
title = "{quoted}"
[sites."{quoted}"]
latency = "1ms"
[computations."{quoted} c"]
time = "1ms"
[semaphores]
"{quoted} s" = 1
[[tasks]]
name = "{quoted}"
count = 2
steps = [{{ acquire = "{quoted} s" }}, {{ wait = "{quoted}" }}, {{ compute = "{quoted} c" }}, {{ release = "{quoted} s" }}]
[[tools]]
use = "threading"
label = "{quoted} t"
[[tools]]
use = "asyncio"
label = "名前 שלום ☕"
"""
    page = open_page(run(scenario, "--html"))
    assert page.evaluate("window.broken") is None
    assert page.locator("h1").text_content() == NAMES == page.title()
    assert page.locator("img").count() == 0 and page.locator("script").count() == 2
    assert page.get_by_role("columnheader").all_text_contents()[1:] == [f"{NAMES} t", "名前 שלום ☕"]
    lane = lane_of(page, f"{NAMES} t", "T1")
    intervals = page.evaluate("(lane) => [...Array(gilsim.lanes()[lane].count).keys()].map((i) => gilsim.interval(lane, i))", lane)
    waits = [interval for interval in intervals if interval["name"] == NAMES]
    page.mouse.move(*place(page, waits[0]))
    assert page.locator("#tip strong").text_content().endswith(f": {NAMES}")
