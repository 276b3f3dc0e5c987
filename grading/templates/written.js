"use strict";
const data = JSON.parse(document.getElementById("data").textContent), words = data.words;
const byId = id => document.getElementById(id), fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const rounded = number => Math.round(number * 100) / 100, clock = () => new Date().toTimeString().slice(0, 5);
const LETTERS = "qwertyuiop", COLUMNS = ["student", "id", "points", "comment", "rubric"], RUBRIC = "rubric", BETWEEN = " | ";
function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

// ---------------------------------------------------------------- the table: as grading/manual.py reads and writes it

function parseTable(text) {
  text = text.replace(/^\ufeff/, "");
  const head = text.split(/\r?\n/, 1)[0], separator = [",", ";", "\t"].sort((a, b) => head.split(b).length - head.split(a).length)[0];
  const rows = [[]];
  let cell = "", quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted && char === '"' && text[i + 1] === '"') { cell += '"'; i++; }
    else if (quoted) { if (char === '"') quoted = false; else cell += char; }
    else if (char === '"' && cell === "") quoted = true;
    else if (char === separator) { rows.at(-1).push(cell); cell = ""; }
    else if (char === "\n") { rows.at(-1).push(cell.replace(/\r$/, "")); cell = ""; rows.push([]); }
    else cell += char;
  }
  rows.at(-1).push(cell.replace(/\r$/, ""));
  const names = (rows.shift() || []).map(name => name.trim().toLowerCase());
  if (!["student", "id", "points"].every(name => names.includes(name))) return null;
  const clean = text => { text = text.trim(); const kept = /^="([^"]*)"$/.exec(text); return (kept ? kept[1] : text).replace(/^'/, "").trim(); };
  return rows.filter(cells => cells.some(cell => cell.trim())).map(cells => {
    const row = Object.fromEntries(COLUMNS.map(name => [name, ""]));
    names.forEach((name, i) => { row[name] = clean(cells[i] || ""); });
    return row;
  });
}

function writeTable(rows) {
  const names = [...new Set([...COLUMNS, ...rows.flatMap(Object.keys)])];
  const cell = (text, name) => {
    if (name === "student" && /^(0\d+|\d{12,}|\d+[eE]\d+|\d{1,4}[-/]\d{1,2}([-/]\d{1,4})?)$/.test(text)) text = `="${text}"`;
    else if (/^[=+\-@\t\r']/.test(text)) text = "'" + text;
    return /[",;\t\r\n|，]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return "\ufeff" + [names.join(","), ...rows.map(row => names.map(name => cell(row[name] || "", name)).join(","))].join("\r\n") + "\r\n";
}

async function readFile(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try { return new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { return new TextDecoder("gb18030").decode(bytes); }
}

// ---------------------------------------------------------------- marks

const written = item => `(${item.points}) ${item.text}`;
const parsed = text => text.split(BETWEEN).map(part => /^\((-?[\d.]+)\) (.*)$/s.exec(part)).filter(Boolean).map(([, points, text]) => ({ points: Number(points), text }));
const answers = data.answers.map((answer, index) => ({ ...answer, index, article: byId(`a${index + 1}`), ticks: new Set(), adjust: 0, marked: false, comment: "", changed: false, rows: [] }));
const owner = new Map(answers.flatMap(answer => answer.aliases.map(name => [name, answer])));
const groups = Map.groupBy ? Map.groupBy(answers, answer => answer.same) : answers.reduce((all, answer) => all.set(answer.same, [...(all.get(answer.same) || []), answer]), new Map());
let items = data.items.map(item => ({ ...item })), others = [], strangers = [], undo = [];

const sum = answer => rounded([...answer.ticks].reduce((total, item) => total + item.points, 0));
const points = answer => Math.min(data.most, Math.max(0, rounded(sum(answer) + answer.adjust)));
const mark = answer => ({
  points: answer.marked ? String(points(answer)) : "", comment: answer.comment,
  rubric: items.filter(item => answer.ticks.has(item)).map(written).join(BETWEEN),
});
const equal = (a, b) => ["points", "comment", "rubric"].every(name => (a[name] || "") === (b[name] || ""));
const usedRubric = () => items.map(written).join(BETWEEN);
const isEdited = () => usedRubric() !== data.items.map(written).join(BETWEEN);

function take(answer, row) {
  answer.ticks = new Set();
  for (const part of parsed(row.rubric || "")) {
    let item = items.find(item => item.text === part.text);
    if (!item) items.push(item = { ...part, way: "" });
    answer.ticks.add(item);
  }
  answer.marked = row.points !== "" && !isNaN(Number(row.points));
  answer.adjust = answer.marked ? rounded(Number(row.points) - sum(answer)) : 0;
  answer.comment = row.comment || "";
}

function takeRubric(text) {
  const before = items;
  items = parsed(text).map(item => Object.assign(before.find(other => other.text === item.text) || { way: "" }, item));
  for (const answer of answers) for (const item of answer.ticks) if (!items.includes(item)) items.push(item);
}

/** Takes a table's rows: marks of this question unless they were changed here, all others to be written back. Returns their number. */
function takeRows(rows) {
  let count = 0;
  others = rows.filter(row => row.id !== data.id);
  strangers = [];
  const rubric = rows.find(row => row.id === data.id && row.student === RUBRIC && row.points === "");
  if (rubric) takeRubric(rubric.rubric);
  for (const answer of answers) answer.rows = [];
  for (const row of rows.filter(row => row.id === data.id && row !== rubric)) {
    const answer = owner.get(row.student);
    if (answer) answer.rows.push(row); else strangers.push(row);
  }
  for (const answer of answers) {
    if (!answer.rows.length) continue;
    if (!answer.changed) { take(answer, answer.rows[0]); count += answer.marked; }
    else if (answer.rows.every(row => equal(row, mark(answer)))) answer.changed = false;
  }
  return count;
}

/** All rows of the table, this question's in the order of the page. */
function allRows() {
  const own = isEdited() ? [{ student: RUBRIC, id: data.id, rubric: usedRubric() }] : [];
  for (const answer of order.map(index => answers[index])) {
    if (!answer.changed && answer.rows.length) own.push(...answer.rows);
    else for (const key of answer.keys) own.push({ ...(answer.rows.find(row => row.student === key) || {}), student: key, id: data.id, ...mark(answer) });
  }
  const kept = new Map([[data.id, [...own, ...strangers]]]);
  for (const row of others) kept.set(row.id, [...(kept.get(row.id) || []), row]);
  for (const id of data.order) {
    const draft = id !== data.id && readMemory(memoryKey(id));
    if (!draft) continue;
    const rows = kept.get(id) || [];
    for (const { keys, row } of Object.values(draft.marks)) for (const key of keys) {
      const index = rows.findIndex(other => other.student === key);
      if (index < 0) rows.push({ student: key, id, ...row }); else rows[index] = { ...rows[index], ...row };
    }
    if (draft.items) rows.unshift(...rows.splice(0).filter(row => row.student !== RUBRIC)), rows.unshift({ student: RUBRIC, id, rubric: draft.items });
    kept.set(id, rows);
  }
  const place = id => data.order.indexOf(id) < 0 ? data.order.length : data.order.indexOf(id);
  return [...kept.keys()].sort((a, b) => place(a) - place(b)).flatMap(id => kept.get(id));
}

// ---------------------------------------------------------------- the browser's memory: nothing is lost with a closed tab

const folder = location.pathname.replace(/[^/]*$/, ""), memoryKey = name => `marking ${data.store} ${folder} ${name}`;
let remembers = true;
function readMemory(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } }
function remember(key, value) {
  try { if (value === null) localStorage.removeItem(key); else localStorage.setItem(key, JSON.stringify(value)); } catch { remembers = false; }
}
const changed = () => answers.filter(answer => answer.changed);
let rubricChanged = false;
function keepDraft() {
  const marks = Object.fromEntries(changed().map(answer => [answer.keys[0], { keys: answer.keys, row: mark(answer) }]));
  const used = rubricChanged ? usedRubric() : "";
  remember(memoryKey(data.id), used || Object.keys(marks).length ? { marks, items: used } : null);
}
function takeDraft() {
  const draft = readMemory(memoryKey(data.id));
  if (!draft) return;
  if (draft.items && draft.items !== usedRubric()) { takeRubric(draft.items); rubricChanged = true; }
  for (const [key, { row }] of Object.entries(draft.marks)) {
    const answer = owner.get(key);
    if (answer && !equal(row, mark(answer))) { take(answer, row); answer.changed = true; }
  }
  const count = changed().length;
  byId("draft").hidden = !count;
  byId("draft").firstElementChild.textContent = fill(words.draft, { count });
  if (!count && !rubricChanged) keepDraft();
}
addEventListener("beforeunload", event => { if (!remembers && changed().length) event.preventDefault(); });

// ---------------------------------------------------------------- saving

let handle = null, timer = 0, saving = Promise.resolve();
const types = [{ description: "CSV", accept: { "text/csv": [".csv"] } }];
const status = text => { byId("status").textContent = text; };
function database(work) {
  return new Promise(resolve => {
    const request = indexedDB.open("marking", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("files");
    request.onerror = () => resolve(null);
    request.onsuccess = () => {
      try {
        const wanted = work(request.result.transaction("files", "readwrite").objectStore("files"));
        wanted.onsuccess = () => resolve(wanted.result);
        wanted.onerror = () => resolve(null);
      } catch { resolve(null); }
    };
  });
}
async function pick(open) {
  handle = open ? (await showOpenFilePicker({ types }))[0] : await showSaveFilePicker({ suggestedName: "manual.csv", types });
  await database(files => files.put(handle, memoryKey("file"))).catch(() => null);
}
async function write() {
  const before = parseTable(await readFile(await handle.getFile()));
  if (before) takeRows(before);
  const saved = new Map(changed().map(answer => [answer, JSON.stringify(mark(answer))])), text = writeTable(allRows());
  const stream = await handle.createWritable();
  await stream.write(text);
  await stream.close();
  takeRows(parseTable(text));
  for (const [answer, state] of saved) if (JSON.stringify(mark(answer)) === state) answer.changed = false;
  rubricChanged = false;
  keepDraft();
  byId("draft").hidden = true;
  status(fill(words.saved, { name: handle.name, time: clock() }));
  showAll();
}
async function save() {
  if (!window.showSaveFilePicker) return download();
  try {
    if (!handle) await pick(data.rows.length > 0);
    if (handle.requestPermission && await handle.requestPermission({ mode: "readwrite" }) !== "granted") throw new Error("permission");
    saving = saving.then(write);
    await saving;
  } catch (error) { saving = Promise.resolve(); if (error.name !== "AbortError") { status(fill(words.failed, { reason: error.message })); handle = null; } }
}
function saveSoon() {
  clearTimeout(timer);
  if (handle) timer = setTimeout(save, 800);
}
function download() {
  const link = make("a", { download: "manual.csv", href: URL.createObjectURL(new Blob([writeTable(allRows())], { type: "text/csv" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  status(fill(words.downloaded, { time: clock() }));
}
async function openFile() {
  if (!window.showOpenFilePicker) return byId("file").click();
  try { await pick(true); await load(await handle.getFile()); } catch (error) { if (error.name !== "AbortError") status(String(error.message)); }
}
async function load(file) {
  const rows = parseTable(await readFile(file));
  if (!rows) { handle = null; return status(fill(words.foreign, { name: file.name })); }
  const count = takeRows(rows);
  keepDraft();
  showAll();
  status(fill(words.loaded, { count, name: file.name }));
}

// ---------------------------------------------------------------- the panel beside an answer

let builtFor = "";
function buildPanels() { builtFor = usedRubric(); answers.forEach(buildPanel); }
function buildPanel(answer) {
  const panel = answer.article.querySelector(".panel"), box = make("fieldset", {}, make("legend", { textContent: words.rubric }));
  let way = "";
  items.forEach((item, number) => {
    if (item.way && item.way !== way) box.append(make("p", { className: "way", textContent: way = item.way }));
    const tick = make("input", { type: "checkbox" });
    tick.addEventListener("change", () => setTick(answer, item, tick.checked));
    box.append(make("label", { className: item.points < 0 ? "item less" : "item" }, tick, make("kbd", { textContent: LETTERS[number] || " " }), make("b", { textContent: item.points }), make("span", { textContent: item.text })));
  });
  const score = make("input", { inputMode: "decimal", autocomplete: "off", className: "points" }), comment = make("textarea", { className: "comment" });
  score.addEventListener("input", () => setPoints(answer, score.value));
  score.addEventListener("blur", () => showMark(answer));
  comment.addEventListener("input", () => change([answer], () => { answer.comment = comment.value.trim(); }, "comment"));
  const buttons = make("p", { className: "buttons" }, button(words.full, () => fullPoints(answer)), button(words.clear, () => clear(answer)), button(words.unmarked, nextUnmarked));
  const same = groups.get(answer.same).length;
  if (same > 1) buttons.append(button(fill(words.apply, { count: same }), () => applySame(answer)));
  panel.replaceChildren(box, make("p", { className: "score" }, make("label", {}, words.points, " ", score), make("span", { textContent: `/ ${data.most}` }), make("span", { className: "note adjust" })),
    make("label", {}, words.comment, comment), buttons);
  showMark(answer);
}
const button = (text, action) => { const node = make("button", { type: "button", textContent: text }); node.addEventListener("click", action); return node; };

function showMark(answer) {
  const panel = answer.article.querySelector(".panel"), score = panel.querySelector(".points"), comment = panel.querySelector(".comment");
  panel.querySelectorAll(".item input").forEach((tick, number) => { tick.checked = answer.ticks.has(items[number]); });
  if (document.activeElement !== score && score.ariaInvalid !== "true") score.value = answer.marked ? points(answer) : "";
  if (comment.value.trim() !== answer.comment) comment.value = answer.comment;
  const extra = rounded(points(answer) - sum(answer));
  panel.querySelector(".adjust").textContent = score.ariaInvalid ? fill(words.most, { most: data.most })
    : answer.marked && answer.ticks.size && extra ? fill(words.adjusted, { points: (extra > 0 ? "+" : "") + extra }) : "";
  answer.article.classList.toggle("marked", answer.marked);
}

/** Changes some answers by `action`, so that it can be undone and is kept. Typing into one field is one step to undo. */
function change(which, action, field = "") {
  const step = which.map(answer => [answer, { ticks: new Set(answer.ticks), adjust: answer.adjust, marked: answer.marked, comment: answer.comment }]);
  const last = undo.at(-1);
  if (!field || !last || last.field !== field || last.step[0][0] !== which[0]) undo.push({ step, field });
  if (undo.length > 500) undo.shift();
  action();
  changedNow(which);
}
function changedNow(which) {
  for (const answer of which) {
    answer.changed = true;
    answer.article.querySelector(".points").ariaInvalid = null;
    showMark(answer);
  }
  keepDraft();
  showProgress();
  saveSoon();
}
function setTick(answer, item, on) {
  change([answer], () => {
    if (on) answer.ticks.add(item); else answer.ticks.delete(item);
    answer.marked = answer.ticks.size > 0 || answer.adjust !== 0;
  });
}
function setPoints(answer, text) {
  const value = text.normalize("NFKC").replace(",", ".").trim(), number = Number(value), score = answer.article.querySelector(".points");
  const wrong = value !== "" && !(number >= 0 && number <= data.most);
  score.ariaInvalid = wrong ? "true" : null;
  if (wrong) return showMark(answer);
  change([answer], () => {
    answer.adjust = value === "" ? 0 : rounded(number - sum(answer));
    answer.marked = value !== "" || answer.ticks.size > 0;
  }, "points");
}
function fullPoints(answer) {
  const ways = [...answer.ticks].map(item => item.way).filter(Boolean), way = ways[0] || items.find(item => item.way)?.way || "";
  change([answer], () => {
    answer.ticks = new Set(items.filter(item => item.points > 0 && (!item.way || item.way === way)));
    answer.adjust = rounded(data.most - sum(answer));
    answer.marked = true;
  });
}
function clear(answer) { change([answer], () => Object.assign(answer, { ticks: new Set(), adjust: 0, marked: false, comment: "" })); }
function applySame(answer) {
  const group = groups.get(answer.same).filter(other => other !== answer);
  if (group.length) change(group, () => { for (const other of group) Object.assign(other, { ticks: new Set(answer.ticks), adjust: answer.adjust, marked: answer.marked, comment: answer.comment }); });
}
function undoLast() {
  const last = undo.pop();
  if (!last) return;
  for (const [answer, state] of last.step) Object.assign(answer, state, { ticks: new Set([...state.ticks].filter(item => items.includes(item))) });
  changedNow(last.step.map(([answer]) => answer));
  goTo(last.step[0][0].index);
  status(words.undone);
}

// ---------------------------------------------------------------- the rubric: one for all answers

function editRubric() {
  const used = item => answers.filter(answer => answer.ticks.has(item));
  const edited = which => { rubricChanged = true; showSum(); for (const answer of which) answer.changed = true; };
  const line = item => {
    const number = make("input", { value: item.points, inputMode: "decimal", ariaLabel: words.points }), text = make("input", { value: item.text, ariaLabel: words.rubric });
    number.addEventListener("input", () => { const value = Number(number.value.normalize("NFKC").replace(",", ".")); if (!isNaN(value)) { item.points = value; edited(used(item)); } });
    text.addEventListener("input", () => { item.text = text.value.replaceAll("|", "/").replace(/\s+/g, " ").trim(); edited(used(item)); });
    const row = make("p", {}, number, text, button(words.remove, () => {
      const which = used(item);
      for (const answer of which) { answer.ticks.delete(item); answer.marked = answer.ticks.size > 0 || answer.adjust !== 0; }
      items = items.filter(other => other !== item);
      row.remove();
      edited(which);
    }));
    return row;
  };
  const showSum = () => {
    const ways = [...new Set(items.map(item => item.way))].filter((way, _, all) => way || all.length === 1);
    const sums = (ways.length ? ways : [""]).map(way => rounded(items.filter(item => item.points > 0 && (!item.way || item.way === way)).reduce((total, item) => total + item.points, 0)));
    byId("sum").textContent = fill(words.sum, { sum: [...new Set(sums)].join(" / "), most: data.most });
  };
  byId("rows").replaceChildren(...items.map(line));
  byId("add").onclick = () => { const item = { points: 1, text: "", way: "" }; items.push(item); byId("rows").append(line(item)); byId("rows").lastElementChild.children[1].focus(); edited([]); };
  showSum();
  byId("rubric").showModal();
}
byId("rubric").addEventListener("close", () => {
  items = items.filter(item => item.text);
  for (const answer of answers) for (const item of answer.ticks) if (!items.includes(item)) answer.ticks.delete(item);
  undo = [];
  buildPanels();
  changedNow([]);
});

// ---------------------------------------------------------------- order and the place in it

let order = answers.map(answer => answer.index), current = 0;
const chance = text => { let hash = 2166136261; for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0), 16777619); hash ^= hash >>> 15; hash = Math.imul(hash, 2246822519); return (hash ^ hash >>> 13) >>> 0; };
function arrange() {
  const way = byId("order").value, first = new Map();
  for (const answer of answers) if (!first.has(answer.same)) first.set(answer.same, answer.index);
  const rank = { name: answer => answer.index, same: answer => first.get(answer.same) * answers.length + answer.index, chance: answer => chance(`${byId("seed").value} ${data.id} ${answer.keys[0]}`) }[way];
  order = answers.map(answer => answer.index).sort((a, b) => rank(answers[a]) - rank(answers[b]) || a - b);
  byId("seeded").hidden = way !== "chance";
  byId("answers").append(...order.map(index => answers[index].article));
  order.forEach((index, number) => { answers[index].article.querySelector("h2 .anonymous").textContent = fill(words.answer, { number: number + 1 }); });
  names();
}
function names() {
  const hidden = byId("anonymous").checked;
  byId("go").replaceChildren(...order.map((index, number) => make("option", { value: index, textContent: (hidden ? fill(words.answer, { number: number + 1 }) : answers[index].article.querySelector("h2 .who").textContent) + (answers[index].marked ? " ✓" : "") })));
  byId("go").value = current;
}
function view() {
  document.body.classList.toggle("anonymous-mode", byId("anonymous").checked);
  document.body.classList.toggle("all", byId("all").checked);
  document.body.classList.toggle("one", !byId("all").checked);
  names();
  remember(`marking view ${data.store} ${folder}`, { order: byId("order").value, seed: byId("seed").value, anonymous: byId("anonymous").checked, all: byId("all").checked });
}
function goTo(index, focus = true) {
  answers[current].article.classList.remove("current");
  current = index;
  const article = answers[current].article;
  article.classList.add("current");
  byId("go").value = current;
  try { history.replaceState(null, "", `#a${current + 1}`); } catch { /* the place is only a convenience */ }
  if (focus) { article.focus({ preventScroll: true }); if (byId("all").checked) article.scrollIntoView({ block: "start" }); else scrollTo(0, Math.min(scrollY, byId("answers").offsetTop - byId("tools").offsetHeight)); }
  if (pdfs) openPdfs(article);
}
function step(by) { const place = order.indexOf(current) + by; if (place >= 0 && place < order.length) goTo(order[place]); }
function nextUnmarked() {
  const place = order.indexOf(current), next = [...order.slice(place + 1), ...order.slice(0, place + 1)].find(index => !answers[index].marked);
  if (next !== undefined) goTo(next);
}
function showProgress() {
  const marked = answers.filter(answer => answer.marked), waiting = changed().length;
  const parts = [fill(words.progress, { marked: marked.length, count: answers.length })];
  if (marked.length) parts.push(fill(words.mean, { mean: rounded(marked.reduce((total, answer) => total + points(answer), 0) / marked.length) }));
  if (waiting) parts.push(fill(words.unsaved, { count: waiting }));
  byId("progress").textContent = parts.join(" · ");
  byId("bar").max = answers.length;
  byId("bar").value = marked.length;
  [...byId("go").options].forEach(option => { option.textContent = option.textContent.replace(/ ✓$/, "") + (answers[option.value].marked ? " ✓" : ""); });
}
function showAll() {
  if (builtFor !== usedRubric()) buildPanels();
  answers.forEach(showMark);
  showProgress();
}

// ---------------------------------------------------------------- pictures and PDFs

let pdfs = false;
const openPdfs = article => article.querySelectorAll("details.pdf").forEach(details => { details.open = true; });
for (const details of document.querySelectorAll("details.pdf")) details.addEventListener("toggle", () => {
  if (details.open && !details.querySelector("iframe")) details.append(make("iframe", { src: details.dataset.address, title: details.textContent.trim() }));
  if (details.closest(".current")) pdfs = details.open;
});
for (const caption of document.querySelectorAll("figcaption")) {
  let turned = 0;
  const image = caption.nextElementSibling;
  caption.append(button(words.rotate, () => {
    turned = (turned + 90) % 360;
    const [width, height] = [image.offsetWidth, image.offsetHeight], side = turned % 180 !== 0, scale = side ? Math.min(1, caption.offsetWidth / height) : 1;
    image.style.transformOrigin = "0 0";
    image.style.transform = { 0: "", 90: `translate(${height * scale}px, 0)`, 180: `translate(${width}px, ${height}px)`, 270: `translate(0, ${width * scale}px)` }[turned] + ` rotate(${turned}deg) scale(${scale})`;
    image.style.marginBottom = side ? `${width * scale - height}px` : "";
  }));
}

// ---------------------------------------------------------------- controls

for (const [id, action] of Object.entries({ previous: () => step(-1), next: () => step(1), unmarked: nextUnmarked, save, open: openFile, download, edit: editRubric, help: () => byId("keys").showModal() })) byId(id).addEventListener("click", action);
for (const node of document.querySelectorAll("dialog .close")) node.addEventListener("click", () => node.closest("dialog").close());
for (const form of document.querySelectorAll("form")) form.addEventListener("submit", event => event.preventDefault());
byId("go").addEventListener("change", event => goTo(Number(event.target.value)));
byId("order").addEventListener("change", () => { arrange(); view(); goTo(order[0]); });
byId("seed").addEventListener("input", () => { arrange(); view(); });
byId("anonymous").addEventListener("change", view);
byId("all").addEventListener("change", () => { view(); goTo(current); });
byId("file").addEventListener("change", event => { if (event.target.files.length) load(event.target.files[0]).then(() => { event.target.value = ""; }); });
byId("draft").lastElementChild.addEventListener("click", () => {
  for (const answer of answers) Object.assign(answer, { changed: false, ticks: new Set(), adjust: 0, marked: false, comment: "" });
  items = data.items.map(item => ({ ...item }));
  rubricChanged = false;
  undo = [];
  takeRows(data.rows);
  buildPanels();
  keepDraft();
  byId("draft").hidden = true;
  showProgress();
});
document.addEventListener("focusin", event => { const article = event.target.closest?.("article.answer"); if (article && !article.classList.contains("current")) goTo(Number(article.id.slice(1)) - 1, false); });
document.addEventListener("keydown", event => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key, target = event.target, answer = answers[current];
  if ((event.ctrlKey || event.metaKey) && key === "s") { event.preventDefault(); return save(); }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (target.matches("textarea, #seed, select")) { if (key === "Escape") target.blur(); return; }
  const score = answer.article.querySelector(".points"), comment = answer.article.querySelector(".comment");
  if (key === "Enter" && target === score || key === "Escape") { target.blur(); return; }
  if (/^[\d.,\uff10-\uff19]$/.test(key)) { if (target !== score) { score.focus(); score.select(); } return; }
  const tick = LETTERS.indexOf(key);
  const actions = { j: () => step(1), k: () => step(-1), n: nextUnmarked, f: () => fullPoints(answer), x: () => clear(answer), s: () => applySame(answer), z: undoLast, "?": () => byId("keys").showModal(),
    c: () => comment.focus(), a: () => byId("all").click(), h: () => byId("anonymous").click() };
  const action = actions[key] || (tick >= 0 && items[tick] && (() => setTick(answer, items[tick], !answer.ticks.has(items[tick]))));
  if (!action) return;
  event.preventDefault();
  if (target === score) score.blur();
  action();
});

addEventListener("hashchange", () => { const place = /^#a(\d+)$/.exec(location.hash); if (place && answers[place[1] - 1]) goTo(place[1] - 1); });
const seen = readMemory(`marking view ${data.store} ${folder}`);
if (seen) { byId("order").value = seen.order; byId("seed").value = seen.seed; byId("anonymous").checked = seen.anonymous; byId("all").checked = seen.all; }
takeRows(data.rows);
takeDraft();
buildPanels();
arrange();
view();
showProgress();
const start = /^#a(\d+)$/.exec(location.hash);
goTo(start && answers[start[1] - 1] ? start[1] - 1 : order[0], false);
if (window.showOpenFilePicker && window.indexedDB) database(files => files.get(memoryKey("file"))).then(async kept => {
  if (kept && !handle && await kept.queryPermission({ mode: "readwrite" }) === "granted") { handle = kept; await load(await kept.getFile()); }
}).catch(() => null);
