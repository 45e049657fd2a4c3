// Search over cards.

// The board with the cards whose title holds every word of `query`, in any case.
export function filter(board, query) {
  const wanted = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const fits = (card) => wanted.every((word) => card.title.toLocaleLowerCase().includes(word));
  return { ...board, cards: board.cards.filter(fits) };
}
