import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Client } from "../api/client";
import type { MovementBody, ReportBody } from "../api/types";
import { aShelter, aUnit, NOW } from "./examples";
import { EMPTY } from "./fold";
import type { Outbox, Wait } from "./outbox.svelte";
import type { Work } from "./work";

type Api = typeof import("../api/client");
interface Page {
  outbox: Outbox;
  api: Api;
  keeping: typeof import("./keeping");
}

let sent: string[];
let online: boolean;
let answer: (free: number | undefined, api: Api) => unknown;
const open: Outbox[] = [];

/** A page as it is opened: modules of its own, over what the browser keeps. */
async function aPage(): Promise<Page> {
  vi.resetModules();
  const api = await import("../api/client");
  const { Outbox } = await import("./outbox.svelte");
  const report = async (id: string, body: ReportBody) => {
    sent.push(`${id} ${body.units[0]!.free}`);
    if (!online) throw new api.NotAnswered("no network");
    const said = answer(body.units[0]!.free, api);
    if (said instanceof Error) throw said;
    return { report: id, repeated: false, units: body.units.map(({ unit }) => ({ unit, outcome: said, state: aUnit({ seq: 9, free: 3 }) })) };
  };
  const move = async (id: string, body: MovementBody) => {
    sent.push(`${id} ${body.direction}`);
    if (!online) throw new api.NotAnswered("no network");
    return { movement: id, outcome: "counted", state: aUnit({ seq: 10 }) };
  };
  const ask = async (_method: string, path: string, body: { id: string }) => {
    sent.push(`${body.id} ${path}`);
    if (!online) throw new api.NotAnswered("no network");
    const said = answer(undefined, api);
    if (said instanceof Error) throw said;
    return { placement: { code: "K47-M3", party: [{ age: "26-59", gender: "woman" }] } };
  };
  const outbox = new Outbox({ report, move, ask } as unknown as Client, () => undefined, () => undefined);
  open.push(outbox);
  return { outbox, api, keeping: await import("./keeping") };
}

/** However busy the machine is: what is still to come is waited for, and not for how long it usually takes. */
const until = (so: () => void) => vi.waitFor(so, { timeout: 20_000, interval: 5 });
const untilSettled = (outbox: Outbox) => until(() => expect(outbox.entries).toEqual([]));
const untilWaits = (outbox: Outbox, id: string, wait: Wait) => until(() => expect(outbox.waits[id]).toBe(wait));
const aReport = (free: number): Work => ({
  kind: "report",
  body: { shelter: "shelter-1", observed_at: "2026-11-24T21:40:00Z", night: "2026-11-24", units: [{ unit: "unit-1", free, base_seq: 1 }] },
});

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("navigator", { onLine: true });
  [sent, online, answer] = [[], true, () => "applied"];
});

afterEach(() => {
  for (const outbox of open.splice(0)) outbox.end();
  vi.unstubAllGlobals();
});

async function everythingKept(): Promise<string> {
  const db = await new Promise<IDBDatabase>((resolve) => {
    const asked = indexedDB.open("halte");
    asked.onsuccess = () => resolve(asked.result);
  });
  const kept = await Promise.all(
    [...db.objectStoreNames].map(
      (name) =>
        new Promise((resolve) => {
          const asked = db.transaction(name).objectStore(name).getAll();
          asked.onsuccess = () => resolve(asked.result);
        }),
    ),
  );
  db.close();
  return JSON.stringify(kept);
}

describe("what was said without a network", () => {
  it("is written down before it is sent, and goes out once from the next page, under its id", async () => {
    online = false;
    const first = await aPage();
    await first.outbox.begin();
    const id = first.outbox.add(aReport(3), { "unit-1": 3 });
    await untilWaits(first.outbox, id, "unknown");
    expect(await everythingKept()).toContain(id);
    first.outbox.end();
    online = true;
    const { outbox } = await aPage();
    await outbox.begin();
    await untilSettled(outbox);
    expect(new Set(sent)).toEqual(new Set([`${id} 3`]));
    expect(outbox.news).toMatchObject([{ id, outcome: { "unit-1": "applied" } }]);
  });

  it.each([
    ["superseded", () => "superseded", { "unit-1": "superseded" }],
    ["pinned", () => "pinned", { "unit-1": "pinned" }],
    ["refused", (_free: unknown, api: Api) => new api.ApiProblem(422, { slug: "absurd-count", title: "No" }), "refused"],
    ["changed meanwhile", (_free: unknown, api: Api) => new api.ApiProblem(409, { slug: "changed-meanwhile", units: [aUnit()] }), "moved"],
  ] as const)("is told of as %s until somebody has read it, also on the next page", async (_name, says, outcome) => {
    online = false;
    const first = await aPage();
    await first.outbox.begin();
    await untilWaits(first.outbox, first.outbox.add(aReport(3), {}), "unknown");
    first.outbox.end();
    online = true;
    answer = says;
    const second = await aPage();
    await second.outbox.begin();
    await untilSettled(second.outbox);
    second.outbox.end();
    const third = await aPage();
    await third.outbox.begin();
    expect(third.outbox.news).toMatchObject([{ outcome }]);
    await third.outbox.putAway();
    expect(third.outbox.news).toEqual([]);
    expect(await everythingKept()).not.toContain("unit-1");
  });

  it("need not be sent where it surely never left and a later word says all of it", async () => {
    vi.stubGlobal("navigator", { onLine: false });
    const { outbox } = await aPage();
    await outbox.begin();
    outbox.add(aReport(3), {});
    const later = outbox.add(aReport(2), {});
    await untilWaits(outbox, later, "offline");
    expect(sent).toEqual([]);
    vi.stubGlobal("navigator", { onLine: true });
    outbox.retry();
    await untilSettled(outbox);
    expect(sent).toEqual([`${later} 2`]);
  });

  it("is never dropped where it is a movement, and the number before it goes out before it", async () => {
    vi.stubGlobal("navigator", { onLine: false });
    const { outbox } = await aPage();
    await outbox.begin();
    const ids = [
      outbox.add(aReport(3), {}),
      outbox.add({ kind: "movement", body: { unit: "unit-1", direction: "in", places: 1, occurred_at: "2026-11-24T21:41:00Z" } }, {}),
      outbox.add(aReport(1), {}),
    ];
    await untilWaits(outbox, ids[2]!, "offline");
    vi.stubGlobal("navigator", { onLine: true });
    outbox.retry();
    await untilSettled(outbox);
    expect(sent).toEqual([`${ids[0]} 3`, `${ids[1]} in`, `${ids[2]} 1`]);
  });

  it("can be taken back while it surely never left, and not once it may have", async () => {
    vi.stubGlobal("navigator", { onLine: false });
    const { outbox } = await aPage();
    await outbox.begin();
    const never = outbox.add(aReport(3), {});
    await untilWaits(outbox, never, "offline");
    expect(await outbox.cancel(never)).toBe(true);
    vi.stubGlobal("navigator", { onLine: true });
    online = false;
    const perhaps = outbox.add(aReport(4), {});
    await untilWaits(outbox, perhaps, "unknown");
    expect(await outbox.cancel(perhaps)).toBe(false);
    expect(outbox.entries.map(({ id }) => id)).toEqual([perhaps]);
  });
});

it("says that nothing lasts where the browser keeps nothing, and sends all the same", async () => {
  vi.stubGlobal("indexedDB", undefined);
  const { outbox } = await aPage();
  await outbox.begin();
  expect(outbox.lasting).toBe(false);
  outbox.add(aReport(3), {});
  await untilSettled(outbox);
  expect(sent).toHaveLength(1);
});

it("shows both pages of a browser what one of them sent", async () => {
  const [one, other] = [await aPage(), await aPage()];
  await Promise.all([one.outbox.begin(), other.outbox.begin()]);
  online = false;
  const id = one.outbox.add(aReport(3), {});
  await until(() => expect(other.outbox.entries).toMatchObject([{ id }]));
  await untilWaits(one.outbox, id, "unknown");
  online = true;
  one.outbox.retry();
  await untilSettled(one.outbox);
  await untilSettled(other.outbox);
  expect(new Set(sent)).toEqual(new Set([`${id} 3`]));
});

describe("the last known state", () => {
  const board = {
    ...EMPTY,
    epoch: "e",
    to: 1,
    units: new Map([["unit-1", aUnit()]]),
    shelters: new Map([
      ["shelter-1", aShelter({ address: "Rue 1", phone: "02", location: [4.3517, 50.8503] })],
      ["secret", aShelter({ id: "secret", name: "Quiet House", secret: true, commune: "21004" })],
    ]),
  };

  it("holds units and numbers, no address, and of a secret shelter not even the name (I9)", async () => {
    const { keeping } = await aPage();
    await keeping.keep(board, NOW);
    const kept = await everythingKept();
    expect(kept).toContain("Halte du Canal");
    for (const never of ["Rue 1", "Quiet House", "De Brug", '"21004"', '"02"', "50.8503"]) expect(kept).not.toContain(never);
  });

  it("is not shown for longer than a session lives, and is gone then", async () => {
    const { keeping } = await aPage();
    await keeping.keep(board, NOW);
    expect(await keeping.keptBoard()).toMatchObject({ now: NOW, units: [{ id: "unit-1" }] });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + keeping.KEPT_MS + 1);
    expect(await keeping.keptBoard()).toBeNull();
    vi.restoreAllMocks();
    expect(await everythingKept()).not.toContain("unit-1");
  });

  it("goes with whoever signs out; what is unsent stays", async () => {
    online = false;
    const { outbox, keeping } = await aPage();
    await outbox.begin();
    const id = outbox.add(aReport(3), {});
    await keeping.keep(board, NOW);
    await untilWaits(outbox, id, "unknown");
    await keeping.forget("board", "told");
    expect(await keeping.keptBoard()).toBeNull();
    expect(await keeping.unsent()).toBe(1);
  });
});

it("is on its way after a single write, and nobody can say any more that it never left", async () => {
  const { outbox } = await aPage();
  await outbox.begin();
  const writes = vi.spyOn(IDBDatabase.prototype, "transaction");
  const modes = () => writes.mock.calls.map(([, mode]) => mode ?? "readonly").filter((mode) => mode === "readwrite");
  let written = 0;
  let kept = false;
  answer = () => {
    written = modes().length;
    kept = outbox.entries[0]!.left;
    return "applied";
  };
  outbox.add(aReport(3), { "unit-1": 3 });
  await untilSettled(outbox);
  writes.mockRestore();
  expect([sent.length, written, kept]).toEqual([1, 1, true]);
});

describe("an answer to somebody announced", () => {
  const accept: Work = { kind: "act", unit: "unit-1", placement: "placement-1", act: "accept", places: 1 };

  it("waits for a network as ids and codes, goes out once, and leaves nothing about people", async () => {
    online = false;
    const first = await aPage();
    await first.outbox.begin();
    const id = first.outbox.add(accept, { "unit-1": 3 });
    await untilWaits(first.outbox, id, "unknown");
    expect(await everythingKept()).toContain("placement-1");
    first.outbox.end();
    online = true;
    const { outbox } = await aPage();
    await outbox.begin();
    await untilSettled(outbox);
    expect(new Set(sent)).toEqual(new Set([`${id} /placements/placement-1/accept`]));
    expect(outbox.news).toMatchObject([{ id, outcome: "recorded", units: [] }]);
    expect(await everythingKept()).not.toMatch(/K47|woman/);
  });

  it("is told of as refused, in the server's words, where it had ended meanwhile", async () => {
    answer = (_free, api) => new api.ApiProblem(409, { slug: "hold-ended", title: "It has ended", detail: "It lapsed." });
    const { outbox } = await aPage();
    await outbox.begin();
    outbox.add(accept, {});
    await until(() => expect(outbox.answers).toMatchObject([{ outcome: "refused", why: "It has ended. It lapsed." }]));
    expect(outbox.entries).toEqual([]);
  });

  it("waits for a colleague where the account is another shelter's, to whom it is not known", async () => {
    answer = (_free, api) => new api.ApiProblem(404, { slug: "unknown-placement", title: "Not known here" });
    const { outbox } = await aPage();
    await outbox.begin();
    await untilWaits(outbox, outbox.add(accept, {}), "elsewhere");
    answer = () => "applied";
    outbox.retry(); // somebody else has signed in
    await untilSettled(outbox);
  });
});
