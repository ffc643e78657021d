// What the page answers to: pointer, wheel, keys, buttons.

// ---- What is under the pointer, and what is selected

/** What there is at a place: an interval, or the many that share its pixel. */
function hit(px, py) {
  const row = rowAt(py);
  if (!row || row.data === undefined || px < gutter() || px > gutter() + plot()) return null;
  const here = at(px);
  if (row.sort === "level") {
    const { at: times, value, count } = level(row), i = above(times, here, count) - 1;
    return { row, lines: [`${row.label}: ${i < 0 ? 0 : value[i]} in flight`, row.run.label, `at ${time(here, 6)}`] };
  }
  const all = pieces(row), half = (view.to - view.from) / plot() / 2;
  let i = above(all.end, here - half, all.count);
  const first = i, sums = data.states.map(() => 0);
  let inside = 0, best = -1, count = 0;
  for (; i < all.count && all.start[i] < here + half; i++) {
    count++;
    if (all.start[i] <= here && here < all.end[i]) inside = i + 1;
    if (best < 0 || all.end[i] - all.start[i] > all.end[best] - all.start[best]) best = i;
    sums[state(row, i)] += all.end[i] - all.start[i];
  }
  if (!count) return null;
  const one = inside ? inside - 1 : best;
  // Few intervals: the one under the pointer is plain to see. Many: none is, so they are told together.
  if (count <= 3 || all.end[one] - all.start[one] > 2 * half) return { row, i: one, lines: told(row, one) };
  const span = `${time(all.start[first], 6)} to ${time(all.end[i - 1], 6)}`;
  return { row, i: one, lines: mixed(count, sums, [`${row.run.label}, ${row.label}`, span, "zoom in to see each"]) };
}

function showTip() {
  const found = pointer && hit(pointer.x, pointer.y);
  tip.hidden = !found;
  if (!found) return;
  const [first, ...rest] = found.lines, strong = document.createElement("strong");
  strong.textContent = first;
  tip.replaceChildren(strong, ...rest.map((line) => {
    const div = document.createElement("div");
    div.textContent = line;
    return div;
  }));
  const left = pointer.x + 14 + tip.offsetWidth > width() ? pointer.x - tip.offsetWidth - 10 : pointer.x + 14;
  const top = Math.min(pointer.y + 16, timeline.clientHeight - tip.offsetHeight - 4);
  tip.style.left = `${Math.max(2, left)}px`;
  tip.style.top = `${Math.max(2, top)}px`;
}

function select(next) {
  selected = next;
  find("status").textContent = next ? told(next.row, next.i).join(". ") : "";
  redraw();
}

/** Brings the selected interval into sight. */
function reveal() {
  const { row, i } = selected, all = pieces(row), span = view.to - view.from;
  if (all.end[i] < view.from || all.start[i] > view.to) {
    const middle = (all.start[i] + Math.min(all.end[i], all.start[i] + span)) / 2;
    show(middle - span / 2, middle + span / 2);
  }
  const top = row.y - lanes.scrollTop, room = timeline.clientHeight - AXIS - row.height;
  if (top < 0) lanes.scrollTop = row.y;
  else if (top > room) lanes.scrollTop = row.y - room;
}

function walk(by) {
  if (!selected) return enter(rows.find(isLane));
  const i = Math.min(pieces(selected.row).count - 1, Math.max(0, selected.i + by));
  select({ row: selected.row, i });
  reveal();
}

function climb(by) {
  if (!selected) return enter(rows.find(isLane));
  const among = rows.filter((row) => isLane(row) && row.count), next = among[among.indexOf(selected.row) + by];
  if (next) enter(next, pieces(selected.row).start[selected.i]);
}

function enter(row, when = view.from) {
  if (!row || !row.count) return;
  const all = pieces(row);
  select({ row, i: Math.min(all.count - 1, above(all.end, when, all.count)) });
  reveal();
}

// ---- Zoom and pan

function show(from, to) {
  const span = Math.min(view.most, Math.max(LEAST_SPAN, to - from));
  view.from = Math.min(Math.max(0, from), view.most - span);
  view.to = view.from + span;
  const whole = span === view.most ? "all" : `${time(span, 4)}`;
  find("range").textContent = `${time(view.from, 6)} to ${time(view.to, 6)} (${whole})`;
  redraw();
  showTip();
}

function zoom(factor, around = (view.from + view.to) / 2) {
  const span = Math.min(view.most, Math.max(LEAST_SPAN, (view.to - view.from) * factor));
  const share = (around - view.from) / (view.to - view.from);
  show(around - span * share, around + span * (1 - share));
}

const pan = (share) => show(view.from + (view.to - view.from) * share, view.to + (view.to - view.from) * share);
const showAll = () => show(0, view.most);

/** The place that keys and buttons zoom around. */
function focus() {
  if (!selected) return undefined;
  const all = pieces(selected.row), middle = (all.start[selected.i] + all.end[selected.i]) / 2;
  return middle > view.from && middle < view.to ? middle : undefined;
}

function zoomTo({ row, i }) {
  const all = pieces(row), span = Math.max(LEAST_SPAN, all.end[i] - all.start[i]);
  show(all.start[i] - span * 0.25, all.end[i] + span * 0.25);
}

// ---- Events

const KEYS = {
  "+": () => zoom(1 / 1.5, focus()), "=": () => zoom(1 / 1.5, focus()), "-": () => zoom(1.5, focus()),
  "0": showAll, Home: showAll, Escape: () => select(null),
  Enter: () => selected && zoomTo(selected),
  ArrowLeft: (event) => (event.shiftKey ? pan(-0.2) : walk(-1)),
  ArrowRight: (event) => (event.shiftKey ? pan(0.2) : walk(1)),
  ArrowUp: () => climb(-1), ArrowDown: () => climb(1),
};

lanes.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act(event);
});

const place = (event) => {
  const box = lanes.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
};

lanes.addEventListener("wheel", (event) => {
  const by = event.deltaMode ? event.deltaY * 30 : event.deltaY, { x } = place(event);
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    return pan((event.deltaX || by) / plot());
  }
  if (x < gutter() && !event.ctrlKey) return; // The names of the lanes scroll.
  // What cannot be zoomed out any more scrolls, so that nobody is caught here.
  if (by > 0 && view.to - view.from >= view.most && !event.ctrlKey) return;
  event.preventDefault();
  zoom(Math.exp(Math.max(-300, Math.min(300, by)) / 400), at(Math.max(gutter(), x)));
}, { passive: false });

const touching = new Map();
let travelled = 0;
lanes.addEventListener("pointerdown", (event) => {
  if (event.button || event.offsetX > lanes.clientWidth) return;
  touching.set(event.pointerId, place(event));
  travelled = 0;
  lanes.setPointerCapture(event.pointerId);
  lanes.classList.add("dragged");
});
lanes.addEventListener("pointermove", (event) => {
  const now = place(event), before = touching.get(event.pointerId);
  pointer = now;
  if (before) {
    const others = [...touching].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (others.length) {
      const spread = (one) => Math.max(10, Math.abs(one.x - others[0].x));
      zoom(spread(before) / spread(now), at(others[0].x));
    } else {
      lanes.scrollTop -= now.y - before.y;
      pan((before.x - now.x) / plot());
    }
    touching.set(event.pointerId, now);
  }
  showTip();
});
for (const end of ["pointerup", "pointercancel"]) {
  lanes.addEventListener(end, (event) => {
    const was = touching.delete(event.pointerId);
    if (!touching.size) lanes.classList.remove("dragged");
    const found = was && travelled < 4 && end === "pointerup" && hit(place(event).x, place(event).y);
    if (found && found.i !== undefined) select({ row: found.row, i: found.i });
  });
}
lanes.addEventListener("pointerleave", () => {
  pointer = null;
  showTip();
});
lanes.addEventListener("dblclick", () => selected && zoomTo(selected));
lanes.addEventListener("scroll", () => {
  redraw();
  showTip();
});

const BUTTONS = {
  "zoom-in": () => zoom(1 / 2, focus()), "zoom-out": () => zoom(2, focus()),
  left: () => pan(-0.5), right: () => pan(0.5), all: showAll,
};
for (const [id, act] of Object.entries(BUTTONS)) find(id).addEventListener("click", act);

/** A box for each tool, where there are several. */
function toolBoxes() {
  find("tools").hidden = data.runs.length < 2;
  data.runs.forEach((run, index) => {
    const line = document.createElement("label"), box = document.createElement("input"), words = document.createElement("bdi");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => {
      shown[index] = box.checked;
      layOut();
      showAll();
    });
    words.textContent = run.label;
    line.append(box, words);
    find("tools").append(line);
  });
}

function recolour() {
  readColours();
  redraw();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
new ResizeObserver(redraw).observe(timeline);
toolBoxes();
readColours();
layOut();
showAll();
draw();
// For consoles and tests: where an interval of a lane is on the screen.
window.gilsim = {
  view, lanes: () => rows.filter(isLane).map((row) => ({ tool: row.run.label, label: row.label, count: row.count })),
  interval: (lane, i) => {
    const row = rows.filter(isLane)[lane], all = pieces(row);
    return { start: all.start[i], end: all.end[i], state: data.states[state(row, i)].name, name: name(row, i),
      x: x((all.start[i] + all.end[i]) / 2), y: AXIS + row.y - lanes.scrollTop + LANE / 2 };
  },
  draw,
};
