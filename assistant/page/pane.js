// Runs once, in the article pane: `element` is the pane, `props` its value, `server` the Python functions it may call.

const conversation = () => document.getElementById("conversation");

function showMark(scrollPage) {
  const mark = element.querySelector("mark.current");
  if (!mark) return;
  const box = mark.closest("article");
  box.scrollTop += mark.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
  if (!scrollPage) return;
  mark.scrollIntoView({ block: "center" });
  mark.focus({ preventScroll: true });
}

// A new answer marks its sentences, and leaves the page where the reader is.
watch("value", () => showMark(false));

// A citation in the conversation opens its article at the sentence.
document.addEventListener("click", async (event) => {
  const citation = event.target.closest("#conversation a.citation");
  if (!citation) return;
  event.preventDefault();
  props.value = await server.open_citation(citation.getAttribute("href"));
  setTimeout(() => showMark(true), 50);
});

// The copy button copies what the message shows; Gradio's own handler, which runs first, copies the markup behind it.
document.addEventListener("click", (event) => {
  const buttons = event.target.closest('#conversation button[aria-label="Copy message"]')?.closest(".message-buttons");
  if (!buttons || !navigator.clipboard) return;
  const row = buttons.closest(".message-row") ?? buttons.previousElementSibling;
  const message = row?.querySelector("[data-testid=bot], [data-testid=user]");
  if (message) setTimeout(() => navigator.clipboard.writeText(message.innerText.trim()), 100);
});

// Gradio labels each message with its markup; without the label a screen reader reads the message itself.
new MutationObserver(() => {
  for (const message of conversation()?.querySelectorAll("[data-testid=bot][aria-label]") ?? []) {
    message.removeAttribute("aria-label");
  }
}).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });
