"use strict";
const $ = id => document.getElementById(id);
const { root, lang, copy, copied, none, found, unavailable } = document.body.dataset;
const query = $("query"), results = $("results");

// ---------------------------------------------------------------- search

/** Text as it is compared: full-width forms, capitals and accents do not matter. */
const plain = text => text.normalize("NFKC").toLowerCase();
const HAN = /[\u3400-\u9fff]/;

let rows = null;

/** [language, page, title, anchor, heading, text] of each section, with what is compared; loaded once. */
function load() {
  if (rows) return Promise.resolve(rows);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${root}search.js`;
    script.onload = () => resolve(rows = window.BOOK.map(row => ({
      language: row[0], page: row[1], title: row[2], anchor: row[3], heading: row[4], text: row[5],
      head: plain(`${row[2]} ${row[4]}`), body: plain(row[5]),
    })));
    script.onerror = reject;
    document.head.append(script);
  });
}

const count = (text, part) => text.split(part).length - 1;

/** Sections with every word of the query, best first. Chinese has no spaces: where the whole phrase is nowhere, its pairs of characters count. */
function search(all, wanted) {
  const words = plain(wanted).split(/[\s，。：；、？！,;?!]+/).filter(Boolean);
  if (!words.length) return [];
  const score = (row, word) => 8 * count(row.head, word) + Math.min(5, count(row.body, word));
  const ranked = (parts, least) => all.map(row => {
    const scores = parts.map(part => score(row, part));
    const hit = scores.filter(Boolean).length;
    const sum = scores.reduce((a, b) => a + b, 0) + 20 * hit / parts.length + (row.language === lang ? 4 : 0);
    return { row, sum, hit };
  }).filter(({ hit }) => hit >= least).sort((a, b) => b.sum - a.sum).map(({ row }) => ({ row, parts }));
  const exact = ranked(words, words.length);
  if (exact.length) return exact;
  const pairs = words.flatMap(word => HAN.test(word)
    ? Array.from(word).slice(1).map((character, index) => Array.from(word)[index] + character) : [word]);
  return pairs.length > words.length ? ranked(pairs, Math.ceil(.6 * pairs.length)) : [];
}

/** The text around the first hit, as nodes with marks. */
function excerpt(row, parts) {
  const first = Math.min(...parts.map(part => row.body.indexOf(part)).filter(index => index >= 0), row.body.length);
  const from = first === row.body.length ? 0 : Math.max(0, first - 40);
  const text = row.body.length === row.text.length ? row.text : row.body;
  return marked((from ? "… " : "") + text.slice(from, from + 150), parts);
}

function marked(text, parts) {
  const low = plain(text), nodes = [];
  if (low.length !== text.length) return [document.createTextNode(text)];
  let done = 0;
  while (done < text.length) {
    const next = parts.map(part => ({ part, index: low.indexOf(part, done) })).filter(({ index }) => index >= 0)
      .sort((a, b) => a.index - b.index || b.part.length - a.part.length)[0];
    if (!next) break;
    nodes.push(document.createTextNode(text.slice(done, next.index)));
    const mark = document.createElement("mark");
    mark.textContent = text.slice(next.index, next.index + next.part.length);
    nodes.push(mark);
    done = next.index + next.part.length;
  }
  return [...nodes, document.createTextNode(text.slice(done))];
}

function note(text) {
  const line = document.createElement("p");
  line.textContent = text;
  results.replaceChildren(line);
}

async function show() {
  const wanted = query.value.trim();
  results.replaceChildren();
  results.hidden = !wanted;
  if (!wanted) return;
  let all;
  try { all = await load(); } catch { note(unavailable); return; }
  if (query.value.trim() !== wanted) return;
  const hits = search(all, wanted);
  if (!hits.length) { note(none); return; }
  note(found ? `${hits.length} ${found}` : `${hits.length}`);
  for (const { row, parts } of hits.slice(0, 40)) {
    const link = document.createElement("a"), head = document.createElement("b"), text = document.createElement("small");
    link.href = `${root}${row.page}#${encodeURIComponent(row.anchor)}`;
    link.lang = row.language === "zh" ? "zh-CN" : "en";
    head.append(...marked(row.heading === row.title ? row.title : `${row.title.split(/[:：]/)[0]} › ${row.heading}`, parts));
    text.append(...excerpt(row, parts));
    link.append(head, text);
    link.addEventListener("click", () => { results.hidden = true; });
    results.append(link);
  }
}
query.addEventListener("input", show);
query.addEventListener("focus", show);
document.addEventListener("click", event => { if (!event.target.closest(".search")) results.hidden = true; });

// ---------------------------------------------------------------- language, keys, contents, copying

/** Headings of the text that have an anchor, and the last one above the fold. */
const headings = [...document.querySelectorAll("main :is(h1, h2, h3, h4, h5, h6)[id]")];
const current = () => headings.filter(heading => heading.getBoundingClientRect().top < 160).pop();

const language = $("language"), twins = JSON.parse($("anchors").textContent);
if (language) {
  const address = language.getAttribute("href");
  const aim = () => {
    const here = current(), twin = here && here !== headings[0] ? twins[here.id] : null;
    language.href = address + (twin ? `#${encodeURIComponent(twin)}` : "");
  };
  for (const kind of ["pointerdown", "focus", "click"]) language.addEventListener(kind, aim);
}

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const inSearch = event.target.closest?.(".search");
  if (event.key === "Escape") { results.hidden = true; query.blur(); }
  else if (inSearch && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const stops = [query, ...results.querySelectorAll("a")];
    const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  }
  else if (event.target === query && event.key === "Enter") results.querySelector("a")?.click();
  else if (event.target.closest?.("input, select, textarea")) return;
  else if (event.key === "/") { event.preventDefault(); query.focus(); query.select(); }
  else if (event.key === "n") document.querySelector("a[rel=next]")?.click();
  else if (event.key === "p") document.querySelector("a[rel=prev]")?.click();
  else if (event.key === "l") language?.click();
});

const entries = new Map([...document.querySelectorAll(".contents a[href^='#']")].map(link => [decodeURIComponent(link.hash.slice(1)), link]));
function follow() {
  const here = current();
  for (const [anchor, link] of entries) link.classList.toggle("here", anchor === here?.id);
}
addEventListener("scroll", follow, { passive: true });
follow();
document.querySelector(".contents [aria-current]")?.scrollIntoView({ block: "nearest" });
if (matchMedia("(max-width: 60rem)").matches) document.querySelector(".contents details")?.removeAttribute("open");

if (navigator.clipboard && copy) {
  for (const block of document.querySelectorAll("main pre")) {
    const frame = document.createElement("div"), button = document.createElement("button");
    frame.className = "code";
    button.className = "copy";
    button.type = "button";
    button.textContent = copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.textContent.trimEnd());
      button.textContent = copied;
      setTimeout(() => { button.textContent = copy; }, 1500);
    });
    block.replaceWith(frame);
    frame.append(block, button);
  }
}
