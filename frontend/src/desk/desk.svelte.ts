/** What the desk's page knows and does. Of people only in memory, and only while somebody is signed in (I9). */

import type { ApiProblem } from "../api/client";
import { newId } from "../api/ids";
import type { Colleague, Placed, PlacementEnding, PlacementView, RequestAsked, RequestView, Suggestion } from "../api/orientation";
import type { LiveBoard } from "../live/board.svelte";
import type { Region } from "../region/region.svelte";
import { client, session } from "../session/session.svelte";
import { announcer } from "../ui/announcer.svelte";
import { deskWords } from "../i18n/desk";
import { Acts } from "./acts.svelte";
import { DeskApi, type ActBody, type Closing } from "./api";
import { amendmentOf, bodyOf, draftOf, newDraft, rebased, type Draft } from "./draft";
import { untilAnswered } from "./insisting";
import type { LaterKind } from "./later";
import { Moves } from "./moves.svelte";
import { Places } from "./places.svelte";
import { ALL, arrange, select, type Filters } from "./queue";
import { Requests } from "./requests.svelte";
import { Suggested } from "./suggested.svelte";

export type Panel =
  | { kind: "none" | "ask" | LaterKind }
  | { kind: "request"; id: string; moving: boolean }
  | { kind: "receipt" | "amend"; id: string };

export interface ComeBack {
  placement: string;
  ending: PlacementEnding;
  unit: string;
  decline: string | null;
}

/** Under which what changes a request is said. */
export const amending = (request: string): string => `amend ${request}`;

function without<T>(map: ReadonlyMap<string, T>, key: string): ReadonlyMap<string, T> {
  if (!map.has(key)) return map;
  const next = new Map(map);
  next.delete(key);
  return next;
}

export class Desk {
  readonly live: LiveBoard;
  readonly region: Region;
  readonly api = new DeskApi(client);
  readonly acts = new Acts(() => session.end());
  readonly suggested = new Suggested((request, limit, all) => this.api.suggestions(request, limit, all));
  readonly requests = new Requests(
    (ids) => this.api.requests(ids),
    (now, before) => this.#heard(now, before),
    () => session.end(),
  );
  readonly places: Places;
  filters = $state.raw<Filters>(ALL);
  panel = $state.raw<Panel>({ kind: "none" });
  readonly moves = new Moves(() => this.api.mustMoves());
  /** The request that is being entered. */
  draft = $state.raw<Draft>(newDraft(newId()));
  /** Changes that are being made, by request. */
  amendments = $state.raw<ReadonlyMap<string, Draft>>(new Map());
  /** The receipts that nobody has passed on yet, by request: this is the only copy. Null where it was lost on its way. */
  receipts = $state.raw<ReadonlyMap<string, string | null>>(new Map());
  /** How the last hold of a request ended, where nobody came. */
  back = $state.raw<ReadonlyMap<string, ComeBack>>(new Map());
  /** The unit that somebody else was quicker to hold, by request; another object each time. */
  taken = $state.raw<ReadonlyMap<string, { unit: string }>>(new Map());
  /** The unit that was last asked to be held, by request. */
  holding = $state.raw<ReadonlyMap<string, string>>(new Map());
  #left = false;

  readonly backIds = $derived(new Set(this.back.keys()));
  readonly queue = $derived.by(() => {
    const chosen = select(this.requests.all.values(), this.filters, this.me);
    return arrange(chosen, this.backIds, this.live.nowMs);
  });
  readonly open = $derived.by(() => [...this.requests.all.values()].filter(({ state }) => state !== "closed").length);
  readonly chosenId = $derived("id" in this.panel ? this.panel.id : null);
  readonly chosen = $derived(this.panel.kind === "request" ? this.requests.all.get(this.panel.id) : undefined);
  readonly moving = $derived(this.panel.kind === "request" && this.panel.moving);
  /** Whom a hold can be handed to: who has a request just now. */
  readonly colleagues = $derived.by((): Colleague[] => {
    const found = new Map<string, Colleague>();
    for (const { assignee, placement } of this.requests.all.values())
      for (const one of [assignee, placement?.holder]) if (one?.login && one.id !== this.me) found.set(one.id, one);
    return [...found.values()].sort((a, b) => (a.login < b.login ? -1 : 1));
  });

  constructor(live: LiveBoard, region: Region) {
    this.live = live;
    this.region = region;
    this.places = new Places(live, region);
  }

  get me(): string {
    return session.principal?.id ?? "";
  }

  /** Supervisors read along. */
  get mayAct(): boolean {
    return session.principal?.role === "desk" || session.principal?.role === "administrator";
  }

  show(panel: Panel): void {
    this.panel = panel;
  }

  /** Nobody is there any more. */
  leave(): void {
    this.#left = true;
    this.requests.end();
    this.suggested.rest();
    this.moves.end();
  }

  look(id: string, moving = false): void {
    this.panel = { kind: "request", id, moving };
    this.acts.forgetRefusal(id);
    this.#untake(id);
    void this.suggested.load(id);
  }

  change(request: RequestView): void {
    const begun = this.amendments.get(request.id);
    if (begun === undefined) this.setAmendment(request.id, draftOf(request, newId()));
    else if (!this.acts.attempts.has(amending(request.id))) this.setAmendment(request.id, rebased(begun, request, newId()));
    this.panel = { kind: "amend", id: request.id };
  }

  setAmendment(request: string, draft: Draft): void {
    this.amendments = new Map(this.amendments).set(request, draft);
  }

  leaveChange(request: string): void {
    if (this.panel.kind === "amend" && this.panel.id === request) this.look(request);
    this.acts.clear(amending(request));
    this.amendments = without(this.amendments, request);
  }

  enter(): void {
    const body = bodyOf(this.draft);
    void this.acts.run("ask", () => this.api.enter(body), (answer) => this.#entered(answer));
  }

  /** Whoever has gone on meanwhile stays where they are: the receipt stands with the request. */
  #entered({ request, receipt }: RequestAsked): void {
    this.receipts = new Map(this.receipts).set(request.id, receipt);
    if (this.panel.kind === "ask") this.panel = { kind: "receipt", id: request.id };
    this.requests.take([request]);
    this.draft = newDraft(newId());
    announcer.say(deskWords().told.entered(request.code));
    void this.suggested.load(request.id);
  }

  /** The household has its receipt: here it is forgotten. */
  passOn(request: string): void {
    this.receipts = without(this.receipts, request);
    this.look(request);
  }

  amend(request: string): void {
    const draft = this.amendments.get(request)!;
    const amendment = amendmentOf(draft);
    const done = () => {
      this.requests.renew(request);
      this.leaveChange(request);
    };
    if (amendment === null) return done();
    const send = () => this.api.amend(request, draft.id, draft.amends!.version, amendment);
    void this.acts.run(amending(request), send, done, (problem) => this.#rebase(request, problem));
  }

  /** What was changed here is kept, and is said of the request as it is now. */
  #rebase(request: string, problem: ApiProblem): boolean {
    const draft = this.amendments.get(request);
    const now = problem.document["request"] as RequestView | undefined;
    if (problem.slug === "request-changed" && draft && now) {
      this.setAmendment(request, rebased(draft, now, newId()));
      this.requests.take([now]);
    }
    return this.#moved(request, problem);
  }

  take(request: RequestView): void {
    const id = newId();
    this.#do(request.id, () => this.api.take(request.id, id, request.version));
  }

  refresh(request: RequestView): void {
    const id = newId();
    this.#do(request.id, () => this.api.refresh(request.id, id));
  }

  pause(request: RequestView, until: string): void {
    const id = newId();
    this.#do(request.id, () => this.api.pause(request.id, id, until));
  }

  close(request: RequestView, closing: Closing): void {
    const id = newId();
    this.#do(request.id, () => this.api.close(request.id, id, request.version, closing));
  }

  act(request: RequestView, body: ActBody, placement = request.placement!.id): void {
    const id = newId();
    // When it is said is another instant each time it is said.
    const said = () => (body.verb === "arrive" ? { ...body, sent_at: new Date().toISOString() } : body);
    this.#do(request.id, () => this.api.act(placement, id, said()));
  }

  hold(request: RequestView, unit: string): void {
    if (this.acts.isBusy(request.id)) return;
    const id = newId();
    const replaces = request.placement?.id ?? null;
    this.#untake(request.id);
    this.holding = new Map(this.holding).set(request.id, unit);
    void this.acts.run(
      request.id,
      () => this.api.hold(id, request.id, unit, replaces),
      (answer) => this.#held(request, unit, answer),
      (problem) => this.#refused(request, unit, problem),
    );
  }

  #held(request: RequestView, unit: string, { placement, request: { state } }: Placed): void {
    announcer.say(deskWords().told.held(this.places.name(unit), request.party_size));
    if (placement.state !== "ended") this.requests.show(request.id, { placement, state });
    this.requests.renew(request.id);
    if (this.panel.kind === "request" && this.panel.id === request.id) this.panel = { ...this.panel, moving: false };
  }

  #refused(request: RequestView, unit: string, problem: ApiProblem): boolean {
    if (problem.slug !== "place-taken") return this.#moved(request.id, problem);
    this.taken = new Map(this.taken).set(request.id, { unit });
    this.suggested.instead(request.id, (problem.document["alternatives"] as Suggestion[] | undefined) ?? []);
    announcer.say(deskWords().told.taken(request.code));
    return true;
  }

  /** A refusal that tells of another state: that state is fetched, and the refusal is still shown. */
  #moved(request: string, problem: ApiProblem): boolean {
    if (problem.status === 409) this.requests.renew(request);
    return false;
  }

  #do(request: string, send: () => Promise<unknown>): void {
    const done = () => this.requests.renew(request);
    void this.acts.run(request, send, done, (problem) => this.#moved(request, problem));
  }

  #untake(request: string): void {
    this.taken = without(this.taken, request);
  }

  /** A hold that ended without arrival: it waits again, and what fits next is fetched before anybody asks. */
  #heard(now: RequestView, before: RequestView | undefined): void {
    if (now.placement !== null || now.state === "closed") {
      this.back = without(this.back, now.id);
      this.#untake(now.id);
    }
    const ended = before?.placement;
    if (now.id === this.chosenId && before !== undefined) void this.suggested.load(now.id);
    if (!ended || now.placement !== null || now.state !== "waiting") return;
    void this.suggested.load(now.id);
    void this.#askWhy(now, ended.id);
  }

  async #askWhy(request: RequestView, placement: string): Promise<void> {
    const ended = await untilAnswered(() => this.api.placement(placement), () => !this.#left);
    if (ended === null || !this.#remember([ended])) return;
    announcer.say(deskWords().told.cameBack(request.code, this.sayEnding(request), this.places.name(ended.unit)));
  }

  /** What came back before this page was opened. */
  async lookBack(): Promise<void> {
    this.#remember((await untilAnswered(() => this.api.ended(), () => !this.#left)) ?? []);
  }

  /** The last end of each request; says whether somebody waits again for it. */
  #remember(ended: readonly PlacementView[]): boolean {
    const last = new Map<string, PlacementView>();
    for (const one of ended) if (!last.has(one.request)) last.set(one.request, one);
    const next = new Map(this.back);
    for (const [request, { id, ending, unit, decline }] of last) {
      if (ending === null || ending === "cancelled" || ending === "arrived") last.delete(request);
      else if (this.requests.all.get(request)?.placement) last.delete(request);
      else next.set(request, { placement: id, ending, unit, decline: decline?.reason ?? null });
    }
    this.back = next;
    return last.size > 0;
  }

  /** "declined (full)" */
  sayEnding(request: RequestView): string {
    const back = this.back.get(request.id);
    if (back === undefined) return "";
    const { endings, declines } = deskWords();
    const why = (declines as Record<string, string>)[back.decline ?? ""];
    return endings[back.ending] + (why === undefined ? "" : ` (${why})`);
  }
}
