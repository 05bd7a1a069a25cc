// Corrections of Gradio's chat messages: copying, labels, editing.

(() => {
  const chat = () => document.getElementById("conversation");

  // Gradio copies the markup of a message. This copies its text and sources right after that.
  async function copy({ target }, turns, textOf) {
    const button = target.closest('#conversation button[aria-label="Copy message"]');
    const buttons = button?.closest(".message-buttons");
    const row = buttons?.closest(".message-row") ?? buttons?.previousElementSibling;
    const message = row?.querySelector("[data-testid]");
    if (!message || !navigator.clipboard) return;
    const answers = [...chat().querySelectorAll("[data-testid=bot]")];
    const turn = turns()[answers.indexOf(message)];
    const text = turn ? (await textOf([turn])).value : message.innerText;
    setTimeout(() => navigator.clipboard.writeText(text), 100);
  }

  // Gradio labels each message with its markup; without it, screen readers read the message.
  // It also edits a question in its escaped form; this converts it back.
  function correct() {
    for (const message of chat()?.querySelectorAll("[data-testid][aria-label]") ?? []) {
      message.removeAttribute("aria-label");
    }
    for (const area of chat()?.querySelectorAll("textarea:not([data-plain])") ?? []) {
      area.dataset.plain = "";
      area.setAttribute("aria-label", "Your question, to be edited");
      const escaped = area.value.replaceAll("<", "&lt;");
      const parsed = new DOMParser().parseFromString(escaped, "text/html");
      area.value = parsed.documentElement.textContent;
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  // `turns` returns the turns of the open conversation; `textOf` asks the server.
  page.correctMessages = (turns, textOf) => {
    document.addEventListener("click", (event) => copy(event, turns, textOf));
    const changes = { childList: true, subtree: true, attributeFilter: ["aria-label"] };
    new MutationObserver(correct).observe(document.body, changes);
  };
})();
