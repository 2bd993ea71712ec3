/** Single keys that do something, while nobody is typing and where they are wanted (WCAG 2.1.4). Pure. */

export type Command =
  | { do: "ask" | "queue" | "next" | "previous" | "household" | "report" | "moves" | "draws" | "plans" | "policies" | "keys" | "back" }
  | { do: "suggestion"; place: number };

const COMMANDS: Record<string, Exclude<Command["do"], "suggestion">> = {
  n: "ask",
  q: "queue",
  j: "next",
  k: "previous",
  d: "household",
  r: "report",
  m: "moves",
  t: "draws",
  p: "plans",
  o: "policies",
  "?": "keys",
  Escape: "back",
};

export interface Pressed {
  key: string;
  /** Where the key is, whatever is on it: the digits of a Belgian keyboard are typed with shift. */
  code: string;
  shiftKey: boolean;
  isComposing: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** `typing`: the focus is where letters are letters. Escape is no letter, and works there too. */
export function commandOf(pressed: Pressed, typing: boolean, on: boolean): Command | null {
  const { key } = pressed;
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || pressed.isComposing) return null;
  if (key !== "Escape" && (typing || !on)) return null;
  const digit = digitOf(pressed);
  if (digit !== null) return { do: "suggestion", place: digit };
  const command = Object.hasOwn(COMMANDS, key) ? COMMANDS[key] : undefined;
  return command ? { do: command } : null;
}

/** A digit that is typed, or the key of one; not what shift makes of it, nor an arrow of the number pad. */
function digitOf({ key, code, shiftKey }: Pressed): number | null {
  const said = /^[1-9]$/.exec(key) ?? (shiftKey ? null : /(?<=^Digit)[1-9]$/.exec(code));
  return said && Number(said[0]);
}

const TYPED = new Set(["INPUT", "SELECT", "TEXTAREA"]);
const PRESSED_ONLY = new Set(["checkbox", "radio", "button", "submit"]);

/** Letters choose in a list and turn radio buttons; only what can merely be pressed has none of its own. */
export function isTyped(element: { tagName: string; type?: string; isContentEditable?: boolean } | null): boolean {
  if (element === null) return false;
  if (element.isContentEditable) return true;
  return TYPED.has(element.tagName) && !(element.tagName === "INPUT" && PRESSED_ONLY.has(element.type ?? ""));
}

/** A browser empties a search field on Escape: that one is its own. */
export const isSearched = (element: { type?: string; value?: string } | null): boolean =>
  element?.type === "search" && Boolean(element.value);

const KEY = "halte.keys";

export function keysWanted(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

export function wantKeys(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // Then it holds for this page.
  }
}
