// The list of the jobs that add and refresh articles.

(() => {
  const { make, keepingFocus } = page;
  const isOver = ({ state }) => ["done", "cancelled"].includes(state);

  // Returns a function that draws jobs into a list; `cancel` and `dismiss` act on a job's number.
  page.jobList = (list, { cancel, dismiss }) => {
    let drawn = "";

    function item(job) {
      const { number, name, state, share, at, lines, failed } = job;
      const label = isOver(job) ? "Dismiss" : "Cancel";
      const onclick = () => (isOver(job) ? dismiss(number) : cancel(number));
      const attributes = { class: "small-button", "aria-label": `${label}: ${name}`, onclick };
      const button = make("button", { id: `job-${number}`, ...attributes }, label);
      const bar = make("progress", { max: 1, value: share, "aria-label": `Progress: ${name}` });
      const status = state === "working" ? at || "beginning" : state;
      return make(
        "li",
        { class: failed && "failed" },
        make("div", { class: "row" }, make("bdi", { class: "name" }, name), button),
        isOver(job) ? null : bar,
        state === "done" ? null : make("p", { class: "status", dir: "auto" }, status),
        ...lines.map((line) => make("p", { class: "status line", dir: "auto" }, line)),
      );
    }

    return (jobs) => {
      const state = JSON.stringify(jobs);
      if (state === drawn) return;
      drawn = state;
      keepingFocus(() => list.replaceChildren(...jobs.map(item)));
    };
  };
})();
