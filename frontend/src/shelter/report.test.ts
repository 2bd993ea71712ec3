import { describe, expect, it } from "vitest";
import { aUnit, NOW } from "../live/examples";
import {
  begin,
  hasNumber,
  isSendable,
  isTouched,
  lineOf,
  moved,
  nextTime,
  outByReason,
  reportOf,
  withFree,
  withOut,
} from "./report";

describe("nothing changed", () => {
  it("sends the number shown, and the seq at which it was shown", () => {
    const line = lineOf(begin(aUnit({ seq: 42, free: 4, held: 3 })));
    expect(line).toEqual({ unit: "unit-1", free: 4, base_seq: 42 });
  });

  it("keeps saying that a full unit is over capacity", () => {
    expect(lineOf(begin(aUnit({ free: 0, over_by: 2 })))).toMatchObject({ free: 0, over_by: 2 });
  });

  it("is not offered where nobody has said a number yet", () => {
    expect((["open", "unconfirmed", "awaiting-report", "closed"] as const).map((status) => hasNumber(aUnit({ status })))).toEqual(
      [true, true, false, false],
    );
    expect(isSendable(begin(aUnit({ status: "awaiting-report" })))).toBe(false);
  });
});

describe("a draft", () => {
  const draft = begin(aUnit({ out_of_service: [{ reason: "repair", places: 2, until: "2026-11-25T10:00:00Z" }] }));

  it("is untouched until a number, a reason or the intake is", () => {
    expect(isTouched(draft)).toBe(false);
    expect(isTouched(withFree(draft, 5))).toBe(true);
    expect(isTouched(withFree(withFree(draft, 5), 4))).toBe(false);
    expect(isTouched(withOut(draft, "cleaning", 1))).toBe(true);
  });

  it("says only what was touched", () => {
    expect(lineOf(withFree(draft, 5))).not.toHaveProperty("out_of_service");
    expect(lineOf({ ...draft, intake: { paused: true, until: null } }).intake).toEqual({ state: "paused" });
    expect(lineOf({ ...draft, intake: { paused: false, until: null } }).intake).toEqual({ state: "open" });
  });

  it("keeps one part per reason, with the end that was known", () => {
    const more = withOut(withOut(draft, "repair", 3), "cleaning", 1);
    expect(more.out).toEqual([
      { reason: "repair", places: 3, until: "2026-11-25T10:00:00Z" },
      { reason: "cleaning", places: 1, until: null },
    ]);
    expect(withOut(more, "cleaning", 0).out).toHaveLength(1);
    expect(outByReason(more.out!, "repair")).toBe(3);
  });

  it("is over capacity only where none is free", () => {
    expect(withFree({ ...withFree(draft, 0), overBy: 2 }, 1).overBy).toBe(0);
  });

  it("cannot be sent empty or absurd", () => {
    expect([null, 0, 10_000, 10_001].map((free) => isSendable(withFree(draft, free)))).toEqual([false, true, true, false]);
  });
});

it("notices a count that moved, and not a hold or the passing of time", () => {
  const base = aUnit({ seq: 1 });
  expect(moved(base, aUnit({ seq: 2, held: 4, confirmed_at: "2026-11-24T22:00:00Z" }))).toBe(false);
  expect(moved(base, aUnit({ seq: 2, free: 3 }))).toBe(true);
  expect(moved(base, aUnit({ seq: 2, status: "closed" }))).toBe(true);
});

it("names the night of the states it speaks of", () => {
  const units = [aUnit({ id: "a", night: "2026-11-23" }), aUnit({ id: "b", night: "2026-11-24" })];
  expect(reportOf([], units, NOW)).toEqual({
    shelter: "shelter-1",
    observed_at: "2026-11-24T22:00:00.000Z",
    night: "2026-11-24",
    units: [],
  });
});

it("takes a time on the wall as the next one", () => {
  const at = new Date(2026, 10, 24, 23, 0).getTime();
  expect(nextTime("23:30", at)).toBe(new Date(2026, 10, 24, 23, 30).toISOString());
  expect(nextTime("6:15", at)).toBe(new Date(2026, 10, 25, 6, 15).toISOString());
  expect(nextTime("23:00", at)).toBe(new Date(2026, 10, 25, 23, 0).toISOString());
  expect(nextTime("", at)).toBeNull();
});
