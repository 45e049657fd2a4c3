// Comfort for pages that already work without it: clocks, copying, keys, confirmation, live marks.
(() => {
  "use strict";
  const root = document.documentElement;
  const lang = root.lang || "en";
  const words = document.getElementById("px-words")?.dataset ?? {};
  const each = (selector, run, from = document) => from.querySelectorAll(selector).forEach(run);
  const say = (text) => { const live = document.getElementById("px-live"); if (live) live.textContent = text; };

  // Times: the server wrote them relative to its own clock; keep them true, exact in the reader's zone on hover.
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  const exact = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "long" });
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const ago = (seconds) => {
    const [unit, size] = UNITS.find(([, s]) => Math.abs(seconds) >= s) ?? ["minute", 60];
    return Math.abs(seconds) < 45 ? words.now : relative.format(Math.trunc(seconds / size), unit).replace(/(\d)(?=[\u4e00-\u9fff])/, "$1 ");
  };
  const span = (seconds) => {
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    const unit = (n, u) => words[n === 1 && u === "day" ? "day" : `${u}s`].replace("%s", n);
    if (days) return [unit(days, "day"), hours % 24 && unit(hours % 24, "hour")].filter(Boolean).join(" ");
    if (hours) return [unit(hours, "hour"), minutes % 60 && unit(minutes % 60, "minute")].filter(Boolean).join(" ");
    return unit(minutes, "minute");
  };
  const clocks = (from = document) => {
    each("time[data-ago]", (el) => {
      const at = Date.parse(el.dateTime);
      el.title = exact.format(at);
      el.textContent = ago((at - Date.now()) / 1000);
    }, from);
    each("[data-sla]", (el) => {
      const bar = el.querySelector("progress");
      const start = Date.parse(el.dataset.start), end = Date.parse(el.dataset.sla), now = Date.now();
      const used = Math.min(1, Math.max(0, (now - start) / (end - start)));
      bar.value = used;
      el.dataset.tone = used >= 0.8 ? "danger" : used >= 0.5 ? "warn" : "ok";
      const left = el.querySelector("[data-left]");
      if (left) left.textContent = (now > end ? words.overdue : words.left).replace("%s", span(Math.abs(end - now) / 1000));
    }, from);
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add("px-done");
      say(words.copied);
      setTimeout(() => button.classList.remove("px-done"), 1500);
    } catch { say(button.dataset.copy); }
  };

  // Confirmation: a form with data-confirm asks once in a dialog; without script it is simply sent.
  const confirmed = new WeakSet();
  const ask = (form) => {
    const dialog = document.getElementById("px-confirm");
    dialog.querySelector("[data-text]").textContent = form.dataset.confirm;
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue === "yes") { confirmed.add(form); form.requestSubmit(); }
    };
    dialog.showModal();
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !confirmed.has(form)) { event.preventDefault(); event.stopImmediatePropagation(); ask(form); }
    confirmed.delete(form);
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    const close = event.target.closest("[data-close]");
    if (close) close.closest("dialog, details")?.removeAttribute("open");
    each("details.px-pop[open]", (d) => { if (!d.contains(event.target)) d.open = false; });
  });
  // What opened over the page closes when the keyboard leaves it, so that it hides nothing.
  document.addEventListener("focusout", (event) => {
    const over = event.target.closest("details.px-pop[open], .px-decide details[open]");
    if (over && event.relatedTarget && !over.contains(event.relatedTarget)) over.open = false;
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  // Keys: `/` searches, `?` explains, j and k move over rows, letters press what carries data-key.
  const typing = (el) => el.closest("input, textarea, select, [contenteditable]");
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const move = (step) => {
    const all = rows();
    const at = all.findIndex((r) => r.classList.contains("px-at"));
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
    if (!next) return;
    all[at]?.classList.remove("px-at");
    next.classList.add("px-at");
    next.scrollIntoView({ block: "nearest" });
    (next.querySelector("a") ?? next).focus({ preventScroll: true });
  };
  const press = (key) => {
    const row = document.querySelector("[data-row].px-at");
    const selector = `[data-key="${CSS.escape(key)}"]`;
    const el = row?.querySelector(selector) ?? document.querySelector(`:not([data-row]) > ${selector}, main ${selector}`);
    if (!el) return false;
    if (el.tagName === "SUMMARY") { el.parentElement.open = true; el.parentElement.querySelector("input:not([type=hidden]), textarea, button")?.focus(); } else { el.click(); }
    return true;
  };
  const explain = () => {
    const dialog = document.getElementById("px-keys");
    const list = dialog.querySelector("dl");
    each("[data-extra]", (el) => el.remove(), list);
    const seen = new Set();
    each("[data-key]", (el) => {
      if (seen.has(el.dataset.key)) return;
      seen.add(el.dataset.key);
      const dt = document.createElement("dt"), dd = document.createElement("dd"), kbd = document.createElement("kbd");
      dt.dataset.extra = dd.dataset.extra = "";
      kbd.textContent = el.dataset.key;
      const words = el.cloneNode(true);
      each("kbd", (k) => k.remove(), words);
      dd.textContent = el.getAttribute("aria-label") ?? words.textContent.trim();
      dt.append(kbd);
      list.append(dt, dd);
    });
    dialog.showModal();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") each("details.px-pop[open]", (d) => { d.open = false; d.querySelector("summary").focus(); });
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    const search = document.querySelector("[data-search]");
    if (event.key === "/" && search) { search.focus(); search.select(); }
    else if (event.key === "?") explain();
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key.length !== 1 || !press(event.key)) return;
    event.preventDefault();
  });

  // Live parts: say when the stream is gone, ask in turns until it is back.
  const mark = document.getElementById("px-conn");
  const polls = new Map();
  const lost = (el) => {
    if (mark) mark.hidden = false;
    if (!el.dataset?.poll || polls.has(el)) return;
    const every = Number(el.dataset.pollSeconds || 5) * 1000;
    polls.set(el, setInterval(() => window.htmx?.ajax("GET", el.dataset.poll, { target: el, swap: "innerHTML" }), every));
  };
  const back = (el) => {
    clearInterval(polls.get(el));
    polls.delete(el);
    if (mark) mark.hidden = true;
  };
  document.addEventListener("htmx:sseError", (event) => lost(event.target));
  document.addEventListener("htmx:sseOpen", (event) => back(event.target));
  document.addEventListener("htmx:sseClose", (event) => back(event.target));
  // A part that renews itself must not take the keyboard away: who was on a link or a button of it is put
  // on what took its place.
  let held;
  const alike = (el) => el.tagName + ["id", "href", "name", "type", "value", "data-key"].filter((a) => el.hasAttribute(a)).map((a) => `[${a}="${CSS.escape(el.getAttribute(a))}"]`).join("");
  const hold = (event) => {
    const part = event.target, at = document.activeElement;
    if (!at || at === document.body || at === part || !part.contains?.(at)) return;
    const selector = alike(at);
    held = { part, selector, place: [...part.querySelectorAll(selector)].indexOf(at) };
  };
  const give = (part) => {
    if (held?.part !== part) return;
    const { selector, place } = held;
    held = undefined;
    if (part.contains(document.activeElement)) return;
    const found = part.querySelectorAll(selector);
    (found[place] ?? found[0])?.focus({ preventScroll: true });
  };
  document.addEventListener("htmx:sseBeforeMessage", hold);
  document.addEventListener("htmx:beforeSwap", hold);
  document.addEventListener("htmx:afterSwap", (event) => { clocks(event.target); give(event.target); });
  document.addEventListener("htmx:sendError", () => { if (mark) mark.hidden = false; });
  // A part that cannot be loaded or changed says so, with the request's id.
  let hiding;
  document.addEventListener("htmx:responseError", (event) => {
    const toast = document.getElementById("px-toast");
    if (!toast) return;
    let text = `${event.detail.xhr.status} ${event.detail.xhr.statusText}`;
    try {
      const problem = JSON.parse(event.detail.xhr.responseText);
      text = `${problem.title}: ${problem.detail} (${problem.code}, ${problem.requestId})`;
    } catch { /* not a problem document */ }
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(hiding);
    hiding = setTimeout(() => { toast.hidden = true; }, 12000);
  });
  document.addEventListener("htmx:afterRequest", (event) => { if (mark && event.detail.successful && !polls.size) mark.hidden = true; });

  // The reader's zone, for dates that the server writes: kept for a year, sent to this site only.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes("px_zone=")) document.cookie = `px_zone=${zone}; Path=/; SameSite=Lax; Max-Age=31536000`;

  clocks();
  setInterval(clocks, 20000, document);
})();
