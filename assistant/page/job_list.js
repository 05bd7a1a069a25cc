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
      const attributes = { class: "small-button", id: `job-${number}`, "aria-label": `${label}: ${name}`, onclick };
      const bar = make("progress", { max: 1, value: share, "aria-label": `Progress: ${name}` });
      const status = { waiting: "waiting", working: at || "beginning", cancelled: "cancelled" }[state];
      return make(
        "li",
        { class: failed && "failed" },
        make("div", { class: "row" }, make("bdi", { class: "name" }, name), make("button", attributes, label)),
        isOver(job) ? null : bar,
        status ? make("p", { class: "status", dir: "auto" }, status) : null,
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
