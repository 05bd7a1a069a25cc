// Questions to begin or to go on with: `props.value` has them, and after how many turns they are to be shown.

element.innerHTML = props.markup;

function show() {
  const { after = 0, questions = [] } = props.value ?? {};
  const group = element.querySelector(".suggested");
  const shown = Number(document.body.dataset.turns ?? 0) === after ? questions : [];
  group.replaceChildren(
    ...shown.map((question) => page.make("button", { class: "suggestion", dir: "auto", onclick: () => ask(question) }, question)),
  );
}

function ask(question) {
  element.querySelector(".suggested").replaceChildren();
  trigger("ask", { question });
}

show();
watch("value", show);
document.addEventListener("turns-changed", show);
