// Leaves out of Svelte what our pages never use, and no minifier can see that they never use: two kilobytes each.
//
// They are mounted, never hydrated: Svelte guards all that hydration needs with one variable, so that it can be left out.
// And their state is replaced as a whole, never changed inside (`$state.raw`), so that no object has to be a proxy; a
// component that means it otherwise fails the build, here.
//
// Nor do they hold a subtree back while it waits for something: the boundary that Svelte mounts everything in is a plain
// branch. And where all styles are one file, whatever is fetched later brings none: Vite's helper has nothing to wait for.
//
// Then two minifiers, one after the other: each finds what the other leaves.
import { minifySync } from "vite";

const CUTS = [
  [/svelte\/src\/internal\/client\/dom\/hydration\.js$/, "hydrating = value;", ""],
  [/svelte\/src\/internal\/client\/reactivity\/sources\.js$/, "should_proxy ? proxy(value) : value", "value"],
  [/svelte\/src\/internal\/client\/reactivity\/props\.js$/, "runes && bindable ? proxy(value) : value", "value"],
  [
    /svelte\/src\/internal\/client\/render\.js$/,
    "import { boundary } from './dom/blocks/boundary.js';",
    "import { block as whole, branch as inner } from './reactivity/effects.js';" +
      "const boundary = (node, _, children) => whole(() => void inner(() => children(node)));",
  ],
];

const PRELOAD = [/vite\/preload-helper/, /^.*$/s, "export const __vitePreload = (load) => load();"];

export function lean() {
  let cuts = CUTS;
  return {
    name: "halte-lean",
    apply: "build",
    enforce: "post",
    configResolved({ build }) {
      if (!build.cssCodeSplit) cuts = [...CUTS, PRELOAD];
    },
    renderChunk: { order: "pre", handler: (code, { fileName }) => minifySync(fileName, code, { module: true }) },
    transform(code, id) {
      if (id.includes("/src/") && !id.includes("node_modules") && /\$\.proxy\(/.test(code)) {
        this.error("State with objects inside has to be $state.raw here: see scripts/lean.js");
      }
      const cut = cuts.find(([file]) => file.test(id));
      if (!cut) return null;
      const [, what, by] = cut;
      const leaner = code.replace(what, by);
      if (leaner === code) this.error(`Svelte has changed: no "${what}" in ${id}, see scripts/lean.js`);
      return { code: leaner, map: null };
    },
  };
}
