/**
 * Who stands at the door. Looked up many at a time, so that ten thousand agents that come back together cost a few queries. What was
 * seen lately is remembered for when the database is away: an agent that has a key is never taken for one of protocol 1.
 */
import { type DoorRow, findAgents, isDatabaseAway, type Sql } from "@otedama/db/web";
import { GroupCommit } from "../../live/group_commit.ts";

const REMEMBERED_MAX = 60_000;

export class AgentDoor {
  readonly #looks: GroupCommit<string, DoorRow | null>;
  readonly #unkeyed = new Set<string>();

  constructor(dependencies: { sql: Sql }) {
    this.#looks = new GroupCommit(
      { interval_ms: 5, batch_max: 1_000, waiting_max: 20_000 },
      {
        write: async (ids) => {
          const found = await findAgents(dependencies.sql, [...new Set(ids)]);
          return ids.map((id) => found.get(id) ?? null);
        },
      },
    );
  }

  /** Null for one that was never seen. Rejects as the database does, and with a QueueFullError. */
  look(agent_id: string): Promise<DoorRow | null> {
    return this.#looks.add(agent_id);
  }

  /** Whether an agent may come in by protocol 1, that is, has no key; null when that cannot be known now. */
  async unkeyed(agent_id: string): Promise<"yes" | "keyed" | "retired" | null> {
    try {
      const row = await this.look(agent_id);
      this.#unkeyed.delete(agent_id);
      if (row?.retired) return "retired";
      if (row !== null && row.public_key !== null) return "keyed";
      this.#unkeyed.add(agent_id);
      const oldest = this.#unkeyed.keys().next().value;
      if (this.#unkeyed.size > REMEMBERED_MAX && oldest !== undefined) this.#unkeyed.delete(oldest);
      return "yes";
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      return this.#unkeyed.has(agent_id) ? "yes" : null;
    }
  }

  /** It has a key from now on. */
  keyed(agent_id: string): void {
    this.#unkeyed.delete(agent_id);
  }
}
