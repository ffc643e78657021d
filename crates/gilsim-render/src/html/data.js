// What the page is given, and words for it. The first of three files that make one script.

const LANE = 22, GAP = 8, HEADING = 24, RUN = 40, LEVEL = 34, AXIS = 30;
const LEAST_SPAN = 20; // nanoseconds
const find = (id) => document.getElementById(id);
const data = JSON.parse(find("data").textContent);
const timeline = find("timeline"), lanes = find("lanes"), tip = find("tip");
const canvas = timeline.querySelector("canvas"), ink = canvas.getContext("2d");
const shown = data.runs.map(() => true);
/** What is in sight, in nanoseconds, and how much there is at most: the longest run that is shown. */
const view = { from: 0, to: 1, most: 1 };
let rows = [], colours = {}, marks = {}, selected = null, pointer = null, pending = false;

// ---- Reading: numbers of seven bits a byte, the low ones first; signed ones as 0, -1, 1, -2, …

function reader(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  let at = 0;
  const number = () => {
    let value = 0, scale = 1, byte;
    do {
      byte = bytes[at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    return value;
  };
  const signed = () => {
    const value = number();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  };
  return { number, signed };
}

/** The intervals of a lane as columns, read when it first comes into sight. */
function pieces(row) {
  if (row.pieces) return row.pieces;
  const { number, signed } = reader(row.data), count = row.count;
  const all = {
    count, start: new Float64Array(count), end: new Float64Array(count), kind: new Uint32Array(count),
    task: new Int32Array(count), step: new Int32Array(count), thread: new Int32Array(count), core: new Int32Array(count),
    merged: new Map(),
  };
  let end = 0, task = 0, step = 0, thread = 0, core = 0;
  for (let i = 0; i < count; i++) {
    all.start[i] = end + number();
    all.end[i] = end = all.start[i] + number();
    const kind = number();
    all.kind[i] = kind >> 1;
    if (kind & 1) {
      all.merged.set(i, { count: number(), times: data.states.map(number) });
      continue;
    }
    all.task[i] = task += signed();
    all.step[i] = step += signed();
    all.thread[i] = thread += signed();
    all.core[i] = core += signed();
  }
  return (row.pieces = all);
}

/** The instants at which a number changes, and what it is from then on. */
function level(row) {
  if (row.level) return row.level;
  const { number, signed } = reader(row.data), count = row.count;
  const at = new Float64Array(count), value = new Float64Array(count);
  let time = 0, now = 0, most = 0, used = 0;
  for (; used < count; used++) {
    at[used] = time += number();
    value[used] = now += signed();
    if (Number.isNaN(now)) break; // Changes that cancelled each other out are not written.
    most = Math.max(most, now);
  }
  return (row.level = { at, value, most, count: used });
}

/** The first index of a sorted column whose value is above `limit`. */
function above(column, limit, count) {
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

// ---- Words

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];

/** A time with `digits` significant digits; all of them, where nothing is said. */
function time(ns, digits = 21) {
  const [size, unit] = UNITS.find(([size]) => Math.abs(ns) >= size) ?? UNITS[3];
  return `${Number((ns / size).toPrecision(Math.min(digits, 15)))} ${unit}`;
}

const thread = (number) => (number === 0 ? "main" : `T${number}`);

function taskName(task) {
  let first = 0;
  for (const [name, count] of data.tasks) {
    if (task < first + count) return name ? `task ${task} (${name})` : `task ${task}`;
    first += count;
  }
  return `task ${task}`;
}

const state = (row, i) => row.run.kinds[pieces(row).kind[i]][0];
const name = (row, i) => row.run.names[row.run.kinds[pieces(row).kind[i]][1]];

/** What is written on a bar. */
function label(row, i) {
  const all = pieces(row);
  if (all.merged.has(i)) return "";
  if ((row.sort === "core" || row.sort === "lock") && all.thread[i]) return thread(all.thread[i] - 1);
  return name(row, i) || (row.sort === "thread" && all.task[i] ? `task ${all.task[i] - 1}` : "");
}

const lead = (row, i) => (row.sort === "lock" ? "held" : data.states[state(row, i)].words);

/** Heading and lines that tell of an interval. */
function told(row, i) {
  const all = pieces(row), merged = all.merged.get(i);
  const where = `${row.run.label}, ${row.label}`;
  const span = `${time(all.start[i])} to ${time(all.end[i])}: ${time(all.end[i] - all.start[i], 6)}`;
  if (merged) return mixed(merged.count, merged.times, [where, span]);
  const parts = [];
  if (all.task[i]) parts.push(taskName(all.task[i] - 1), `step ${all.step[i]}`);
  if (all.thread[i] && row.sort !== "thread") parts.push(`thread ${thread(all.thread[i] - 1)}`);
  if (all.core[i] && row.sort !== "core") parts.push(`core ${all.core[i] - 1}`);
  const called = name(row, i);
  return [called ? `${lead(row, i)}: ${called}` : lead(row, i), where, span, parts.join(", ")].filter(Boolean);
}

/** Heading and lines that tell of many intervals. */
function mixed(count, times, lines) {
  const sum = times.reduce((a, b) => a + b, 0) || 1;
  const shares = times.map((time, i) => [time / sum, data.states[i].words]).filter(([share]) => share > 0);
  shares.sort((a, b) => b[0] - a[0]);
  const words = shares.map(([share, words]) => `${words} ${(share * 100).toFixed(1)} %`);
  return [`${count} intervals`, ...lines, ...words];
}
