// The article pane: `props.value` is the HTML of its article.

element.innerHTML = props.markup;

let opener = null;

function show(atMark) {
  const pane = element.querySelector(".pane");
  pane.innerHTML = props.value ?? "";
  const mark = pane.querySelector("mark.current");
  if (!mark) return;
  const box = mark.closest("article");
  const distance = mark.getBoundingClientRect().top - box.getBoundingClientRect().top;
  box.scrollTop += distance - box.clientHeight / 3;
  if (!atMark) return;
  mark.scrollIntoView({ block: "center" });
  mark.focus({ preventScroll: true });
}

async function open({ article_id, version = null, spans = [] }) {
  const { value, error } = await server.open_article([article_id, version, spans]);
  props.value = value ?? `<p class="status" role="alert">${new Option(error).innerHTML}</p>`;
  document.getElementById("article-tab-button")?.click();
  // Gradio shows the tab, and may render the value, a moment later.
  requestAnimationFrame(() => setTimeout(() => show(spans.length > 0)));
}

show(false);
watch("value", () => show(false));

document.addEventListener("open-article", (event) => {
  opener = document.activeElement;
  open(event.detail);
});

// Escape returns the focus to the button that opened the article.
element.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && opener?.isConnected) opener.focus();
});
