"use strict";
// The curves of runs over one another: SVG, drawn again after every change.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 62, right: 14, top: 12, bottom: 40 };
const plain = (value) => value.toLocaleString("en", { maximumFractionDigits: 20 });
const short = (value) => {
  const size = Math.abs(value);
  return size && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : plain(+value.toPrecision(4));
};

function add(parent, name, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  parent.append(element);
  return element;
}

function ticks(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((s) => s * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) },
    (_, i) => +((first + i) * step).toPrecision(12));
}

function logTicks(low, high) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
  const digits = last - first <= 3 ? [1, 2, 5] : [1], every = Math.ceil((last - first) / 8);
  const found = [];
  for (let p = first; p <= last; p += every) for (const d of digits) found.push(d * 10 ** p);
  const inside = found.filter((v) => v >= low && v <= high);
  return inside.length > 1 ? inside : ticks(low, high, 4);
}

function chart(data, restored) {
  const plot = $("plot"), measure = $("measure"), log = $("log");
  const boxes = all("#legend input"), values = all("#legend output");
  let range = restored?.range ?? null, cursor = null, start = null, scene = null;

  const chosen = () => data.runs.map(({ series }, i) => ({ i, at: series[measure.value]?.[0], y: series[measure.value]?.[1] }))
    .filter((curve) => boxes[curve.i].checked && curve.at);

  function draw() {
    const curves = chosen(), width = plot.clientWidth, height = width < 520 ? 280 : 400;
    plot.replaceChildren();
    const svg = add(plot, "svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    const full = [Math.min(...curves.map((c) => c.at[0])), Math.max(...curves.map((c) => c.at.at(-1)))];
    const [low, high] = range ?? full;
    const usable = (v) => !log.checked || v > 0;
    const seen = curves.flatMap((c) => c.y.filter((v, i) => usable(v) && c.at[i] >= low && c.at[i] <= high));
    values.forEach((output) => { output.textContent = ""; });
    if (!seen.length) {
      add(svg, "text", { x: width / 2, y: height / 2, "text-anchor": "middle" },
        curves.length ? "nothing to draw here" : "no run is chosen");
      scene = null;
      return;
    }
    const scale = log.checked ? Math.log10 : (v) => v, span = (high - low) || 1;
    let [bottom, top] = [Math.min(...seen), Math.max(...seen)].map(scale);
    const air = 0.05 * (top - bottom) || Math.abs(top) * 0.1 || 1;
    [bottom, top] = [bottom - air, top + air];
    const right = width - MARGIN.right, base = height - MARGIN.bottom;
    const x = (v) => MARGIN.left + (v - low) / span * (right - MARGIN.left);
    const y = (v) => base - (scale(v) - bottom) / (top - bottom) * (base - MARGIN.top);
    for (const v of log.checked ? logTicks(10 ** bottom, 10 ** top) : ticks(bottom, top, 6)) {
      add(svg, "line", { class: "grid", x1: MARGIN.left, x2: right, y1: y(v), y2: y(v) });
      add(svg, "text", { x: MARGIN.left - 8, y: y(v) + 4, "text-anchor": "end" }, short(v));
    }
    for (const v of ticks(low, high, width < 520 ? 3 : 8)) {
      add(svg, "line", { class: "grid", x1: x(v), x2: x(v), y1: base, y2: base + 5 });
      add(svg, "text", { x: x(v), y: base + 18, "text-anchor": x(v) > right - 20 ? "end" : "middle" }, plain(v));
    }
    add(svg, "text", { x: right, y: height - 4, "text-anchor": "end", class: "axis" }, "iteration");
    add(add(svg, "clipPath", { id: "inside" }), "rect",
      { x: MARGIN.left, y: 0, width: right - MARGIN.left, height: base + 2 });
    const inside = add(svg, "g", { "clip-path": "url(#inside)" });
    for (const curve of curves) {
      const look = `c${curve.i % 8} d${Math.floor(curve.i / 8) % 4}`;
      const points = curve.at.map((at, i) => [at, curve.y[i]]).filter(([, v]) => usable(v));
      const path = points.map(([at, v], i) => `${i ? "L" : "M"}${x(at).toFixed(1)} ${y(v).toFixed(1)}`);
      add(inside, "path", { class: `curve ${look}`, d: path.join("") });
      if (points.length <= 80) for (const [at, v] of points) add(inside, "circle", { class: look, cx: x(at), cy: y(v), r: 2.4 });
    }
    const steps = [...new Set(curves.flatMap((c) => c.at))].filter((v) => v >= low && v <= high).sort((a, b) => a - b);
    scene = { full, low, high, span, x, y, usable, curves, steps, base, marks: add(inside, "g"),
      at: (pixel) => low + (pixel - MARGIN.left) / (right - MARGIN.left) * span };
    read(false);
  }

  function read(aloud) { // the values at the cursor
    scene?.marks.replaceChildren();
    values.forEach((output) => { output.textContent = ""; });
    if (!scene || cursor === null || !scene.steps.length) { $("at").textContent = ""; return; }
    const near = (list) => list.reduce((best, v, i) => (Math.abs(v - cursor) < Math.abs(list[best] - cursor) ? i : best), 0);
    cursor = scene.steps[near(scene.steps)];
    const said = [];
    add(scene.marks, "line", { class: "cursor", x1: scene.x(cursor), x2: scene.x(cursor), y1: 0, y2: scene.base });
    for (const curve of scene.curves) {
      const i = near(curve.at), value = curve.y[i];
      values[curve.i].textContent = short(value);
      said.push(`${data.runs[curve.i].name} ${short(value)}`);
      if (scene.usable(value)) add(scene.marks, "circle", { class: `c${curve.i % 8}`, cx: scene.x(curve.at[i]), cy: scene.y(value), r: 4 });
    }
    $("at").textContent = `at iteration ${plain(cursor)}`;
    if (aloud) $("reading").textContent = `iteration ${plain(cursor)}: ${said.join(", ")}`;
  }

  function look(low, high) { // zooms to a range, inside what there is
    const [first, last] = scene.full, length = Math.min(Math.max(high - low, 2), last - first);
    const from = Math.min(Math.max(low, first), last - length);
    range = length >= last - first ? null : [from, from + length];
    plot.dataset.range = range ? range.map(Math.round).join(" to ") : "all";
    draw();
  }
  const zoom = (factor) => { // around the cursor, where it is in sight
    const { low, high } = scene, middle = cursor >= low && cursor <= high && cursor !== null ? cursor : (low + high) / 2;
    look(middle - (middle - low) * factor, middle + (high - middle) * factor);
  };
  const pan = (share) => look(scene.low + share * scene.span, scene.high + share * scene.span);
  const keys = { "+": () => zoom(0.5), "-": () => zoom(2), "<": () => pan(-0.25), ">": () => pan(0.25), 0: () => look(-1e99, 1e99) };
  for (const button of all(".zoom button")) button.addEventListener("click", () => scene && keys[button.value]());
  const moves = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };
  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own zoom
    if (event.key in keys && scene) keys[event.key]();
    else if (event.key in moves && scene?.steps.length) {
      const { steps } = scene, there = steps.indexOf(cursor);
      cursor = steps[there < 0 ? (moves[event.key] > 0 ? 0 : steps.length - 1)
        : Math.min(Math.max(there + moves[event.key], 0), steps.length - 1)];
      read(true);
    } else return;
    event.preventDefault();
  });

  const pixel = (event) => event.clientX - plot.getBoundingClientRect().left;
  plot.addEventListener("pointerdown", (event) => {
    if (event.button || !scene) return;
    start = pixel(event);
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", (event) => {
    if (!scene) return;
    cursor = scene.at(pixel(event));
    read(false);
    if (start !== null) add(scene.marks, "rect", { class: "band", x: Math.min(start, pixel(event)), y: 0,
      width: Math.abs(pixel(event) - start), height: scene.base });
  });
  plot.addEventListener("pointercancel", () => { start = null; });
  plot.addEventListener("pointerup", (event) => {
    const ends = [start, pixel(event)].sort((a, b) => a - b);
    if (start !== null && scene && ends[1] - ends[0] > 6) look(...ends.map(scene.at));
    start = null;
  });
  plot.addEventListener("pointerleave", () => { if (start === null) { cursor = null; read(false); } });
  plot.addEventListener("dblclick", () => scene && keys[0]());

  const suit = () => { log.checked = data.logarithmic.includes(measure.value); };
  measure.addEventListener("change", () => { suit(); draw(); });
  for (const box of [log, ...boxes]) box.addEventListener("change", draw);
  for (const [id, checked] of [["runs-all", true], ["runs-none", false]]) $(id).addEventListener("click", () => {
    for (const box of boxes) box.checked = checked;
    draw();
  });
  new ResizeObserver(() => { if (plot.clientWidth !== +plot.firstChild?.getAttribute("width")) draw(); }).observe(plot);
  if (!restored) suit();
  draw();
  return { range: () => range, isDragging: () => start !== null };
}
