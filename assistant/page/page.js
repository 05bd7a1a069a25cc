// Helpers of all scripts, on `window.page`. Loaded before the other scripts.

(() => {
  // Makes an element. Attributes with the value false or null are left out; text stays text.
  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== false && value !== null && value !== undefined) {
        made.setAttribute(name, value === true ? "" : value);
      }
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  // Writes a date such as "2021-05-03…" as "3 May 2021".
  function day(iso) {
    const [year, month, date] = iso.slice(0, 10).split("-").map(Number);
    const style = { day: "numeric", month: "long", year: "numeric" };
    return new Date(year, month - 1, date).toLocaleDateString("en-GB", style);
  }

  // Redraws a part of the page and returns the focus to the element with the same id.
  function keepingFocus(draw) {
    const focused = document.activeElement?.id;
    draw();
    if (focused) document.getElementById(focused)?.focus();
  }

  window.page = { make, day, keepingFocus };
})();
