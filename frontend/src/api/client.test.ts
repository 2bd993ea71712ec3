import { afterEach, expect, it, vi } from "vitest";
import { ApiProblem, Client, NotAnswered } from "./client";
import { newId } from "./ids";
import type { ReportBody } from "./types";

const client = new Client(() => "nl");
const fetched = vi.fn<(url: string, request: RequestInit) => Promise<Response>>();
vi.stubGlobal("fetch", fetched);
afterEach(() => fetched.mockReset());

const answer = (status: number, body: string) => fetched.mockResolvedValueOnce(new Response(body || null, { status }));
const body: ReportBody = { shelter: "s", observed_at: "", sent_at: "", night: "2026-11-24", units: [] };

it("asks in the language of the page, and puts a report under its id", async () => {
  answer(200, '{"report":"r","repeated":false,"units":[]}');
  expect(await client.report("r", body)).toMatchObject({ report: "r" });
  const [url, request] = fetched.mock.calls[0]!;
  expect([url, request.method]).toEqual(["/api/v1/reports/r", "PUT"]);
  expect(request.headers).toMatchObject({ "Accept-Language": "nl" });
});

it("hands on what the server said, facts included", async () => {
  answer(409, '{"slug":"changed-meanwhile","title":"T","detail":"D","status":409,"units":[1]}');
  const problem = (await client.report("r", body).catch((failure: unknown) => failure)) as ApiProblem;
  expect(problem).toBeInstanceOf(ApiProblem);
  expect([problem.status, problem.slug, problem.detail, problem.document["units"]]).toEqual([
    409,
    "changed-meanwhile",
    "D",
    [1],
  ]);
});

it("takes the slug from the type where there is no other", async () => {
  answer(403, '{"type":"/docs/problems#forbidden","title":"T"}');
  expect(await client.currentSession().catch((failure: ApiProblem) => failure.slug)).toBe("forbidden");
});

it.each([
  ["a broken connection", () => fetched.mockRejectedValueOnce(new TypeError("network"))],
  ["a gateway's error page", () => answer(502, "<html>Bad gateway</html>")],
  ["an answer cut in the middle", () => answer(200, '{"report":')],
])("does not know what became of it after %s", async (_name, prepare) => {
  prepare();
  await expect(client.report("r", body)).rejects.toBeInstanceOf(NotAnswered);
});

it("takes a refusal without words as a refusal", async () => {
  answer(404, "Not found");
  await expect(client.report("r", body)).rejects.toMatchObject({ status: 404, title: "HTTP 404" });
});

it("takes an empty answer to logging out", async () => {
  answer(204, "");
  await expect(client.logOut()).resolves.toBeUndefined();
});

it("makes ids that are UUIDs of version 7, in the order of time", () => {
  const ids = [1_000, 2_000, 2 ** 41].map((ms) => newId(ms));
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(newId(2_000)).not.toBe(ids[1]);
});
