/**
 * Whoever uses the keyboard never loses their place: where what has the focus goes away, the nearest that is left of what
 * it stood in takes it (WCAG 2.4.3). A focus that is anywhere else is never moved.
 */

export function holdFocus(root: HTMLElement): () => void {
  /** What has the focus, and what it stands in, from the inside out. */
  let path: HTMLElement[] = [];
  const nowhere = () => document.activeElement === document.body;

  function came({ target }: FocusEvent): void {
    path = [];
    for (let one = target as HTMLElement | null; one; one = one === root ? null : one.parentElement) path.push(one);
  }

  /** Who leaves it for nothing, as by a tap beside it, has no place to lose. */
  function went(): void {
    setTimeout(() => nowhere() && path[0]?.isConnected && (path = []));
  }

  const changes = new MutationObserver(() => {
    if (!nowhere() || !path[0] || path[0].isConnected) return;
    path.find((one) => one.isConnected && one.matches("[tabindex]"))?.focus({ preventScroll: true });
  });
  root.addEventListener("focusin", came);
  root.addEventListener("focusout", went);
  changes.observe(root, { childList: true, subtree: true });
  return () => changes.disconnect();
}
