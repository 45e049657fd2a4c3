/** Words a person reads in a minute. */
const WORDS_PER_MINUTE = 200;

/** Counts the words and characters of a text and the seconds it takes to read. */
export function count(text) {
  const words = text.split(/\s+/u).filter((word) => word !== '').length;
  const characters = [...text].length;
  return { words, characters, seconds: Math.ceil((words * 60) / WORDS_PER_MINUTE) };
}
