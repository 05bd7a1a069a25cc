// The settings, stored in the browser, and the page's colours.

(() => {
  const KEY = "article-assistant/settings";
  const DEFAULTS = { theme: "system", passages: null, language: "", model: "" };
  const isDark = matchMedia("(prefers-color-scheme: dark)");

  function settings() {
    return { ...DEFAULTS, ...page.read(KEY, {}) };
  }

  function colour() {
    const { theme } = settings();
    const dark = theme === "dark" || (theme === "system" && isDark.matches);
    document.body?.classList.toggle("dark", dark);
  }

  // Gradio sets the system's colours at its start and at their change: ours come after that.
  isDark.addEventListener("change", () => setTimeout(colour));
  addEventListener("DOMContentLoaded", colour);

  window.settings = {
    // Returns the values of the fields; a setting never chosen keeps the server's value.
    load(theme, passages, language, model) {
      const stored = settings();
      colour();
      return [
        stored.theme,
        stored.passages ?? passages,
        stored.language || language,
        stored.model || model,
      ];
    },
    store(theme, passages, language, model) {
      page.write(KEY, { theme, passages, language, model });
      colour();
    },
  };
})();
