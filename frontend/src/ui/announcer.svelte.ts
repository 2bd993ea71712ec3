/** The one live region of a screen. Throttled: what is said last within a pause is what is heard. */

const PAUSE_MS = 2_000;

class Announcer {
  text = $state("");
  #saidAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string): void {
    clearTimeout(this.#timer);
    const wait = this.#saidAt + PAUSE_MS - performance.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => this.say(text), wait);
      return;
    }
    this.#saidAt = performance.now();
    this.text = text;
  }
}

export const announcer = new Announcer();
