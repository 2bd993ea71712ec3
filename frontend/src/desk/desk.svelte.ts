/** What the desk's page knows and does. Of people only in memory, and only while somebody is signed in (I9). */

import type { ApiProblem } from "../api/client";
import { newId } from "../api/ids";
import type { Colleague, PlacementEnding, PlacementView, RequestAsked, RequestView, Suggestion } from "../api/orientation";
import type { LiveBoard } from "../live/board.svelte";
import type { Region } from "../region/region.svelte";
import { client, session } from "../session/session.svelte";
import { announcer } from "../ui/announcer.svelte";
import { deskWords } from "../i18n/desk";
import { Acts } from "./acts.svelte";
import { DeskApi, type ActBody, type Closing } from "./api";
import { amendmentOf, bodyOf, draftOf, newDraft, type Draft } from "./draft";
import { Places } from "./places.svelte";
import { ALL, arrange, select, type Filters } from "./queue";
import { Requests } from "./requests.svelte";
import { Suggested } from "./suggested.svelte";

export type Panel =
  | { kind: "none" | "ask" | "report" | "moves" | "keys" }
  | { kind: "request"; id: string; moving: boolean }
  | { kind: "receipt"; id: string; secret: string | null };

export interface ComeBack {
  ending: PlacementEnding;
  unit: string;
  decline: string | null;
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
  draft = $state.raw<Draft>(newDraft(newId()));
  /** How the last hold of a request ended, where nobody came. */
  back = $state.raw<ReadonlyMap<string, ComeBack>>(new Map());
  /** The unit that somebody else was quicker to hold, by request. */
  taken = $state.raw<ReadonlyMap<string, string>>(new Map());

  readonly backIds = $derived(new Set(this.back.keys()));
  readonly queue = $derived.by(() => {
    const chosen = select(this.requests.all.values(), this.filters, this.me);
    return arrange(chosen, this.backIds, this.live.nowMs);
  });
  readonly open = $derived.by(() => [...this.requests.all.values()].filter(({ state }) => state !== "closed").length);
  readonly chosenId = $derived(this.panel.kind === "request" || this.panel.kind === "receipt" ? this.panel.id : null);
  readonly chosen = $derived(this.panel.kind === "request" ? this.requests.all.get(this.panel.id) : undefined);
  readonly moving = $derived(this.panel.kind === "request" && this.panel.moving);
  /** Whom a hold can be handed to: who has a request just now. */
  readonly colleagues = $derived.by((): Colleague[] => {
    const found = new Map<string, Colleague>();
    for (const { assignee, placement } of this.requests.all.values())
      for (const one of [assignee, placement?.made_by]) if (one?.login && one.id !== this.me) found.set(one.id, one);
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

  look(id: string, moving = false): void {
    this.panel = { kind: "request", id, moving };
    void this.suggested.load(id);
  }

  /** A new request, entered or going on being entered. */
  begin(): void {
    if (this.draft.amends !== null) this.draft = newDraft(newId());
    this.panel = { kind: "ask" };
  }

  change(request: RequestView): void {
    this.draft = draftOf(request, newId());
    this.panel = { kind: "ask" };
  }

  leaveChange(): void {
    const { amends } = this.draft;
    this.draft = newDraft(newId());
    this.acts.clear("ask");
    if (amends !== null) this.look(amends.id);
  }

  enter(): void {
    const { draft } = this;
    if (draft.amends !== null) return this.#amend(draft, draft.amends);
    const body = bodyOf(draft);
    void this.acts.run("ask", () => this.api.enter(body), (answer) => this.#entered(answer));
  }

  #entered({ request, receipt }: RequestAsked): void {
    this.panel = { kind: "receipt", id: request.id, secret: receipt };
    this.requests.take([request]);
    this.draft = newDraft(newId());
    announcer.say(deskWords().told.entered(request.code));
    void this.suggested.load(request.id);
  }

  #amend(draft: Draft, before: RequestView): void {
    const amendment = amendmentOf(draft);
    const done = () => {
      this.draft = newDraft(newId());
      this.requests.renew(before.id);
      this.look(before.id);
    };
    if (amendment === null) return done();
    const send = () => this.api.amend(before.id, draft.id, before.version, amendment);
    void this.acts.run("ask", send, done, (problem) => this.#moved(before.id, problem));
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

  act(request: RequestView, body: ActBody): void {
    const id = newId();
    const placement = request.placement!.id;
    this.#do(request.id, () => this.api.act(placement, id, body));
  }

  hold(request: RequestView, unit: string): void {
    const id = newId();
    const replaces = request.placement?.id ?? null;
    this.#untake(request.id);
    void this.acts.run(
      request.id,
      () => this.api.hold(id, request.id, unit, replaces),
      () => {
        announcer.say(deskWords().told.held(this.places.name(unit), request.party_size));
        this.requests.renew(request.id);
        if (this.panel.kind === "request" && this.panel.id === request.id) this.panel = { ...this.panel, moving: false };
      },
      (problem) => this.#refused(request, unit, problem),
    );
  }

  #refused(request: RequestView, unit: string, problem: ApiProblem): boolean {
    if (problem.slug !== "place-taken") return this.#moved(request.id, problem);
    this.taken = new Map(this.taken).set(request.id, unit);
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
    const next = new Map(this.taken);
    next.delete(request);
    this.taken = next;
  }

  /** A hold that ended without arrival: it waits again, and what fits next is fetched before anybody asks. */
  #heard(now: RequestView, before: RequestView | undefined): void {
    if (now.placement !== null || now.state === "closed") this.#forget(now.id);
    const ended = before?.placement;
    if (now.id === this.chosenId && before !== undefined) void this.suggested.load(now.id);
    if (!ended || now.placement !== null || now.state !== "waiting") return;
    void this.suggested.load(now.id);
    void this.#askWhy(now, ended.id);
  }

  async #askWhy(request: RequestView, placement: string): Promise<void> {
    const ended = await this.api.placement(placement).catch(() => null);
    if (ended === null || !this.#remember([ended])) return;
    announcer.say(deskWords().told.cameBack(request.code, this.sayEnding(request), this.places.name(ended.unit)));
  }

  /** What came back before this page was opened. */
  async lookBack(): Promise<void> {
    this.#remember(await this.api.ended().catch(() => []));
  }

  /** The last end of each request; says whether somebody waits again for it. */
  #remember(ended: readonly PlacementView[]): boolean {
    const last = new Map<string, PlacementView>();
    for (const one of ended) if (!last.has(one.request)) last.set(one.request, one);
    const next = new Map(this.back);
    for (const [request, { ending, unit, decline }] of last) {
      if (ending === null || ending === "cancelled" || ending === "arrived") last.delete(request);
      else if (this.requests.all.get(request)?.placement) last.delete(request);
      else next.set(request, { ending, unit, decline: decline?.reason ?? null });
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

  #forget(request: string): void {
    if (!this.back.has(request)) return;
    const next = new Map(this.back);
    next.delete(request);
    this.back = next;
  }
}
