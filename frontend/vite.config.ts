import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { lean } from "./scripts/lean.js";
import { worker } from "./scripts/worker.js";

// The server hands out dist/: index.html at /, watch.html at /watch, desk.html at /desk,
// shelter.html at /shelter, and /assets.
// One entry per screen, so that a phone downloads only its own. What is opened on a bad network is built by itself, in a
// mode of its own: it shares no file with the others and carries nothing that only they need. Its styles are one file;
// the shelter's service worker knows all of its files.
const server = process.env["HALTE_URL"] ?? "http://127.0.0.1:8018";

const ALONE: Record<string, string> = { phone: "shelter.html", receipt: "receipt.html" };

/** All but the dictionaries, which are fetched by language. */
const isCode = (id: string): boolean => !/\/i18n\/\w+\/\w\w\.ts$/.test(id);
/** What the desk shares only with its own later parts is not for the other pages. */
const isDesks = (id: string): boolean => /\/src\/(desk|distribution)\/|\/i18n\/(desk|reasons|sharing)\.ts$/.test(id);
const SHARED = { name: "shared", minShareCount: 2, test: (id: string): boolean => isCode(id) && !isDesks(id) };

export default defineConfig(({ mode }) => ({
  base: "/",
  appType: "mpa",
  plugins: [svelte(), lean(), worker()],
  build: {
    target: "es2022",
    emptyOutDir: !ALONE[mode],
    manifest: ALONE[mode] ? `.vite/${mode}.json` : true,
    cssCodeSplit: !ALONE[mode],
    minify: "terser",
    terserOptions: { module: true, ecma: 2020, compress: { passes: 3, inline: 1, unsafe_arrows: true, keep_fargs: false } },
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the content security policy lets styles and scripts come from our own files only
    rolldownOptions: {
      input: ALONE[mode] ?? ["index.html", "watch.html", "desk.html"],
      // What two pages share is one file: fewer, larger files compress better.
      output: ALONE[mode] ? {} : { codeSplitting: { groups: [SHARED] } },
    },
  },
  server: {
    proxy: {
      "/api": { target: server },
      "/live": { target: server, ws: true },
    },
  },
  // Only how long something that hangs is waited for: a busy machine may take seconds to compile what a test imports.
  test: { include: ["src/**/*.test.ts"], environment: "node", testTimeout: 30_000, benchmark: { include: ["src/**/*.bench.ts"] } },
}));
