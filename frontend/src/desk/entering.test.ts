import { describe, expect, it } from "vitest";
import { aRequest } from "./examples";
import { amendmentOf, bodyOf, draftOf, isEmpty, newDraft, rebased, withMember, withOneMore, withQuick } from "./draft";
import { bandOf, groupsOf, readParty } from "./party";

const said = (text: string) => readParty(text).party.map(({ gender, age, relation }) => `${gender} ${age} ${relation}`);

describe("a party in a few keys", () => {
  it("is letter and age of each, in the letters of any of the three languages", () => {
    expect(said("w31 m4 m7")).toEqual(["woman 26-59 self", "man 3-11 child", "man 3-11 child"]);
    expect(said("f31")).toEqual(said("v31"));
    expect(said("H60, x19 + 2")).toEqual(["man 60+ self", "x 18-25 other", "unsaid 0-2 child"]);
    expect(said("31w")).toEqual(["woman 26-59 self"]);
  });

  it("knows the years at which each band begins and ends", () => {
    const years = [0, 2, 3, 11, 12, 17, 18, 25, 26, 59, 60, 120];
    const bands = ["0-2", "0-2", "3-11", "3-11", "12-17", "12-17", "18-25", "18-25", "26-59", "26-59", "60+", "60+"];
    expect(years.map(bandOf)).toEqual(bands);
  });

  it("takes no child for the child of a child, and guesses nothing of adults", () => {
    expect(said("m16 w15")).toEqual(["man 12-17 self", "woman 12-17 other"]);
    expect(said("w31 m33")).toEqual(["woman 26-59 self", "man 26-59 other"]);
  });

  it("says what it did not understand, and takes nothing that looks like a name or a number of somebody", () => {
    expect(readParty("w31 Fatima 0475123456 w999 mm4 m4m").wrong).toEqual(["fatima", "0475123456", "w999", "mm4", "m4m"]);
  });

  it("is told by those who are alike", () => {
    expect(groupsOf(readParty("w31 m4 m7 m14").party)).toEqual([
      { gender: "woman", age: "26-59", n: 1 },
      { gender: "man", age: "3-11", n: 2 },
      { gender: "man", age: "12-17", n: 1 },
    ]);
  });
});

describe("a draft", () => {
  it("always has somebody who asks: whoever stands first", () => {
    const two = withQuick(newDraft("a"), "w31 m4");
    expect(withMember(two, 0, null).party).toEqual([{ age: "3-11", gender: "man", relation: "self" }]);
    expect(withOneMore(newDraft("a")).party[0]!.relation).toBe("self");
  });

  it("takes twelve and no more", () => {
    const many = withQuick(newDraft("a"), Array(15).fill("m30").join(" "));
    expect(many.party).toHaveLength(12);
    expect(withOneMore(many).party).toHaveLength(12);
  });

  it("becomes a body in which what was left empty is not there", () => {
    const draft = { ...withQuick(newDraft("a"), "w31"), continues: "  ", alias: " Sam ", contact: "" };
    expect(bodyOf(draft)).toMatchObject({ id: "a", continues: null, contact: { alias: "Sam", contact: null } });
    expect(bodyOf({ ...draft, alias: "" }).contact).toBeNull();
  });

  it("is empty until something is said", () => {
    expect(isEmpty(newDraft("a"))).toBe(true);
    expect(isEmpty({ ...newDraft("a"), urgency: ["cold"] })).toBe(false);
  });
});

describe("a change of a request", () => {
  const request = aRequest({ contact: { alias: "Sam", contact: null } });

  it("is said of the request as it is now, and takes back nothing that a colleague changed meanwhile", () => {
    const draft = { ...draftOf(request, "event-1"), urgency: ["cold" as const] };
    const now = aRequest({ version: 7, regime: "admission", contact: { alias: "Kim", contact: null } });
    const next = rebased(draft, now, "event-2");
    expect([next.id, next.amends?.version, amendmentOf(next)]).toEqual(["event-2", 7, { urgency: ["cold"] }]);
    expect(rebased({ ...draft, alias: "Alex" }, now, "x").alias).toBe("Alex");
  });

  it("says only what was changed, so that a colleague's change beside it stays", () => {
    const draft = draftOf(request, "event-1");
    expect(amendmentOf(draft)).toBeNull();
    expect(amendmentOf({ ...draft, urgency: ["cold"] })).toEqual({ urgency: ["cold"] });
    expect(amendmentOf({ ...draft, alias: "" })).toEqual({ contact: null });
    expect(amendmentOf({ ...draft, needs: { ...draft.needs, pets: 1 }, regime: "admission" })).toEqual({
      regime: "admission",
      needs: { ...request.needs, pets: 1 },
    });
  });
});
