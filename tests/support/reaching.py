"""What a thumb and a keyboard can reach: sizes of targets, and whether the focus can be seen where it is."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

# A box that belongs to a label is as large as the label; a link inside a sentence is as high as its line (WCAG 2.5.8).
_TARGETS = """() => {
    const pressable = "a[href], button, input, select, textarea, summary, [role=button], [role=tab], [tabindex='0']";
    const shown = (one) => one.checkVisibility({opacityProperty: true, visibilityProperty: true});
    const found = [];
    for (const one of document.querySelectorAll(pressable)) {
        if (!shown(one) || one.closest(".skip, [aria-hidden=true]")) continue;
        const boxes = [one, ...(one.labels ?? [])].map((box) => box.getBoundingClientRect());
        const name = one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent;
        found.push({
            name: name.trim().replaceAll(/\\s+/g, " ").slice(0, 60), tag: one.localName,
            width: Math.max(...boxes.map((box) => box.width)), height: Math.max(...boxes.map((box) => box.height)),
        });
    }
    return found;
}"""

# Where the focus is, how it is shown, and whether anything lies over it.
_FOCUS = """() => {
    const one = document.activeElement;
    if (one === null || one === document.body) return null;
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    const middle = [box.left + box.width / 2, box.top + box.height / 2];
    const top = document.elementFromPoint(...middle);
    const name = one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent;
    return {
        name: name.trim().replaceAll(/\\s+/g, " "), tag: one.localName,
        ring: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
        covered: top === null || ![one, ...(one.labels ?? [])].some((box) => box.contains(top) || top.contains(box)),
    };
}"""


async def small_targets(page: Page, height: float, width: float) -> list[str]:
    """Name what can be pressed and is smaller than this, in CSS pixels."""
    found = await page.evaluate(_TARGETS)
    assert found, "nothing on the page can be pressed"
    small = [one for one in found if one["height"] < height - 0.5 or one["width"] < width - 0.5]
    return [f"{one['tag']} “{one['name']}” is {one['width']:.0f} × {one['height']:.0f}" for one in small]


async def focus(page: Page) -> dict[str, Any] | None:
    """Tell where the focus is: `name`, `tag`, the width of its `ring`, and whether it is `covered`."""
    found: dict[str, Any] | None = await page.evaluate(_FOCUS)
    return found


async def tab_to(page: Page, name: str, *, back: bool = False, at_most: int = 60) -> None:
    """Press Tab until what has this name has the focus. It must be seen on every stop of the way."""
    passed = []
    for _ in range(at_most):
        await page.keyboard.press("Shift+Tab" if back else "Tab")
        here = await focus(page)
        if here is None:
            continue
        passed.append(here["name"])
        assert here["ring"] >= 2, f"the focus on “{here['name']}” cannot be seen"
        assert not here["covered"], f"the focus on “{here['name']}” is covered"
        if here["name"].startswith(name):
            return
    raise AssertionError(f"Tab does not lead to “{name}”, but to {passed}")
