// The library: its rows come from the server, again and again; `props.value` says `among` which articles is asked, by
// their ids, null for all of them.

element.innerHTML = props.markup;

const { make, day } = page;
const SLOW = 3000;
const FAST = 500;
const COLUMNS = [
  ["title", "Title"],
  ["source", "Source"],
  ["published", "Date"],
  ["words", "Words"],
  ["chunks", "Chunks"],
  ["added", "Added"],
  ["state", "State"],
];

let articles = [];
let drawn = "";
let waiting = 0;
let order = { key: "published", isDown: true };
const unasked = new Set();

const part = (name) => element.querySelector(name);
const asked = () => articles.filter((article) => !unasked.has(article.id)).map((article) => article.id);

async function look() {
  clearTimeout(waiting);
  let pause = SLOW;
  if (!document.hidden) {
    const { value } = await server.look([]).catch(() => ({}));
    if (value) {
      articles = value.articles;
      drawJobs(value.jobs);
      draw();
      if (value.jobs.some((job) => ["waiting", "working"].includes(job.state))) pause = FAST;
    }
  }
  clearTimeout(waiting);
  waiting = setTimeout(look, pause);
}

// Does something on the server, shows what is wrong with it, and looks again.
async function act(answer) {
  const { value, error } = await answer;
  say(error ?? "");
  look();
  return error ? null : (value ?? "");
}

function say(...parts) {
  part(".said").replaceChildren(...parts);
}

// The list -----------------------------------------------------------------------------------------------------------

function chosen() {
  const sought = part(".find").value.trim().toLowerCase();
  const found = articles.filter(({ title, source }) => `${title} ${source}`.toLowerCase().includes(sought));
  const empty = order.isDown ? -Infinity : Infinity;
  const compare = (one, other) => {
    const [a, b] = [one[order.key] ?? empty, other[order.key] ?? empty];
    if (typeof a === "string" && typeof b === "string") return a.localeCompare(b, undefined, { ignorePunctuation: true });
    return a === b ? 0 : a < b || a === -Infinity || b === Infinity ? -1 : 1;
  };
  return found.sort((one, other) => (order.isDown ? -1 : 1) * compare(one, other));
}

function draw() {
  for (const id of unasked) if (!articles.some((article) => article.id === id)) unasked.delete(id);
  const value = { among: unasked.size ? asked() : null };
  if (JSON.stringify(value) !== JSON.stringify(props.value)) props.value = value;
  const rows = chosen();
  const state = JSON.stringify([rows, order, [...unasked]]);
  if (state === drawn && part("tbody").childElementCount === rows.length) return;
  drawn = state;
  const focused = document.activeElement?.id;
  part("thead tr").replaceChildren(make("th", { scope: "col" }, "Ask"), ...COLUMNS.map(head), make("th", { scope: "col" }, "Actions"));
  part("tbody").replaceChildren(...rows.map(row));
  part(".count").textContent = articles.length
    ? `${asked().length} of ${articles.length} article${articles.length === 1 ? "" : "s"} asked${rows.length < articles.length ? `, ${rows.length} shown` : ""}`
    : "There is no article yet; add one below.";
  if (focused) document.getElementById(focused)?.focus();
}

function head([key, name]) {
  const isSorted = order.key === key;
  const onclick = () => {
    order = { key, isDown: isSorted ? !order.isDown : false };
    draw();
  };
  const arrow = isSorted ? (order.isDown ? " ↓" : " ↑") : "";
  const sorted = isSorted && (order.isDown ? "descending" : "ascending");
  return make("th", { scope: "col", "aria-sort": sorted }, make("button", { id: `sort-${key}`, onclick }, name + arrow));
}

function row(article) {
  const { id, title } = article;
  const tick = make("input", { type: "checkbox", id: `ask-${id}`, "aria-label": `Ask: ${title}` });
  tick.checked = !unasked.has(id);
  tick.addEventListener("change", () => {
    if (tick.checked) unasked.delete(id);
    else unasked.add(id);
    draw();
  });
  const open = () => document.dispatchEvent(new CustomEvent("open-article", { detail: { article_id: id } }));
  const action = (label, name, onclick) =>
    make("button", { class: "small-button", id: `${name}-${id}`, "aria-label": `${label}: ${title}`, onclick }, label);
  const cells = {
    title: make("button", { class: "title", id: `open-${id}`, dir: "auto", onclick: open }, title),
    source: make("bdi", {}, article.source),
    published: article.published ?? "–",
    words: article.words?.toLocaleString("en-GB") ?? "–",
    chunks: article.chunks ?? "–",
    added: article.added?.slice(0, 10) ?? "–",
    state: make("bdi", {}, article.state),
  };
  return make(
    "tr",
    {},
    make("td", { "data-label": "Ask" }, tick),
    ...COLUMNS.map(([key, name]) => make("td", { "data-label": name, class: key }, cells[key])),
    make(
      "td",
      { class: "actions" },
      article.renewable ? action("Refresh", "refresh", () => act(server.refresh([id]))) : null,
      action("Remove", "remove", () => remove(id)),
    ),
  );
}

async function remove(id) {
  const title = await act(server.remove([id]));
  if (title === null) return;
  const undo = make("button", { class: "small-button", onclick: () => act(server.put_back([id])) }, "Undo");
  say(`Removed: ${title} `, undo);
  undo.focus();
}

// The jobs -----------------------------------------------------------------------------------------------------------

function drawJobs(jobs) {
  const list = part(".jobs");
  const state = JSON.stringify(jobs);
  if (list.dataset.drawn === state) return;
  list.dataset.drawn = state;
  const focused = document.activeElement?.id;
  list.replaceChildren(...jobs.map(job));
  if (focused) document.getElementById(focused)?.focus();
}

function job({ number, name, state, share, at, lines, failed }) {
  const isOver = ["done", "cancelled"].includes(state);
  const label = isOver ? "Dismiss" : "Cancel";
  const onclick = () => act(isOver ? server.dismiss([number]) : server.cancel([number]));
  const button = make("button", { class: "small-button", id: `job-${number}`, "aria-label": `${label}: ${name}`, onclick }, label);
  const bar = make("progress", { max: 1, value: share, "aria-label": `Progress: ${name}` });
  const what = { waiting: "waiting", working: at || "beginning", done: "", cancelled: "cancelled" }[state];
  return make(
    "li",
    { class: failed && "failed" },
    make("div", { class: "row" }, make("bdi", { class: "name" }, name), button),
    isOver ? null : bar,
    what ? make("p", { class: "status", dir: "auto" }, what) : null,
    ...lines.map((line) => make("p", { class: "status line", dir: "auto" }, line)),
  );
}

part(".find").addEventListener("input", draw);
part(".all").addEventListener("click", () => (unasked.clear(), draw()));
part(".none").addEventListener("click", () => (articles.forEach(({ id }) => unasked.add(id)), draw()));
part(".refresh").addEventListener("click", () => act(server.refresh([null])));
document.addEventListener("visibilitychange", look);
window.library = { look };
look();
