/**
 * A person who plans and approves payouts through the dashboard's API, again and again, whatever answers or does not. Where there is no
 * dashboard it goes to the database by the functions that the API's procedures call.
 */
import { randomUUID } from "node:crypto";
import { approveBatch, createBatches, listBatches } from "@otedama/db/payouts";
import type { Database } from "@otedama/db/pool";
import { createSetupToken } from "@otedama/db/web";

const PERSON = { name: "Aki", email: "aki@example.org", password: "correct horse battery" };
const EVERY_MS = 1_200;
const ANSWER_MS = 8_000;
const SIGN_UP_MS = 180_000;

interface Plan {
  total_sats: number;
}

interface Batch {
  id: number;
  amount_sats: number;
}

export class Accountant {
  readonly #origin: string | null;
  readonly #database: Database;
  #cookie = "";
  /** Kept until its plan was answered: asked again with the same key, the server makes nothing twice. */
  #plan: { plan_key: string; expected_total_sats: number } | null = null;
  #stopped = false;
  #pausing: (() => void) | null = null;
  #running: Promise<void> | null = null;
  planned = 0;
  approved = 0;
  /** Requests that failed because somebody was away. */
  failed = 0;

  /** `origin`: the dashboard's; null where there is none. */
  constructor(dependencies: { origin: string | null; database: Database }) {
    this.#origin = dependencies.origin;
    this.#database = dependencies.database;
  }

  /** Before any fault. A machine that is very busy may need more than one try. */
  async signUp(): Promise<void> {
    if (this.#origin === null) return;
    const end = performance.now() + SIGN_UP_MS;
    for (;;) {
      try {
        const { needed } = await this.#call<{ needed: boolean }>("setup.status", {}, SIGN_UP_MS);
        if (needed) {
          const token = await createSetupToken(this.#database, 600);
          await this.#mutate("setup.complete", { token, ...PERSON }, SIGN_UP_MS);
        }
        return await this.#signIn();
      } catch (error) {
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  }

  async #signIn(): Promise<void> {
    const { email, password } = PERSON;
    const answer = await fetch(`${this.#origin}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: this.#origin ?? "" },
      body: JSON.stringify({ email, password }),
      signal: AbortSignal.timeout(SIGN_UP_MS),
    });
    if (!answer.ok) throw new Error(`sign-in answered ${answer.status}: ${await answer.text()}`);
    this.#cookie = answer.headers
      .getSetCookie()
      .map((cookie) => cookie.split(";", 1)[0])
      .join("; ");
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pausing?.();
    await this.#running;
  }

  /** One round: what can be paid is planned, what is planned is approved. Throws where the server or its database is away. */
  async pay(): Promise<void> {
    if (this.#origin === null) return this.#payByHand();
    if (!this.#plan) {
      const { total_sats } = await this.#query<Plan>("payouts.plan", { excluded_account_ids: [] });
      if (total_sats > 0) this.#plan = { plan_key: randomUUID(), expected_total_sats: total_sats };
    }
    if (this.#plan) {
      try {
        const made = await this.#mutate<{ made: boolean }>("payouts.create", { ...this.#plan, excluded_account_ids: [] });
        if (made.made) this.planned += 1;
        this.#plan = null;
      } catch (error) {
        // Refused (the balances have moved): it was answered, so the next plan is another one.
        if (error instanceof Refused) this.#plan = null;
        else throw error;
      }
    }
    const { rows } = await this.#query<{ rows: Batch[] }>("payouts.batches", { state: "planned" });
    for (const { id, amount_sats } of rows) {
      const done = await this.#mutate<{ approved: boolean }>("payouts.approve", { batch_id: id, amount_sats });
      if (done.approved) this.approved += 1;
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.pay().catch(() => {
        this.failed += 1;
      });
      if (this.#stopped) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, EVERY_MS);
      this.#pausing = () => {
        clearTimeout(timer);
        resolve();
      };
      await promise;
    }
  }

  async #payByHand(): Promise<void> {
    const plan = { network: "regtest", plan_key: randomUUID(), created_by: PERSON.email } as const;
    if ((await createBatches(this.#database, plan)).made) this.planned += 1;
    for (const { id, state } of (await listBatches(this.#database, { page: 1, page_size: 100 })).rows) {
      if (state !== "planned") continue;
      const { approved } = await approveBatch(this.#database, { batch_id: id, person: PERSON.email });
      if (approved) this.approved += 1;
    }
  }

  #query<T>(procedure: string, input: object): Promise<T> {
    return this.#call<T>(`${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`, {});
  }

  #mutate<T>(procedure: string, input: object, within_ms = ANSWER_MS): Promise<T> {
    return this.#call<T>(procedure, { method: "POST", body: JSON.stringify(input) }, within_ms);
  }

  async #call<T>(path: string, init: RequestInit, within_ms = ANSWER_MS): Promise<T> {
    const answer = await fetch(`${this.#origin}/api/trpc/${path}`, {
      ...init,
      headers: { "content-type": "application/json", cookie: this.#cookie },
      signal: AbortSignal.timeout(within_ms),
    });
    const body = (await answer.json()) as { result?: { data: T }; error?: { message: string } };
    if (body.result) return body.result.data;
    const message = `${path.split("?")[0]} answered ${answer.status}: ${body.error?.message ?? ""}`;
    throw answer.status < 500 ? new Refused(message) : new Error(message);
  }
}

class Refused extends Error {}
