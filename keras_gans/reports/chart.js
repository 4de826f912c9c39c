// The curves of runs over one another, in SVG that is drawn again after every change.

const MARGIN = { left: 62, right: 14, top: 12, bottom: 40 };
const plain = (value) => value.toLocaleString("en", { maximumFractionDigits: 20 });
const short = (value) => {
  const size = Math.abs(value);
  return size && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : plain(+value.toPrecision(4));
};

function add(parent, name, attributes = {}, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  parent.append(element);
  return element;
}

function ticks(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((s) => s * power >= rough) ?? 10), found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(+(i * step).toPrecision(12));
  return found;
}

function logTicks(low, high) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high)), found = [];
  for (let p = first; p <= last; p += Math.ceil((last - first) / 8)) found.push(...(last - first <= 3 ? [1, 2, 5] : [1]).map((d) => d * 10 ** p));
  const inside = found.filter((v) => v >= low && v <= high);
  return inside.length > 1 ? inside : ticks(low, high, 4);
}

function chart(data, restored) {
  const plot = $("plot"), measure = $("measure"), log = $("log");
  const boxes = all("#legend input"), values = all("#legend output");
  for (const run of data.runs) for (const s of Object.values(run.series)) if (s[0].by) s[0] = s[1].map((_, i) => s[0].from + i * s[0].by);
  let range = restored?.range ?? null, cursor = null, start = null, scene = null;

  function draw() {
    const width = plot.clientWidth, height = width < 520 ? 280 : 400;
    const curves = data.runs.map(({ look, series }, i) => ({ i, look, at: series[measure.value]?.[0], y: series[measure.value]?.[1] }))
      .filter(({ i, at }) => { boxes[i].parentElement.classList.toggle("absent", !at); return boxes[i].checked && at; });
    const full = [Math.min(...curves.map((c) => c.at[0])), Math.max(...curves.map((c) => c.at.at(-1)))];
    const [low, high] = range ?? full, span = (high - low) || 1;
    const usable = (v) => !log.checked || v > 0;
    const seen = curves.flatMap((c) => c.y.filter((v, i) => // with those whose line reaches into the range
      usable(v) && (c.at[i + 1] ?? c.at[i]) >= low && (c.at[i - 1] ?? c.at[i]) <= high));
    if (!seen.length && range) { range = null; draw(); return; }
    plot.replaceChildren();
    plot.dataset.range = range ? range.map(Math.round).join(" to ") : "all";
    const svg = add(plot, "svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    if (!seen.length) {
      add(svg, "text", { x: width / 2, y: height / 2, "text-anchor": "middle" }, curves.length ? "nothing to draw here" : "no chosen run has it");
      scene = null;
      return;
    }
    const scale = log.checked ? Math.log10 : (v) => v, unscaled = log.checked ? (v) => 10 ** v : (v) => v;
    let [bottom, top] = [Math.min, Math.max].map((f) => scale(seen.reduce((a, b) => f(a, b))));
    const air = 0.05 * (top - bottom) || Math.abs(top) * 0.1 || 1;
    [bottom, top] = [bottom - air, top + air];
    const right = width - MARGIN.right, base = height - MARGIN.bottom;
    const x = (v) => MARGIN.left + (v - low) / span * (right - MARGIN.left);
    const y = (v) => base - (scale(v) - bottom) / (top - bottom) * (base - MARGIN.top);
    for (const v of log.checked ? logTicks(unscaled(bottom), unscaled(top)) : ticks(bottom, top, 6)) {
      add(svg, "line", { class: "grid", x1: MARGIN.left, x2: right, y1: y(v), y2: y(v) });
      add(svg, "text", { x: MARGIN.left - 8, y: y(v) + 4, "text-anchor": "end" }, short(v));
    }
    for (const v of ticks(low, low + span, width < 520 ? 3 : 8)) {
      add(svg, "line", { class: "grid", x1: x(v), x2: x(v), y1: base, y2: base + 5 });
      add(svg, "text", { x: x(v), y: base + 18, "text-anchor": x(v) > right - 20 ? "end" : "middle" }, plain(v));
    }
    add(svg, "text", { x: right, y: height - 6, "text-anchor": "end" }, "iteration");
    add(add(svg, "clipPath", { id: "inside" }), "rect", { x: MARGIN.left, y: 0, width: right - MARGIN.left, height: base + 2 });
    const inside = add(svg, "g", { "clip-path": "url(#inside)" });
    for (const curve of curves) {
      const points = curve.at.map((at, i) => [at, curve.y[i]]).filter(([, v]) => usable(v)).map(([at, v]) => [x(at), y(v)]);
      add(inside, "path", { class: `curve ${curve.look}`, d: points.map(([h, v], i) => `${i ? "L" : "M"}${h.toFixed(1)} ${v.toFixed(1)}`).join("") });
      if (points.length <= 80) for (const [h, v] of points) add(inside, "circle", { class: curve.look, cx: h, cy: v, r: 2.4 });
    }
    const steps = [...new Set(curves.flatMap((c) => c.at))].filter((v) => v >= low && v <= high).sort((a, b) => a - b);
    scene = { full, low, high, span, x, y, usable, curves, steps, base, marks: add(inside, "g"),
      at: (pixel) => low + (pixel - MARGIN.left) / (right - MARGIN.left) * span };
    read(false);
  }

  function read(aloud) { // the values at the cursor
    scene?.marks.replaceChildren();
    for (const output of values) output.textContent = "";
    $("at").textContent = "";
    if (!scene?.steps.length || cursor === null) return;
    const near = (list) => list.reduce((best, v, i) => (Math.abs(v - cursor) < Math.abs(list[best] - cursor) ? i : best), 0);
    cursor = scene.steps[near(scene.steps)];
    const said = [];
    add(scene.marks, "line", { class: "cursor", x1: scene.x(cursor), x2: scene.x(cursor), y1: 0, y2: scene.base });
    for (const curve of scene.curves) {
      if (cursor < curve.at[0] || cursor > curve.at.at(-1)) continue;
      const i = near(curve.at), value = curve.y[i];
      values[curve.i].textContent = short(value);
      said.push(`${data.runs[curve.i].name} ${short(value)}`);
      if (scene.usable(value)) add(scene.marks, "circle", { class: curve.look, cx: scene.x(curve.at[i]), cy: scene.y(value), r: 4 });
    }
    $("at").textContent = `at iteration ${plain(cursor)}`;
    if (aloud) $("reading").textContent = `iteration ${plain(cursor)}: ${said.join(", ")}`;
  }

  function look(low, high) { // zooms to a range, inside what there is
    if (!scene) return;
    const [first, last] = scene.full, length = Math.min(Math.max(high - low, 2), last - first);
    const from = Math.min(Math.max(low, first), last - length);
    range = length >= last - first ? null : [from, from + length];
    draw();
  }
  const zoom = (factor) => { // around the cursor, where it is in sight
    const { low, high } = scene, middle = cursor !== null && cursor >= low && cursor <= high ? cursor : (low + high) / 2;
    look(middle - (middle - low) * factor, middle + (high - middle) * factor);
  };
  const pan = (share) => look(scene.low + share * scene.span, scene.high + share * scene.span);
  const keys = { "+": () => zoom(0.5), "-": () => zoom(2), "<": () => pan(-0.25), ">": () => pan(0.25), 0: () => look(-Infinity, Infinity) };
  const moves = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };
  for (const button of all(".zoom button")) button.addEventListener("click", () => scene && keys[button.value]());
  plot.addEventListener("dblclick", () => scene && keys[0]());
  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !scene) return; // such as the browser's own zoom
    if (event.key in keys) keys[event.key]();
    else if (event.key in moves && scene.steps.length) {
      const move = moves[event.key], last = scene.steps.length - 1, found = scene.steps.indexOf(cursor);
      const there = found < 0 && move < 0 ? last + 1 : found;
      cursor = scene.steps[Math.min(Math.max(there + move, 0), last)];
      read(true);
    } else return;
    event.preventDefault();
  });

  const pixel = (event) => event.clientX - plot.getBoundingClientRect().left;
  plot.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    start = pixel(event);
    plot.setPointerCapture(event.pointerId);
    follow(event);
  });
  const follow = (event) => {
    if (!scene) return;
    cursor = scene.at(pixel(event));
    read(false);
    if (start !== null) add(scene.marks, "rect", { class: "band", x: Math.min(start, pixel(event)), y: 0,
      width: Math.abs(pixel(event) - start), height: scene.base });
  };
  plot.addEventListener("pointermove", follow);
  plot.addEventListener("pointerup", (event) => {
    const ends = [start, pixel(event)].sort((a, b) => a - b);
    if (start !== null && scene && ends[1] - ends[0] > 6) look(...ends.map(scene.at));
    start = null;
  });
  plot.addEventListener("pointercancel", () => { start = null; });
  plot.addEventListener("pointerleave", ({ pointerType }) => { if (start === null && pointerType === "mouse") { cursor = null; read(false); } });

  const suit = () => { log.checked = data.logarithmic.includes(measure.value); };
  measure.addEventListener("change", () => { suit(); draw(); });
  for (const box of [log, ...boxes]) box.addEventListener("change", draw);
  for (const [id, checked] of [["runs-all", true], ["runs-none", false]]) $(id).addEventListener("click", () => {
    for (const box of boxes) box.checked = checked;
    draw();
  });
  new ResizeObserver(() => { if (plot.clientWidth !== +plot.firstChild?.getAttribute("width")) draw(); }).observe(plot);
  if (!restored?.inputs.some(([id]) => id === "log")) suit(); // a page may begin before its first curve
  draw();
  return { range: () => range, isDragging: () => start !== null };
}
