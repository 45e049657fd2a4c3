// Ties board, words and page together.

import * as boards from "./board.js";
import { draw } from "./view.js";
import { words } from "./words.js";

const KEY = "com.powerx.samples.board";
const text = words(navigator.languages);
const page = (id) => document.getElementById(id);
let board = boards.load(localStorage.getItem(KEY));

function show() {
  page("columns").replaceChildren(...draw(board, text, act));
}

function act(what, ...how) {
  board = boards[what](board, ...how);
  localStorage.setItem(KEY, boards.save(board));
  show();
}

document.documentElement.lang = text.language;
document.title = text.title;
page("title").textContent = text.title;
page("tagline").textContent = text.tagline;
page("add").textContent = text.add;
page("new").placeholder = text.placeholder;
page("new").setAttribute("aria-label", text.placeholder);
page("form").addEventListener("submit", (event) => {
  event.preventDefault();
  act("add", page("new").value);
  page("form").reset();
});
show();
