"use strict";
const table = document.getElementById("class");
const value = cell => { const text = cell.textContent.trim(), n = Number(text); return text === "" || text === "–" ? -1 : isNaN(n) ? text : n; };
for (const button of table.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), up = head.ariaSort !== "ascending";
    for (const other of head.parentNode.cells) other.ariaSort = null;
    head.ariaSort = up ? "ascending" : "descending";
    const rows = [...table.tBodies[0].rows].map(row => [value(row.cells[head.cellIndex]), row]);
    rows.sort(([a], [b]) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "zh")) * (up ? 1 : -1));
    table.tBodies[0].append(...rows.map(([, row]) => row));
  });
}
document.getElementById("filter").addEventListener("input", event => {
  const wanted = event.target.value.toLowerCase();
  for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});
