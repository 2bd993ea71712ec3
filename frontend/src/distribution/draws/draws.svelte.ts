/** Tonight's draws. A secret is in memory, until this page is left: whoever made it notes it down. */

import type { Mark } from "../../api/orientation";
import { newId } from "../../api/ids";
import type { Acts } from "../../desk/acts.svelte";
import type { DistributionApi } from "../api";
import { Fetched } from "../fetched.svelte";
import type { DrawPlaced, DrawView, Group } from "../shapes";
import { digestOf, newSecret, verify, type Verdict } from "./verifying";

/** The states of households change all the time, the draws themselves seldom. */
const PAUSE_MS = 3_000;

export const BEGINNING = "draw";

const needsSomebody = ({ state }: DrawView): boolean => state === "open" || state === "frozen";

export class Draws {
  readonly list: Fetched<DrawView[]>;
  readonly acts: Acts;
  chosen = $state<string | null>(null);
  secrets = $state.raw<ReadonlyMap<string, string>>(new Map());
  placed = $state.raw<ReadonlyMap<string, DrawPlaced>>(new Map());
  verdicts = $state.raw<ReadonlyMap<string, Verdict>>(new Map());
  #api: DistributionApi;
  #marks: ReadonlyMap<string, Mark> = new Map();

  /** The first begun first, whichever was acted on last: its number is part of its name. */
  readonly all = $derived.by(() => {
    const { value } = this.list;
    return value && [...value].sort((a, b) => Date.parse(a.made_at) - Date.parse(b.made_at));
  });

  /** The one that was chosen, else the one that needs somebody, else the last: one that was abandoned says why. */
  readonly shown = $derived.by((): DrawView | undefined => {
    const all = this.all ?? [];
    return all.find(({ id }) => id === this.chosen) ?? all.find(needsSomebody) ?? all.at(-1);
  });

  constructor(api: DistributionApi, acts: Acts) {
    this.#api = api;
    this.acts = acts;
    this.list = new Fetched(() => api.draws());
  }

  /** A draw that has another version is fetched at once; that households changed, a little later. */
  follow(marks: ReadonlyMap<string, Mark>): void {
    const changed = marks !== this.#marks || this.list.value === null;
    this.#marks = marks;
    this.list.within(changed ? 0 : PAUSE_MS);
  }

  begin(audience: Group): void {
    const id = newId();
    void this.acts.run(BEGINNING, () => this.#api.beginDraw(id, audience), (draw) => {
      this.chosen = draw.id;
      this.#take(draw);
    });
  }

  async commit(draw: string): Promise<void> {
    if (this.acts.isBusy(draw)) return;
    const id = newId();
    const secret = this.secrets.get(draw) ?? newSecret();
    // Kept before it is sent: an answer may be lost, and the commitment stands all the same.
    this.secrets = new Map(this.secrets).set(draw, secret);
    const commitment = await digestOf(secret);
    this.#do(draw, "commit", { id, commitment });
  }

  freeze(draw: string): void {
    this.#do(draw, "freeze", { id: newId() });
  }

  reveal(draw: string, secret: string): void {
    this.#do(draw, "reveal", { id: newId(), secret });
  }

  abandon(draw: string, why: string): void {
    this.#do(draw, "abandon", { id: newId(), why });
  }

  place(draw: string): void {
    const id = newId();
    this.chosen = draw;
    void this.acts.run(draw, () => this.#api.placeDrawn(draw, id), (answer) => {
      this.placed = new Map(this.placed).set(draw, answer);
      this.list.now();
    });
  }

  async check(draw: DrawView): Promise<void> {
    const key = `check ${draw.id}`;
    await this.acts.run(key, () => this.#api.drawFile(draw.id), (file) => {
      void verify(file, draw).then((verdict) => (this.verdicts = new Map(this.verdicts).set(draw.id, verdict)));
    });
  }

  #do(draw: string, verb: "commit" | "freeze" | "reveal" | "abandon", body: { id: string; [said: string]: string }): void {
    this.chosen = draw;
    void this.acts.run(
      draw,
      () => this.#api.actOnDraw(draw, verb, body),
      (now) => this.#take(now),
      () => {
        this.list.now();
        return false;
      },
    );
  }

  #take(draw: DrawView): void {
    const all = this.list.value ?? [];
    const others = all.filter(({ id }) => id !== draw.id);
    this.list.value = [...others, draw];
    this.list.now();
  }
}
