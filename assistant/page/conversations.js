// The open conversation: `props.value` is its { id, turns }. Only the browser stores it, each
// conversation under its own key, so that two tabs do not overwrite each other's.

element.innerHTML = props.markup;

const { conversations } = page;
const turns = () => props.value?.turns ?? [];
const list = page.conversationList(element, {
  open,
  openId: () => props.value?.id,
  begin: () => open(fresh()),
  markdownOf: (given) => server.markdown_of(given),
});
page.connectCitations(turns, (given) => server.read_passages(given));
page.correctMessages(turns, (given) => server.text_of(given));

// Browsers make UUIDs only for pages of this machine, or by HTTPS.
function fresh() {
  return { id: crypto.randomUUID?.() ?? String(Math.random()).slice(2), turns: [] };
}

// Makes a conversation the open one.
function take({ id, turns }) {
  props.value = { id, turns };
  conversations.openId(id);
  changed();
}

// Makes a conversation the open one and asks the server for its messages.
function open(conversation) {
  take(conversation);
  trigger("restore");
}

function changed() {
  document.body.dataset.turns = turns().length;
  document.dispatchEvent(new Event("turns-changed"));
  const { id } = props.value ?? {};
  if (id && turns().length && !conversations.put(id, turns())) {
    list.say("This browser's storage is full: export and delete conversations to store this one.");
  }
  list.draw();
}

watch("value", changed);
element.querySelector(".begin").addEventListener("click", () => {
  list.close();
  open(fresh());
  document.querySelector("#question textarea")?.focus();
});

// A link /?q=… asks in a new conversation; a reload opens this tab's conversation again.
const address = new URL(location.href);
const question = address.searchParams.get("q")?.trim();
const last = conversations.get(conversations.openId());
// Gradio sets the value to its first one once more after this script.
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
