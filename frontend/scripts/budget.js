// Fails when a screen weighs more, gzipped, than its budget: a phone on a bad network pays for every kilobyte.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = { "index.html": 40, "shelter.html": 40, "watch.html": 70 };
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const gzipped = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;

/** Every file that a screen loads at once: itself, what it imports statically, and their styles. */
function filesOf(name, seen = new Set()) {
  const chunk = manifest[name];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const style of chunk.css ?? []) seen.add(style);
  for (const next of chunk.imports ?? []) filesOf(next, seen);
  return seen;
}

let heavy = false;
for (const [page, budget] of Object.entries(BUDGET_KB)) {
  if (!manifest[page]) throw new Error(`${page} is not in the manifest: was it built?`);
  const kb = [page, ...filesOf(page)].reduce((sum, file) => sum + gzipped(file), 0) / 1024;
  heavy ||= kb > budget;
  console.log(`${page.padEnd(13)} ${kb.toFixed(1).padStart(5)} KB of ${budget} KB${kb > budget ? "  TOO HEAVY" : ""}`);
}
process.exitCode = heavy ? 1 : 0;
