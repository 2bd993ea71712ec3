// Fails when a screen weighs more, gzipped, than its budget: a phone on a bad network pays for every kilobyte.
// A screen is its page, all that it imports at once, its styles, and the dictionaries of its heaviest language.
// A part that only some fetch, such as the map, has a budget of its own: what it brings that its page has not, and the
// dictionary of its heaviest language.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

// The pages come from several builds, whose sources may have the same names.
const PAGES = {
  "index.html": { build: "manifest", budgetKb: 40 },
  "watch.html": { build: "manifest", budgetKb: 70, parts: { "src/map/drawing.ts": 480 } },
  "desk.html": {
    build: "manifest",
    budgetKb: 60,
    parts: { "src/desk/aside/part.ts": 6, "src/distribution/part.ts": 24, "src/distribution/policies/part.ts": 16 },
  },
  "shelter.html": { build: "phone", budgetKb: 40, parts: { "src/shelter/incoming/part.ts": 8 } },
  "receipt.html": { build: "receipt", budgetKb: 15 },
};
const dist = new URL("../dist/", import.meta.url);

const gzipped = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
const sum = (files) => [...files].reduce((total, file) => total + gzipped(file), 0);

/** Collects the chunks that `name` imports at once, itself included. */
function chunksOf(manifest, name, found = new Map()) {
  const chunk = manifest[name];
  if (!chunk || found.has(name)) return found;
  found.set(name, chunk);
  for (const next of chunk.imports ?? []) chunksOf(manifest, next, found);
  return found;
}

const filesOf = (chunks) => new Set(chunks.flatMap((chunk) => [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]));

/** What is fetched later: dictionaries by language, of which a screen takes one, and anything else, which it takes. */
function laterOf(manifest, chunks, parts) {
  const later = [...new Set(chunks.flatMap((chunk) => chunk.dynamicImports ?? []))];
  const languages = new Map();
  let other = 0;
  for (const name of later.filter((one) => !(one in parts))) {
    const weight = sum(filesOf([manifest[name]]));
    const language = /i18n\/\w+\/(\w\w)\.ts$/.exec(name)?.[1];
    if (language) languages.set(language, (languages.get(language) ?? 0) + weight);
    else other += weight;
  }
  return Math.max(0, ...languages.values()) + other;
}

function tell(name, bytes, budgetKb) {
  const kb = bytes / 1024;
  console.log(`${name.padEnd(30)} ${kb.toFixed(1).padStart(5)} KB of ${budgetKb} KB${kb > budgetKb ? "  TOO HEAVY" : ""}`);
  if (kb > budgetKb) process.exitCode = 1;
}

for (const [page, { build, budgetKb, parts = {} }] of Object.entries(PAGES)) {
  const manifest = JSON.parse(readFileSync(new URL(`.vite/${build}.json`, dist), "utf8"));
  if (!manifest[page]) throw new Error(`${page} is not in the manifest: was it built?`);
  const chunks = chunksOf(manifest, page);
  // Where all styles are one file, the page names it.
  const styles = manifest["style.css"] ? [manifest["style.css"]] : [];
  const files = filesOf([...chunks.values(), ...styles]);
  tell(page, gzipped(page) + sum(files) + laterOf(manifest, [...chunks.values()], parts), budgetKb);
  for (const [part, partKb] of Object.entries(parts)) {
    if (!manifest[part]?.isDynamicEntry) throw new Error(`${part} is not in the manifest: is it still fetched apart?`);
    const own = [...chunksOf(manifest, part)].filter(([name]) => !chunks.has(name)).map(([, chunk]) => chunk);
    const brought = [...filesOf(own)].filter((file) => !files.has(file));
    tell(`  ${part}`, sum(brought) + laterOf(manifest, own, {}), partKb);
  }
}
