// The board: cards in columns. Pure functions; every change gives a new board.

export const COLUMNS = ["todo", "doing", "done"];
const MAX_TITLE = 200;

export function emptyBoard() {
  return { next: 1, cards: [] };
}

// A board from its stored text, or an empty one when the text is none.
export function load(text) {
  try {
    const board = JSON.parse(text);
    const cards = board.cards.filter(
      (card) =>
        Number.isInteger(card.id) && typeof card.title === "string" && COLUMNS.includes(card.column),
    );
    const next = Math.max(0, ...cards.map((card) => card.id)) + 1;
    return { next, cards };
  } catch {
    return emptyBoard();
  }
}

export function save(board) {
  return JSON.stringify(board);
}

// Adds a card to the first column; a title without letters adds nothing.
export function add(board, title) {
  const trimmed = title.trim().slice(0, MAX_TITLE);
  if (!trimmed) return board;
  const card = { id: board.next, title: trimmed, column: COLUMNS[0] };
  return { next: board.next + 1, cards: [...board.cards, card] };
}

export function remove(board, id) {
  return { ...board, cards: board.cards.filter((card) => card.id !== id) };
}

// Moves a card by so many columns, not past the first or last.
export function move(board, id, by) {
  const cards = board.cards.map((card) => {
    if (card.id !== id) return card;
    const at = COLUMNS.indexOf(card.column) + by;
    return { ...card, column: COLUMNS[Math.min(Math.max(at, 0), COLUMNS.length - 1)] };
  });
  return { ...board, cards };
}

export function column(board, name) {
  return board.cards.filter((card) => card.column === name);
}
