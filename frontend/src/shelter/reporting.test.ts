import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Client } from "../api/client";
import type { ExactUnit, MovementBody, ReportAnswer, ReportBody } from "../api/types";
import { aUnit } from "../live/examples";
import { begin, lineOf } from "./report";
import type { Reporting } from "./reporting.svelte";

type Answer = (id: string, body: ReportBody) => ReportAnswer | Error;

const applied: Answer = (id, body) => ({
  report: id,
  repeated: false,
  units: body.units.map((line) => ({ unit: line.unit, outcome: "applied", state: aUnit({ id: line.unit, seq: 9, free: line.free ?? 4 }) })),
});
let api: typeof import("../api/client");
const silent: Answer = () => new api.NotAnswered("the network");
const refusing =
  (status: number, slug: string, facts = {}): Answer =>
  () =>
    new api.ApiProblem(status, { slug, title: "No", detail: "Because.", ...facts });

let script: Answer[];
let sent: { id: string; body: ReportBody }[];
let taken: ExactUnit[];
let signedOut: number;
let reporting: Reporting;

let moved: { id: string; body: MovementBody }[];
let voided: string[];

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-24T22:00:00Z") });
  vi.spyOn(Math, "random").mockReturnValue(1);
  [script, sent, taken, signedOut, moved, voided] = [[], [], [], 0, [], []];
  vi.resetModules(); // each test is a page of its own, in a browser that keeps nothing
  api = await import("../api/client");
  const { Outbox } = await import("../live/outbox.svelte");
  const { Reporting } = await import("./reporting.svelte");
  const client = {
    report: async (id: string, body: ReportBody) => {
      sent.push({ id, body });
      const answer = (script.shift() ?? applied)(id, body);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    move: async (id: string, body: MovementBody) => {
      moved.push({ id, body });
      return { movement: id, outcome: "counted", state: aUnit({ seq: 9, free: 3 }) };
    },
    voidMovement: async (id: string) => {
      voided.push(id);
      return { movement: id, outcome: "voided", state: aUnit({ seq: 10, free: 4 }) };
    },
  } as unknown as Client;
  const outbox = new Outbox(
    client,
    (units) => taken.push(...units),
    () => (signedOut += 1),
  );
  reporting = new Reporting(outbox);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

function say(free: number, ...ids: string[]): void {
  const units = (ids.length ? ids : ["unit-1"]).map((id) => aUnit({ id, seq: 5 }));
  reporting.send(
    units.map((unit) => lineOf({ ...begin(unit), free })),
    units,
  );
}

const attempt = (unit = "unit-1") => reporting.attempt(unit);
const state = (unit = "unit-1") => attempt(unit)?.state;
const said = (free: number) => ({ work: { body: { units: [{ free }] } } });

describe("a report", () => {
  it("is on its way, then what the server made of it", async () => {
    say(3);
    expect(state()).toBe("sending");
    await settle();
    expect(attempt()).toMatchObject({ state: "settled", outcome: "applied", unit: { free: 3 } });
    expect(taken).toHaveLength(1);
    expect(sent[0]!.body).toMatchObject({ night: "2026-11-24", units: [{ unit: "unit-1", free: 3, base_seq: 5 }] });
  });

  it("without an answer is unknown, and goes out again under the same id, saying anew when it was sent", async () => {
    script = [silent, silent];
    say(3);
    await settle();
    expect(attempt()).toMatchObject({ state: "unknown", ...said(3) });
    expect(reporting.outbox.entries).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(state()).toBe("unknown");
    await vi.advanceTimersByTimeAsync(4_000);
    expect(state()).toBe("settled");
    expect(new Set(sent.map((one) => one.id)).size).toBe(1);
    expect(new Set(sent.map((one) => one.body.observed_at)).size).toBe(1);
    expect(new Set(sent.map((one) => one.body.sent_at)).size).toBe(3);
  });

  it("goes out again at once when asked", async () => {
    script = [silent];
    say(3);
    await settle();
    reporting.outbox.retry();
    await settle();
    expect(state()).toBe("settled");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(2);
  });

  it("is not called unrecorded by a busy server, once a try went without an answer", async () => {
    script = [silent, refusing(503, "busy")];
    say(3);
    await settle();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(state()).toBe("unknown");
  });

  it("is called not yet recorded where the server said so from the beginning", async () => {
    script = [refusing(503, "busy"), refusing(503, "outcome-unknown")];
    say(3);
    await settle();
    expect(state()).toBe("busy");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(state()).toBe("unknown");
  });

  it("is refused with the server's reason, and not sent again", async () => {
    script = [refusing(404, "unknown-unit")];
    say(3);
    await settle();
    expect(attempt()).toMatchObject({ state: "refused", why: "No. Because." });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
  });

  it("of a unit that changed meanwhile brings the new number, and asks again", async () => {
    script = [refusing(409, "changed-meanwhile", { units: [aUnit({ seq: 8, free: 7 })] })];
    say(3);
    await settle();
    expect(attempt()).toMatchObject({ state: "moved", ...said(3), now: { free: 7 } });
    expect(taken[0]).toMatchObject({ free: 7 });
    say(6);
    await settle();
    expect(sent[1]!.id).not.toBe(sent[0]!.id);
  });

  it("of facts alone carries no number, and keeps what was said for the words about it", async () => {
    const unit = aUnit({ seq: 5 });
    reporting.send([lineOf({ ...begin(unit), intake: { paused: true, until: null } })], [unit]);
    await settle();
    expect(sent[0]!.body.units).toEqual([{ unit: "unit-1", intake: { state: "paused" } }]);
    expect(attempt()).toMatchObject({ state: "settled", outcome: "applied" });
  });

  it("of several units is all or none: the ones that did not move are refused with it", async () => {
    script = [refusing(409, "changed-meanwhile", { units: [aUnit({ id: "a", seq: 8, free: 7 })] })];
    say(3, "a", "b");
    await settle();
    expect([state("a"), state("b")]).toEqual(["moved", "refused"]);
  });

  it("waits for somebody to sign in, and is then sent under its id", async () => {
    script = [refusing(401, "session-ended")];
    say(3);
    await settle();
    expect([state(), signedOut]).toEqual(["signed-out", 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
    reporting.outbox.retry();
    await settle();
    expect([state(), sent[1]!.id]).toEqual(["settled", sent[0]!.id]);
  });

  it("goes out before a newer one of the same unit, of which it may have arrived", async () => {
    script = [silent, applied, applied];
    say(3);
    await settle();
    say(4);
    await settle();
    expect(attempt()).toMatchObject({ state: "settled", unit: { free: 4 } });
    expect(sent.map(({ body }) => body.units[0]!.free)).toEqual([3, 3, 4]);
    expect(sent[2]!.body.units[0]!.base_seq).toBe(9); // whoever said 4 knew of their own 3
  });

  it("of several units is sent whole, and what was said anew of one of them after it", async () => {
    script = [silent, applied, applied];
    say(3, "a", "b");
    await settle();
    say(9, "a");
    await settle();
    expect(attempt("a")).toMatchObject({ unit: { free: 9 } });
    expect(attempt("b")).toMatchObject({ unit: { free: 3 } });
  });

  it("for a shelter of others waits for a colleague, and does not hold up what is one's own", async () => {
    script = [refusing(403, "not-your-shelter")];
    say(3, "theirs");
    say(4, "mine");
    await settle();
    expect([state("theirs"), state("mine")]).toEqual(["elsewhere", "settled"]);
    expect(reporting.outbox.left).toHaveLength(1);
    reporting.outbox.retry();
    await settle();
    expect(state("theirs")).toBe("settled");
  });

  it("is put away where it was said, and told of nowhere else", async () => {
    say(3);
    await settle();
    expect([reporting.outbox.news, reporting.outbox.told]).toEqual([[], []]);
    reporting.dismiss("unit-1");
    expect(attempt()).toBeUndefined();
  });
});

describe("an answer that came late", () => {
  it("is told where it was said, until the person goes on: then they have read it", async () => {
    script = [silent, silent, silent, silent, silent];
    say(3);
    await vi.advanceTimersByTimeAsync(90_000);
    expect(attempt()).toMatchObject({ state: "settled" });
    expect(reporting.outbox.news.map(({ id }) => id)).toEqual([attempt()!.id]);
    reporting.dismiss("unit-1");
    await settle();
    expect([attempt(), reporting.outbox.news]).toEqual([undefined, []]);
  });
});

describe("a movement", () => {
  it("is shown at once, recorded with its time, and kept so that it can be voided", async () => {
    const unit = aUnit({ free: 4 });
    const id = reporting.move(unit, "in", 1, null);
    expect(reporting.shown(unit)).toMatchObject({ free: 3, seq: unit.seq });
    await settle();
    expect(moved).toEqual([
      { id, body: { unit: "unit-1", direction: "in", places: 1, occurred_at: expect.any(String), sent_at: expect.any(String) } },
    ]);
    const [told] = reporting.outbox.told;
    expect(told).toMatchObject({ id, seen: true, voided: false });
    if (told?.work.kind !== "movement") throw new Error("not a movement");
    await reporting.voidMovement(id, told.work, unit);
    await settle();
    expect(voided).toEqual([id]);
    expect(reporting.outbox.told.find((one) => one.id === id)).toMatchObject({ voided: true });
  });

  it("that is in the count already changes nothing", () => {
    const unit = aUnit({ free: 4, count_report: "r" });
    reporting.move(unit, "in", 1, "r");
    expect(reporting.shown(unit).free).toBe(4);
  });

  it("is reckoned in by whoever counts after it", async () => {
    script = [silent];
    say(4);
    await settle(); // it may have arrived, and what follows waits for its answer
    const unit = aUnit({ seq: 5, free: 4 });
    reporting.move(unit, "in", 1, null);
    reporting.send([{ unit: "unit-1", free: 2, base_seq: 5 }], [unit]);
    await vi.advanceTimersByTimeAsync(2_000);
    await settle();
    expect([sent.length, moved.length]).toEqual([3, 1]);
    expect(sent[2]!.body.units[0]).toMatchObject({ free: 2, base_seq: 9 });
  });
});
