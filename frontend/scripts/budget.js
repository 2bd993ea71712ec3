// Fails when a screen weighs more, gzipped, than its budget: a phone on a bad network pays for every kilobyte.
// The map is fetched only by who looks at one, and has a budget of its own.
// A screen is its page, all that it imports at once, its styles, and the dictionaries of its heaviest language.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = { "index.html": 40, "shelter.html": 40, "watch.html": 70 };
const MAP = "src/map/drawing.ts";
const MAP_BUDGET_KB = 480;
const dist = new URL("../dist/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(`.vite/${name}.json`, dist), "utf8"));
// The pages come from two builds, whose sources may have the same names.
const MANIFESTS = { "index.html": read("manifest"), "watch.html": read("manifest"), "shelter.html": read("phone") };

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

const filesOf = (chunks) => new Set(chunks.flatMap((chunk) => [chunk.file, ...(chunk.css ?? [])]));

/** What is fetched later: dictionaries by language, of which a screen takes one, and anything else, which it takes. */
function laterOf(manifest, chunks) {
  const later = [...new Set(chunks.flatMap((chunk) => chunk.dynamicImports ?? []))];
  const languages = new Map();
  let other = 0;
  for (const name of later) {
    if (name === MAP) continue;
    const weight = sum(filesOf([manifest[name]]));
    const language = /i18n\/\w+\/(\w\w)\.ts$/.exec(name)?.[1];
    if (language) languages.set(language, (languages.get(language) ?? 0) + weight);
    else other += weight;
  }
  return Math.max(0, ...languages.values()) + other;
}

let heavy = false;
for (const [page, budget] of Object.entries(BUDGET_KB)) {
  const manifest = MANIFESTS[page];
  if (!manifest[page]) throw new Error(`${page} is not in the manifest: was it built?`);
  const chunks = [...chunksOf(manifest, page).values()];
  const kb = (gzipped(page) + sum(filesOf(chunks)) + laterOf(manifest, chunks)) / 1024;
  heavy ||= kb > budget;
  console.log(`${page.padEnd(13)} ${kb.toFixed(1).padStart(5)} KB of ${budget} KB${kb > budget ? "  TOO HEAVY" : ""}`);
}
const map = [...chunksOf(MANIFESTS["watch.html"], MAP).values()].filter((chunk) => chunk.src === MAP);
if (map.length === 0) throw new Error(`${MAP} is not in the manifest: is the map still fetched apart?`);
const mapKb = (sum(filesOf(map)) + sum(map.flatMap((chunk) => chunk.assets ?? []))) / 1024;
heavy ||= mapKb > MAP_BUDGET_KB;
console.log(`${"map".padEnd(13)} ${mapKb.toFixed(1).padStart(5)} KB of ${MAP_BUDGET_KB} KB${mapKb > MAP_BUDGET_KB ? "  TOO HEAVY" : ""}`);
process.exitCode = heavy ? 1 : 0;
