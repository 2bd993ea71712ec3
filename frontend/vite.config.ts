import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The server hands out dist/: index.html at /, watch.html at /watch, shelter.html at /shelter, and /assets.
// One entry per screen, so that a phone downloads only its own.
const server = process.env["HALTE_URL"] ?? "http://127.0.0.1:8018";

export default defineConfig({
  base: "/",
  appType: "mpa",
  plugins: [svelte()],
  build: {
    target: "es2022",
    manifest: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the content security policy lets styles and scripts come from our own files only
    rolldownOptions: { input: ["index.html", "watch.html", "shelter.html"] },
  },
  server: {
    proxy: {
      "/api": { target: server },
      "/live": { target: server, ws: true },
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
