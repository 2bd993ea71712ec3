/** What the panels of draws and plans know and do; it stays while the desk's page is open, whichever panel is. */

import { Acts } from "../desk/acts.svelte";
import type { Desk } from "../desk/desk.svelte";
import { client, session } from "../session/session.svelte";
import { DistributionApi } from "./api";
import { Draws } from "./draws/draws.svelte";
import { keptBy } from "./kept";
import { Plans } from "./plans/plans.svelte";

export class Distributing {
  readonly desk: Desk;
  readonly acts = new Acts(() => session.end());
  readonly draws: Draws;
  readonly plans: Plans;

  constructor(desk: Desk) {
    const api = new DistributionApi(client);
    this.desk = desk;
    this.draws = new Draws(api, this.acts);
    this.plans = new Plans(api, this.acts);
  }
}

export const distributingOf = keptBy((desk) => new Distributing(desk));
