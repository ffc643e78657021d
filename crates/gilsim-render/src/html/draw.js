// Rows, their places, and the drawing of those that are in sight.

// ---- Rows and their places

function layOut() {
  rows = [];
  let y = 0;
  const add = (row, height) => {
    rows.push({ ...row, y, height });
    y += height;
  };
  data.runs.forEach((run, index) => {
    if (!shown[index]) return;
    run.top = y;
    add({ run, title: run.label }, RUN);
    for (const row of run.rows) {
      if (row.data === undefined) add({ run, ...row }, HEADING);
      else {
        row.run = run;
        row.y = y;
        row.height = row.sort === "level" ? LEVEL + GAP : LANE + GAP;
        rows.push(row);
        y += row.height;
      }
    }
    run.bottom = y;
  });
  find("height").style.height = `${AXIS + y + GAP}px`;
  timeline.style.setProperty("--height", `${AXIS + y + GAP + 2}px`);
  view.most = Math.max(1, ...data.runs.filter((_, index) => shown[index]).map((run) => run.makespan));
  if (selected && !shown[data.runs.indexOf(selected.row.run)]) select(null);
}

// Asked of the document once a frame, not once a bar.
let measured = 0;
const width = () => (measured ||= lanes.clientWidth);
const gutter = () => Math.min(170, Math.max(90, width() * 0.18));
const plot = () => Math.max(1, width() - gutter() - 12);
const x = (at) => gutter() + ((at - view.from) / (view.to - view.from)) * plot();
const at = (x) => view.from + ((x - gutter()) / plot()) * (view.to - view.from);
const isLane = (row) => row.data !== undefined && row.sort !== "level";

function rowAt(y) {
  const inside = y - AXIS + lanes.scrollTop;
  return y < AXIS ? null : rows.find((row) => inside >= row.y && inside < row.y + row.height) ?? null;
}

// ---- Drawing

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  colours = { states: data.states.map((state) => read(state.name.replace("_", "-"))) };
  for (const name of ["background", "ink", "muted", "rule", "on-running", "on-native"]) colours[name] = read(name);
  marks = { hatch: mark(6, (pen) => {
    pen.moveTo(-1, 7), pen.lineTo(7, -1), pen.moveTo(-1, 1), pen.lineTo(1, -1), pen.moveTo(5, 7), pen.lineTo(7, 5);
    pen.lineWidth = 1;
    pen.stroke();
  }), dots: mark(6, (pen) => {
    pen.arc(3, 3, 0.9, 0, 7);
    pen.fill();
  }) };
}

function mark(size, draw) {
  const tile = document.createElement("canvas"), scale = devicePixelRatio || 1;
  tile.width = tile.height = Math.round(size * scale);
  const pen = tile.getContext("2d");
  pen.scale(tile.width / size, tile.width / size);
  pen.strokeStyle = pen.fillStyle = colours.ink;
  pen.globalAlpha = 0.45;
  pen.beginPath();
  draw(pen);
  const pattern = ink.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(size / tile.width));
  return pattern;
}

function draw() {
  pending = false;
  measured = 0;
  const scale = devicePixelRatio || 1, w = width(), h = timeline.clientHeight;
  if (canvas.width !== Math.round(w * scale) || canvas.height !== Math.round(h * scale)) {
    canvas.width = Math.round(w * scale);
    canvas.height = Math.round(h * scale);
    canvas.style.width = `${w}px`;
    canvas.style.height = `${h}px`;
  }
  ink.setTransform(scale, 0, 0, scale, 0, 0);
  ink.fillStyle = colours.background;
  ink.fillRect(0, 0, w, h);
  const ticks = tickTimes();
  grid(ticks, h);
  const top = lanes.scrollTop;
  for (const row of rows) {
    const y = AXIS + row.y - top;
    if (y + row.height < AXIS || y > h) continue;
    if (row.title !== undefined) heading(row, y);
    else if (row.data === undefined) text(row.heading ?? row.remark, 8, y + 16, colours.muted, 11, row.heading ? "bold" : "");
    else {
      const indent = row.sort === "task" ? 24 : 12;
      text(row.label, indent, y + 16, colours.ink, 12, "", gutter() - indent - 8);
      if (row.sort === "level") text(`at most ${level(row).most}`, indent, y + 29, colours.muted, 10);
      clipped(() => (row.sort === "level" ? drawLevel(row, y) : drawLane(row, y, scale)));
    }
  }
  data.runs.forEach((run, index) => shown[index] && makespan(run, h));
  axis(ticks, w);
  timeline.dataset.from = view.from;
  timeline.dataset.to = view.to;
  if (!timeline.dataset.drawn) {
    timeline.dataset.drawn = performance.now();
  }
}

function redraw() {
  if (pending) return;
  pending = true;
  requestAnimationFrame(draw);
}

function clipped(draw) {
  ink.save();
  ink.beginPath();
  ink.rect(gutter(), AXIS, plot() + 1, timeline.clientHeight);
  ink.clip();
  draw();
  ink.restore();
}

/** A text, cut with an ellipsis where it does not fit. */
function text(words, x, y, colour, size, weight = "", room = Infinity) {
  ink.font = `${weight} ${size}px "DejaVu Sans", system-ui, sans-serif`;
  ink.fillStyle = colour;
  let cut = words.slice(0, 400);
  if (ink.measureText(cut).width > room) {
    let low = 0, high = cut.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (ink.measureText(`${cut.slice(0, middle)}…`).width <= room) low = middle;
      else high = middle - 1;
    }
    cut = `${cut.slice(0, low)}…`;
  }
  ink.fillText(cut, x, y);
  return ink.measureText(cut).width;
}

function heading(row, y) {
  ink.fillStyle = colours.rule;
  ink.fillRect(0, y + 6, width(), 1);
  const used = text(row.title || "(no label)", 8, y + 27, colours.ink, 13, "bold", width() * 0.6);
  const verb = row.run.deadlocked ? "deadlocks after" : "makespan";
  text([row.run.note, `${verb} ${time(row.run.makespan, 4)}`].filter(Boolean).join(", "), 20 + used, y + 27, colours.muted, 12);
}

function tickTimes() {
  const rough = (view.to - view.from) / Math.max(2, plot() / 110);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].find((factor) => factor * power >= rough) * power);
  const ticks = [];
  for (let tick = Math.ceil(view.from / step) * step; tick <= view.to; tick += step) ticks.push(tick);
  return ticks;
}

function grid(ticks, h) {
  ink.strokeStyle = colours.rule;
  ink.setLineDash([1, 3]);
  ink.lineWidth = 1;
  ink.beginPath();
  for (const tick of ticks) {
    const at = Math.round(x(tick)) + 0.5;
    ink.moveTo(at, AXIS);
    ink.lineTo(at, h);
  }
  ink.stroke();
  ink.setLineDash([]);
}

function axis(ticks, w) {
  ink.fillStyle = colours.background;
  ink.fillRect(0, 0, w, AXIS - 1);
  ink.fillStyle = colours.rule;
  ink.fillRect(0, AXIS - 1, w, 1);
  ink.textAlign = "center";
  // One unit for all, that of the last, and as many digits as tell neighbours apart.
  const [size, unit] = UNITS.find(([size]) => (ticks.at(-1) || 1) >= size) ?? UNITS[3];
  const apart = ticks.length > 1 ? ticks[1] - ticks[0] : size;
  const digits = Math.min(9, Math.max(0, -Math.floor(Math.log10(apart / size) + 1e-9)));
  for (const tick of ticks) text(`${(tick / size).toFixed(digits)} ${unit}`, Math.min(x(tick), w - 34), 19, colours.muted, 11);
  ink.textAlign = "left";
}

/** The end of a run as a dashed line through its lanes. */
function makespan(run, h) {
  const top = Math.max(AXIS, AXIS + run.top + RUN - 8 - lanes.scrollTop), bottom = AXIS + run.bottom - lanes.scrollTop;
  const end = x(run.makespan);
  if (bottom < AXIS || top > h || end < gutter() || end > gutter() + plot() + 1) return;
  ink.strokeStyle = colours.ink;
  ink.setLineDash([4, 3]);
  ink.lineWidth = 1;
  ink.beginPath();
  ink.moveTo(Math.round(end) + 0.5, top);
  ink.lineTo(Math.round(end) + 0.5, bottom);
  ink.stroke();
  ink.setLineDash([]);
}

/** Bars of a pixel or more one by one; thinner ones by the state that fills most of their pixel. */
function drawLane(row, y, scale) {
  const all = pieces(row), perPixel = (view.to - view.from) / plot() / scale, left = gutter() * scale;
  const kinds = row.run.kinds, times = new Float64Array(data.states.length);
  let column = -1, touched = false, run = null;
  // Neighbouring pixels of one state and one strength are one rectangle.
  const paint = () => {
    if (!run) return;
    const { height } = data.states[run.state];
    ink.globalAlpha = run.strength / 10;
    ink.fillStyle = colours.states[run.state] || colours.muted;
    ink.fillRect((left + run.from) / scale, y + (LANE - height) / 2, (run.to - run.from) / scale, height);
    ink.globalAlpha = 1;
    run = null;
  };
  const flush = () => {
    if (!touched) return;
    let most = 0, sum = 0;
    for (let i = 0; i < times.length; i++) {
      sum += times[i];
      if (times[i] > times[most]) most = i;
    }
    const strength = Math.min(10, Math.max(Math.round((sum / perPixel) * 10), 2));
    if (!run || run.state !== most || run.strength !== strength || run.to !== column) {
      paint();
      run = { state: most, strength, from: column };
    }
    run.to = column + 1;
    times.fill(0);
    touched = false;
  };
  for (let i = above(all.end, view.from, all.count); i < all.count && all.start[i] < view.to; i++) {
    const start = all.start[i], end = all.end[i], which = kinds[all.kind[i]][0];
    if (end - start >= perPixel) {
      flush();
      paint();
      bar(row, i, which, y);
      continue;
    }
    const middle = Math.floor(((start + end) / 2 - view.from) / perPixel);
    if (middle !== column) flush();
    column = middle;
    touched = true;
    times[which] += end - start;
  }
  flush();
  paint();
  if (selected && selected.row === row) outline(row, selected.i, y);
}

function bar(row, i, which, y) {
  const all = pieces(row), { height, mark } = data.states[which];
  const from = Math.max(x(all.start[i]), gutter() - 4), to = Math.min(x(all.end[i]), gutter() + plot() + 4), w = to - from;
  const top = y + (LANE - height) / 2;
  ink.fillStyle = colours.states[which] || colours.muted;
  ink.fillRect(from, top, w, height);
  if (w < 3) return;
  if (mark) {
    ink.fillStyle = marks[mark];
    ink.fillRect(from, top, w, height);
  }
  if (height > 1) {
    ink.globalAlpha = 0.55;
    ink.strokeStyle = colours.ink;
    ink.lineWidth = 0.75;
    ink.strokeRect(from + 0.375, top + 0.375, w - 0.75, height - 0.75);
    ink.globalAlpha = 1;
  }
  if (w < 16) return;
  const words = label(row, i);
  if (!words) return;
  ink.font = '11px "DejaVu Sans", system-ui, sans-serif';
  const left = Math.max(from, gutter()) + 4, room = to - left - 2, long = ink.measureText(words).width > room;
  if (height < 16) {
    // A low bar has its label below it, where it fits.
    if (!long) text(words, left, y + LANE + 6, colours.muted, 9);
  } else if (!long || room > 40) {
    text(words, left, y + 15, onBar(which), 11, "", room);
  }
}

const onBar = (which) => (data.states[which].name === "running" ? colours["on-running"] : colours["on-native"]);

function outline(row, i, y) {
  const all = pieces(row), from = x(all.start[i]), to = x(all.end[i]);
  ink.strokeStyle = colours.ink;
  ink.lineWidth = 2;
  ink.strokeRect(from - 1.5, y - 2, Math.max(3, to - from + 3), LANE + 4);
}

/** A number over time: in each pixel the most that it is. */
function drawLevel(row, y) {
  const { at: times, value, most, count } = level(row);
  const base = y + LEVEL, high = LEVEL - 4, step = (view.to - view.from) / plot();
  ink.fillStyle = colours.states[data.states.findIndex((state) => state.name === "io")];
  let i = Math.max(0, above(times, view.from, count) - 1);
  for (let pixel = 0; pixel < plot(); pixel++) {
    const from = view.from + pixel * step, to = from + step;
    let now = i < count && times[i] <= from ? value[i] : 0;
    while (i + 1 < count && times[i + 1] < to) {
      i++;
      now = Math.max(now, value[i]);
    }
    if (now && times[i] < to) ink.fillRect(gutter() + pixel, base - (now / most) * high, 1.2, (now / most) * high);
  }
}
