/** Tonight's plans, and the one that is looked at: while it is computed or lands it is asked for every second. */

import { ApiProblem } from "../../api/client";
import { newId } from "../../api/ids";
import type { Mark } from "../../api/orientation";
import type { Acts } from "../../desk/acts.svelte";
import type { DistributionApi } from "../api";
import { Fetched } from "../fetched.svelte";
import type { PlanHead, PlanView, Why } from "../shapes";

const POLL_MS = 1_000;

export const MAKING = "plan";

export const isBusy = ({ state }: PlanHead): boolean => state === "solving" || state === "applying";

export class Plans {
  readonly list: Fetched<PlanHead[]>;
  readonly current: Fetched<PlanView>;
  readonly acts: Acts;
  chosen = $state<string | null>(null);
  /** Why households go where they go, by plan and request; a refusal in words. */
  whys = $state.raw<ReadonlyMap<string, Why | string>>(new Map());
  #api: DistributionApi;
  #marks: ReadonlyMap<string, Mark> | null = null;

  /** The newest first. */
  readonly heads = $derived.by(() => [...(this.list.value ?? [])].sort((a, b) => (a.made_at < b.made_at ? 1 : -1)));
  readonly shownId = $derived(
    this.chosen ?? (this.heads.find(({ state }) => state !== "discarded" && state !== "failed") ?? this.heads[0])?.id ?? null,
  );
  readonly shown = $derived.by(() => (this.current.value?.id === this.shownId ? this.current.value : null));

  constructor(api: DistributionApi, acts: Acts) {
    this.#api = api;
    this.acts = acts;
    this.list = new Fetched(
      () => api.plans(),
      () => this.#look(),
    );
    this.current = new Fetched(
      () => api.plan(this.shownId!),
      (view) => this.#seen(view),
    );
  }

  follow(marks: ReadonlyMap<string, Mark>): void {
    if (marks !== this.#marks) this.list.now();
    this.#marks = marks;
  }

  choose(id: string): void {
    this.chosen = id;
    if (this.shown === null) this.current.now();
  }

  make(after: string | null, freely: boolean, links: readonly (readonly string[])[], limit_s: number, made: () => void): void {
    const id = newId();
    void this.acts.run(MAKING, () => this.#api.draft(id, after, freely, links, limit_s), (view) => {
      this.#take(view);
      made();
    });
  }

  apply(plan: string, replan: boolean): void {
    const id = newId();
    this.#do(plan, () => this.#api.apply(plan, id, replan));
  }

  discard(plan: string): void {
    const id = newId();
    this.#do(plan, () => this.#api.discard(plan, id));
  }

  whyOf(plan: string, request: string): Why | string | undefined {
    return this.whys.get(`${plan} ${request}`);
  }

  /** Whoever opens it again after a refusal asks again. */
  async askWhy(plan: string, request: string): Promise<void> {
    const key = `${plan} ${request}`;
    if (typeof this.whys.get(key) === "object") return;
    const put = (why: Why | string) => (this.whys = new Map(this.whys).set(key, why));
    try {
      put(await this.#api.why(plan, request));
    } catch (failure) {
      put(failure instanceof ApiProblem ? failure.detail || failure.title : "");
    }
  }

  #do(plan: string, send: () => Promise<PlanView>): void {
    const renew = () => (this.list.now(), this.current.now(), false);
    void this.acts.run(plan, send, (view) => this.#take(view), renew);
  }

  #take(view: PlanView): void {
    this.chosen = view.id;
    this.current.value = view;
    this.#seen(view);
    this.list.now();
  }

  /** The list tells of another version than the one that is shown. */
  #look(): void {
    const head = this.heads.find(({ id }) => id === this.shownId);
    if (head && head.version !== this.shown?.version) this.current.now();
  }

  #seen(view: PlanView): void {
    if (view.id !== this.shownId) this.current.now();
    else if (isBusy(view)) this.current.within(POLL_MS);
    else if (this.heads.find(({ id }) => id === view.id)?.version !== view.version) this.list.now();
  }
}
