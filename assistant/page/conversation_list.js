// The list of the stored conversations: open, rename, export and delete.

(() => {
  const { make, day, conversations } = page;

  function download(title, ending, type, text) {
    const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60);
    const address = URL.createObjectURL(new Blob([text], { type }));
    make("a", { href: address, download: `${name || "conversation"}.${ending}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  // Makes the list in a component. `open` shows a conversation, `openId` returns the id of the
  // open one, `begin` starts a new one, and `markdownOf` asks the server for an export.
  page.conversationList = (element, { open, openId, begin, markdownOf }) => {
    const panel = element.querySelector("details");
    const button = element.querySelector("summary");
    let drawn = "";

    function say(...parts) {
      element.querySelector("[role=status]").replaceChildren(...parts);
    }

    function draw(force = false) {
      const stored = conversations.all();
      const shown = stored.map(({ id, title, updated }) => [id, title, updated]);
      const state = JSON.stringify([shown, openId()]);
      if (!force && state === drawn) return;
      drawn = state;
      element.querySelector("ul").replaceChildren(...stored.map(entry));
    }

    function entry(stored) {
      const { id, title, turns } = stored;
      const current = id === openId() && "true";
      const opening = { class: "title", dir: "auto", onclick: () => choose(stored) };
      const name = make("button", { ...opening, "aria-current": current }, title);
      const action = (label, onclick) => {
        const attributes = { class: "small-button", "aria-label": `${label}: ${title}`, onclick };
        return make("button", attributes, label);
      };
      const json = () => JSON.stringify(stored, null, 2);
      const actions = make(
        "div",
        { class: "actions" },
        action("Rename", () => rename(stored, name)),
        action("Markdown", () => exportMarkdown(stored)),
        action("JSON", () => download(title, "json", "application/json", json())),
        action("Delete", () => remove(stored)),
      );
      const count = `${turns.length} question${turns.length === 1 ? "" : "s"}`;
      const when = stored.updated ? `${day(new Date(stored.updated).toISOString())} · ` : "";
      return make("li", {}, name, make("p", { class: "status" }, when + count), actions);
    }

    function choose(stored) {
      open(stored);
      panel.open = false;
      button.focus();
    }

    function rename({ id, title }, name) {
      const label = { "aria-label": "Title of the conversation" };
      const input = make("input", { ...label, value: title, maxlength: 200, dir: "auto" });
      let isOver = false;
      const finish = (title) => {
        if (isOver) return;
        isOver = true;
        if (title.trim()) conversations.rename(id, title.trim());
        draw(true);
      };
      input.addEventListener("blur", () => finish(input.value));
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") finish(input.value);
        if (event.key === "Escape") finish("");
      });
      name.replaceWith(input);
      input.select();
    }

    function remove({ id, title }) {
      const putBack = conversations.remove(id);
      if (id === openId()) begin();
      const onclick = () => {
        putBack();
        say();
        draw();
      };
      const undo = make("button", { class: "small-button", onclick }, "Undo");
      say(`Deleted: ${title} `, undo);
      draw();
      undo.focus();
    }

    async function exportMarkdown({ title, turns }) {
      const { value, error } = await markdownOf([title, turns]);
      if (error) say(error);
      else download(title, "md", "text/markdown", value);
    }

    // Escape closes the panel, except in the field of a new title; so does a click outside.
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.target.matches("input") || !panel.open) return;
      panel.open = false;
      button.focus();
    });
    document.addEventListener("click", ({ target }) => {
      if (panel.open && target.isConnected && !panel.contains(target)) panel.open = false;
    });
    addEventListener("storage", () => draw());
    return { draw, say, close: () => (panel.open = false) };
  };
})();
