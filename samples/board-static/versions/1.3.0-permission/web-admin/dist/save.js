// The board as a file to keep.

// An address (RFC 2397) whose content is `stored`, the board as text.
export function address(stored) {
  return `data:application/json;charset=utf-8,${encodeURIComponent(stored)}`;
}
