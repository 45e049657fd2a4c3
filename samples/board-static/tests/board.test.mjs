import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as boards from "../base/web-admin/dist/board.js";
import { words } from "../base/web-admin/dist/words.js";
import { filter } from "../versions/1.1.0/web-admin/dist/filter.js";
import { address } from "../versions/1.3.0-permission/web-admin/dist/save.js";

describe("board", () => {
  const made = ["write", " test ", "", "write more"].reduce(boards.add, boards.emptyBoard());

  test("cards are added with a title and an id of their own", () => {
    assert.deepEqual(made.cards.map((card) => [card.id, card.title]), [
      [1, "write"],
      [2, "test"],
      [3, "write more"],
    ]);
    assert.equal(boards.column(made, "todo").length, 3);
  });

  test("cards move between columns, not past the ends", () => {
    let board = boards.move(made, 2, 1);
    assert.deepEqual(boards.column(board, "doing").map((card) => card.id), [2]);
    board = boards.move(boards.move(board, 2, 1), 2, 1);
    assert.deepEqual(boards.column(board, "done").map((card) => card.id), [2]);
    assert.equal(boards.column(boards.move(made, 1, -1), "todo").length, 3);
  });

  test("removed cards are gone and ids are not used twice", () => {
    const board = boards.add(boards.remove(made, 2), "next");
    assert.deepEqual(board.cards.map((card) => card.id), [1, 3, 4]);
  });

  test("a stored board is read again, a damaged one starts anew", () => {
    assert.deepEqual(boards.load(boards.save(made)), made);
    for (const text of [null, "", "{", "[]", '{"cards":1}']) {
      assert.deepEqual(boards.load(text), boards.emptyBoard());
    }
    const alien = '{"cards":[{"id":1,"title":"x","column":"elsewhere"},{"id":"2"}]}';
    assert.deepEqual(boards.load(alien), boards.emptyBoard());
  });

  test("the search takes every word in any case", () => {
    assert.deepEqual(filter(made, "MORE wr").cards.map((card) => card.id), [3]);
    assert.equal(filter(made, "  ").cards.length, 3);
  });

  test("the saved file holds the board", async () => {
    const file = await fetch(address(boards.save(boards.add(made, "50 % & #1 看"))));
    assert.equal(file.headers.get("content-type"), "application/json;charset=utf-8");
    assert.deepEqual(boards.load(await file.text()).cards.at(-1).title, "50 % & #1 看");
  });

  test("the reader's first known language is taken", () => {
    assert.equal(words(["fr-FR", "zh-TW", "en"]).language, "zh-CN");
    assert.equal(words(["fr"]).title, "Board");
  });
});
