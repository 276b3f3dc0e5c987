"use strict";
const table = document.getElementById("class");
const value = cell => { const n = parseFloat(cell.dataset.n ?? cell.textContent); return isNaN(n) ? cell.textContent.trim() : n; };
let last = -1, down = true;
for (const button of table.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const at = button.closest("th").cellIndex;
    down = at === last ? !down : true;
    last = at;
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => {
      const x = value(a.cells[at]), y = value(b.cells[at]);
      const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "zh");
      return down ? order : -order;
    });
    table.tBodies[0].append(...rows);
  });
}
document.getElementById("filter").addEventListener("input", event => {
  const wanted = event.target.value.toLowerCase();
  for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});
