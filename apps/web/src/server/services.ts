import type { StatisticsReading, WebDatabase } from "@otedama/db/web";
import type { HashrateSeries, LiveDto, MeDto, Network, NodesDto, Window } from "@otedama/shared";
import type { Logger } from "pino";
import type { SignedIn } from "./auth/auth.ts";
import type { PasswordHasher } from "./auth/password.ts";
import type { PasswordProofs } from "./auth/password_proof.ts";
import type { SecondFactors } from "./auth/second_factor.ts";
import type { ControlKey } from "./keys/control_key.ts";
import type { Notices } from "./notices/notices.ts";
import type { Provisioner } from "./provision/provisioner.ts";
import type { Releases } from "./releases/releases.ts";

/** What procedures work with. Made once, at start. */
export interface Services {
  readonly log: Logger;
  readonly network: Network;
  readonly database: WebDatabase;
  readonly passwords: PasswordHasher;
  /** The latest figures from pools and agents, as the hub has them in memory. */
  readonly live: () => LiveDto;
  /** The chain nodes of each pool instance that is connected. */
  readonly nodes: () => NodesDto;
  /** The whole pool's hashrate, a few seconds old at most where the database is quick. */
  readonly poolSeries: (window: Window) => Promise<HashrateSeries>;
  /** At most a few seconds old; the same for the page as for the public API. */
  readonly statistics: () => Promise<StatisticsReading>;
  /** The signed-in person behind a request's cookies; null when there is none. */
  readonly signedIn: (headers: Headers) => Promise<SignedIn | null>;
  readonly whoIs: (headers: Headers) => Promise<MeDto | null>;
  readonly second_factors: SecondFactors;
  readonly password_proofs: PasswordProofs;
  readonly notices: Notices;
  readonly provisioner: Provisioner;
  readonly control_key: ControlKey;
  readonly releases: Releases;
  /** What was written for rigs is on its way the sooner, and screens hear of it. */
  readonly fleet: {
    written(agent_ids?: readonly string[]): void;
    retired(agent_id: string): void;
  };
  /** The address that people type; links are made of it. */
  readonly public_url: string;
  readonly now: () => number;
}
