import { describe, expect, it } from "vitest";
import { en } from "../i18n/shelter/en";
import { aUnit, minutesAgo, NOW } from "../live/examples";
import {
  begin,
  hasNumber,
  isCount,
  isSendable,
  isTouched,
  lineOf,
  moved,
  nextTime,
  outByReason,
  reportOf,
  withBack,
  withEnd,
  withFree,
  withIntake,
  withOut,
} from "./report";
import { sayLine } from "./saying";

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
    expect(isTouched(withOut(withOut(draft, "cleaning", 1), "cleaning", 0))).toBe(false);
    expect(isTouched(withIntake(draft, { paused: false, until: null }, NOW))).toBe(false);
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

describe("a fact without a count", () => {
  const draft = begin(aUnit({ seq: 42, free: 0, over_by: 2 }));
  const pause = withIntake(draft, { paused: true, until: null }, NOW);

  it("does not confirm the number that happens to be shown", () => {
    expect(isCount(pause)).toBe(false);
    expect(lineOf(pause)).toEqual({ unit: "unit-1", intake: { state: "paused" } });
  });

  it("of what is out of service is about what was seen: the whole list is replaced", () => {
    expect(lineOf(withOut(draft, "repair", 1))).toEqual({
      unit: "unit-1",
      base_seq: 42,
      out_of_service: [{ reason: "repair", places: 1, until: null }],
    });
  });

  it("goes out with the number where somebody said it, or said that it is still true", () => {
    expect(lineOf({ ...pause, counted: true })).toMatchObject({ free: 0, over_by: 2, base_seq: 42 });
    expect(lineOf(withFree(pause, 3))).toMatchObject({ free: 3, intake: { state: "paused" } });
  });

  it("can be sent where nobody has said a number yet", () => {
    const never = begin(aUnit({ status: "awaiting-report" }));
    expect(isSendable(withOut(never, "repair", 1))).toBe(true);
    expect(isSendable(withFree(withOut(never, "repair", 1), null))).toBe(false);
  });

  it("is said in words before it goes out", () => {
    const say = (line: Parameters<typeof sayLine>[0]) => sayLine(line, en, () => "23:30");
    expect(say(lineOf(pause))).toBe("intake paused");
    expect(say(lineOf({ ...pause, counted: true }))).toBe("0 free, 2 over capacity, intake paused");
    expect(say({ unit: "a", out_of_service: [], intake: { state: "paused", until: "…" } })).toBe(
      "nothing out of service, intake paused until 23:30",
    );
  });
});

describe("places that should be back", () => {
  const parts = [
    { reason: "repair" as const, places: 3, until: minutesAgo(5) },
    { reason: "staff" as const, places: 1, until: null },
  ];
  const draft = begin(aUnit({ free: 4, out_of_service: parts }));

  it("are free when they are back, which is shown before it is sent", () => {
    expect(lineOf(withBack(draft, parts[0]!))).toMatchObject({ free: 7, out_of_service: [parts[1]] });
    const over = begin(aUnit({ free: 0, over_by: 5, out_of_service: parts }));
    expect(lineOf(withBack(over, parts[0]!))).toMatchObject({ free: 0, over_by: 2 });
  });

  it("say no number where there is none", () => {
    const never = begin(aUnit({ status: "unconfirmed", out_of_service: parts }));
    expect(withBack({ ...never, free: null }, parts[0]!)).toMatchObject({ free: null, counted: false });
  });

  it("stay out without an end when they are not, and no count is made of that", () => {
    expect(lineOf(withEnd(draft, "repair", null))).toEqual({
      unit: "unit-1",
      base_seq: 1,
      out_of_service: [{ ...parts[0], until: null }, parts[1]],
    });
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
