import { describe, expect, it } from "vitest";
import type { BoardSnapshot, Unit } from "../api/types";
import { aUnit, chance } from "./examples";
import { applyBeat, applyDelta, applySnapshot, applyUnits, EMPTY, type Board } from "./fold";
import type { Delta } from "./frames";

const snapshot = (seq: number, units: Unit[], epoch = "e1"): BoardSnapshot => ({
  epoch,
  seq,
  now: "2026-11-24T22:00:00Z",
  live: "redis",
  units,
  shelters: [],
});

const delta = (from: number, to: number, units: Unit[] = [], gone: string[] = []): Delta => ({
  from,
  to,
  units,
  shelters: [],
  gone,
});

const free = (board: Board | null, id = "unit-1"): number | undefined => {
  const unit = board?.units.get(id);
  return unit === undefined || unit.masked ? undefined : unit.free;
};

describe("a delta", () => {
  const board = applySnapshot(EMPTY, snapshot(10, [aUnit({ seq: 7, free: 4 })]));

  it("brings what is newer, and how far it is known", () => {
    const next = applyDelta(board, delta(10, 11, [aUnit({ seq: 11, free: 3 })]));
    expect(free(next)).toBe(3);
    expect(next?.to).toBe(11);
  });

  it("changes nothing where the same or an older state comes again", () => {
    expect(free(applyDelta(board, delta(5, 12, [aUnit({ seq: 7, free: 99 })])))).toBe(4);
    expect(free(applyDelta(board, delta(5, 12, [aUnit({ seq: 6, free: 99 })])))).toBe(4);
    expect(applyDelta(board, delta(5, 9, [aUnit({ seq: 9, free: 99 })]))).toBe(board);
  });

  it("does not take away what an answer has already brought", () => {
    const answered = applyUnits(board, [aUnit({ seq: 15, free: 2 })]);
    expect(free(applyDelta(answered, delta(10, 12, [aUnit({ seq: 12, free: 99 })])))).toBe(2);
    expect(free(applyDelta(answered, delta(10, 12, [], ["unit-1"])))).toBe(2);
    expect(free(applySnapshot(answered, snapshot(12, [aUnit({ seq: 12, free: 99 })])))).toBe(2);
  });

  it("is a gap when it begins after what is known", () => {
    expect(applyDelta(board, delta(11, 12, [aUnit({ seq: 12 })]))).toBeNull();
    expect(applyDelta(EMPTY, delta(0, 1, [aUnit()]))).toBeNull();
  });

  it("removes what is gone, and an older state does not bring it back", () => {
    const without = applyDelta(board, delta(10, 12, [], ["unit-1"]))!;
    expect(without.units.size).toBe(0);
    expect(applyDelta(without, delta(10, 12, [aUnit({ seq: 11 })]))!.units.size).toBe(0);
    expect(applyUnits(without, [aUnit({ seq: 11 })]).units.size).toBe(0);
    expect(applyDelta(without, delta(12, 13, [aUnit({ seq: 13 })]))!.units.size).toBe(1);
  });

  it("leaves what did not change the very same object, so that its row need not be drawn again", () => {
    const two = applyDelta(board, delta(10, 11, [aUnit({ id: "unit-2", seq: 11 })]))!;
    expect(two.units.get("unit-1")).toBe(board.units.get("unit-1"));
  });
});

describe("the marks of requests and placements", () => {
  const mark = (seq: number, version: number) => ({ seq, id: "request-1", version });
  const placement = { seq: 12, id: "placement-1", version: 1, shelter: "shelter-1", unit: "unit-1", request: "request-1" };
  const board = applySnapshot(EMPTY, { ...snapshot(10, []), requests: [mark(9, 1)] });

  it("come and go like everything else, each with its version", () => {
    const next = applyDelta(board, { ...delta(10, 12), requests: [mark(12, 2)], placements: [placement] })!;
    expect([next.requests.get("request-1")?.version, next.placements.get("placement-1")?.request]).toEqual([2, "request-1"]);
    expect(applyDelta(next, delta(12, 13, [], ["request-1", "placement-1"]))!.requests.size).toBe(0);
  });

  it("come all at once after a board that has none of them", () => {
    const whole = applySnapshot(board, snapshot(12, []));
    const next = applyDelta(whole, { ...delta(12, 12), requests: [mark(9, 1)] })!;
    expect([whole.requests.size, next.requests.size, next.to]).toEqual([0, 1, 12]);
  });

  it("of draws and plans come and go in the same way", () => {
    const drawn = applyDelta(board, { ...delta(10, 12), draws: [{ ...mark(11, 1), id: "draw-1" }], plans: [{ ...mark(12, 3), id: "plan-1" }] })!;
    expect([drawn.draws.get("draw-1")?.version, drawn.plans.get("plan-1")?.version, drawn.requests.size]).toEqual([1, 3, 1]);
    const left = applyDelta(drawn, delta(12, 13, [], ["plan-1"]))!;
    expect([left.draws.size, left.plans.size]).toEqual([1, 0]);
    const whole = applySnapshot(left, { ...snapshot(14, []), plans: [{ ...mark(14, 4), id: "plan-1" }] });
    expect([whole.draws.size, whole.plans.get("plan-1")?.version]).toEqual([0, 4]);
  });

  it("are not there for a page that is told of none", () => {
    expect([board.placements.size, applySnapshot(board, snapshot(11, [])).requests.size]).toEqual([0, 0]);
  });
});

describe("a snapshot", () => {
  const board = applySnapshot(EMPTY, snapshot(10, [aUnit({ seq: 10, free: 4 }), aUnit({ id: "unit-2", seq: 3 })]));

  it("of the same epoch takes away what is missing in it", () => {
    expect([...applySnapshot(board, snapshot(11, [aUnit({ seq: 10 })])).units.keys()]).toEqual(["unit-1"]);
  });

  it("of a node that lags is where we stand from then on, and no newer state is taken back", () => {
    const lagging = applySnapshot(board, snapshot(5, [aUnit({ seq: 2, free: 9 }), aUnit({ id: "unit-2", seq: 3 })]));
    expect(free(lagging)).toBe(4);
    expect(lagging.to).toBe(5);
    const next = applyDelta(lagging, delta(5, 11, [aUnit({ seq: 11, free: 6 })], ["unit-2"]))!;
    expect([free(next), next.to, next.units.size]).toEqual([6, 11, 1]);
  });

  it("of a node that lags brings back what we know to be removed, until that node says so too", () => {
    const without = applyDelta(board, delta(10, 11, [], ["unit-2"]))!;
    const lagging = applySnapshot(without, snapshot(5, [aUnit({ seq: 2 }), aUnit({ id: "unit-2", seq: 3 })]));
    expect(applyDelta(lagging, delta(5, 11, [aUnit({ seq: 10, free: 4 })], ["unit-2"]))!.units.size).toBe(1);
  });

  it("under the same number corrects what is wrong", () => {
    expect(free(applySnapshot(board, snapshot(10, [aUnit({ seq: 10, free: 7 })])))).toBe(7);
  });

  it("of another epoch replaces everything, even with lower numbers", () => {
    const restored = applySnapshot(board, snapshot(2, [aUnit({ seq: 1, free: 9 })], "e2"));
    expect(free(restored)).toBe(9);
    expect([restored.to, restored.units.size, restored.epoch]).toEqual([2, 1, "e2"]);
  });
});

it("takes the answer to a report without claiming to know what else happened", () => {
  const board = applySnapshot(EMPTY, snapshot(10, [aUnit({ seq: 7 })]));
  const answered = applyUnits(board, [aUnit({ seq: 15, free: 2 })]);
  expect(free(answered)).toBe(2);
  expect(answered.to).toBe(10);
});

it("lets a beat move what is known forward only", () => {
  const board = applySnapshot(EMPTY, snapshot(10, []));
  expect(applyBeat(board, 14).to).toBe(14);
  expect(applyBeat(board, 3)).toBe(board);
  expect(applyBeat(EMPTY, 14)).toBe(EMPTY);
});

/** A region whose units come, change and go; it can say a snapshot, and what changed after any seq. */
class Region {
  seq = 0;
  units = new Map<string, Unit>();
  gone = new Map<string, number>();
  #next: (below: number) => number;

  constructor(next: (below: number) => number) {
    this.#next = next;
  }

  happen(): void {
    const id = `unit-${this.#next(12)}`;
    this.seq += 1;
    if (this.#next(6) === 0) {
      if (this.units.delete(id)) this.gone.set(id, this.seq);
      return;
    }
    this.gone.delete(id);
    this.units.set(id, aUnit({ id, seq: this.seq, free: this.#next(20) }));
  }

  snapshot = (): BoardSnapshot => snapshot(this.seq, [...this.units.values()]);

  since(after: number): Delta {
    const gone = [...this.gone].filter(([, seq]) => seq > after).map(([id]) => id);
    return delta(after, this.seq, [...this.units.values()].filter((unit) => unit.seq > after), gone);
  }
}

describe("old snapshot and deltas make the fresh snapshot (I7)", () => {
  const histories = Array.from({ length: 60 }, (_, seed) => seed);

  it.each(histories)("history %i: with deltas lost, repeated, conflated, and resumed", (seed) => {
    const next = chance(seed);
    const region = new Region(next);
    for (let n = next(20); n > 0; n -= 1) region.happen();
    let board = applySnapshot(EMPTY, region.snapshot());
    const seen: Delta[] = [];
    let told = board.to;
    let older = region.snapshot();

    for (let step = 0; step < 80; step += 1) {
      for (let n = 1 + next(3); n > 0; n -= 1) region.happen();
      const frame = region.since(told);
      told = frame.to;
      seen.push(frame);
      if (next(5) === 0) continue; // lost on the way
      const again = next(4) === 0 ? seen[next(seen.length)]! : frame;
      const folded = applyDelta(board, again);
      if (folded === null) told = board.to; // a gap: the client resumes from what it has
      else board = folded;
      if (next(15) === 0) board = applySnapshot(board, region.snapshot());
      if (next(15) === 0) {
        board = applySnapshot(board, older); // of a node that lags
        told = board.to;
      }
      if (next(10) === 0) older = region.snapshot();
      if (again !== frame) told = board.to;
    }

    board = applyDelta(board, region.since(board.to))!;
    expect(new Map([...board.units].sort())).toEqual(new Map([...region.units].sort()));
    expect(board.to).toBe(region.seq);
  });
});
