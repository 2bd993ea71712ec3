import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiProblem, NotAnswered } from "../api/client";
import type { Mark, RequestView, Suggestions } from "../api/orientation";
import { Acts } from "./acts.svelte";
import { aPlacement, aRequest, aSuggestion } from "./examples";
import { insist, untilAnswered } from "./insisting";
import { commandOf, isSearched, isTyped } from "./keys";
import { Moves } from "./moves.svelte";
import { Requests } from "./requests.svelte";
import { steady } from "./steady";
import { Suggested } from "./suggested.svelte";

const marksOf = (...versions: [id: string, version: number][]): ReadonlyMap<string, Mark> =>
  new Map(versions.map(([id, version]) => [id, { seq: version, id, version }]));

const settle = () => vi.advanceTimersByTimeAsync(0);
const problem = (status: number, slug: string, more = {}) => new ApiProblem(status, { slug, title: slug, ...more });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the facts of the requests", () => {
  let asked: string[][];
  let versions: Record<string, number>;
  let answers: (() => void)[];
  let heard: [now: RequestView, before: RequestView | undefined][];
  let ended: number;
  let requests: Requests;

  beforeEach(() => {
    [asked, versions, answers, heard, ended] = [[], {}, [], [], 0];
    requests = new Requests(
      async (ids) => {
        asked.push([...ids]);
        await new Promise<void>((resolve) => answers.push(resolve));
        return ids.map((id) => aRequest({ id, version: versions[id] ?? 1 }));
      },
      (now, before) => void heard.push([now, before]),
      () => void (ended += 1),
    );
  });

  it("are fetched all in one go, and one fetch at a time, whatever happens meanwhile", async () => {
    requests.follow(marksOf(["a", 1], ["b", 1]), null);
    requests.follow(marksOf(["a", 2], ["b", 1], ["c", 1]), null);
    expect(asked).toEqual([["a", "b"]]);
    versions = { a: 2 };
    answers.shift()!();
    await settle();
    expect(asked).toEqual([["a", "b"], ["a", "c"]]);
    answers.shift()!();
    await settle();
    expect(asked).toHaveLength(2);
    expect(requests.all.get("a")?.version).toBe(2);
  });

  it("begin with what somebody looks at, and name at most 200", () => {
    const many = marksOf(...Array.from({ length: 450 }, (_, n): [string, number] => [`r${n}`, 1]));
    requests.follow(many, "r449");
    expect(asked[0]).toHaveLength(200);
    expect(asked[0]![0]).toBe("r449");
  });

  it("go with the request, but for the one that somebody looks at: how it ended is fetched once more", async () => {
    requests.follow(marksOf(["a", 1], ["b", 1]), "a");
    answers.shift()!();
    await settle();
    requests.follow(marksOf(), "a");
    expect([[...requests.all.keys()], asked.at(-1)]).toEqual([["a"], ["a"]]);
    answers.shift()!();
    await settle();
    requests.follow(marksOf(), null);
    expect([requests.all.size, asked.length]).toEqual([0, 2]);
  });

  it("show what an answer said of one at once, and then what is fetched", async () => {
    requests.take([aRequest({ id: "a", version: 1 })]);
    requests.show("a", { placement: aPlacement(), state: "held" });
    expect(requests.all.get("a")).toMatchObject({ version: 1, state: "held", placement: { id: "placement-1" } });
    requests.take([aRequest({ id: "a", version: 2, state: "waiting" })]);
    expect(requests.all.get("a")).toMatchObject({ version: 2, state: "waiting", placement: null });
  });

  it("never go back to an older version than an answer has brought", async () => {
    requests.follow(marksOf(["a", 1]), null);
    requests.take([aRequest({ id: "a", version: 3, placement: aPlacement() })]);
    answers.shift()!();
    await settle();
    expect(requests.all.get("a")?.version).toBe(3);
    expect(heard).toHaveLength(1);
  });

  it("are asked for again where nobody answered, and not where the session has ended", async () => {
    const fetch = vi.fn().mockRejectedValueOnce(new NotAnswered(null)).mockRejectedValue(problem(401, "session-ended"));
    const trying = new Requests(fetch, () => undefined, () => void (ended += 1));
    trying.follow(marksOf(["a", 1]), null);
    await settle();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([fetch.mock.calls.length, ended]).toEqual([2, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetch).toHaveBeenCalledTimes(2);
  });
});

describe("what is said to the server", () => {
  it("is said again under the same id while nobody answers", async () => {
    const send = vi.fn().mockRejectedValueOnce(new NotAnswered(null)).mockRejectedValueOnce(problem(503, "busy")).mockResolvedValue(7);
    const unsure = vi.fn();
    const answer = insist(send, unsure);
    await vi.advanceTimersByTimeAsync(1_500);
    expect([await answer, send.mock.calls.length, unsure.mock.calls.length]).toEqual([7, 3, 2]);
  });

  it("is said again where the server failed: it may have been done", async () => {
    const send = vi.fn().mockRejectedValueOnce(problem(500, "internal")).mockResolvedValue(7);
    const answer = insist(send, () => undefined);
    await vi.advanceTimersByTimeAsync(500);
    expect(await answer).toBe(7);
  });

  it("is asked until there is an answer, or nobody wants it any more", async () => {
    let wanted = true;
    const ask = vi.fn().mockRejectedValueOnce(new NotAnswered(null)).mockResolvedValueOnce(7).mockRejectedValue(problem(502, "bad"));
    const answer = untilAnswered(ask, () => wanted);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await answer).toBe(7);
    const never = untilAnswered(ask, () => wanted);
    wanted = false;
    await vi.advanceTimersByTimeAsync(3_000);
    expect([await never, ask.mock.calls.length]).toEqual([null, 3]);
  });

  it("is not said again where it was refused", async () => {
    const send = vi.fn().mockRejectedValue(problem(409, "place-taken"));
    await expect(insist(send, () => undefined)).rejects.toThrow("place-taken");
    expect(send).toHaveBeenCalledTimes(1);
  });

  it("can be said again by hand once the page has given up, and is then done", async () => {
    const acts = new Acts(() => undefined);
    const send = vi.fn().mockRejectedValue(new NotAnswered(null));
    const done = vi.fn();
    void acts.run("a", send, done);
    await vi.advanceTimersByTimeAsync(60_000);
    const attempt = acts.attempts.get("a");
    expect(attempt?.state).toBe("gave-up");
    send.mockResolvedValue("yes");
    if (attempt?.state === "gave-up") attempt.again();
    await settle();
    expect([done.mock.calls, acts.attempts.size]).toEqual([[["yes"]], 0]);
  });

  it("goes out once, however often it is pressed", async () => {
    const acts = new Acts(() => undefined);
    const send = vi.fn(() => new Promise(() => undefined));
    void acts.run("a", send, () => undefined);
    void acts.run("a", send, () => undefined);
    expect(send).toHaveBeenCalledTimes(1);
  });

  it("tells a refusal in the server's words, but for one that is taken as an answer", async () => {
    const acts = new Acts(() => undefined);
    const refuse = () => Promise.reject(problem(409, "request-changed", { detail: "It changed." }));
    await acts.run("a", refuse, () => undefined);
    expect(acts.attempts.get("a")).toEqual({ state: "refused", why: "It changed.", slug: "request-changed" });
    await acts.run("a", refuse, () => undefined, () => true);
    expect(acts.attempts.size).toBe(0);
  });
});

describe("suggestions", () => {
  const answer = (...units: string[]) => ({ request: "a", suggestions: units.map((unit) => aSuggestion(unit)) }) as unknown as Suggestions;

  it("are asked for once more where something changed while an answer was on its way", async () => {
    const fetch = vi.fn().mockResolvedValue(answer("one"));
    const suggested = new Suggested(fetch);
    void suggested.load("a");
    void suggested.load("a");
    void suggested.load("a");
    await settle();
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it("are the alternatives at once where the place was taken", () => {
    const suggested = new Suggested(() => new Promise(() => undefined));
    suggested.got = new Map([["a", answer("one", "two")]]);
    suggested.instead("a", [aSuggestion("two")]);
    expect(suggested.got.get("a")?.suggestions.map(({ unit }) => unit)).toEqual(["two"]);
  });

  it("keep the order that is being read, say what fits no more, and that there is another order", () => {
    const read = [aSuggestion("one"), aSuggestion("two")];
    const now = steady(read, [aSuggestion("three"), aSuggestion("one", { score: 99 })], true);
    expect(now.shown.map(({ one, gone }) => [one.unit, one.score, gone])).toEqual([["one", 99, false], ["two", 10, true]]);
    expect([now.moved, steady(read, read, true).moved]).toEqual([true, false]);
  });

  it("do not say of what fell out of the best that it fits no more", () => {
    expect(steady([aSuggestion("one")], [aSuggestion("two")], false).shown.map(({ gone }) => gone)).toEqual([false]);
  });

  it("stay where they could not be had, and go where the request has", async () => {
    const fetch = vi.fn().mockResolvedValueOnce(answer("one")).mockRejectedValueOnce(problem(401, "session-ended"));
    const suggested = new Suggested(fetch.mockRejectedValue(problem(409, "request-closed")));
    await suggested.load("a");
    await suggested.load("a");
    expect(suggested.got.has("a")).toBe(true);
    await suggested.load("a");
    expect(suggested.got.has("a")).toBe(false);
  });
});

describe("who has to be moved", () => {
  it("is asked for until it is known, and not again and again where the board changes", async () => {
    const fetch = vi.fn().mockRejectedValueOnce(new NotAnswered(null)).mockResolvedValue([]);
    const moves = new Moves(fetch);
    moves.soon();
    await settle();
    expect([moves.failed, moves.all]).toEqual([true, null]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect([moves.failed, moves.all]).toEqual([false, []]);
    moves.soon();
    moves.soon();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(fetch).toHaveBeenCalledTimes(3);
  });
});

describe("single keys", () => {
  const press = (key: string, change = {}) => ({
    key,
    code: "",
    shiftKey: false,
    isComposing: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...change,
  });

  it("do something only while nobody types, and can be switched off", () => {
    expect(commandOf(press("n"), false, true)).toEqual({ do: "ask" });
    expect(commandOf(press("3"), false, true)).toEqual({ do: "suggestion", place: 3 });
    expect(commandOf(press("n"), true, true)).toBeNull();
    expect(commandOf(press("n"), false, false)).toBeNull();
    expect(commandOf(press("toString"), false, true)).toBeNull();
  });

  it("know the keys of the digits, whatever is on them", () => {
    const third = { do: "suggestion", place: 3 };
    expect(commandOf(press('"', { code: "Digit3" }), false, true)).toEqual(third);
    expect(commandOf(press("3", { code: "Digit3", shiftKey: true }), false, true)).toEqual(third);
    expect(commandOf(press("3", { code: "Numpad3" }), false, true)).toEqual(third);
    expect(commandOf(press("#", { code: "Digit3", shiftKey: true }), false, true)).toBeNull();
    expect(commandOf(press("PageDown", { code: "Numpad3" }), false, true)).toBeNull();
  });

  it("are nobody's while a letter is being composed or a search field can be emptied", () => {
    expect(commandOf(press("n", { isComposing: true }), false, true)).toBeNull();
    expect([isSearched({ type: "search", value: "x" }), isSearched({ type: "search", value: "" }), isSearched(null)]).toEqual([true, false, false]);
  });

  it("leave the browser's own keys alone, and Escape works everywhere", () => {
    expect(commandOf(press("n", { ctrlKey: true }), false, true)).toBeNull();
    expect(commandOf(press("Escape"), true, false)).toEqual({ do: "back" });
  });

  it("are letters in a field and a list, and not on a box to tick", () => {
    expect(isTyped({ tagName: "INPUT", type: "text" })).toBe(true);
    expect(isTyped({ tagName: "SELECT" })).toBe(true);
    expect(isTyped({ tagName: "INPUT", type: "checkbox" })).toBe(false);
    expect(isTyped({ tagName: "BUTTON" })).toBe(false);
    expect(isTyped(null)).toBe(false);
  });
});
