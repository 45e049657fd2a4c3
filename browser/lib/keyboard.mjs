// A person without a mouse: Tab, Shift+Tab, arrows, Enter and Space, and a look at where the focus is.

/** Most presses of Tab before something counts as out of reach. */
const FAR = 160;

export class Keyboard {
  constructor(visitor) {
    this.visitor = visitor;
    this.page = visitor.page;
  }

  /** Presses Tab until what has the focus fits the selector, and looks at the focus on the way. */
  async to(selector) {
    for (let presses = 0; presses < FAR; presses += 1) {
      const seen = await this.page.evaluate(look, selector);
      if (seen.fault) this.visitor.faults.push(`focus at ${new URL(this.page.url()).pathname} (${this.visitor.look.name}): ${seen.fault}`);
      if (seen.fits) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not reach ${selector} at ${this.page.url()} (${this.visitor.look.name})`);
  }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  async type(text) {
    await this.page.keyboard.type(text);
  }

  /** Goes to it, presses Enter, and waits for the page that follows. */
  async follow(selector, path) {
    await this.to(selector);
    await this.enter(path);
  }

  /** Presses Enter and waits for the page that follows; it must be the one named. */
  async enter(path) {
    await Promise.all([this.page.waitForNavigation({ waitUntil: "load" }), this.press("Enter")]);
    const { pathname, search } = new URL(this.page.url());
    if (!path.test(pathname + search)) throw new Error(`Enter leads to ${pathname}${search}, not to ${path}`);
  }

  /** Signs in; where it leads says `path`. */
  async signIn(login, password, path) {
    await this.to("input[autocomplete=username]");
    await this.type(login);
    await this.press("Tab");
    await this.type(password);
    await this.enter(path);
  }
}

/** Whether the focused element fits, and whether a person sees that it has the focus. */
function look(selector) {
  const at = document.activeElement;
  if (!at || at === document.body) return { fits: false };
  const fits = at.matches(selector);
  const seen = (e) => {
    const style = getComputedStyle(e);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  };
  // A field that is drawn by its label shows the focus there.
  const drawn = [at, at.closest("label"), at.labels?.[0], at.parentElement].filter(Boolean);
  const box = at.getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const name = at.outerHTML.slice(0, 140);
  if (at.id === "main") return { fits };
  if (!drawn.some(seen)) return { fits, fault: `not visible on ${name}` };
  if (!inside) return { fits, fault: `outside the window on ${name}` };
  // Something fixed, such as a bar at the bottom, must not lie over what has the focus.
  const x = Math.min(innerWidth - 2, Math.max(1, box.left + box.width / 2)), y = Math.min(innerHeight - 2, Math.max(1, box.top + Math.min(box.height / 2, 20)));
  const top = document.elementFromPoint(x, y);
  const own = !top || at.contains(top) || top.contains(at) || drawn.some((e) => e.contains(top));
  return own ? { fits } : { fits, fault: `hidden behind ${top.outerHTML.slice(0, 80)}: ${name}` };
}
