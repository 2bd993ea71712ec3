/** Single keys that do something, while nobody is typing and where they are wanted (WCAG 2.1.4). Pure. */

export type Command =
  | { do: "ask" | "queue" | "next" | "previous" | "household" | "report" | "moves" | "keys" | "back" }
  | { do: "suggestion"; place: number };

const COMMANDS: Record<string, Exclude<Command["do"], "suggestion">> = {
  n: "ask",
  q: "queue",
  j: "next",
  k: "previous",
  d: "household",
  r: "report",
  m: "moves",
  "?": "keys",
  Escape: "back",
};

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** `typing`: the focus is where letters are letters. Escape is no letter, and works there too. */
export function commandOf({ key, ctrlKey, metaKey, altKey }: Pressed, typing: boolean, on: boolean): Command | null {
  if (ctrlKey || metaKey || altKey) return null;
  if (key !== "Escape" && (typing || !on)) return null;
  if (/^[1-9]$/.test(key)) return { do: "suggestion", place: Number(key) };
  const command = Object.hasOwn(COMMANDS, key) ? COMMANDS[key] : undefined;
  return command ? { do: command } : null;
}

const TYPED = new Set(["INPUT", "SELECT", "TEXTAREA"]);
const PRESSED_ONLY = new Set(["checkbox", "radio", "button", "submit"]);

/** Letters choose in a list and turn radio buttons; only what can merely be pressed has none of its own. */
export function isTyped(element: { tagName: string; type?: string; isContentEditable?: boolean } | null): boolean {
  if (element === null) return false;
  if (element.isContentEditable) return true;
  return TYPED.has(element.tagName) && !(element.tagName === "INPUT" && PRESSED_ONLY.has(element.type ?? ""));
}

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
