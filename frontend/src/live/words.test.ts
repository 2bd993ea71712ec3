import { describe, expect, it } from "vitest";
import { atLeast, available, intakeOpen, outOfService, overdue } from "./available";
import { readClock, setClock, startClock } from "./clock";
import { conditionOf, isCurrent } from "./connection";
import { aMaskedUnit, aUnit, minutesAgo, NOW } from "./examples";
import { readFrame } from "./frames";
import { ageOf, spanOf } from "./freshness";

describe("available", () => {
  it("is what is free and not held, never less than none", () => {
    expect(available(aUnit({ free: 4, held: 1 }))).toEqual({ kind: "count", count: 3 });
    expect(available(aUnit({ free: 1, held: 3 }))).toEqual({ kind: "count", count: 0 });
  });

  it.each(["unconfirmed", "awaiting-report", "closed"] as const)("is nothing while a unit is %s", (status) => {
    expect(available(aUnit({ status }))).toEqual({ kind: "none" });
    expect(atLeast(aMaskedUnit({ status, band: "3+" }))).toBe(0);
  });

  it("is what is expected where the rules let that be held", () => {
    expect(available(aUnit({ status: "unconfirmed", holdable: true, free: 9, held: 2 }))).toEqual({ kind: "count", count: 7 });
    expect(available(aMaskedUnit({ status: "unconfirmed", holdable: true, band: "1-2" }))).toEqual({ kind: "band", band: "1-2" });
  });

  it("is a band for a secret shelter, and counts as the least it can mean", () => {
    expect(available(aMaskedUnit({ band: "3+" }))).toEqual({ kind: "band", band: "3+" });
    expect((["0", "1-2", "3+"] as const).map((band) => atLeast(aMaskedUnit({ band })))).toEqual([0, 1, 3]);
  });

  it("is apart from the intake, whose pause ends by itself", () => {
    const paused = aUnit({ intake: "paused", intake_until: minutesAgo(-30) });
    expect(intakeOpen(paused, NOW)).toBe(false);
    expect(intakeOpen(paused, NOW + 30 * 60_000)).toBe(true);
    expect(intakeOpen(aUnit({ intake: "paused" }), NOW)).toBe(false);
  });

  it("adds up what is out of service, for whatever reason", () => {
    const parts = [
      { reason: "repair" as const, places: 2, until: null },
      { reason: "cleaning" as const, places: 1, until: null },
    ];
    expect(outOfService(aUnit({ out_of_service: parts }))).toBe(3);
    expect(outOfService(aMaskedUnit())).toBe(0);
  });
});

it("asks for what should be back, by the server's time, and not of a closed unit", () => {
  const parts = [
    { reason: "repair" as const, places: 2, until: minutesAgo(-30) },
    { reason: "cleaning" as const, places: 1, until: null },
  ];
  const unit = aUnit({ out_of_service: parts });
  expect(overdue(unit, NOW)).toEqual([]);
  expect(overdue(unit, NOW + 30 * 60_000)).toEqual([parts[0]]);
  expect(overdue(aUnit({ out_of_service: parts, status: "closed" }), NOW + 30 * 60_000)).toEqual([]);
  expect(overdue(aMaskedUnit(), NOW)).toEqual([]);
});

describe("freshness", () => {
  const unit = aUnit();
  const levelAfter = (minutes: number) => ageOf(unit, Date.parse(unit.confirmed_at!) + minutes * 60_000).level;

  it("only needs time to pass", () => {
    expect([119, 120, 359, 360, 1439, 1440].map(levelAfter)).toEqual([
      "fresh",
      "ageing",
      "ageing",
      "stale",
      "stale",
      "silent",
    ]);
  });

  it("says a night that nobody confirmed, and a unit that nobody ever did", () => {
    expect(ageOf(aUnit({ status: "unconfirmed" }), NOW).level).toBe("unconfirmed");
    expect(ageOf(aUnit({ confirmed_at: null, aging_at: null, stale_at: null, silent_at: null }), NOW)).toEqual({
      level: "never",
      seconds: null,
    });
  });

  it("is never in the future, whatever the clocks say", () => {
    expect(ageOf(aUnit({ confirmed_at: minutesAgo(-5) }), NOW).seconds).toBe(0);
  });

  it("is told in the unit that says enough", () => {
    expect([59, 60, 3_599, 3_660, 8 * 3_600 + 300, 86_400, 200_000].map(spanOf)).toEqual([
      { unit: "now" },
      { unit: "minutes", minutes: 1 },
      { unit: "minutes", minutes: 59 },
      { unit: "hours", hours: 1, minutes: 1 },
      { unit: "hours", hours: 8, minutes: 0 },
      { unit: "days", days: 1 },
      { unit: "days", days: 2 },
    ]);
  });
});

describe("the server's clock", () => {
  const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

  it("goes on between beats", () => {
    expect(readClock(startClock(at(0), 1_000), 6_000)).toBe(NOW + 5_000);
  });

  it("takes a jump as a jump, not as a speed", () => {
    const jumped = setClock(startClock(at(0), 0), at(7_200), 15_000);
    expect(readClock(jumped, 30_000)).toBe(NOW + 7_215_000);
  });

  it("believes a demonstration's speed once two stretches agree on it", () => {
    let clock = startClock(at(0), 0);
    clock = setClock(clock, at(900), 15_000);
    expect(clock.speed).toBe(1);
    clock = setClock(clock, at(1_800), 30_000);
    expect(readClock(clock, 31_000)).toBe(NOW + 1_860_000);
    clock = setClock(clock, at(1_815), 45_000);
    expect(clock.speed).toBe(1);
  });

  it("does not measure a speed over moments, nor believe a date that is none", () => {
    expect(setClock(startClock(at(0), 0), at(3), 500).speed).toBe(1);
    const clock = startClock(at(0), 0);
    expect(setClock(clock, "soon", 15_000)).toBe(clock);
  });
});

describe("the condition of the connection", () => {
  const live = { state: "live" } as const;
  const waiting = { state: "waiting", opened: true } as const;

  it("is live only while beats come", () => {
    expect(conditionOf(live, "redis", true, 15_000)).toBe("live");
    expect(conditionOf(live, "redis", true, 25_000)).toBe("quiet");
    expect(conditionOf(live, "journal", true, 1_000)).toBe("journal");
    expect(conditionOf(live, "lost", true, 1_000)).toBe("lost");
  });

  it("says whether there was anything before", () => {
    expect(conditionOf({ state: "connecting" }, "redis", false, 0)).toBe("connecting");
    expect(conditionOf({ state: "connecting" }, "redis", true, 0)).toBe("reconnecting");
    expect(conditionOf(waiting, "redis", false, 0)).toBe("reconnecting");
    expect(conditionOf({ state: "ended", reason: "revoked" }, "redis", true, 0)).toBe("ended");
  });

  it("calls data current from the live store or the journal, and from nowhere else", () => {
    const all = ["connecting", "live", "journal", "lost", "quiet", "reconnecting", "ended"] as const;
    expect(all.filter(isCurrent)).toEqual(["live", "journal"]);
  });
});

describe("a frame", () => {
  it("has its empty lists given back", () => {
    expect(readFrame('{"t":"delta","from":1,"to":2}')).toEqual({
      t: "delta",
      from: 1,
      to: 2,
      units: [],
      shelters: [],
      gone: [],
    });
  });

  it.each(["", "null", "[]", "7", '{"t":"delta","from":-1,"to":2}', '{"t":"snapshot","seq":1}', '{"t":"beat","to":1}'])(
    "is nothing where it is %j",
    (text) => expect(readFrame(text)).toBeNull(),
  );

  it("is nothing where it is not text", () => {
    expect(readFrame(new ArrayBuffer(4))).toBeNull();
  });
});
