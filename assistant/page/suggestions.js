// Suggested questions: `props.value` has "questions", and the number of turns "after" which they
// are shown.

element.innerHTML = props.markup;

// The first suggestions take longest, and can arrive after those for later turns.
let latest = { after: 0, questions: [] };

function show() {
  const turns = Number(document.body.dataset.turns ?? 0);
  if (props.value?.after === turns) latest = props.value;
  const group = element.querySelector(".suggested");
  const shown = latest.after === turns ? latest.questions : [];
  group.replaceChildren(
    ...shown.map((question) => {
      const onclick = () => ask(question);
      return page.make("button", { class: "suggestion", dir: "auto", onclick }, question);
    }),
  );
}

function ask(question) {
  element.querySelector(".suggested").replaceChildren();
  trigger("ask", { question });
}

show();
watch("value", show);
document.addEventListener("turns-changed", show);
