/*
 * The service worker of the shelter's page: it opens without a network, whole and of one version.
 *
 * `VERSION`, `PAGE` and `FILES` are put in when the page is built (scripts/worker.js), so that this file changes with
 * it and with nothing else. All files of a version are fetched before any of them is shown. What has to be current
 * (/api, /live) never passes through here.
 */
const CACHE = "halte " + VERSION;

self.addEventListener("install", (event) => event.waitUntil(fetchAll().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(forgetOld().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (pathname === PAGE) event.respondWith(kept(CACHE, PAGE, request));
  // A page that is still open finds the files of its own version: their names carry a hash, so they cannot be mixed.
  else if (pathname.startsWith("/assets/")) event.respondWith(kept(undefined, pathname, request));
});

async function fetchAll() {
  const cache = await caches.open(CACHE);
  const page = await fetch(PAGE, { cache: "no-store" });
  // While servers are being renewed one may still hand out the page before this one.
  if (!page.ok || (await digest(await page.clone().arrayBuffer())) !== VERSION) throw new Error("another version");
  await cache.addAll(FILES);
  await cache.put(PAGE, page);
}

async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The version before stays, for a page of it that is still open. */
async function forgetOld() {
  const ours = (await caches.keys()).filter((name) => name.startsWith("halte "));
  const others = ours.filter((name) => name !== CACHE);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
}

async function kept(cacheName, path, request) {
  return (await caches.match(path, { cacheName, ignoreVary: true })) ?? fetch(request);
}
