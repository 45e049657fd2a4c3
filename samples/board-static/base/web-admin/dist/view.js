// Draws a board. Text goes into the page as text, never as markup.

import { COLUMNS, column } from "./board.js";

function element(tag, properties, ...children) {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

function button(label, sign, className, onclick, disabled = false) {
  const made = element("button", { type: "button", className, title: label, onclick, disabled }, sign);
  made.setAttribute("aria-label", label);
  return made;
}

function cardView(card, text, act) {
  const at = COLUMNS.indexOf(card.column);
  return element(
    "li",
    { className: "card" },
    element("p", {}, card.title),
    element(
      "div",
      { className: "tools" },
      button(text.back, "←", "tool", () => act("move", card.id, -1), at === 0),
      button(text.forward, "→", "tool", () => act("move", card.id, 1), at === COLUMNS.length - 1),
      button(text.remove, "✕", "tool danger", () => act("remove", card.id)),
    ),
  );
}

// The columns of `board` as they are shown; `act` is called with what the reader asks for.
export function draw(board, text, act) {
  return COLUMNS.map((name) => {
    const cards = column(board, name);
    const list = cards.length
      ? element("ul", {}, ...cards.map((card) => cardView(card, text, act)))
      : element("p", { className: "none" }, text.empty);
    const count = element("span", { className: "count" }, String(cards.length));
    return element(
      "section",
      { className: `column ${name}` },
      element("h2", {}, text[name], count),
      list,
    );
  });
}
