/**
 * The session state machine by property: any order of logins, jobs, retargets, reconnections and submits, each answer foretold by a
 * model that knows nothing of the engine but the protocol.
 */
import { SHARE_RESULTS, type ShareResult } from "@otedama/shared";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Fixture, makeJob, NTIME, readLog, startFixture } from "./stratum/fixture.ts";
import { difficultyOf, headerOf, search, sha256d } from "./stratum/judge.ts";
import type { RawMiner } from "./stratum/raw_miner.ts";

const START = 1e-9;
const TIME = NTIME.toString(16);

type Step =
  | { do: "subscribe" | "reconnect" | "resume" | "ping" }
  | { do: "authorize"; user: string }
  | { do: "job"; clean: boolean }
  | { do: "retarget"; factor: number }
  | { do: "submit"; user: string; job: number; extranonce2: number; nonce: number; spell: boolean };

const user = fc.constantFrom("alice.a", "alice.b", "bad.c");
const steps = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom<Step>({ do: "subscribe" }, { do: "reconnect" }, { do: "resume" }, { do: "ping" }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("authorize" as const), user }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("job" as const), clean: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("retarget" as const), factor: fc.constantFrom(0.5, 2, 3) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("submit" as const),
        user,
        // How many jobs back; some were never sent.
        job: fc.nat({ max: 4 }),
        extranonce2: fc.nat({ max: 1 }),
        nonce: fc.nat({ max: 5 }),
        spell: fc.boolean(),
      }),
    },
  ),
  { minLength: 5, maxLength: 60 },
);

interface Sent {
  params: string[];
  difficulty: number;
  extranonce1: string;
  tip: number;
}

class Model {
  miner: RawMiner;
  subscribed = false;
  readonly users = new Set<string>();
  sent: Sent[] = [];
  tip = 0;
  job_number = 0;
  difficulty = START;
  lastSession = "";
  readonly paid = new Set<string>();
  credited: number[] = [];
  readonly results: number[] = SHARE_RESULTS.map(() => 0);
  not_subscribed = 0;

  constructor(miner: RawMiner) {
    this.miner = miner;
  }

  count<Answer>(result: ShareResult, answer: Answer): Answer {
    const index = SHARE_RESULTS.indexOf(result);
    this.results[index] = (this.results[index] ?? 0) + 1;
    return answer;
  }

  get active(): boolean {
    return this.subscribed && this.users.size > 0;
  }
}

async function takeJob(model: Model): Promise<void> {
  const message = await model.miner.takeMethod("mining.notify");
  model.sent.push({
    params: message.params as string[],
    difficulty: model.difficulty,
    extranonce1: model.miner.extranonce1,
    tip: model.tip,
  });
}

async function activated(model: Model, before: boolean): Promise<void> {
  if (before || !model.active) return;
  expect((await model.miner.takeMethod("mining.set_difficulty")).params).toEqual([model.difficulty]);
  if (model.job_number > 0) await takeJob(model);
}

async function newConnection(fixture: Fixture, model: Model): Promise<void> {
  model.lastSession = model.miner.session || model.lastSession;
  model.miner.close();
  while (fixture.engine.stats().connections > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  model.miner = await fixture.connect();
  model.subscribed = false;
  model.users.clear();
  model.sent = [];
  model.difficulty = START;
}

async function subscribe(model: Model, session?: string): Promise<void> {
  const before = model.active;
  await model.miner.subscribe("raw/1", session);
  if (session) expect(model.miner.session).toBe(session);
  model.subscribed = true;
  await activated(model, before);
}

/** What a correct pool answers to a submit, and what that means for the books. */
function foretell(model: Model, sent: Sent | undefined, hash: Buffer, step: Extract<Step, { do: "submit" }>): number | true {
  if (!model.subscribed) {
    model.not_subscribed++;
    return 25;
  }
  if (!model.users.has(step.user)) return model.count("unauthorized", 24);
  if (!sent || sent.tip !== model.tip) return model.count("stale", 21);
  if (difficultyOf(hash) < sent.difficulty) return model.count("low_difficulty", 23);
  const key = hash.toString("hex");
  if (model.paid.has(key)) return model.count("duplicate", 22);
  model.paid.add(key);
  model.credited.push(sent.difficulty);
  return model.count("accepted", true);
}

async function submit(model: Model, step: Extract<Step, { do: "submit" }>): Promise<void> {
  const sent = model.sent.at(-1 - step.job);
  const extranonce2 = step.extranonce2.toString(16).padStart(16, "a");
  const job = sent?.params ?? ["0000ffff", "00".repeat(32), "00", "00", [], "20000000", "1d00ffff", TIME, true];
  const claim = { job: job as string[], extranonce1: sent?.extranonce1 ?? "", extranonce2, ntime: TIME };
  const { nonce } = search(claim, () => true, step.nonce);
  const hash = sha256d(headerOf({ ...claim, nonce }));
  const spell = (text: string) => (step.spell ? text.toUpperCase() : text);
  const params = [step.user, spell(job[0] as string), spell(extranonce2), spell(TIME), spell(nonce)];
  const wanted = foretell(model, sent, hash, step);
  const answer = await model.miner.request("mining.submit", params);
  expect(answer.error?.[0] ?? answer.result).toBe(wanted);
}

async function act(fixture: Fixture, model: Model, step: Step): Promise<void> {
  switch (step.do) {
    case "subscribe":
      return subscribe(model);
    case "reconnect":
      return newConnection(fixture, model);
    case "resume": {
      const had = model.subscribed ? model.miner.session : "";
      await newConnection(fixture, model);
      return had ? subscribe(model, had) : undefined;
    }
    case "ping":
      expect((await model.miner.request("mining.ping", [])).result).toBe("pong");
      return;
    case "authorize": {
      const before = model.active;
      const answer = await model.miner.request("mining.authorize", [step.user, "x"]);
      expect(answer.error?.[0] ?? answer.result).toBe(step.user.startsWith("bad") ? 24 : true);
      if (!step.user.startsWith("bad")) model.users.add(step.user);
      return activated(model, before);
    }
    case "job":
      if (step.clean) model.tip++;
      fixture.engine.setJob(makeJob(++model.job_number, { clean: step.clean }));
      return model.active ? takeJob(model) : undefined;
    case "retarget": {
      const [session] = fixture.engine.sessions();
      if (!session || !model.active) return;
      model.difficulty = Number((model.difficulty * step.factor).toPrecision(3));
      fixture.engine.setDifficulty(session.connection_id, model.difficulty);
      expect((await model.miner.takeMethod("mining.set_difficulty")).params).toEqual([model.difficulty]);
      return model.job_number > 0 ? takeJob(model) : undefined;
    }
    case "submit":
      return submit(model, step);
  }
}

test("every answer is the one the protocol foretells, and the log holds exactly what was credited", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const fixture = startFixture({ vardiff: { initial: START, min: 1e-12 } });
      try {
        const model = new Model(await fixture.connect());
        for (const step of script) await act(fixture, model, step);
        const { shares, not_subscribed } = fixture.engine.stats();
        expect({ shares, not_subscribed }).toEqual({ shares: model.results, not_subscribed: model.not_subscribed });
        await fixture.engine.stop();
        const accepted = readLog(fixture.dir).filter((record) => record.result === "accepted");
        expect(accepted.map((record) => record.job_difficulty)).toEqual(model.credited);
      } finally {
        await fixture.stop();
      }
    }),
    { numRuns: 60 },
  );
});
