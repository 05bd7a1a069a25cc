// Questions to begin or to go on with: `props.value` has them, and after how many turns they are to be shown.

element.innerHTML = props.markup;

// Those for fewer turns may come later, for the first ones take longest to find.
let latest = { after: 0, questions: [] };

function show() {
  const turns = Number(document.body.dataset.turns ?? 0);
  if (props.value?.after === turns) latest = props.value;
  const group = element.querySelector(".suggested");
  const shown = latest.after === turns ? latest.questions : [];
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
