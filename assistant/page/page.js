// Loaded before everything else: what the scripts of the page's parts share, and the settings that a browser keeps.

(() => {
  const SETTINGS = "article-assistant/settings";
  const DEFAULTS = { theme: "system", passages: null, language: "", model: "" };
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // Makes an element; attributes whose value is false are left out, and text stays text, whatever it says.
  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  function day(iso) {
    const [year, month, date] = iso.slice(0, 10).split("-").map(Number);
    return new Date(year, month - 1, date).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  }

  // The browser's storage may be full, switched off, or hold what is none of ours.
  function read(key, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  function write(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }

  function settings() {
    return { ...DEFAULTS, ...read(SETTINGS, {}) };
  }

  function colour() {
    const { theme } = settings();
    document.body?.classList.toggle("dark", theme === "dark" || (theme === "system" && dark.matches));
  }

  // Gradio sets the system's colours itself, when it starts and when they change: ours come after that.
  dark.addEventListener("change", () => setTimeout(colour));
  addEventListener("DOMContentLoaded", colour);

  window.page = { make, day, read, write };
  window.settings = {
    // What the settings' fields show; a number of passages that was never chosen is left as the server says.
    kept(theme, passages, language, model) {
      const kept = settings();
      colour();
      return [kept.theme, kept.passages ?? passages, kept.language || language, kept.model || model];
    },
    keep(theme, passages, language, model) {
      write(SETTINGS, { theme, passages, language, model });
      colour();
    },
  };
})();
