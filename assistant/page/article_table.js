// The table of the library's articles: searched, sorted, ticked, with actions for each.

(() => {
  const { make, keepingFocus } = page;
  const COLUMNS = [
    ["title", "Title"],
    ["source", "Source"],
    ["published", "Date"],
    ["words", "Words"],
    ["chunks", "Chunks"],
    ["added", "Added"],
    ["state", "State"],
  ];

  function compare(a, b) {
    if (typeof a === "string" && typeof b === "string") {
      return a.localeCompare(b, undefined, { ignorePunctuation: true });
    }
    return a === b ? 0 : a < b || a === -Infinity || b === Infinity ? -1 : 1;
  }

  // Makes the table in a component. `onTick` gets the ids of the ticked articles, null for all;
  // `refresh` and `remove` act on an article's id.
  page.articleTable = (element, { onTick, refresh, remove }) => {
    const part = (name) => element.querySelector(name);
    const unticked = new Set();
    let articles = [];
    let drawn = "";
    let order = { key: "published", isDown: true };

    function chosen() {
      const sought = part(".find").value.trim().toLowerCase();
      const matches = articles.filter(({ title, source }) =>
        `${title} ${source}`.toLowerCase().includes(sought),
      );
      // Articles without a value come last.
      const empty = order.isDown ? -Infinity : Infinity;
      const sign = order.isDown ? -1 : 1;
      const value = (article) => article[order.key] ?? empty;
      return matches.sort((one, other) => sign * compare(value(one), value(other)));
    }

    function count(shown) {
      if (!articles.length) return "There is no article yet; add one below.";
      const asked = articles.length - unticked.size;
      const all = `${asked} of ${articles.length} article${articles.length === 1 ? "" : "s"} asked`;
      return shown < articles.length ? `${all}, ${shown} shown` : all;
    }

    function draw() {
      const ids = articles.map(({ id }) => id);
      for (const id of unticked) if (!ids.includes(id)) unticked.delete(id);
      onTick(unticked.size ? ids.filter((id) => !unticked.has(id)) : null);
      const shown = chosen();
      const state = JSON.stringify([shown, order, [...unticked]]);
      if (state === drawn && part("tbody").childElementCount === shown.length) return;
      drawn = state;
      keepingFocus(() => {
        const ends = ["Ask", "Actions"].map((name) => make("th", { scope: "col" }, name));
        part("thead tr").replaceChildren(ends[0], ...COLUMNS.map(head), ends[1]);
        part("tbody").replaceChildren(...shown.map(row));
        part(".count").textContent = count(shown.length);
      });
    }

    function head([key, name]) {
      const isSorted = order.key === key;
      const onclick = () => {
        order = { key, isDown: isSorted ? !order.isDown : false };
        draw();
      };
      const arrow = isSorted ? (order.isDown ? " ↓" : " ↑") : "";
      const sorted = isSorted && (order.isDown ? "descending" : "ascending");
      const button = make("button", { id: `sort-${key}`, onclick }, name + arrow);
      return make("th", { scope: "col", "aria-sort": sorted }, button);
    }

    function tick({ id, title }) {
      const label = `Ask: ${title}`;
      const box = make("input", { type: "checkbox", id: `ask-${id}`, "aria-label": label });
      box.checked = !unticked.has(id);
      box.addEventListener("change", () => {
        if (box.checked) unticked.delete(id);
        else unticked.add(id);
        draw();
      });
      return box;
    }

    function row(article) {
      const { id, title } = article;
      const detail = { article_id: id };
      const open = () => document.dispatchEvent(new CustomEvent("open-article", { detail }));
      const action = (label, name, onclick) => {
        const attributes = { class: "small-button", "aria-label": `${label}: ${title}`, onclick };
        return make("button", { id: `${name}-${id}`, ...attributes }, label);
      };
      const opening = { class: "title", id: `open-${id}`, dir: "auto", onclick: open };
      const cells = {
        title: make("button", opening, title),
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
        make("td", { "data-label": "Ask" }, tick(article)),
        ...COLUMNS.map(([key, name]) => make("td", { "data-label": name, class: key }, cells[key])),
        make(
          "td",
          { class: "actions" },
          article.renewable ? action("Refresh", "refresh", () => refresh(id)) : null,
          action("Remove", "remove", () => remove(id)),
        ),
      );
    }

    function tickAll(isTicked) {
      unticked.clear();
      if (!isTicked) articles.forEach(({ id }) => unticked.add(id));
      draw();
    }

    part(".find").addEventListener("input", draw);
    part(".all").addEventListener("click", () => tickAll(true));
    part(".none").addEventListener("click", () => tickAll(false));
    return {
      draw(current) {
        articles = current;
        draw();
      },
    };
  };
})();
