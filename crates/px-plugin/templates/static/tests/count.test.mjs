import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { count } from '../web-admin/count.js';

describe('count', () => {
  test('nothing takes no time', () => {
    assert.deepEqual(count(''), { words: 0, characters: 0, seconds: 0 });
  });

  test('white space separates words and is counted as characters', () => {
    assert.deepEqual(count(' one\ttwo\n'), { words: 2, characters: 9, seconds: 1 });
  });

  test('characters are those people see, not code units', () => {
    assert.equal(count('😀').characters, 1);
  });
});

describe('page', () => {
  test('shows the count of what is typed', async () => {
    const elements = { text: new EventTarget(), words: {}, characters: {}, seconds: {} };
    globalThis.document = { getElementById: (id) => elements[id] };
    await import('../web-admin/app.js');
    elements.text.value = 'three little words';
    elements.text.dispatchEvent(new Event('input'));
    assert.equal(elements.words.textContent, 3);
    assert.equal(elements.seconds.textContent, 1);
  });
});
