"use strict";
const units = {
  K: 1e3, M: 1e6, G: 1e9, T: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40,
  ns: 1e-9, "µs": 1e-6, ms: 1e-3,
};
function number(text) {
  const found = /^([+-]?[\d,]*\.?\d+)\s*([A-Za-zµ]*)/.exec(text);
  return found ? Number(found[1].replaceAll(",", "")) * (units[found[2]] ?? 1) : NaN;
}
function compare(a, b, sign) {
  const [x, y] = [number(a), number(b)];
  if (isNaN(x) && isNaN(y)) return sign * a.localeCompare(b, "en", { numeric: true });
  if (isNaN(x) || isNaN(y)) return isNaN(x) ? 1 : -1; // what is not known comes last
  return sign * (x - y);
}
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const text = (row) => row.cells[column].textContent;
    const numeric = rows.some((row) => !isNaN(number(text(row))));
    const first = numeric ? "descending" : "ascending";
    const second = numeric ? "ascending" : "descending";
    const order = head.getAttribute("aria-sort") === first ? second : first;
    heads.forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    body.append(...rows.sort((a, b) => compare(text(a), text(b), sign)));
  }));
}
