import assert from 'node:assert/strict';
import test from 'node:test';

import { count } from '../web-admin/count.js';

test('nothing takes no time', () => {
  assert.deepEqual(count(''), { words: 0, characters: 0, seconds: 0 });
});

test('white space separates words and is counted as characters', () => {
  assert.deepEqual(count(' one\ttwo\n'), { words: 2, characters: 9, seconds: 1 });
});

test('characters are those people see, not code units', () => {
  assert.equal(count('😀').characters, 1);
});
