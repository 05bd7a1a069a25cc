// The conversations: `props.value` is the open one, { id, turns }. The browser keeps them, each under a key of its own,
// so that two tabs do not overwrite each other's. The server keeps none.

element.innerHTML = props.markup;

const PREFIX = "article-assistant/conversation/";
const OPEN = "article-assistant/open";
const { make, day, read, write } = page;

let deleted = null;
let drawn = "";

const panel = () => element.querySelector("details");
const chat = () => document.getElementById("conversation");
const turns = () => props.value?.turns ?? [];

// Keeping ------------------------------------------------------------------------------------------------------------

function kept() {
  const found = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  const talks = found.map((key) => ({ ...read(key, {}), id: key.slice(PREFIX.length) }));
  return talks.filter((talk) => Array.isArray(talk.turns)).sort((one, other) => other.updated - one.updated);
}

function titled(questions) {
  const first = String(questions[0]?.question ?? "").trim() || "Without a question";
  return first.length > 80 ? `${first.slice(0, 79)}…` : first;
}

function keep() {
  const { id } = props.value ?? {};
  if (!id || !turns().length) return;
  const before = read(PREFIX + id, {});
  if (JSON.stringify(before.turns) === JSON.stringify(turns())) return;
  const talk = { title: before.title ?? titled(turns()), updated: Date.now(), turns: turns() };
  if (!write(PREFIX + id, talk)) say("This browser's storage is full: export and delete conversations to keep this one.");
}

// Makes a conversation the open one, without showing it.
function take({ id, turns }) {
  props.value = { id, turns };
  sessionStorage.setItem(OPEN, id);
  changed();
}

function open(talk) {
  take(talk);
  trigger("restore");
}

// Browsers make such ids only for pages of this machine, or by HTTPS.
function fresh() {
  return { id: crypto.randomUUID?.() ?? String(Math.random()).slice(2), turns: [] };
}

function begin() {
  open(fresh());
  panel().open = false;
  document.querySelector("#question textarea")?.focus();
}

function changed() {
  document.body.dataset.turns = turns().length;
  document.dispatchEvent(new Event("turns-changed"));
  keep();
  draw();
}

// The list -----------------------------------------------------------------------------------------------------------

function say(text, ...more) {
  element.querySelector("[role=status]").replaceChildren(text, ...more);
}

function draw(force = false) {
  const talks = kept();
  const state = JSON.stringify([talks.map(({ id, title, updated }) => [id, title, updated]), props.value?.id]);
  if (!force && state === drawn) return;
  drawn = state;
  element.querySelector("ul").replaceChildren(...talks.map(entry));
}

function entry(talk) {
  const isOpen = talk.id === props.value?.id;
  const name = make("button", { class: "title", dir: "auto", "aria-current": isOpen && "true", onclick: () => choose(talk) }, talk.title);
  const action = (label, onclick) =>
    make("button", { class: "small-button", "aria-label": `${label}: ${talk.title}`, onclick }, label);
  const actions = make(
    "div",
    { class: "actions" },
    action("Rename", () => rename(talk, name)),
    action("Markdown", () => exportMarkdown(talk)),
    action("JSON", () => download(talk.title, "json", "application/json", JSON.stringify(talk, null, 2))),
    action("Delete", () => remove(talk)),
  );
  const asked = `${talk.turns.length} question${talk.turns.length === 1 ? "" : "s"}`;
  const when = day(new Date(talk.updated || 0).toISOString());
  return make("li", {}, name, make("p", { class: "status" }, `${when} · ${asked}`), actions);
}

function choose(talk) {
  open(talk);
  panel().open = false;
  element.querySelector("summary").focus();
}

function rename(talk, button) {
  const input = make("input", { "aria-label": "Title of the conversation", value: talk.title, maxlength: 200, dir: "auto" });
  let isOver = false;
  const finish = (title) => {
    if (isOver) return;
    isOver = true;
    if (title.trim()) write(PREFIX + talk.id, { ...read(PREFIX + talk.id, {}), title: title.trim() });
    draw(true);
  };
  input.addEventListener("blur", () => finish(input.value));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") finish(input.value);
    if (event.key === "Escape") finish("");
  });
  button.replaceWith(input);
  input.select();
}

function remove(talk) {
  deleted = { key: PREFIX + talk.id, talk: read(PREFIX + talk.id, null) };
  localStorage.removeItem(PREFIX + talk.id);
  if (talk.id === props.value?.id) open(fresh());
  const undo = make("button", { class: "small-button", onclick: restore }, "Undo");
  say(`Deleted: ${talk.title} `, undo);
  draw();
  undo.focus();
}

function restore() {
  if (deleted) write(deleted.key, deleted.talk);
  say("");
  draw();
}

async function exportMarkdown(talk) {
  const { value, error } = await server.markdown_of([talk.title, talk.turns]);
  if (error) say(error);
  else download(talk.title, "md", "text/markdown", value);
}

function download(title, ending, type, text) {
  const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "conversation";
  const address = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: address, download: `${name}.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// Citations ----------------------------------------------------------------------------------------------------------

const card = make("div", { id: "citation-card", role: "tooltip", hidden: true });
document.body.append(card);
let hiding = 0;

function cited(button) {
  const [, turn, number] = /^cite-(\d+)-(\d+)$/.exec(button.id) ?? [];
  return turns()[turn]?.answer.citations.find((citation) => citation.number === Number(number));
}

function showCard(button) {
  const citation = cited(button);
  if (!citation) return;
  clearTimeout(hiding);
  const where = [citation.title, citation.site ?? citation.source, citation.published && day(citation.published)];
  card.replaceChildren(
    make("p", { dir: "auto" }, citation.quote),
    make("p", { class: "status", dir: "auto" }, where.filter(Boolean).join(" · ")),
  );
  card.hidden = false;
  button.setAttribute("aria-describedby", card.id);
  const place = button.getBoundingClientRect();
  const left = Math.max(8, Math.min(place.left, innerWidth - card.offsetWidth - 8));
  const above = place.top - card.offsetHeight - 6;
  card.style.left = `${left}px`;
  card.style.top = `${above > 8 ? above : place.bottom + 6}px`;
}

function hideCard(soon) {
  clearTimeout(hiding);
  hiding = setTimeout(() => (card.hidden = true), soon ? 0 : 200);
}

function openCitation(citation) {
  const span = ({ start, end }) => [start, end];
  const same = (other) => other.article_id === citation.article_id && other.version === citation.version;
  const others = turns().flatMap((turn) => turn.answer.citations).filter(same);
  const { article_id, version } = citation;
  const detail = { article_id, version, spans: [citation, ...others].map(span) };
  document.dispatchEvent(new CustomEvent("open-article", { detail }));
}

for (const [type, act] of [
  ["mouseover", showCard],
  ["focusin", showCard],
  ["mouseout", () => hideCard(false)],
  ["focusout", () => hideCard(false)],
]) {
  document.addEventListener(type, (event) => {
    const button = event.target.closest?.("#conversation button.citation");
    if (button) act(button);
  });
}
card.addEventListener("mouseenter", () => clearTimeout(hiding));
card.addEventListener("mouseleave", () => hideCard(false));
document.addEventListener("keydown", (event) => event.key === "Escape" && hideCard(true));
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#conversation button.citation");
  const citation = button && cited(button);
  if (!citation) return;
  hideCard(true);
  openCitation(citation);
});

// What was read for an answer is fetched when it is opened. A toggle does not bubble.
document.addEventListener(
  "toggle",
  async (event) => {
    const found = /^found-(\d+)$/.exec(event.target.id ?? "");
    const list = event.target.querySelector?.("ol");
    if (!found || !event.target.open || list.childElementCount) return;
    const { value, error } = await server.read_passages([turns()[found[1]]?.passages ?? []]);
    list.innerHTML = value ?? new Option(error).innerHTML;
  },
  true,
);

// Messages -----------------------------------------------------------------------------------------------------------

// Gradio copies the markup behind a message; after it comes what the message says, with its sources.
document.addEventListener("click", async (event) => {
  const buttons = event.target.closest?.('#conversation button[aria-label="Copy message"]')?.closest(".message-buttons");
  const message = (buttons?.closest(".message-row") ?? buttons?.previousElementSibling)?.querySelector("[data-testid]");
  if (!message || !navigator.clipboard) return;
  const turn = turns()[[...chat().querySelectorAll("[data-testid=bot]")].indexOf(message)];
  const text = turn ? (await server.text_of([turn])).value : message.innerText;
  setTimeout(() => navigator.clipboard.writeText(text), 100);
});

// Gradio labels each message with its markup, without which a screen reader reads the message itself; and it shows a
// message that is edited as it is escaped for display.
new MutationObserver(() => {
  for (const message of chat()?.querySelectorAll("[data-testid][aria-label]") ?? []) message.removeAttribute("aria-label");
  for (const area of chat()?.querySelectorAll("textarea:not([data-plain])") ?? []) {
    area.dataset.plain = "";
    area.setAttribute("aria-label", "Your question, to be edited");
    area.value = new DOMParser().parseFromString(area.value.replaceAll("<", "&lt;"), "text/html").documentElement.textContent;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });

// Beginning ----------------------------------------------------------------------------------------------------------

watch("value", changed);
element.querySelector(".begin").addEventListener("click", begin);
addEventListener("storage", () => draw());
element.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.target.matches("input") || !panel().open) return;
  panel().open = false;
  element.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  if (panel().open && event.target.isConnected && !panel().contains(event.target)) panel().open = false;
});

// A link /?q=… asks at once, in a new conversation; a reload goes on with the one that this tab had open.
const address = new URL(location.href);
const question = address.searchParams.get("q")?.trim();
const last = kept().find((talk) => talk.id === sessionStorage.getItem(OPEN));
// Gradio sets the value to its first one once more when this script has run.
setTimeout(() => {
  if (question) {
    address.searchParams.delete("q");
    history.replaceState(null, "", address);
    take(fresh());
    trigger("ask", { question });
  } else if (last) {
    open(last);
  } else {
    take(fresh());
  }
});
