// The page's words, in the languages of the console.

const WORDS = {
  en: {
    title: "Board",
    tagline: "What is to be done, what is being done, what is done.",
    todo: "To do",
    doing: "In progress",
    done: "Done",
    add: "Add",
    placeholder: "A new card",
    empty: "Nothing here yet",
    back: "Move back",
    forward: "Move on",
    remove: "Delete",
    search: "Search cards",
    theme: "Light or dark",
    save: "Save the board as a file",
  },
  zh: {
    title: "看板",
    tagline: "待办、进行中与已完成，一目了然。",
    todo: "待办",
    doing: "进行中",
    done: "已完成",
    add: "添加",
    placeholder: "新卡片",
    empty: "暂无内容",
    back: "移回",
    forward: "推进",
    remove: "删除",
    search: "搜索卡片",
    theme: "浅色或深色",
    save: "将看板保存为文件",
  },
};

// Words of the first wanted language there is; English otherwise.
export function words(languages) {
  const known = languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in WORDS);
  return { language: known === "zh" ? "zh-CN" : "en", ...WORDS[known ?? "en"] };
}
