/** States to test with: whole and plain, changed where a test says so. And chance that can be repeated. */

import type { ExactUnit, MaskedUnit, Shelter, UnitFacts } from "../api/types";

export const NOW = Date.parse("2026-11-24T22:00:00Z");

export const minutesAgo = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

export function aUnit(change: Partial<ExactUnit> = {}): ExactUnit {
  return {
    seq: 1,
    id: "unit-1",
    shelter: "shelter-1",
    status: "open",
    holdable: (change.status ?? "open") === "open",
    free: 4,
    held: 1,
    over_by: 0,
    capacity: 20,
    out_of_service: [],
    intake: "open",
    intake_until: null,
    night: "2026-11-24",
    confirmed_at: minutesAgo(12),
    aging_at: minutesAgo(12 - 120),
    stale_at: minutesAgo(12 - 360),
    silent_at: minutesAgo(12 - 1440),
    confirmed_by: "person",
    count_report: "report-1",
    coming: null,
    flags: [],
    ...change,
  };
}

export function aMaskedUnit(change: Partial<MaskedUnit> = {}): MaskedUnit {
  const { seq, id, shelter, status, intake, intake_until, night, confirmed_at, aging_at, stale_at, silent_at } = aUnit();
  const holdable = (change.status ?? "open") === "open";
  const common = { seq, id, shelter, status, holdable, intake, intake_until, night };
  return { ...common, confirmed_at, aging_at, stale_at, silent_at, masked: true, band: "1-2", ...change };
}

export function someFacts(change: Partial<UnitFacts> = {}): UnitFacts {
  return {
    id: "unit-1",
    name: "Dortoir",
    audience: ["men"],
    age_min: 18,
    age_max: null,
    party_min: 1,
    party_max: null,
    allotment: "place",
    room_size: null,
    regime: "night",
    turnover: "nightly",
    step_free: null,
    pets: null,
    tolerance: null,
    medical_care: null,
    max_stay_nights: null,
    surge: false,
    expires_at: null,
    ...change,
  };
}

export function aShelter(change: Partial<Shelter> = {}): Shelter {
  return {
    seq: 1,
    id: "shelter-1",
    operator: { id: "operator-1", name: "De Brug" },
    name: "Halte du Canal",
    commune: "21012",
    secret: false,
    invented: true,
    closed: false,
    address: null,
    location: null,
    phone: null,
    languages: [],
    opens: null,
    closes: null,
    intake_from: null,
    intake_to: null,
    units: [someFacts()],
    ...change,
  };
}

/** A small generator (mulberry32): the same seed, the same history. */
export function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
