import { describe, expect, it } from "vitest";
import type { RequestView } from "../api/orientation";
import { chance, NOW } from "../live/examples";
import { aPlacement, aRequest, minutes } from "./examples";
import { leftOf } from "./left";
import { ALL, arrange, callOf, neighbour, select, type Filters } from "./queue";

const NONE: ReadonlySet<string> = new Set();
const ids = (list: readonly RequestView[]) => list.map(({ id }) => id);
const held = aPlacement();

describe("the order of the queue", () => {
  const escalated = aRequest({ id: "silent", state: "held", placement: aPlacement({ escalated_at: minutes(-1) }) });
  const late = aRequest({ id: "late", state: "held", placement: aPlacement({ state: "accepted", arrive_by: minutes(-1) }) });
  const all = [
    aRequest({ id: "coming", state: "held", placement: held }),
    aRequest({ id: "paused", paused_until: minutes(60), urgency: ["cold"] }),
    aRequest({ id: "new", asked_at: minutes(-1) }),
    aRequest({ id: "old", asked_at: minutes(-90) }),
    aRequest({ id: "urgent", asked_at: minutes(-2), urgency: ["cold"] }),
    aRequest({ id: "back", asked_at: minutes(-3) }),
    late,
    escalated,
  ];

  it("puts first what cannot wait, then what is urgent, then who has waited longest, last who is on their way", () => {
    expect(ids(arrange(all, new Set(["back"]), NOW))).toEqual(
      ["late", "silent", "back", "urgent", "old", "new", "coming", "paused"],
    );
  });

  it("is the same whatever order the requests came in", () => {
    const draw = chance(7);
    for (let round = 0; round < 20; round += 1) {
      const shuffled = [...all].sort(() => draw(3) - 1);
      expect(ids(arrange(shuffled, NONE, NOW))).toEqual(ids(arrange(all, NONE, NOW)));
    }
  });

  it("calls for a request that came back for as long as it waits", () => {
    const back = new Set(["request-1"]);
    expect(callOf(aRequest(), back, NOW)).toBe("back");
    expect(callOf(aRequest({ state: "held", placement: held }), back, NOW)).toBeNull();
    expect(callOf(aRequest({ state: "closed", outcome: "unmet" }), back, NOW)).toBeNull();
  });

  it("does not call for a hold that the shelter has accepted since it was silent", () => {
    const placement = aPlacement({ state: "accepted", escalated_at: minutes(-9), arrive_by: minutes(30) });
    expect(callOf(aRequest({ state: "held", placement }), NONE, NOW)).toBeNull();
  });
});

describe("the filters", () => {
  const mine = aRequest({ id: "mine", assignee: { id: "me", login: "desk" } });
  const theirs = aRequest({ id: "theirs", assignee: { id: "you", login: "desk2" }, state: "held", placement: held });
  const free = aRequest({ id: "free", regime: "admission" });
  const closed = aRequest({ id: "closed", state: "closed", outcome: "unmet" });
  const found = (change: Partial<Filters>) => ids(select([mine, theirs, free, closed], { ...ALL, ...change }, "me"));

  it("leave out what is closed, and else what they say", () => {
    expect(found({})).toEqual(["mine", "theirs", "free"]);
    expect(found({ whose: "mine" })).toEqual(["mine"]);
    expect(found({ whose: "nobody" })).toEqual(["free"]);
    expect(found({ regime: "night" })).toEqual(["mine", "theirs"]);
    expect(found({ state: "held" })).toEqual(["theirs"]);
    expect(found({ whose: "nobody", state: "held" })).toEqual([]);
  });
});

describe("the neighbour in the queue", () => {
  const queue = ["a", "b", "c"].map((id) => aRequest({ id }));

  it("is the next and the one before, and at the end the end", () => {
    expect(neighbour(queue, "a", 1)?.id).toBe("b");
    expect(neighbour(queue, "a", -1)?.id).toBe("a");
    expect(neighbour(queue, "c", 1)?.id).toBe("c");
  });

  it("is the first where none is open, or the open one is no longer there", () => {
    expect(neighbour(queue, null, -1)?.id).toBe("a");
    expect(neighbour(queue, "gone", 1)?.id).toBe("a");
    expect(neighbour([], null, 1)).toBeUndefined();
  });
});

describe("what is left of a hold", () => {
  const at = (expires: string | null, change = {}) => leftOf(aPlacement({ expires_at: expires, ...change }), NOW);

  it("is told to the second, and to the minute where it is long", () => {
    expect(at(minutes(12.5))).toEqual({ kind: "left", text: "12:30", short: false });
    expect(at(minutes(0.05))).toEqual({ kind: "left", text: "0:03", short: true });
    expect(at(minutes(125))).toEqual({ kind: "left", text: "2 h 05", short: false });
  });

  it("says at the end whether the shelter has seen it: until then it does not lapse", () => {
    expect(at(minutes(0))).toEqual({ kind: "over", seen: false });
    expect(at(minutes(-1), { seen_at: minutes(-2) })).toEqual({ kind: "over", seen: true });
  });

  it("is nothing once they are expected", () => {
    expect(at(minutes(5), { state: "accepted" })).toEqual({ kind: "none" });
  });
});
