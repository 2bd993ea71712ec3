import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiProblem, NotAnswered, type Client } from "../api/client";
import type { ExactUnit, ReportAnswer, ReportBody } from "../api/types";
import { aUnit } from "../live/examples";
import { begin, lineOf } from "./report";
import { Reporting } from "./reporting.svelte";

type Answer = (id: string, body: ReportBody) => ReportAnswer | Error;

const applied: Answer = (id, body) => ({
  report: id,
  repeated: false,
  units: body.units.map((line) => ({ unit: line.unit, outcome: "applied", state: aUnit({ id: line.unit, seq: 9, free: line.free ?? 4 }) })),
});
const silent: Answer = () => new NotAnswered("the network");
const refusing =
  (status: number, slug: string, facts = {}): Answer =>
  () =>
    new ApiProblem(status, { slug, title: "No", detail: "Because.", ...facts });

let script: Answer[];
let sent: { id: string; body: ReportBody }[];
let taken: ExactUnit[];
let signedOut: number;
let reporting: Reporting;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-24T22:00:00Z") });
  vi.spyOn(Math, "random").mockReturnValue(1);
  [script, sent, taken, signedOut] = [[], [], [], 0];
  const client = {
    report: async (id: string, body: ReportBody) => {
      sent.push({ id, body });
      const answer = (script.shift() ?? applied)(id, body);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as Client;
  reporting = new Reporting(
    client,
    (units) => taken.push(...units),
    () => (signedOut += 1),
  );
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

const state = (unit = "unit-1") => reporting.attempts[unit]?.state;

describe("a report", () => {
  it("is on its way, then what the server made of it", async () => {
    say(3);
    expect(state()).toBe("sending");
    await settle();
    expect(reporting.attempts["unit-1"]).toMatchObject({ state: "settled", outcome: "applied", unit: { free: 3 } });
    expect(taken).toHaveLength(1);
    expect(sent[0]!.body).toMatchObject({ night: "2026-11-24", units: [{ unit: "unit-1", free: 3, base_seq: 5 }] });
  });

  it("without an answer is unknown, and goes out again under the same id, saying anew when it was sent", async () => {
    script = [silent, silent];
    say(3);
    await settle();
    expect(reporting.attempts["unit-1"]).toMatchObject({ state: "unknown", said: { free: 3 } });
    expect(reporting.unsettled).toBe(true);
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
    reporting.retry();
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
    script = [refusing(403, "not-your-shelter")];
    say(3);
    await settle();
    expect(reporting.attempts["unit-1"]).toEqual({ state: "refused", title: "No", detail: "Because." });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
  });

  it("of a unit that changed meanwhile brings the new number, and asks again", async () => {
    script = [refusing(409, "changed-meanwhile", { units: [aUnit({ seq: 8, free: 7 })] })];
    say(3);
    await settle();
    expect(reporting.attempts["unit-1"]).toMatchObject({ state: "moved", said: { free: 3 }, now: { free: 7 } });
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
    expect(reporting.attempts["unit-1"]).toMatchObject({ state: "settled", said: { intake: { state: "paused" } } });
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
    reporting.retry();
    await settle();
    expect([state(), sent[1]!.id]).toEqual(["settled", sent[0]!.id]);
  });

  it("gives way to a newer one of the same unit, whose result is not overwritten by the older", async () => {
    script = [silent, applied, silent];
    say(3);
    await settle();
    say(4);
    await settle();
    expect(reporting.attempts["unit-1"]).toMatchObject({ state: "settled", unit: { free: 4 } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(2);
    expect(reporting.attempts["unit-1"]).toMatchObject({ unit: { free: 4 } });
  });

  it("of several units goes on for those that were not reported anew", async () => {
    script = [silent, applied, applied];
    say(3, "a", "b");
    await settle();
    say(9, "a");
    await settle();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(reporting.attempts["a"]).toMatchObject({ unit: { free: 9 } });
    expect(reporting.attempts["b"]).toMatchObject({ unit: { free: 3 } });
    expect(sent).toHaveLength(3);
  });
});
