"use strict";
const value = cell => { const text = cell.textContent.trim(), number = Number(text); return text === "" || text === "–" ? -1 : isNaN(number) ? text : number; };
for (const table of document.querySelectorAll("table.sortable")) {
  for (const button of table.querySelectorAll("thead button")) {
    button.addEventListener("click", () => {
      const head = button.closest("th"), up = head.ariaSort !== "ascending", sign = up ? 1 : -1;
      for (const cell of head.parentNode.cells) cell.ariaSort = null;
      head.ariaSort = up ? "ascending" : "descending";
      const rows = [...table.tBodies[0].rows].map(row => [value(row.cells[head.cellIndex]), row]);
      const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "zh");
      rows.sort(([a], [b]) => compare(a, b) * sign);
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  }
}
document.getElementById("filter").addEventListener("input", event => {
  const wanted = event.target.value.toLowerCase();
  for (const row of document.getElementById("class").tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});
