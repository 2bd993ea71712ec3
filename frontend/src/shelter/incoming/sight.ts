/** When somebody announced is before somebody's eyes. Pure. */

/** How much of a card is shown where the browser looks again. A quarter: half the screen, of a card twice as tall. */
export const SIGHTS = [0, 0.25, 0.5];

type Shown = Pick<IntersectionObserverEntry, "intersectionRatio"> & { intersectionRect: Pick<DOMRectReadOnly, "height"> };

/** Half of the card, or half of the screen full of one that is taller than two. */
export const isInSight = ({ intersectionRatio, intersectionRect }: Shown, screenHeight: number): boolean =>
  intersectionRatio >= 0.5 || intersectionRect.height >= screenHeight / 2;
