"use strict";
// Tables sort by the column whose heading is pressed: by data-value where a cell has it, or by its text.
const key = cell => cell.dataset.value ?? cell.textContent.trim();
const order = new Intl.Collator("en", { numeric: true });

function compare(a, b) {
  const [x, y] = [Number(a), Number(b)];
  return a !== "" && b !== "" && !isNaN(x) && !isNaN(y) ? x - y : order.compare(a, b);
}

function sort(heading) {
  const table = heading.closest("table"), column = [...heading.parentNode.children].indexOf(heading);
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => (down ? -1 : 1) * compare(key(a.cells[column]), key(b.cells[column])));
  table.tBodies[0].append(...rows);
}

function filter() {
  const [text, study, verdict] = ["text", "study", "verdict"].map(name => document.getElementById(`by-${name}`).value);
  let shown = 0;
  for (const row of document.querySelectorAll("#claims tbody tr")) {
    row.hidden = !row.textContent.toLowerCase().includes(text.toLowerCase())
      || (study && row.dataset.study !== study) || (verdict && row.dataset.verdict !== verdict);
    shown += !row.hidden;
  }
  document.getElementById("shown").textContent = `${shown} shown`;
}

for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => sort(button.parentNode));
for (const field of document.querySelectorAll(".filters input, .filters select")) {
  for (const event of ["input", "change"]) field.addEventListener(event, filter);
}
// A claim that is linked to must not be hidden.
addEventListener("hashchange", () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.hidden) {
    for (const field of document.querySelectorAll(".filters input, .filters select")) field.value = "";
    filter();
    target.scrollIntoView();
  }
});
filter();
