import { describe, expect, it, vi } from "vitest";
import { NotAnswered } from "../../api/client";
import type { Member, PlacementMark, PlacementView } from "../../api/orientation";
import { en } from "../../i18n/incoming/en";
import { fr } from "../../i18n/incoming/fr";
import { nl } from "../../i18n/incoming/nl";
import { aUnit } from "../../live/examples";
import { after, type Entry, type Told, type Work } from "../../live/work";
import { asAnswered, attemptAt, endedOf, isOnItsWay, openOf } from "./expected";
import { Expecting } from "./expecting.svelte";
import { sayNeeds, sayParty } from "./household";
import { sayState } from "./promising";
import { Settling } from "./settling.svelte";
import { isInSight, SIGHTS } from "./sight";

const member = (age: Member["age"], gender: Member["gender"], relation: Member["relation"] = "self"): Member => ({
  age,
  gender,
  relation,
});

function aView(more: Partial<PlacementView> = {}): PlacementView {
  return {
    id: "placement-1",
    request: "request-1",
    code: "K47-M3",
    version: 1,
    unit: "unit-1",
    shelter: "shelter-1",
    places: 1,
    allotment: "place",
    state: "held",
    ending: null,
    late: false,
    held_at: "2026-11-26T20:00:00Z",
    expires_at: "2026-11-26T20:30:00Z",
    extended: false,
    seen_at: null,
    accepted_at: null,
    arrive_by: null,
    escalated_at: null,
    ended_at: null,
    decline: null,
    made_by: { id: "account-1", login: "desk" },
    holder: null,
    party: [member("26-59", "man")],
    needs: {
      step_free: false,
      pets: 0,
      medical_care: false,
      tolerance: null,
      languages: [],
      together: true,
      near: "21004",
      away_from: { shelters: ["shelter-9"], communes: [] },
    },
    replaces: null,
    ...more,
  };
}

const mark = (version: number, id = "placement-1", shelter = "shelter-1"): PlacementMark => ({
  seq: version,
  id,
  version,
  shelter,
  unit: "unit-1",
  request: "request-1",
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("who comes", () => {
  const family = [
    member("26-59", "woman"),
    member("26-59", "man", "partner"),
    member("3-11", "woman", "child"),
    member("0-2", "unsaid", "child"),
    member("3-11", "woman", "child"),
  ];

  it("is told as people, those of whom the same is known together", () => {
    expect(sayParty(family, en)).toBe(
      "5 people: 1 woman aged 26–59, 1 man aged 26–59 (partner), 2 girls aged 3–11, 1 child aged 0–2",
    );
    expect(sayParty([member("60+", "x")], fr)).toBe("1 personne de 60 ans ou plus");
    expect(sayParty(family.slice(2, 4), nl)).toBe("2 mensen: 1 meisje van 3–11 jaar, 1 kind van 0–2 jaar");
  });

  it("tells what is to be ready, and not where they wanted to be or away from whom", () => {
    const needs = { ...aView().needs, pets: 2, tolerance: "supervised" as const, languages: ["ar", "fr"] };
    expect(sayNeeds(needs, false, en.needs, (code) => code)).toBe("supervised use, 2 animals, speaks ar, fr");
    expect(sayNeeds(aView().needs, true, en.needs, String)).toBe("stay together");
  });
});

describe("the list", () => {
  it("has who waits for an answer first, then by when they are to come, and the ended apart", () => {
    const views = [
      aView({ id: "late", state: "accepted", arrive_by: "2026-11-26T23:00:00Z" }),
      aView({ id: "second", held_at: "2026-11-26T20:05:00Z" }),
      aView({ id: "over", state: "ended", ending: "lapsed", ended_at: "2026-11-26T20:01:00Z" }),
      aView({ id: "soon", state: "accepted", arrive_by: "2026-11-26T22:00:00Z" }),
      aView({ id: "first" }),
      aView({ id: "last", state: "ended", ending: "arrived", ended_at: "2026-11-26T20:02:00Z" }),
    ];
    expect(openOf(views).map(({ id }) => id)).toEqual(["first", "second", "soon", "late"]);
    expect(endedOf(views).map(({ id }) => id)).toEqual(["last", "over"]);
  });

  it("says until when in the server's time", () => {
    const at = (minutes: number) => Date.parse("2026-11-26T20:00:00Z") + minutes * 60_000;
    const said = (view: PlacementView, minutes: number) => sayState(view, view.state, at(minutes), "en", en);
    expect(said(aView(), 18)).toContain("(12\u00a0min)");
    expect(said(aView(), 31)).toContain("was due");
    const accepted = aView({ state: "accepted", accepted_at: "2026-11-26T20:10:00Z", arrive_by: "2026-11-26T23:00:00Z" });
    expect(said(accepted, 31)).toContain("Expected until");
    expect(sayState(aView(), "accepted", at(1), "en", en)).toBe("Accepted.");
  });

  it("shows what somebody said before the server has answered it", () => {
    const entry = (work: Partial<Work>): Entry =>
      ({ id: "act-1", at: 1, left: false, rest: {}, work: { kind: "act", unit: "unit-1", placement: "placement-1", ...work } }) as Entry;
    const accept = entry({ act: "accept" } as Work);
    expect(asAnswered(aView(), { entries: [accept] })).toBe("accepted");
    expect(asAnswered(aView(), { entries: [accept, entry({ act: "no-show" } as Work)] })).toBe("ended");
    expect(asAnswered(aView({ id: "another" }), { entries: [accept] })).toBe("held");
    const outbox = { entries: [accept], waits: { "act-1": "offline" as const }, answers: [] };
    expect(attemptAt(outbox, aView())).toMatchObject({ state: "offline", id: "act-1" });
    const told = { ...accept, outcome: "refused", units: [], why: "It had lapsed." } as unknown as Told;
    expect(attemptAt({ ...outbox, entries: [], answers: [told] }, aView())).toMatchObject({ state: "refused" });
    const recorded = attemptAt({ ...outbox, entries: [], answers: [{ ...told, outcome: "recorded" }] }, aView());
    expect([isOnItsWay(recorded, aView()), isOnItsWay(recorded, aView({ state: "accepted" }))]).toEqual([true, false]);
  });

  it("takes who came, or does not come, off what is held, and a full unit's number for its count", () => {
    const unit = aUnit({ free: 4, held: 3, count_report: "report-1" });
    const came = { unit: unit.id, direction: "in" as const, places: 2, occurred_at: "", placement: "placement-1" };
    expect(after(unit, "", { kind: "movement", body: came })).toMatchObject({ free: 2, held: 1 });
    const counted = { ...came, counted_in: "report-1" };
    expect(after(unit, "", { kind: "movement", body: counted })).toMatchObject({ free: 4, held: 1 });
    const declined = { kind: "act", unit: unit.id, placement: "placement-1", places: 2, act: "decline" } as const;
    expect(after(unit, "", { ...declined, reason: "full", free: 0 })).toMatchObject({ free: 0, held: 1 });
    expect(after(unit, "", { ...declined, act: "accept" })).toBe(unit);
  });
});

describe("the placements that are announced", () => {
  function expecting(lists: Record<string, PlacementView[] | Error>) {
    const asked: string[] = [];
    const ask = async (method: string, path: string) => {
      asked.push(`${method} ${path}`);
      const found = lists[path.replace("/placements?shelter=", "")];
      if (found instanceof Error) throw found;
      return { placements: found ?? [] };
    };
    return { list: new Expecting({ ask: ask as never }), asked, lists };
  }

  it("are fetched when there is a version that is not here, and not again", async () => {
    const { list, asked } = expecting({ "shelter-1&state=open": [aView()] });
    list.follow([mark(1)]);
    list.follow([mark(1)]);
    await settled();
    list.follow([mark(1)]);
    await settled();
    expect([...list.views.keys()]).toEqual(["placement-1"]);
    expect(asked).toEqual(["GET /placements?shelter=shelter-1&state=open"]);
  });

  it("are looked for among the ended ones where they are not open, and asked for in vain only once", async () => {
    const gone = aView({ version: 2, state: "ended", ending: "lapsed" });
    const { list, asked } = expecting({ "shelter-1&state=open": [], "shelter-1&state=recent": [gone] });
    list.follow([mark(2), mark(1, "placement-2")]);
    await settled();
    list.follow([mark(2), mark(1, "placement-2")]);
    await settled();
    expect(list.views.get("placement-1")?.ending).toBe("lapsed");
    expect(asked.length).toBe(2);
  });

  it("are asked for again after no answer, and are not called nobody meanwhile", async () => {
    vi.useFakeTimers();
    const { list, lists } = expecting({ "shelter-1&state=open": new NotAnswered(0) });
    list.follow([mark(1)]);
    await vi.advanceTimersByTimeAsync(0);
    expect(list.failed).toBe(true);
    lists["shelter-1&state=open"] = [aView()];
    await vi.advanceTimersByTimeAsync(3_000);
    expect([list.failed, list.views.size]).toEqual([false, 1]);
    list.end();
    vi.useRealTimers();
  });

  it("are forgotten with their marks, and an answer that is late changes nothing", async () => {
    const { list, lists } = expecting({ "shelter-1&state=open": [aView({ version: 3, state: "accepted" })] });
    list.follow([mark(3)]);
    await settled();
    lists["shelter-1&state=open"] = [aView({ version: 2 })];
    list.follow([mark(3), mark(1, "placement-2")]);
    await settled();
    expect(list.views.get("placement-1")?.state).toBe("accepted");
    list.follow([]);
    expect(list.views.size).toBe(0);
  });

  it("are told to be seen under one id, however often it has to be said", async () => {
    const bodies: { id: string }[] = [];
    let online = false;
    const ask = async (_method: string, _path: string, body: { id: string }) => {
      bodies.push(body);
      if (!online) throw new NotAnswered(0);
      return { placement: aView({ version: 2, seen_at: "2026-11-26T20:01:00Z" }) };
    };
    const list = new Expecting({ ask: ask as never });
    await Promise.all([list.see(aView()), list.see(aView())]);
    online = true;
    await list.see(aView());
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(1);
    expect([bodies.length, list.views.get("placement-1")?.seen_at]).toEqual([2, "2026-11-26T20:01:00Z"]);
  });
});

it("is in sight by half of itself, or by half a screen of a card that is taller than two", () => {
  const shown = (card: number, height: number) => isInSight({ intersectionRatio: height / card, intersectionRect: { height } }, 600);
  expect([shown(400, 199), shown(400, 200)]).toEqual([false, true]);
  expect([shown(1500, 299), shown(1500, 375), shown(1500, 600)]).toEqual([false, true, true]);
  expect(SIGHTS.some((ratio) => ratio < 0.4 && ratio * 1500 >= 300)).toBe(true);
});

it("takes no second tap for a second after the list has moved, from the last move on", () => {
  vi.useFakeTimers();
  const settling = new Settling();
  const seen = [settling.on];
  const after = (ms: number) => seen.push((vi.advanceTimersByTime(ms), settling.on));
  settling.start();
  after(999);
  settling.start();
  after(999);
  after(1);
  expect(seen).toEqual([false, true, true, false]);
  vi.useRealTimers();
});
