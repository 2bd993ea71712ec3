/** What the panel of the rules works with. */

import { Acts } from "../../desk/acts.svelte";
import type { Desk } from "../../desk/desk.svelte";
import { client, session } from "../../session/session.svelte";
import { DistributionApi } from "../api";
import { keptBy } from "../kept";
import { Policies } from "./policies.svelte";

export class Ruling {
  readonly desk: Desk;
  readonly acts = new Acts(() => session.end());
  readonly policies = new Policies(new DistributionApi(client), this.acts);

  constructor(desk: Desk) {
    this.desk = desk;
  }

  get maySetRules(): boolean {
    return session.principal?.role === "supervisor" || session.principal?.role === "administrator";
  }
}

export const rulingOf = keptBy((desk) => new Ruling(desk));
