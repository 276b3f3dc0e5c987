"use strict";
// The poem as text and a heat map for each head. DATA: { layer, runs: [{ name, tokens, weights[layer][head][query][key] }] }.
const glance = document.getElementById("glance");
const panels = [...glance.querySelectorAll(".run")];
const runs = DATA.runs, T = runs[0].tokens.length;
const state = { query: T - 1, held: false, layer: DATA.layer, head: "mean", columns: false, difference: false };

/** The weight that query i gives key j, in a head or in the mean of a layer's heads. A run with fewer layers or heads: its last. */
function weight(run, layer, head, i, j) {
  if (j > i) return 0;
  const heads = run.weights[Math.min(layer, run.weights.length - 1)];
  if (head === "mean") return heads.reduce((sum, rows) => sum + rows[i][j], 0) / heads.length;
  return heads[Math.min(head, heads.length - 1)][i][j];
}

/** What a panel shows at (i, j): its run's weight, or by how much that of the second run is larger. */
function value(number, layer, head, i, j) {
  if (state.difference) return weight(runs[1], layer, head, i, j) - weight(runs[0], layer, head, i, j);
  return weight(runs[number], layer, head, i, j);
}

/** A colour for a weight or a difference: its root, so that small weights are seen too. */
function colour(weight) {
  return `rgb(var(${weight < 0 ? "--less" : "--more"}) / ${Math.sqrt(Math.abs(weight)).toFixed(3)})`;
}

/** The heat map of a head without the row of the query, kept until the colours or the kind of values change. */
const pictures = new Map();
function picture(number, layer, head) {
  const key = [number, layer, head, state.difference].join();
  if (pictures.has(key)) return pictures.get(key);
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement), colours = ["--more", "--less"].map(name => style.getPropertyValue(name).trim());
  canvas.width = canvas.height = T;
  for (let i = 0; i < T; i++)
    for (let j = 0; j <= i; j++) {
      const shown = value(number, layer, head, i, j);
      context.fillStyle = `rgb(${colours[shown < 0 ? 1 : 0]} / ${Math.sqrt(Math.abs(shown)).toFixed(3)})`;
      context.fillRect(j, i, 1, 1);
    }
  pictures.set(key, canvas);
  return canvas;
}

function paint(canvas, number, layer, head) {
  canvas.width = canvas.height = T;
  const context = canvas.getContext("2d");
  context.drawImage(picture(number, layer, head), 0, 0);
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--mark").trim();
  context.globalAlpha = 0.35; // the row of the query, or the column of the key
  if (state.columns) context.fillRect(state.query, state.query, 1, T - state.query);
  else context.fillRect(0, state.query, state.query + 1, 1);
}

const say = (en, zh) => glance.dataset.lang === "zh" ? zh : en;

/** The five characters with the largest weights of the chosen row or column, in words. */
function describe(number) {
  const { query, layer, head, columns } = state, { tokens } = runs[number];
  const pairs = tokens.map((token, j) => [token, columns ? value(number, layer, head, j, query) : value(number, layer, head, query, j), j]);
  const top = pairs.filter(pair => pair[1] !== 0).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 5);
  const list = top.map(([token, share, j]) => say(`“${token}” (${j + 1}) ${share.toFixed(3)}`, `“${token}”（第 ${j + 1} 字）${share.toFixed(3)}`))
    .join(say(", ", "，"));
  const chosen = head === "mean" ? say("mean of the heads", "各头平均") : say(`head ${head}`, `第 ${head} 个头`);
  const verb = columns ? say("is attended to by", "受以下各字关注") : say("attends to", "关注");
  return say(`Layer ${layer}, ${chosen}: “${tokens[query]}” (${query + 1}) ${verb} ${list}`,
             `第 ${layer} 层，${chosen}：“${tokens[query]}”（第 ${query + 1} 字）${verb}：${list}`);
}

/** Buttons of the heads, once; they keep their places. */
function build(panel, number) {
  const run = runs[number], poem = panel.querySelector(".poem"), grid = panel.querySelector(".heads");
  run.tokens.forEach((token, j) => {
    const part = document.createElement("span");
    part.textContent = token;
    part.setAttribute("role", "button");
    part.dataset.place = j;
    if (token === "↵") part.className = "end";
    part.addEventListener("pointerenter", () => { if (!state.held) choose({ query: j }); });
    part.addEventListener("click", () => choose({ query: j, held: !(state.held && state.query === j) }));
    part.addEventListener("focus", () => { if (state.query !== j) choose({ query: j }); });
    poem.append(part);
    if (token === "↵") poem.append(document.createElement("br"));
  });
  const most = Math.max(...run.weights.map(heads => heads.length));
  grid.style.gridTemplateColumns = `2.2rem repeat(${most + 1}, minmax(3rem, 7.5rem))`;
  const cell = text => { const part = document.createElement("div"); part.textContent = text; grid.append(part); };
  cell("");
  for (let head = 0; head < most; head++) cell(head);
  cell("x̄");
  run.weights.forEach((heads, layer) => {
    cell(layer);
    for (const head of [...Array(most).keys(), "mean"]) {
      if (head !== "mean" && head >= heads.length) { cell(""); continue; }
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.layer = layer;
      button.dataset.head = head;
      button.append(document.createElement("canvas"));
      button.addEventListener("click", () => choose({ layer, head }));
      grid.append(button);
    }
  });
}

function draw() {
  panels.forEach((panel, number) => {
    for (const part of panel.querySelectorAll(".poem span")) {
      const j = Number(part.dataset.place);
      const shown = state.columns ? value(number, state.layer, state.head, j, state.query) : value(number, state.layer, state.head, state.query, j);
      part.style.backgroundColor = colour(shown);
      part.title = shown.toFixed(4);
      part.classList.toggle("query", j === state.query);
      part.tabIndex = j === state.query ? 0 : -1;
      part.setAttribute("aria-label", `${part.textContent} ${j + 1}: ${shown.toFixed(3)}`);
    }
    for (const button of panel.querySelectorAll(".heads button")) {
      const layer = Number(button.dataset.layer), head = button.dataset.head === "mean" ? "mean" : Number(button.dataset.head);
      button.setAttribute("aria-pressed", layer === state.layer && head === state.head);
      button.setAttribute("aria-label", say(`layer ${layer}, head ${head}`, `第 ${layer} 层，${head === "mean" ? "平均" : `第 ${head} 个头`}`));
      paint(button.firstChild, number, layer, head);
    }
    panel.querySelector(".say").textContent = describe(number);
  });
  document.getElementById("direction").setAttribute("aria-pressed", state.columns);
  document.getElementById("difference")?.setAttribute("aria-pressed", state.difference);
}

let waiting = false;
function choose(change) {
  Object.assign(state, change);
  if (waiting) return;
  waiting = true; // one drawing a frame, however fast the pointer moves
  requestAnimationFrame(() => { waiting = false; draw(); });
}

function speak(language) {
  glance.dataset.lang = language;
  glance.lang = language === "zh" ? "zh-CN" : "en";
  document.getElementById("tongue").textContent = language === "zh" ? "English" : "中文";
  for (const part of glance.querySelectorAll("[data-en]")) part.setAttribute("aria-label", part.dataset[language]);
  draw();
}

glance.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const layers = runs[0].weights.length, heads = runs[0].weights[state.layer].length, { query, layer } = state;
  const step = { ArrowLeft: { query: Math.max(0, query - 1) }, ArrowRight: { query: Math.min(T - 1, query + 1) },
                 ArrowUp: { layer: Math.max(0, layer - 1) }, ArrowDown: { layer: Math.min(layers - 1, layer + 1) },
                 r: { columns: !state.columns }, "0": { head: "mean" } }[event.key]
    ?? (event.key === "d" && runs.length === 2 ? { difference: !state.difference } : null)
    ?? (/^[1-9]$/.test(event.key) && Number(event.key) <= heads ? { head: Number(event.key) - 1 } : null);
  if (!step) return;
  event.preventDefault();
  const inPoem = event.target.closest(".poem");
  choose(step);
  if (inPoem && "query" in step)
    requestAnimationFrame(() => inPoem.querySelector(`[data-place="${state.query}"]`).focus());
});
document.getElementById("direction").addEventListener("click", () => choose({ columns: !state.columns }));
document.getElementById("difference")?.addEventListener("click", () => choose({ difference: !state.difference }));
document.getElementById("tongue").addEventListener("click", () => speak(glance.dataset.lang === "zh" ? "en" : "zh"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { pictures.clear(); draw(); });
panels.forEach(build);
speak(navigator.language.startsWith("zh") ? "zh" : "en");
