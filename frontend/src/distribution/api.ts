/** The routes of draws, plans and the rules of orientation. */

import type { Client } from "../api/client";
import type { DrawPlaced, DrawView, Group, PlanHead, PlanView, Policies, PolicyView, Preview, Rules, Why } from "./shapes";

export class DistributionApi {
  #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async draws(): Promise<DrawView[]> {
    return (await this.#client.ask<{ draws: DrawView[] }>("GET", "/draws")).draws;
  }

  beginDraw(id: string, audience: Group): Promise<DrawView> {
    return this.#client.ask("POST", "/draws", { id, audience });
  }

  actOnDraw(draw: string, verb: "commit" | "freeze" | "reveal" | "abandon", body: { id: string; [said: string]: string }): Promise<DrawView> {
    return this.#client.ask("POST", `/draws/${draw}/${verb}`, body);
  }

  placeDrawn(draw: string, id: string): Promise<DrawPlaced> {
    return this.#client.ask("POST", `/draws/${draw}/place`, { id });
  }

  drawFile(draw: string): Promise<unknown> {
    return this.#client.ask("GET", `/draws/${draw}/file`);
  }

  async plans(): Promise<PlanHead[]> {
    return (await this.#client.ask<{ plans: PlanHead[] }>("GET", "/plans")).plans;
  }

  plan(id: string): Promise<PlanView> {
    return this.#client.ask("GET", `/plans/${id}`);
  }

  draft(id: string, after: string | null, freely: boolean, links: readonly (readonly string[])[], time_limit_s: number): Promise<PlanView> {
    return this.#client.ask("POST", "/plans", { id, after, freely, links, time_limit_s });
  }

  why(plan: string, request: string): Promise<Why> {
    return this.#client.ask("GET", `/plans/${plan}/why/${request}`);
  }

  discard(plan: string, id: string): Promise<PlanView> {
    return this.#client.ask("POST", `/plans/${plan}/discard`, { id });
  }

  apply(plan: string, id: string, replan: boolean): Promise<PlanView> {
    return this.#client.ask("POST", `/plans/${plan}/apply`, { id, replan });
  }

  policies(): Promise<Policies> {
    return this.#client.ask("GET", "/policies/orientation?limit=20");
  }

  setPolicy(id: string, base_version: number, why: string, policy: Rules): Promise<{ version: number; policy: PolicyView }> {
    return this.#client.ask("PUT", "/policies/orientation", { id, base_version, why, policy });
  }

  async beginPreview(policy: Rules, nights: number): Promise<string> {
    return (await this.#client.ask<{ preview: string }>("POST", "/policies/orientation/preview", { policy, nights })).preview;
  }

  preview(id: string): Promise<Preview> {
    return this.#client.ask("GET", `/policies/orientation/preview/${id}`);
  }
}
