"use strict";
// Theme, tables, claims, samples. Without scripts the page lacks only its curves and controls.

const $ = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const page = document.documentElement;
page.classList.add("js");

const stored = (area, key, value) => { // a browser may forbid storage
  try {
    return value === undefined ? window[area].getItem(key) : window[area].setItem(key, value);
  } catch { return null; }
};

// The theme is set before anything is drawn, so that the page does not flash.
const THEME = "keras_gans theme", STATE = `keras_gans ${location.pathname}`;
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (page.dataset.theme ?? (systemIsDark.matches ? "dark" : "light")) === "dark";
if (stored("localStorage", THEME)) page.dataset.theme = stored("localStorage", THEME);

function theme(button) {
  const show = () => button.setAttribute("aria-pressed", isDark());
  button.addEventListener("click", () => {
    page.dataset.theme = isDark() ? "light" : "dark";
    stored("localStorage", THEME, page.dataset.theme);
    show();
  });
  systemIsDark.addEventListener("change", show);
  show();
}

function sortable(table) {
  const heads = all("thead th", table);
  const sort = (index, direction) => {
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [x, y] = [a, b].map((row) => row.cells[index].dataset.v);
      if (x === "" || y === "") return (x === "") - (y === ""); // what has no value comes last
      return direction * (heads[index].dataset.sort === "number" ? x - y : x.localeCompare(y, "en", { numeric: true }));
    });
    table.tBodies[0].append(...rows);
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[index].setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    table.dataset.sorted = JSON.stringify([index, direction]);
  };
  heads.forEach((head, index) => head.querySelector("button")?.addEventListener("click", () =>
    sort(index, head.getAttribute("aria-sort") === "ascending" ? -1 : 1)));
  table.sortAgain = (text) => sort(...JSON.parse(text));
}

function filter(fieldset) {
  const claims = all(".claim");
  const show = () => {
    const word = fieldset.querySelector("input:checked").value;
    for (const claim of claims) claim.hidden = word !== "" && claim.dataset.verdict !== word;
    $("filtered").textContent = `${claims.filter((c) => !c.hidden).length} of ${claims.length} claims`;
  };
  fieldset.addEventListener("change", show);
  show(); // a browser may have kept the choice of an earlier visit
}

const players = [], arePlaying = () => players.some((one) => one.isPlaying());

function player(figure) {
  const slider = figure.querySelector("input"), button = figure.querySelector(".play");
  const frames = all("img", figure), when = figure.querySelector(".when");
  let timer = null, held = 0;
  const show = () => {
    frames.forEach((frame, i) => { frame.hidden = i !== +slider.value; });
    when.textContent = frames[slider.value].dataset.text;
    slider.setAttribute("aria-valuetext", when.textContent);
  };
  const step = () => {
    const isLast = slider.value === slider.max;
    if (isLast && held++ < 3) return; // the last picture stays for a while
    held = 0;
    slider.value = isLast ? 0 : +slider.value + 1;
    show();
  };
  const play = (wanted) => {
    clearInterval(timer);
    const slow = matchMedia("(prefers-reduced-motion: reduce)").matches;
    timer = wanted ? setInterval(step, slow ? 1500 : Math.max(150, 4000 / frames.length)) : null;
    button.setAttribute("aria-pressed", wanted);
    held = 3;
    if (wanted) step();
  };
  button.addEventListener("click", () => play(timer === null));
  slider.addEventListener("input", () => { play(false); show(); });
  show();
  players.push({ play, isPlaying: () => timer !== null });
}

// A page that is watched loads itself again, and looks as it did.
function keep(view) {
  const inputs = all("input[id], select").map((input) => [input.id, input.value, input.checked, input.value === input.max]);
  stored("sessionStorage", STATE, JSON.stringify({ inputs, scroll: scrollY, range: view?.range(), focus: document.activeElement.id,
    open: all("details[open]").map((one) => one.id), sorted: all("[data-sorted]").map((table) => [table.id, table.dataset.sorted]) }));
}

function restore() { // before the parts begin, which read their inputs
  const state = JSON.parse(stored("sessionStorage", STATE) ?? "null");
  for (const [id, value, checked, atEnd] of state?.inputs ?? []) {
    const input = $(id);
    if (input?.matches("[type=radio], [type=checkbox]")) input.checked = checked;
    else if (input && !atEnd) input.value = value; // at its end a slider stays with the newest picture
  }
  for (const id of state?.open ?? []) $(id)?.setAttribute("open", "");
  return state;
}

document.addEventListener("DOMContentLoaded", () => {
  const seconds = +page.dataset.watch, state = seconds ? restore() : null;
  theme($("theme"));
  all("table.sortable").forEach(sortable);
  if ($("filter")) filter($("filter"));
  all(".player:has(input)").forEach(player);
  const playAll = (wanted) => players.forEach((one) => one.play(wanted));
  $("play-all")?.addEventListener("click", () => playAll(!arePlaying()));
  const view = $("chart") && chart(JSON.parse($("curves-data").textContent), state);
  const open = ({ hash }) => $(hash.slice(1))?.setAttribute("open", ""); // a run's details
  for (const link of all('a[href^="#run-"]')) link.addEventListener("click", () => open(link));
  for (const moment of state ? ["hashchange"] : ["hashchange", "load"]) addEventListener(moment, () => open(location));
  if (!seconds) return;
  history.scrollRestoration = "manual";
  for (const [id, sorted] of state?.sorted ?? []) $(id)?.sortAgain(sorted);
  $(state?.focus)?.focus({ preventScroll: true });
  if (state) scrollTo({ top: state.scroll, behavior: "instant" });
  addEventListener("pagehide", () => keep(view));
  setInterval(() => {
    if ($("live").checked && !document.hidden && !arePlaying() && !view?.isDragging()) location.reload();
  }, seconds * 1000);
});
