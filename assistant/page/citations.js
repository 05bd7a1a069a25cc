// Citations in the chat: a card with the quote, the article at a click, the passages read.

(() => {
  const { make, day } = page;
  const buttonOf = ({ target }) => target.closest?.("#conversation button.citation");

  // `turns` returns the turns of the open conversation; `readPassages` asks the server.
  page.connectCitations = (turns, readPassages) => {
    const card = make("div", { id: "citation-card", role: "tooltip", hidden: true });
    document.body.append(card);
    let hiding = 0;

    function citationOf(button) {
      const [, turn, number] = /^cite-(\d+)-(\d+)$/.exec(button.id) ?? [];
      return turns()[turn]?.answer.citations.find((citation) => citation.number === Number(number));
    }

    function showCard(button) {
      const citation = citationOf(button);
      if (!citation) return;
      clearTimeout(hiding);
      const { title, site, source, published } = citation;
      const facts = [title, site ?? source, published && day(published)].filter(Boolean);
      card.replaceChildren(
        make("p", { dir: "auto" }, citation.quote),
        make("p", { class: "status", dir: "auto" }, facts.join(" · ")),
      );
      card.hidden = false;
      button.setAttribute("aria-describedby", card.id);
      const place = button.getBoundingClientRect();
      const left = Math.max(8, Math.min(place.left, innerWidth - card.offsetWidth - 8));
      const above = place.top - card.offsetHeight - 6;
      card.style.left = `${left}px`;
      card.style.top = `${above > 8 ? above : place.bottom + 6}px`;
    }

    function hideCard(delay) {
      clearTimeout(hiding);
      hiding = setTimeout(() => (card.hidden = true), delay);
    }

    // Opens the article with the citation marked, and its other citations in the conversation.
    function openArticle(citation) {
      const { article_id, version } = citation;
      const others = turns()
        .flatMap((turn) => turn.answer?.citations ?? [])
        .filter((other) => other.article_id === article_id && other.version === version);
      const spans = [citation, ...others].map(({ start, end }) => [start, end]);
      const detail = { article_id, version, spans };
      document.dispatchEvent(new CustomEvent("open-article", { detail }));
    }

    for (const [type, act] of [
      ["mouseover", showCard],
      ["focusin", showCard],
      ["mouseout", () => hideCard(200)],
      ["focusout", () => hideCard(200)],
    ]) {
      document.addEventListener(type, (event) => {
        const button = buttonOf(event);
        if (button) act(button);
      });
    }
    card.addEventListener("mouseenter", () => clearTimeout(hiding));
    card.addEventListener("mouseleave", () => hideCard(200));
    document.addEventListener("keydown", (event) => event.key === "Escape" && hideCard(0));
    document.addEventListener("click", (event) => {
      const button = buttonOf(event);
      const citation = button && citationOf(button);
      if (!citation) return;
      hideCard(0);
      openArticle(citation);
    });

    // Fetches the passages when the reader opens them. A toggle event does not bubble.
    document.addEventListener(
      "toggle",
      async ({ target }) => {
        const [, turn] = /^found-(\d+)$/.exec(target.id ?? "") ?? [];
        const list = target.querySelector?.("ol");
        if (!turn || !target.open || list.childElementCount) return;
        const { value, error } = await readPassages([turns()[turn]?.passages ?? []]);
        list.innerHTML = value ?? new Option(error).innerHTML;
      },
      true,
    );
  };
})();
