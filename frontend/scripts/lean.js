// Leaves out of Svelte what our pages never use, and no minifier can see that they never use: two kilobytes each.
//
// They are mounted, never hydrated: Svelte guards all that hydration needs with one variable, so that it can be left out.
// And their state is replaced as a whole, never changed inside (`$state.raw`), so that no object has to be a proxy; a
// component that means it otherwise fails the build, here.
//
// Then two minifiers, one after the other: each finds what the other leaves.
import { minifySync } from "vite";

const CUTS = [
  [/svelte\/src\/internal\/client\/dom\/hydration\.js$/, "hydrating = value;", ""],
  [/svelte\/src\/internal\/client\/reactivity\/sources\.js$/, "should_proxy ? proxy(value) : value", "value"],
  [/svelte\/src\/internal\/client\/reactivity\/props\.js$/, "runes && bindable ? proxy(value) : value", "value"],
];

export function lean() {
  return {
    name: "halte-lean",
    apply: "build",
    enforce: "post",
    renderChunk: { order: "pre", handler: (code, { fileName }) => minifySync(fileName, code, { module: true }) },
    transform(code, id) {
      if (id.includes("/src/") && !id.includes("node_modules") && /\$\.proxy\(/.test(code)) {
        this.error("State with objects inside has to be $state.raw here: see scripts/lean.js");
      }
      const cut = CUTS.find(([file]) => file.test(id));
      if (!cut) return null;
      const [, what, by] = cut;
      if (!code.includes(what)) this.error(`Svelte has changed: no "${what}" in ${id}, see scripts/lean.js`);
      return { code: code.replace(what, by), map: null };
    },
  };
}
