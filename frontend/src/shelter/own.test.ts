import { describe, expect, it, vi } from "vitest";
import type { ExactUnit } from "../api/types";
import { aShelter, aUnit, NOW, someFacts } from "../live/examples";
import { EMPTY } from "../live/fold";
import { asSaid, type Entry } from "../live/work";
import { askingIn, inComingNight, isMorning, nightAfter, nightOf, ownUnits, turned } from "./own";
import { begin, lineOf, reportOf } from "./report";

// The clock on the wall of a region: what it shows jumps on 29 March and 25 October 2026.
vi.stubEnv("TZ", "Europe/Brussels");

const HOUR_MS = 3_600_000;
const at = (local: string): number => new Date(local).getTime();

describe("the night of an instant", () => {
  it.each(["2026-11-24", "2026-03-29", "2026-10-25", "2026-12-31", "2028-02-29"])("of %s begins at its noon", (day) => {
    const next = nightAfter(day);
    expect(nightOf(at(`${day}T11:59:59`))).not.toBe(day);
    expect(nightOf(at(`${day}T12:00:00`))).toBe(day);
    expect(nightOf(at(`${day}T23:59:59`))).toBe(day);
    expect(nightOf(at(`${next}T11:59:59`))).toBe(day);
    expect(nightOf(at(`${next}T12:00:00`))).toBe(next);
  });

  it.each([
    ["2026-03-28", 23],
    ["2026-10-24", 25],
    ["2026-11-24", 24],
  ])("of %s has %i hours", (night, hours) => {
    const begins = at(`${night}T12:00:00`);
    const all = Array.from({ length: 30 }, (_, hour) => nightOf(begins + hour * HOUR_MS));
    expect(all.filter((one) => one === night)).toHaveLength(hours);
    expect(all[hours]).toBe(nightAfter(night));
  });

  it("comes after the one before, over months and leap years", () => {
    const after = ["2026-12-31", "2028-02-28", "2028-02-29", "2026-03-28", "2026-10-24"].map(nightAfter);
    expect(after).toEqual(["2027-01-01", "2028-02-29", "2028-03-01", "2026-03-29", "2026-10-25"]);
  });
});

describe("for which night, is asked", () => {
  it.each(["2026-11-24", "2026-03-28", "2026-10-24"])("from 5:00 to 12:00 at the end of the night of %s", (night) => {
    const unit = aUnit({ night });
    const asked: number[] = [];
    for (let now = at(`${night}T12:00:00`); now < at(`${nightAfter(night)}T12:00:00`); now += HOUR_MS) {
      if (isMorning(unit, now)) asked.push(new Date(now).getHours());
    }
    expect(asked).toEqual([5, 6, 7, 8, 9, 10, 11]);
  });

  it("to the minute", () => {
    const asked = ["04:59:59", "05:00:00", "11:59:59", "12:00:00"].map((time) => isMorning(aUnit(), at(`2026-11-25T${time}`)));
    expect(asked).toEqual([false, true, true, false]);
  });

  it("and not of a unit whose night is another already, or still", () => {
    const morning = at("2026-11-25T09:00:00");
    expect(isMorning(aUnit({ night: "2026-11-25" }), morning)).toBe(false);
    expect(isMorning(aUnit({ night: "2026-11-23" }), morning)).toBe(false);
  });
});

const COMING = { night: "2026-11-25", free: 9, over_by: 0, at: "2026-11-25T08:00:00Z" };
const next = (unit: ExactUnit): ExactUnit => inComingNight(unit, nightAfter(unit.night));

describe("counting for the night to come", () => {
  it("begins from what the unit should have then", () => {
    const out = [{ reason: "repair" as const, places: 3, until: null }];
    const coming = next(aUnit({ free: 1, held: 1, capacity: 20, out_of_service: out }));
    expect(coming).toMatchObject({ night: "2026-11-25", status: "unconfirmed", free: 17, over_by: 0, held: 0, count_report: null });
  });

  it("or from what was counted for it already, and not for another", () => {
    expect(next(aUnit({ coming: COMING }))).toMatchObject({ status: "open", free: 9, confirmed_at: COMING.at, coming: null });
    expect(next(aUnit({ coming: { ...COMING, night: "2026-11-24" } }))).toMatchObject({ status: "unconfirmed", free: 20 });
  });

  it("names that night in the report", () => {
    const base = next(aUnit({ seq: 7 }));
    const report = reportOf([lineOf({ ...begin(base), free: 6, counted: true })], [base], at("2026-11-25T09:00:00"));
    expect(report).toMatchObject({ night: "2026-11-25", units: [{ free: 6, base_seq: 7 }] });
  });
});

/** What was said in the morning, and has not been sent. */
function waiting(night: string, free: number): Entry {
  const base = aUnit({ night });
  const body = reportOf([lineOf({ ...begin(base), free, counted: true })], [base], at("2026-11-25T11:50:00"));
  return { id: "said", at: 1, work: { kind: "report", body }, left: false, rest: {} };
}

describe("noon passes while nobody can hear the server", () => {
  const before = at("2026-11-25T11:59:00");
  const after = at("2026-11-25T12:01:00");
  const nightly = someFacts({ turnover: "nightly" });

  it("and nothing has changed a minute before", () => {
    const unit = aUnit();
    expect(turned(unit, nightly, before)).toBe(unit);
  });

  it("a nightly unit has what is expected, or what was counted for it", () => {
    expect(turned(aUnit(), nightly, after)).toMatchObject({ status: "unconfirmed", free: 20, night: "2026-11-25" });
    expect(turned(aUnit({ coming: COMING }), nightly, after)).toMatchObject({ status: "open", free: 9 });
  });

  it("another unit goes on as it was", () => {
    const going = someFacts({ turnover: "continuing" });
    expect(turned(aUnit(), going, after)).toEqual(aUnit({ night: "2026-11-25" }));
    expect(turned(aUnit({ coming: COMING }), going, after)).toMatchObject({ status: "open", free: 9, night: "2026-11-25" });
  });

  it("what nobody has counted, and what is closed, stays so", () => {
    for (const status of ["awaiting-report", "closed"] as const) {
      expect(turned(aUnit({ status }), nightly, after)).toMatchObject({ status, night: "2026-11-24" });
    }
  });

  it("what was said for the coming night shows from noon on, not before", () => {
    const said = waiting("2026-11-25", 6);
    expect(asSaid(turned(aUnit(), nightly, before), [said])).toMatchObject({ free: 4, night: "2026-11-24" });
    expect(asSaid(turned(aUnit(), nightly, after), [said])).toMatchObject({ free: 6, status: "open", night: "2026-11-25" });
  });

  it("what was said for the night that ended does not confirm the one that began", () => {
    const said = waiting("2026-11-24", 2);
    expect(asSaid(turned(aUnit(), nightly, before), [said])).toMatchObject({ free: 2, status: "open" });
    expect(asSaid(turned(aUnit(), nightly, after), [said])).toMatchObject({ free: 20, status: "unconfirmed" });
    const going = someFacts({ turnover: "continuing" });
    expect(asSaid(turned(aUnit(), going, after), [said])).toMatchObject({ free: 2, status: "open" });
  });
});

describe("which units ask", () => {
  const facts = ["d", "b", "a", "c", "e", "f"].map((id) => someFacts({ id, name: `Unit ${id}` }));
  const units = [
    aUnit({ id: "a", aging_at: new Date(NOW + HOUR_MS).toISOString() }),
    aUnit({ id: "b", aging_at: new Date(NOW).toISOString() }),
    aUnit({ id: "c", status: "unconfirmed" }),
    aUnit({ id: "d", aging_at: new Date(NOW + 1).toISOString() }),
    aUnit({ id: "e", status: "awaiting-report", confirmed_at: null }),
    aUnit({ id: "f", status: "closed" }),
  ];
  const later = aUnit({ id: "z", shelter: "shelter-0", aging_at: new Date(NOW - 5 * HOUR_MS).toISOString() });
  const shelters = [
    aShelter({ id: "shelter-1", name: "Zenne", units: facts }),
    aShelter({ id: "shelter-0", name: "Abri", units: [someFacts({ id: "z", name: "Dortoir" })] }),
  ];
  const sites = ownUnits(
    {
      ...EMPTY,
      epoch: "e",
      to: 1,
      units: new Map([...units, later].map((unit) => [unit.id, unit])),
      shelters: new Map(shelters.map((shelter) => [shelter.id, shelter])),
    },
    "fr",
  );
  const asking = (nowMs: number) => askingIn(sites, nowMs).map(({ unit }) => unit.id);

  it("those whose number ages or is only expected, in the order in which they stand below", () => {
    expect(asking(NOW)).toEqual(["z", "b", "c"]);
  });

  it("more of them as time passes; never the fresh, the closed, nor those that have no number to confirm", () => {
    expect(asking(NOW + 1)).toEqual(["z", "b", "c", "d"]);
    expect(asking(NOW + HOUR_MS - 1)).toEqual(["z", "b", "c", "d"]);
    expect(asking(NOW + 10 * HOUR_MS)).toEqual(["z", "a", "b", "c", "d"]);
  });
});
