// The library: asks the server for its articles and jobs again and again, and draws them.
// `props.value.articles` has the ids of the ticked articles; null is all of them.

element.innerHTML = props.markup;

const SLOW = 3000; // Milliseconds between two looks, and while a job is at work:
const FAST = 500;
let waiting = 0;

const part = (name) => element.querySelector(name);
const table = page.articleTable(element, {
  onTick(articles) {
    if (JSON.stringify({ articles }) !== JSON.stringify(props.value)) props.value = { articles };
  },
  refresh: (id) => act(server.refresh([id])),
  remove,
});
const drawJobs = page.jobList(part(".jobs"), {
  cancel: (number) => act(server.cancel([number])),
  dismiss: (number) => act(server.dismiss([number])),
});

async function look() {
  clearTimeout(waiting);
  let pause = SLOW;
  if (!document.hidden) {
    const { value } = await server.look([]).catch(() => ({}));
    if (value) {
      drawJobs(value.jobs);
      table.draw(value.articles);
      if (value.jobs.some((job) => ["waiting", "working"].includes(job.state))) pause = FAST;
    }
  }
  clearTimeout(waiting);
  waiting = setTimeout(look, pause);
}

function say(...parts) {
  part(".outcome").replaceChildren(...parts);
}

// Waits for an action on the server, shows its error, and looks again.
async function act(answer) {
  const { value, error } = await answer;
  say(error ?? "");
  look();
  return error ? null : (value ?? "");
}

async function remove(id) {
  const title = await act(server.remove([id]));
  if (title === null) return;
  const onclick = () => act(server.put_back([id]));
  const undo = page.make("button", { class: "small-button", onclick }, "Undo");
  say(`Removed: ${title} `, undo);
  undo.focus();
}

part(".refresh").addEventListener("click", () => act(server.refresh([null])));
document.addEventListener("visibilitychange", look);
window.library = { look };
look();
