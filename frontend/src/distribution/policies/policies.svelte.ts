/** The rules of orientation: those that hold, what is being changed of them, and what that would have done. */

import type { ApiProblem } from "../../api/client";
import { newId } from "../../api/ids";
import type { Acts } from "../../desk/acts.svelte";
import type { DistributionApi } from "../api";
import { Fetched } from "../fetched.svelte";
import type { Policies as Versions, PolicyView, Preview, Rules } from "../shapes";
import { changed, rebased, withLeaf, wrongs, type Leaf } from "./rules";

const POLL_MS = 1_000;

export const SAVING = "policy";
export const PREVIEWING = "preview";

export class Policies {
  readonly list: Fetched<Versions>;
  readonly preview: Fetched<Preview>;
  readonly acts: Acts;
  /** The version that is being changed, as it was then. */
  base = $state.raw<{ version: number; rules: Rules } | null>(null);
  rules = $state.raw<Rules | null>(null);
  /** Somebody else was quicker: their version, what they and we changed otherwise, and theirs of it. */
  conflict = $state.raw<{ version: number; both: string[] } | null>(null);
  /** What the server says a field may be, where it knows better. */
  unsound = $state.raw<{ field: string; least: number; most: number } | null>(null);
  saved = $state<number | null>(null);
  /** The rules that the preview is of, as text. */
  previewed = $state("");
  #api: DistributionApi;
  #preview = $state<string | null>(null);

  readonly changes = $derived(this.base && this.rules ? changed(this.base.rules, this.rules) : []);
  readonly wrongs = $derived(this.rules ? wrongs(this.rules) : new Map<string, never>());
  readonly inForce = $derived.by(() => this.list.value?.policies.find(({ version }) => version === this.list.value?.version));

  constructor(api: DistributionApi, acts: Acts) {
    this.#api = api;
    this.acts = acts;
    this.list = new Fetched(
      () => api.policies(),
      () => this.#heard(),
    );
    this.preview = new Fetched(
      () => api.preview(this.#preview!),
      ({ state }) => void (state === "working" && this.preview.within(POLL_MS)),
    );
  }

  get isPreviewed(): boolean {
    return this.#preview !== null;
  }

  set(field: string, value: Leaf): void {
    this.rules = withLeaf(this.rules!, field, value);
    this.saved = null;
    this.unsound = null;
    this.acts.forgetRefusal(SAVING);
  }

  reset(): void {
    const now = this.inForce;
    if (now) this.#begin(now);
    this.conflict = null;
  }

  begin(nights: number): void {
    const rules = this.rules!;
    void this.acts.run(PREVIEWING, () => this.#api.beginPreview(rules, nights), (id) => {
      this.#preview = id;
      this.previewed = JSON.stringify(rules);
      this.preview.value = null;
      this.preview.now();
    });
  }

  save(why: string, done: () => void): void {
    const [id, rules, base] = [newId(), this.rules!, this.base!.version];
    void this.acts.run(
      SAVING,
      () => this.#api.setPolicy(id, base, why, rules),
      ({ version, policy }) => {
        this.saved = version;
        this.conflict = null;
        this.#begin(policy);
        this.list.now();
        done();
      },
      (problem) => this.#refused(problem),
    );
  }

  #begin({ version, policy }: PolicyView): void {
    this.base = { version, rules: policy };
    this.rules = policy;
    this.unsound = null;
  }

  /** Where nothing is changed here, what holds is what is shown; else what was changed stands on top of it. */
  #heard(): void {
    const now = this.inForce;
    if (!now || now.version === this.base?.version) return;
    if (this.base === null || this.changes.length === 0) this.#begin(now);
    else this.#rebase(now.version, now.policy);
  }

  #rebase(version: number, theirs: Rules): void {
    const { rules, both } = rebased(this.base!.rules, this.rules!, theirs);
    this.base = { version, rules: theirs };
    this.rules = rules;
    this.conflict = { version, both };
  }

  #refused({ slug, document }: ApiProblem): boolean {
    if (slug === "policy-changed") {
      this.list.now();
      this.#rebase(document["version"] as number, document["policy"] as Rules);
      return true;
    }
    if (slug === "policy-unsound") {
      this.unsound = { field: String(document["field"]), least: Number(document["least"]), most: Number(document["most"]) };
    }
    return false;
  }
}
