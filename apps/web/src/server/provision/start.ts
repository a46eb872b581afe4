/** Provisioning with everything that the control plane has for it. */
import {
  agentOfToken,
  agentSeenAt,
  createEnrolmentTokens,
  FleetError,
  newestRelease,
  retireRig,
  revokeEnrolmentToken,
  type WebDatabase,
} from "@otedama/db/web";
import { ENROLMENT_TOKEN_MINUTES_MAX, type ProvisionNews } from "@otedama/shared";
import type { Logger } from "pino";
import type { Counters } from "../counters.ts";
import type { ReleaseFiles } from "../releases/release_files.ts";
import { Provisioner, type ProvisionerOptions } from "./provisioner.ts";
import { SSH_TIMING } from "./ssh_link.ts";

/** A fresh agent compiles nothing and needs no more than seconds; a rig that sleeps under load gets a minute and a half. */
const WAIT_S = 90;
const GRACE_S = 60;
const RETRY_MS = [1_000, 3_000, 10_000, 20_000] as const;
const FORGET_AFTER_MS = 15 * 60_000;
const TELL_MS = 500;

export function startProvisioner(
  options: Pick<ProvisionerOptions, "control_url" | "ssh_agent" | "control_key">,
  dependencies: {
    database: WebDatabase;
    files: ReleaseFiles;
    /** An agent is let in no more. */
    retired: (agent_id: string) => void;
    tell: (person_id: string, news: ProvisionNews) => void;
    counters: Counters;
    log: Logger;
    now: () => number;
  },
): Provisioner {
  const { database, files, retired, tell, counters, log, now } = dependencies;
  const { sql } = database;
  return new Provisioner(
    {
      ...options,
      ...{
        timing: SSH_TIMING,
        wait_s: WAIT_S,
        grace_s: GRACE_S,
        retry_ms: RETRY_MS,
        forget_after_ms: FORGET_AFTER_MS,
        tell_ms: TELL_MS,
      },
    },
    {
      ...{ database, tell, counters, log, now },
      releases: {
        async newest() {
          const newest = await newestRelease(sql);
          if (newest === null) return null;
          const { payload, signature } = newest;
          return { signed: { payload, signature }, pathOf: (file) => files.path(file.sha256) };
        },
      },
      async createToken(actor, site_id) {
        const made = await createEnrolmentTokens(sql, actor, { site_id, minutes: ENROLMENT_TOKEN_MINUTES_MAX, count: 1 });
        const [token] = made.tokens;
        if (token === undefined) throw new Error("no enrolment token was made");
        return token;
      },
      async revokeToken(actor, id) {
        await revokeEnrolmentToken(sql, actor, id);
      },
      async arrived({ token_id, agent_id, since_ms }) {
        const id = agent_id ?? (token_id === null ? null : await agentOfToken(sql, token_id));
        if (id === null) return null;
        const seen_at_ms = await agentSeenAt(sql, id);
        // One that kept who it is was seen before, by the agent that it takes over from.
        return seen_at_ms !== null && (agent_id === null || seen_at_ms >= since_ms) ? id : null;
      },
      async retire(actor, agent_id) {
        try {
          await retireRig(sql, actor, agent_id);
        } catch (error) {
          if (error instanceof FleetError) return false;
          throw error;
        }
        retired(agent_id);
        return true;
      },
    },
  );
}
