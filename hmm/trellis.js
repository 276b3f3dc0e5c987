"use strict";
const { states, symbols, delta, phi, gamma } = DATA, T = symbols.length, N = states.length;
const svg = document.getElementById("trellis"), time = document.getElementById("time"), shade = document.getElementById("shade");
const page = document.documentElement, say = (en, zh) => page.dataset.lang === "zh" ? zh : en;
// as large as the window allows, and never too small to read
const LEFT = 76, TOP = 84, STEP = Math.max(66, Math.min(260, (document.body.clientWidth - LEFT) / T)), RADIUS = N > 2 ? 27 : 34;
const ROW = Math.max(2 * RADIUS + 24, Math.min(130, 420 / N));
const x = t => LEFT + STEP / 2 + STEP * t, y = i => TOP + ROW / 2 + ROW * i;
let pointed = null;

function add(parent, kind, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return parent.appendChild(made);
}

const best = t => delta[t].reduce((top, value, i) => value !== null && (delta[t][top] === null || value > delta[t][top]) ? i : top, 0);

function pathInto(t, i) {
  const path = [i];
  for (; t > 0; t--) path.unshift(i = phi[t][i]);
  return path;
}

svg.setAttribute("width", LEFT + STEP * T);
svg.setAttribute("height", TOP + ROW * N + 10);
add(svg, "text", { x: LEFT / 2, y: 22, class: "axis soft" }, "t");
add(svg, "text", { x: LEFT / 2, y: 60, class: "axis soft" }, "o");
states.forEach((name, i) => add(svg, "text", { x: LEFT / 2, y: y(i) + 8, class: "state" }, name));
[...symbols].forEach((symbol, t) => {
  add(svg, "text", { x: x(t), y: 22, class: "soft", "data-t": t }, t + 1);
  add(svg, "text", { x: x(t), y: 62, class: "symbol", "data-t": t }, symbol);
});
for (let t = 1; t < T; t++) for (let i = 0; i < N; i++)
  if (delta[t][i] !== null) add(svg, "line", { x1: x(t - 1), y1: y(phi[t][i]), x2: x(t), y2: y(i), "data-t": t, "data-i": i });
for (let t = 0; t < T; t++) for (let i = 0; i < N; i++) {
  const node = add(svg, "g", { class: "node", tabindex: delta[t][i] === null ? -1 : 0, "data-t": t, "data-i": i, role: "button",
                               "aria-label": `${symbols[t]} ${states[i]}` });
  add(node, "circle", { cx: x(t), cy: y(i), r: RADIUS });
  add(node, "circle", { cx: x(t), cy: y(i), r: RADIUS, class: "shade" });
  add(node, "text", { x: x(t), y: y(i) + 5, class: "value" });
  if (delta[t][i] === null) continue;
  for (const name of ["pointerenter", "focus"]) node.addEventListener(name, () => { pointed = [t, i]; draw(); });
  for (const name of ["pointerleave", "blur"]) node.addEventListener(name, () => { pointed = null; draw(); });
}

function words(path) {
  if (states.join("") !== "BMES") return path.map(i => states[i]).join(" ");
  return path.map((i, t) => (t && "BS".includes(states[i]) ? " " : "") + symbols[t]).join("");
}

function draw() {
  const until = Number(time.value) - 1, [t, i] = pointed ?? [until, best(until)], path = pathInto(t, i), kind = pointed ? "into" : "best";
  document.getElementById("now").textContent = `${until + 1} / ${T}`;
  for (const part of svg.querySelectorAll("[data-t]")) {
    const at = Number(part.dataset.t), on = at <= t && path[at] === Number(part.dataset.i);
    part.classList.toggle("best", on && kind === "best");
    part.classList.toggle("into", on && kind === "into");
    part.classList.toggle("later", at > until);
  }
  for (const node of svg.querySelectorAll(".node")) {
    const at = Number(node.dataset.t), state = Number(node.dataset.i), value = delta[at][state];
    const share = shade.value === "gamma" ? gamma[at][state] : value === null ? 0 : Math.exp(value - delta[at][best(at)]);
    node.querySelector(".shade").setAttribute("fill-opacity", share.toFixed(4));
    const shown = shade.value === "gamma" ? gamma[at][state].toFixed(2) : value === null ? "−∞" : value.toFixed(1).replace("-", "−");
    node.querySelector(".value").textContent = shown;
  }
  const behind = delta[t][best(t)] - delta[t][i], value = delta[t][i].toFixed(3), share = gamma[t][i].toFixed(3);
  document.getElementById("told").textContent = say(
    `t = ${t + 1}, ${symbols[t]}, ${states[i]}: ln δ = ${value}, ${behind.toFixed(3)} behind the best; γ = ${share}\n${words(path)}`,
    `t = ${t + 1}，${symbols[t]}，${states[i]}：ln δ = ${value}，比最佳差 ${behind.toFixed(3)}；γ = ${share}\n${words(path)}`);
}

function speak(language) {
  page.dataset.lang = language;
  page.lang = language === "zh" ? "zh-CN" : "en";
  document.getElementById("language").textContent = language === "zh" ? "English" : "中文";
  draw();
}

document.getElementById("language").addEventListener("click", () => speak(page.dataset.lang === "zh" ? "en" : "zh"));
time.addEventListener("input", draw);
shade.addEventListener("change", draw);
speak(navigator.language.startsWith("zh") ? "zh" : "en");
