import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import page from "../../../docs/distribution.md?raw";
import reckoning from "../../../orientation/distributing/reckoning.py?raw";
import mending from "../../../orientation/planning/mending.py?raw";
import searching from "../../../orientation/planning/searching.py?raw";
import solving from "../../../orientation/planning/solving.py?raw";
import { ApiProblem, NotAnswered } from "../api/client";
import { Acts } from "../desk/acts.svelte";
import { aPlacement, aRequest, minutes } from "../desk/examples";
import { readParty } from "../desk/party";
import { NOW } from "../live/examples";
import type { DistributionApi } from "./api";
import { Draws } from "./draws/draws.svelte";
import { drawStep, numberOf } from "./draws/naming";
import { cleaned, digestOf, isSecret, newSecret, verify, type DrawFile } from "./draws/verifying";
import { groupOf, waitingByGroup } from "./draws/waiting";
import { aDraw, aPlan, aRow, RULES } from "./examples";
import { Fetched } from "./fetched.svelte";
import { Plans } from "./plans/plans.svelte";
import { byGroup, holdsOf, landedOf, rowsOf } from "./plans/rows";
import { Policies } from "./policies/policies.svelte";
import { boundsOf, changed, NOBODY_NAMED, rebased, unitOf, withLeaf, wrongs } from "./policies/rules";
import { PHASES, type DrawView, type PlanView, type Policies as Versions, type Rules } from "./shapes";
import { besides, percent, pointsLeft } from "./telling";

const problem = (status: number, slug: string, more = {}) => new ApiProblem(status, { slug, title: slug, ...more });
const said = () => new Acts(() => undefined);
/** Only what a test asks for is there. */
const api = (routes: Partial<DistributionApi>) => routes as DistributionApi;

describe("the draw is checked in the browser", () => {
  const text = /<!-- vector -->\n+```json\n(.+?)\n```/s.exec(page)![1]!;
  const file = (): DrawFile => JSON.parse(text) as DrawFile;
  const entry = (pseudonym: string, position: number) =>
    ({ pseudonym, position, stratum: 0, tickets: 1, request: pseudonym, code: "A", party_size: 1, state: "waiting", outcome: null, late: false }) as const;
  const view = (): DrawView => {
    const { list, list_hash, commitments, order } = file();
    const made = commitments.map((commitment) => ({ by: null, at: "", commitment, revealed: true }));
    return aDraw({ id: list.draw, list_hash, commitments: made, entries: order.map(entry) });
  };

  it("and the example of the documentation holds", async () => {
    expect(await verify(file(), view())).toEqual({ holds: true, failed: [], unreadable: false });
  });

  const other = (hex: string) => (hex.startsWith("0") ? "1" : "0") + hex.slice(1);
  it.each<[string, (file: DrawFile) => void, string[]]>([
    ["a ticket more", (f) => (f.list.entries[2]!.tickets = 1), ["list"]],
    ["another night", (f) => (f.list["night"] = "2026-01-16"), ["list"]],
    ["an entry twice", (f) => f.list.entries.push(f.list.entries[3]!), ["list", "entries", "order"]],
    ["another secret", (f) => (f.secrets[0] = other(f.secrets[0])), ["commitments", "seed"]],
    ["another commitment", (f) => (f.commitments[1] = other(f.commitments[1])), ["commitments", "seed", "shown"]],
    ["another seed", (f) => (f.seed = other(f.seed)), ["seed"]],
    ["two who changed places", (f) => f.order.reverse(), ["order", "shown"]],
  ])("and fails with %s", async (_, change, failed) => {
    const changedFile = file();
    change(changedFile);
    expect((await verify(changedFile, view())).failed).toEqual(expect.arrayContaining(failed));
  });

  it("and fails where the page shows another one, or the file is none", async () => {
    expect((await verify(file(), { ...view(), list_hash: "00" })).failed).toEqual(["shown"]);
    expect((await verify(["no", "draw"], view())).unreadable).toBe(true);
  });

  it("with secrets of 32 bytes, whose commitment is what everybody computes", async () => {
    expect(isSecret(newSecret())).toBe(true);
    expect(newSecret()).not.toBe(newSecret());
    expect(await digestOf(file().secrets[1])).toBe(file().commitments[1]);
    expect(cleaned(" A5a5 \n a5")).toBe("a5a5a5");
  });
});

describe("the draw that is shown", () => {
  const [drawn, open, abandoned] = (["drawn", "open", "abandoned"] as const).map((state) => aDraw({ id: state, state }));

  it("is the one that needs somebody, and stays the one that somebody did something with", () => {
    const draws = new Draws(api({ draws: () => Promise.resolve([]), actOnDraw: () => new Promise(() => undefined) }), said());
    draws.list.value = [drawn!, open!, abandoned!];
    expect(draws.shown?.id).toBe("open");
    draws.abandon("open", "nobody else is here");
    draws.list.value = [aDraw({ id: "frozen", state: "frozen" }), aDraw({ id: "open", state: "abandoned" })];
    expect(draws.shown?.id).toBe("open");
  });

  it("is one that was abandoned, with its reason, where there is no other to go on with", () => {
    const draws = new Draws(api({}), said());
    draws.list.value = [drawn!, abandoned!];
    expect(draws.shown?.id).toBe("abandoned");
  });

  it("is ready for the freeze once both have committed", () => {
    const one = { by: null, at: "", commitment: "", revealed: false };
    expect([[one], [one, one]].map((commitments) => drawStep(aDraw({ commitments })))).toEqual(["open", "ready"]);
  });
});

describe("several draws for the same people", () => {
  const draws = new Draws(api({}), said());
  draws.list.value = [
    aDraw({ id: "third", made_at: minutes(-1) }),
    aDraw({ id: "first", made_at: minutes(-9), state: "abandoned" }),
    aDraw({ id: "other", made_at: minutes(-8), audience: "family" }),
    aDraw({ id: "second", made_at: minutes(-5), state: "abandoned" }),
  ];
  const all = draws.all!;

  it("stand in the order in which they were begun, whichever was acted on last", () => {
    expect(all.map(({ id }) => id)).toEqual(["first", "other", "second", "third"]);
  });

  it("are told apart by a number, which the only one does not need", () => {
    expect(all.map((draw) => numberOf(draw, all))).toEqual([1, null, 2, 3]);
  });
});

describe("who would be on the list", () => {
  it("are told apart as the server tells them", () => {
    const said: Record<string, string> = { w31: "woman", m60: "man", x30: "person", "31": "person", "w31 m33": "adults", "w31 m4": "family", "m16 w15": "minors", m16: "minors" };
    expect(Object.keys(said).map((text) => groupOf(readParty(text).party))).toEqual(Object.values(said));
  });

  it("are those who wait for tonight, and whose request has not expired", () => {
    const party = readParty("m40").party;
    const all = [
      aRequest({ party }),
      aRequest({ party, paused_until: minutes(60) }),
      aRequest({ party, state: "held", placement: aPlacement() }),
      aRequest({ party, state: "closed", outcome: "unmet" }),
      aRequest({ party, regime: "admission" }),
      aRequest({ party, expires_at: minutes(0) }),
      aRequest({ party: readParty("w31 m4").party }),
    ];
    expect([...waitingByGroup(all, NOW)]).toEqual([["man", 2], ["family", 1]]);
  });
});

describe("a commitment", () => {
  it("is of a secret that is kept before anybody knows whether it arrived, and is said again as the same", async () => {
    const sent: unknown[] = [];
    let answers = 0;
    const draws = new Draws(
      api({
        draws: () => Promise.resolve([]),
        actOnDraw: (_draw, _verb, body) => {
          sent.push(body);
          return ++answers === 1 ? Promise.reject(problem(409, "draw-moved-on")) : Promise.resolve(aDraw({ version: 2 }));
        },
      }),
      said(),
    );
    await draws.commit("draw-1");
    await vi.waitFor(() => expect(draws.acts.attempts.get("draw-1")?.state).toBe("refused"));
    const secret = draws.secrets.get("draw-1")!;
    await draws.commit("draw-1");
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent).toEqual([1, 2].map(() => expect.objectContaining({ commitment: "" + (sent[0] as { commitment: string }).commitment })));
    expect((sent[0] as { commitment: string }).commitment).toBe(await digestOf(secret));
    expect(JSON.stringify(sent)).not.toContain(secret);
    draws.list.end();
  });
});

describe("what the server knows", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is asked for again where it changed while an answer was on its way, and while nobody answers", async () => {
    const answers: ((how: number | Error) => void)[] = [];
    const fetched = new Fetched<number>(() => new Promise((resolve, reject) => answers.push((how) => (how instanceof Error ? reject(how) : resolve(how)))));
    fetched.now();
    await vi.advanceTimersByTimeAsync(0);
    fetched.now();
    await vi.advanceTimersByTimeAsync(0);
    expect(answers).toHaveLength(1);
    answers[0]!(1);
    await vi.advanceTimersByTimeAsync(0);
    expect([answers.length, fetched.value]).toEqual([2, 1]);
    answers[1]!(new NotAnswered(null));
    await vi.advanceTimersByTimeAsync(0);
    expect([fetched.value, fetched.failed?.why]).toEqual([1, ""]);
    await vi.advanceTimersByTimeAsync(3_000);
    answers[2]!(2);
    await vi.advanceTimersByTimeAsync(0);
    expect([fetched.value, fetched.failed]).toEqual([2, null]);
  });

  it("of a plan is asked for every second while it is computed, and rests when it is not", async () => {
    let asked = 0;
    const states: PlanView[] = [aPlan({ state: "solving" }), aPlan({ state: "solving", version: 2 }), aPlan({ version: 3 })];
    const plan = () => states[Math.min(asked, 2)]!;
    const plans = new Plans(
      api({ plans: () => Promise.resolve([plan()]), plan: () => Promise.resolve(states[Math.min(asked++, 2)]!) }),
      said(),
    );
    plans.follow(new Map());
    await vi.advanceTimersByTimeAsync(100);
    expect(plans.shown?.state).toBe("solving");
    await vi.advanceTimersByTimeAsync(2_500);
    expect([plans.shown?.state, asked]).toEqual(["draft", 3]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toBe(3);
  });
});

describe("how far a plan is", () => {
  it("has words for every step that the server tells of", () => {
    const told = [...`${solving}${searching}${mending}${reckoning}`.matchAll(/(?:tell|Progress)\("(\w+)"/g)].map(([, phase]) => phase);
    expect([...new Set(told)].sort()).toEqual([...PHASES].sort());
  });
});

describe("what a plan could still win in fit", () => {
  it("tells of which tiers a plan would place others if it might move anybody, and of none where there is no such plan", () => {
    const tiers = [4, 7, 3].map((placed, tier) => ({ tier, people: 9, placed, most: 9, proven: false }));
    expect(besides({ tiers, fresh: { placed: [6, 7, 2], moves: 14 } })).toEqual([[0, 2], [2, -1]]);
    expect(besides({ tiers, fresh: null })).toEqual([]);
  });

  it("is whole points, of which rounding makes none", () => {
    const left = [0, 0.004, 0.5, 3, -1].map((more) => pointsLeft({ fit: 100.25, fit_bound: 100.25 + more }));
    expect(left).toEqual([0, 0, 1, 3, 0]);
  });
});

describe("the rows of a plan", () => {
  const comparison = { policy: null, people_placed: 2, gains: ["a"], losers: ["c"], moved: 0 };
  const rows = [
    aRow("a"),
    aRow("b", { pinned: true }),
    aRow("c", { unit: null, group: "family" }),
    aRow("d", { moved: true, outcome: "taken" }),
  ];
  const plan = aPlan({ rows, against: { first_come: comparison, yesterday: null } });
  const shown = (filter: Parameters<typeof rowsOf>[1]) => rowsOf(plan, filter).map(({ request }) => request).join("");

  it("are those that somebody wants to see", () => {
    expect([shown("all"), shown("gains"), shown("losers"), shown("unplaced"), shown("moved")]).toEqual(["abcd", "a", "c", "c", "d"]);
    expect(shown("yesterday-losers")).toBe("");
  });

  it("say what applying would hold, what has landed, and who loses", () => {
    expect([holdsOf(plan), landedOf(plan)]).toEqual([2, { done: 1, of: 2 }]);
    expect(byGroup(plan, ["c"]).map(([group, found]) => [group, found[0]!.code])).toEqual([["family", "C"]]);
  });

  it("have shares without needless digits", () => {
    expect([0, 0.1234, 0.0123, 0.00004].map((share) => percent("fr", share))).toEqual(["0", "12", "1,2", "0,004"]);
  });
});

describe("the rules", () => {
  const tier = { ...NOBODY_NAMED, turned_away: true };

  it("are changed one at a time, and what is changed is known by its path", () => {
    const mine = withLeaf(withLeaf(RULES, "plan.floors.family", 40), "weights.ask", 20);
    expect(changed(RULES, mine).sort()).toEqual(["plan.floors.family", "weights.ask"]);
    expect(changed(RULES, withLeaf(mine, "plan.floors.family", undefined))).toEqual(["weights.ask"]);
    expect(RULES.weights.ask).toBe(15);
  });

  it("keep what was changed here on top of what somebody else saved", () => {
    const mine = withLeaf(withLeaf(RULES, "weights.ask", 20), "plan.tiers", [tier]);
    const theirs = withLeaf(withLeaf(RULES, "weights.ask", 25), "barred_nights", 3);
    const { rules, both } = rebased(RULES, mine, theirs);
    expect([rules.weights.ask, rules.plan.tiers, rules.barred_nights, both]).toEqual([20, [tier], 3, ["weights.ask"]]);
  });

  it("say what cannot be meant", () => {
    let rules: Rules = withLeaf(RULES, "plan.reserve_percent", 60);
    rules = withLeaf(rules, "weights.silent", 30);
    rules = withLeaf(rules, "night.extend_s", Number.NaN);
    rules = withLeaf(rules, "draw.tickets", [{ match: tier, tickets: 0 }]);
    expect(Object.fromEntries(wrongs(rules))).toEqual({
      "plan.reserve_percent": "bounds",
      "weights.silent": "order",
      "night.extend_s": "number",
      "draw.tickets[0].tickets": "bounds",
    });
    expect([wrongs(RULES).size, boundsOf("plan.floors.man")]).toEqual([0, [0, 100]]);
    expect([90, 1_200, 3_600, 7_200, 172_800].map(unitOf)).toEqual(["seconds", "minutes", "minutes", "hours", "days"]);
  });

  const versions = (version: number, policy: Rules): Versions => ({
    version,
    policies: [{ version, policy, id: null, set_at: null, actor: null, login: null, why: null, changes: [] }],
    before: null,
  });

  it("of which somebody saved others meanwhile are not lost, and are saved on top", async () => {
    const theirs = withLeaf(RULES, "weights.ask", 25);
    const sent: unknown[] = [];
    let now = versions(1, RULES);
    const policies = new Policies(
      api({
        policies: () => Promise.resolve(now),
        setPolicy: (_id, base, _why, rules) => {
          sent.push([base, rules.weights.ask, rules.barred_nights]);
          if (base === 2) return Promise.resolve({ version: 3, policy: (now = versions(3, rules)).policies[0]! });
          now = versions(2, theirs);
          return Promise.reject(problem(409, "policy-changed", { version: 2, policy: theirs }));
        },
      }),
      said(),
    );
    policies.list.now();
    await vi.waitFor(() => expect(policies.rules).toBe(RULES));
    policies.set("barred_nights", 3);
    policies.save("why", () => undefined);
    await vi.waitFor(() => expect(policies.conflict).toEqual({ version: 2, both: [] }));
    expect(policies.changes).toEqual(["barred_nights"]);
    policies.save("why", () => undefined);
    await vi.waitFor(() => expect(policies.saved).toBe(3));
    expect(sent).toEqual([[1, 15, 3], [2, 25, 3]]);
    expect([policies.conflict, policies.changes]).toEqual([null, []]);
  });
});
