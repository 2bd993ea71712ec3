// Writes dist/sw.js beside the shelter's page: the service worker with the names of all the files that the page needs.
// Its version is the digest of the page itself, which names its files, whose names are hashes of what they hold.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SOURCE = new URL("../worker/sw.js", import.meta.url);
const PAGE = "shelter.html";

export function worker() {
  let folder = "";
  return {
    name: "halte-worker",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    writeBundle(_options, bundle) {
      const page = bundle[PAGE];
      if (page === undefined) return;
      const version = createHash("sha256").update(readFileSync(join(folder, PAGE))).digest("hex");
      const files = Object.keys(bundle).filter((name) => name.startsWith("assets/")).sort();
      const constants = { VERSION: version, PAGE: "/shelter", FILES: files.map((name) => `/${name}`) };
      const lines = Object.entries(constants).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`);
      writeFileSync(join(folder, "sw.js"), lines.join("") + readFileSync(SOURCE, "utf8"));
    },
  };
}
