"use strict";
// Every text of the data goes into the page as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const body = byId("rows");
  const step = 100;
  const actions = ["block", "warn", "note", "suppress"];
  const severities = ["critical", "high", "medium", "unknown", "low", "info"];
  const order = { action: (r) => actions.indexOf(r.action), severity: (r) => severities.indexOf(r.severity) };
  let shown = step;
  let sort = { key: "", down: false };
  let rows = data.rows;

  const make = (tag, text) => {
    const e = document.createElement(tag);
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const hay = (r) => r.hay ?? (r.hay = [r.action, r.severity, r.scanner, r.rule, r.where, r.message, ...r.details.flat()].join("\n").toLowerCase());

  const details = (r) => {
    const cell = make("td");
    cell.colSpan = 6;
    const list = make("dl");
    for (const [name, text] of r.details) {
      list.append(make("dt", name), make("dd", text));
    }
    if (r.url) {
      const at = make("dd");
      const a = make("a", r.url);
      a.href = r.url;
      a.rel = "noopener noreferrer";
      at.append(a);
      list.append(make("dt", "advisory"), at);
    }
    cell.append(list);
    const page = data.pages[r.rule];
    if (page) cell.append(make("pre", page));
    const row = make("tr");
    row.append(cell);
    return row;
  };

  const line = (r) => {
    const row = make("tr");
    const button = make("button", r.rule);
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    let open = null;
    button.addEventListener("click", () => {
      if (open) {
        open.remove();
        open = null;
      } else {
        open = details(r);
        row.after(open);
      }
      button.setAttribute("aria-expanded", String(open !== null));
    });
    const rule = make("td");
    rule.append(button);
    row.append(make("td", r.action), make("td", r.severity), make("td", r.scanner), rule, make("td", r.where), make("td", r.message));
    return row;
  };

  const tell = () => {
    byId("count").textContent = `${rows.length} of ${data.rows.length} findings match, ${Math.min(shown, rows.length)} are shown`;
    byId("more").hidden = rows.length <= shown;
  };

  const draw = () => {
    body.replaceChildren(...rows.slice(0, shown).map(line));
    tell();
  };

  const filter = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const want = { action: byId("action").value, severity: byId("severity").value, scanner: byId("scanner").value };
    const isNew = byId("new").checked;
    const fixable = byId("fixable").checked;
    rows = data.rows.filter((r) =>
      Object.entries(want).every(([k, v]) => v === "" || r[k] === v) && (!isNew || r.new) && (!fixable || r.fixable) && words.every((w) => hay(r).includes(w)));
    if (sort.key !== "") {
      const value = order[sort.key] ?? ((r) => r[sort.key]);
      const sign = sort.down ? -1 : 1;
      rows = rows.map((r) => [value(r), r]).sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0)).map(([, r]) => r);
    }
    shown = step;
    draw();
  };

  for (const id of ["search", "action", "severity", "scanner", "new", "fixable"]) {
    byId(id).addEventListener("input", filter);
  }
  for (const head of document.querySelectorAll("th[data-key]")) {
    const button = make("button", head.textContent);
    button.type = "button";
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      sort = { key: head.dataset.key, down: sort.key === head.dataset.key && !sort.down };
      for (const other of document.querySelectorAll("th[data-key]")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
      filter();
    });
  }
  byId("more").addEventListener("click", () => {
    const first = shown;
    shown += 2 * step;
    body.append(...rows.slice(first, shown).map(line));
    tell();
    body.querySelectorAll("button[aria-expanded]")[first]?.focus();
  });
  byId("filters").hidden = false;
  byId("still").hidden = true;
  draw();
})();
