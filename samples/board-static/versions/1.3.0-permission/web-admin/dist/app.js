// Ties board, words, search, saving and page together.

import * as boards from "./board.js";
import { filter } from "./filter.js";
import { address } from "./save.js";
import { draw } from "./view.js";
import { words } from "./words.js";

const KEY = "com.powerx.samples.board";
const THEME = `${KEY}.theme`;
const text = words(navigator.languages);
const page = (id) => document.getElementById(id);
let board = boards.load(localStorage.getItem(KEY));

function show() {
  page("columns").replaceChildren(...draw(filter(board, page("search").value), text, act));
  page("save").href = address(boards.save(board));
}

function act(what, ...how) {
  board = boards[what](board, ...how);
  localStorage.setItem(KEY, boards.save(board));
  show();
}

function setTheme(dark) {
  document.documentElement.classList.toggle("dark", dark);
  page("theme").setAttribute("aria-pressed", String(dark));
  page("theme").textContent = dark ? "☀" : "☾";
}

function label(id, words) {
  page(id).placeholder = words;
  page(id).setAttribute("aria-label", words);
  page(id).title = words;
}

document.documentElement.lang = text.language;
document.title = text.title;
page("title").textContent = text.title;
page("tagline").textContent = text.tagline;
page("add").textContent = text.add;
label("new", text.placeholder);
label("search", text.search);
label("theme", text.theme);
page("save").textContent = "⤓";
page("save").title = text.save;
page("save").setAttribute("aria-label", text.save);
page("search").addEventListener("input", show);
page("theme").addEventListener("click", () => {
  const dark = !document.documentElement.classList.contains("dark");
  localStorage.setItem(THEME, dark ? "dark" : "light");
  setTheme(dark);
});
page("form").addEventListener("submit", (event) => {
  event.preventDefault();
  act("add", page("new").value);
  page("form").reset();
});
const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
setTheme((localStorage.getItem(THEME) ?? preferred) === "dark");
show();
