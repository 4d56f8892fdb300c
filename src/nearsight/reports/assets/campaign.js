"use strict";
// The table of all structures: only rows that can be seen are in the page.
(() => {
  const ROW_PX = 28, MORE = 20;
  const data = JSON.parse(document.getElementById("data").textContent);
  const box = document.getElementById("table"), body = document.getElementById("body");
  const head = document.getElementById("head"), search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const columns = data.columns;
  let order = Array.from({ length: data.n }, (_, row) => row);
  let sorted = { column: -1, up: true };

  const value = (column, row) => {
    const found = column.values[row];
    return found === null ? "" : column.words ? column.words[found] : found;
  };
  // One text for each row, made when it is first searched.
  let texts = null;
  const textOf = (row) => {
    texts ??= Array.from({ length: data.n }, (_, each) =>
      columns.map((column) => value(column, each)).join("\n").toLowerCase());
    return texts[row];
  };

  const cells = (row) => {
    const line = document.createElement("tr");
    for (const column of columns) {
      const cell = document.createElement("td");
      const link = column.name === "structure" && data.links?.[row];
      const text = link ? cell.appendChild(document.createElement("a")) : cell;
      if (link) text.href = link;
      text.textContent = cell.title = String(value(column, row));
      if (!column.words) cell.className = "number";
      line.append(cell);
    }
    return line;
  };
  const space = (rows) => {
    const line = document.createElement("tr");
    line.className = "space";
    const cell = document.createElement("td");
    cell.colSpan = columns.length;
    cell.style.height = `${rows * ROW_PX}px`;
    line.append(cell);
    return line;
  };
  const draw = () => {
    const first = Math.max(0, Math.floor(box.scrollTop / ROW_PX) - MORE);
    const last = Math.min(order.length, first + Math.ceil(box.clientHeight / ROW_PX) + 2 * MORE);
    body.replaceChildren(space(first), ...order.slice(first, last).map(cells), space(order.length - last));
  };

  const compare = (column) => (a, b) => {
    const x = column.values[a], y = column.values[b];
    if (x === y) return a - b;
    if (x === null) return 1; // what is not known comes last, whichever way round
    if (y === null) return -1;
    return (x < y ? -1 : 1) * (sorted.up ? 1 : -1);
  };
  const update = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    order = [];
    for (let row = 0; row < data.n; row++) {
      if (words.every((word) => textOf(row).includes(word))) order.push(row);
    }
    if (sorted.column >= 0) order.sort(compare(columns[sorted.column]));
    shown.textContent = `${order.length} of ${data.n}`;
    draw();
  };

  const names = document.createElement("tr");
  columns.forEach((column, number) => {
    const cell = document.createElement("th");
    cell.scope = "col";
    const button = document.createElement("button");
    button.textContent = column.name;
    button.addEventListener("click", () => {
      sorted = { column: number, up: sorted.column === number ? !sorted.up : true };
      for (const each of names.children) each.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", sorted.up ? "ascending" : "descending");
      update();
    });
    cell.append(button);
    names.append(cell);
  });
  head.append(names);
  let wait = 0;
  search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(update, 120); });
  box.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  addEventListener("resize", draw);
  update();
})();
