/**
 * After something was said the list moves, and another button comes to stand where the thumb is: the second tap of a double
 * tap would say it too. So for a moment nothing is said.
 */

const SETTLES_MS = 1000;

export class Settling {
  on = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The list is about to move. */
  start = (): void => {
    this.on = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.on = false), SETTLES_MS);
  };

  end(): void {
    clearTimeout(this.#timer);
  }
}
