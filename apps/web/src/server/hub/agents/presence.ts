/** Which agents are connected here, each once: one that comes back before its old connection was noticed to be gone takes its place. */
import type { Ack, SignedMessage } from "@otedama/shared";

export interface AgentConnection {
  /** Of protocol 2: takes commands and desired state. */
  keyed: boolean;
  /** Null when it did not answer in time. */
  push(event: "command" | "desired", message: SignedMessage): Promise<Ack | null>;
  close(): void;
}

export class AgentPresence {
  readonly #connected = new Map<string, AgentConnection>();

  take(agent_id: string, connection: AgentConnection): void {
    const before = this.#connected.get(agent_id);
    this.#connected.set(agent_id, connection);
    before?.close();
  }

  gone(agent_id: string, connection: AgentConnection): void {
    if (this.#connected.get(agent_id) === connection) this.#connected.delete(agent_id);
  }

  /** Null for one that is not connected, or speaks protocol 1. */
  keyed(agent_id: string): AgentConnection | null {
    const connection = this.#connected.get(agent_id);
    return connection?.keyed === true ? connection : null;
  }

  keyedIds(): string[] {
    return [...this.#connected].flatMap(([id, connection]) => (connection.keyed ? [id] : []));
  }

  end(agent_id: string): void {
    this.#connected.get(agent_id)?.close();
  }
}
