/**
 * The part of the table that is in the page, followed as the page scrolls, rows grow and the order changes.
 *
 * What somebody looks at stays where it is: when rows above it come, go or turn out higher than guessed, the page is
 * scrolled by as much. On paper there is no window: all rows are in the page.
 */

import { flushSync, untrack } from "svelte";
import type { Attachment } from "svelte/attachments";
import { Heights, offsetsOf, piecesOf, placeAt, stretchesOf } from "./windowing";

const GUESS = { cards: 116, lines: 29 };

export class Windowing<R extends { id: string }> {
  #rows: () => readonly R[];
  #heights = new Heights(GUESS.lines);
  #measured = $state(0);
  #view = $state.raw({ top: 0, bottom: 900 });
  #focus = $state<string | null>(null);
  #printing = $state(false);
  #body: HTMLElement | null = null;
  #width = 0;
  #anchor: { id: string; offset: number } | null = null;
  #scrolledByUs = false;
  #observer: ResizeObserver | null = null;
  #observed = new Map<Element, { id: string; part: "row" | "unfolded" }>();

  readonly #offsets = $derived.by(() => {
    void this.#measured;
    return offsetsOf(this.#rows(), this.#heights);
  });

  readonly pieces = $derived.by(() => {
    const rows = this.#rows();
    const all = [{ first: 0, last: rows.length }];
    return piecesOf(rows, this.#offsets, this.#printing ? all : this.#stretches());
  });

  constructor(rows: () => readonly R[]) {
    this.#rows = rows;
  }

  #stretches() {
    const focus = this.#focus === null ? -1 : this.#rows().findIndex((row) => row.id === this.#focus);
    return stretchesOf(this.#offsets, this.#view.top, this.#view.bottom, focus < 0 ? null : focus);
  }

  /** For the element whose children the rows are. `scrolled` hears when a person scrolls among the rows. */
  follow(scrolled: () => void): Attachment<HTMLElement> {
    return (body) => {
      this.#body = body;
      const looked = () => {
        const ours = this.#scrolledByUs;
        this.#scrolledByUs = false;
        this.#look();
        if (!ours && this.#view.top > 0) scrolled();
      };
      const resized = () => this.#look();
      const paper = matchMedia("print");
      const print = (on: boolean) => flushSync(() => (this.#printing = on));
      const turned = () => print(paper.matches);
      const before = () => print(true);
      const after = () => print(false);
      addEventListener("scroll", looked, { passive: true });
      addEventListener("resize", resized);
      addEventListener("beforeprint", before);
      addEventListener("afterprint", after);
      paper.addEventListener("change", turned);
      untrack(() => this.#look());
      $effect(() => this.#stay(this.#offsets));
      return () => {
        removeEventListener("scroll", looked);
        removeEventListener("resize", resized);
        removeEventListener("beforeprint", before);
        removeEventListener("afterprint", after);
        paper.removeEventListener("change", turned);
        this.#observer?.disconnect();
      };
    };
  }

  /** For each element of a row: its height counts for the row. */
  measured(id: string, part: "row" | "unfolded"): Attachment<HTMLElement> {
    return (element) => {
      this.#observer ??= new ResizeObserver((entries) => this.#grew(entries));
      this.#observed.set(element, { id, part });
      this.#observer.observe(element);
      return () => {
        this.#observer?.unobserve(element);
        this.#observed.delete(element);
        if (part === "unfolded" && this.#heights.fold(id)) this.#measured += 1;
      };
    };
  }

  /** Which row has the focus: it stays in the page, wherever one scrolls. */
  focused(id: string | null): void {
    this.#focus = id;
  }

  /** Brings a row into the page and into sight; returns its element. */
  reveal(id: string): HTMLElement | null {
    const place = this.#rows().findIndex((row) => row.id === id);
    if (place < 0 || this.#body === null) return null;
    this.#focus = id;
    flushSync();
    const element = this.#body.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`);
    element?.scrollIntoView({ block: "center" });
    return element;
  }

  #look(): void {
    if (this.#body === null) return;
    const box = this.#body.getBoundingClientRect();
    if (this.#width !== 0 && Math.abs(box.width - this.#width) > 1) this.#remeasure();
    this.#width = box.width;
    const top = -box.top;
    this.#view = { top, bottom: top + innerHeight };
    const offsets = this.#offsets;
    const rows = this.#rows();
    const place = placeAt(offsets, top);
    this.#anchor = top > 0 && rows[place] ? { id: rows[place].id, offset: offsets[place]! } : null;
  }

  #remeasure(): void {
    this.#heights.forget(matchMedia("(max-width: 860px)").matches ? GUESS.cards : GUESS.lines);
    this.#measured += 1;
    for (const element of this.#observed.keys()) {
      this.#observer?.unobserve(element);
      this.#observer?.observe(element);
    }
  }

  #grew(entries: ResizeObserverEntry[]): void {
    if (this.#printing) return;
    let news = false;
    for (const { target } of entries) {
      const known = this.#observed.get(target);
      const height = target.getBoundingClientRect().height;
      if (known !== undefined && height > 0) news = this.#heights.measure(known.id, known.part, height) || news;
    }
    if (news) this.#measured += 1;
  }

  /** Runs after the page has changed and before it is shown. */
  #stay(offsets: Float64Array): void {
    const anchor = this.#anchor;
    if (anchor === null || this.#printing) return;
    const place = untrack(() => this.#rows().findIndex((row) => row.id === anchor.id));
    if (place < 0) return untrack(() => this.#look());
    const moved = offsets[place]! - anchor.offset;
    if (Math.abs(moved) < 0.5) return;
    this.#scrolledByUs = true;
    scrollBy({ top: moved, behavior: "instant" });
    untrack(() => this.#look());
  }
}
