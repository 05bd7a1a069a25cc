// The browser's storage: JSON values, and a conversation under each key with our prefix.
// The storage can be full, switched off, or hold values of other versions and programs.

(() => {
  const PREFIX = "article-assistant/conversation/";
  const OPEN = "article-assistant/open";

  function read(key, fallback) {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? fallback;
    } catch {
      return fallback;
    }
  }

  // Returns whether there was room.
  function write(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }

  function keys() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    } catch {
      return [];
    }
  }

  const isText = (value) => typeof value === "string";
  const isTime = (value) => typeof value === "number" && Number.isFinite(new Date(value).getTime());

  function titleOf(turns) {
    const question = turns[0]?.question;
    const title = (isText(question) && question.trim()) || "Without a question";
    return title.length > 80 ? `${title.slice(0, 79)}…` : title;
  }

  // Returns a conversation, or null. A bad title or date gets a default: its turns still count.
  function get(id) {
    const { title, updated, turns } = read(PREFIX + id, {});
    if (!Array.isArray(turns)) return null;
    return {
      id,
      title: isText(title) ? title : titleOf(turns),
      updated: isTime(updated) ? updated : 0,
      turns,
    };
  }

  // Returns all conversations, the newest first.
  function all() {
    const stored = keys().map((key) => get(key.slice(PREFIX.length)));
    return stored.filter(Boolean).sort((one, other) => other.updated - one.updated);
  }

  // Stores a conversation's turns, unless they are stored already; returns whether there was room.
  function put(id, turns) {
    const before = get(id);
    if (JSON.stringify(before?.turns) === JSON.stringify(turns)) return true;
    const title = before?.title ?? titleOf(turns);
    return write(PREFIX + id, { title, updated: Date.now(), turns });
  }

  function rename(id, title) {
    write(PREFIX + id, { ...read(PREFIX + id, {}), title });
  }

  // Deletes a conversation; returns a function that undoes it.
  function remove(id) {
    const before = read(PREFIX + id, null);
    localStorage.removeItem(PREFIX + id);
    return () => write(PREFIX + id, before);
  }

  // The id of this tab's open conversation, which a reload opens again.
  function openId(id) {
    try {
      if (id) sessionStorage.setItem(OPEN, id);
      return sessionStorage.getItem(OPEN);
    } catch {
      return null;
    }
  }

  const conversations = { get, all, put, rename, remove, openId };
  Object.assign(window.page, { read, write, conversations });
})();
