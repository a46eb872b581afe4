/** The public API, as the miner's page asks it. */
import type {
  HashrateSeries,
  MinerChallengeDto,
  MinerDto,
  MinerReceiptDto,
  MinerSettingsChange,
  MinerSettingsChangedDto,
  MinerSettingsDto,
  Window,
} from "@otedama/shared";

/** What the API answered instead: its sentence is for people. */
export class ApiProblem extends Error {
  readonly field: string | null;
  constructor(message: string, field: string | null) {
    super(message);
    this.name = "ApiProblem";
    this.field = field;
  }
}

const UNREACHABLE = "The server did not answer. Check that this device can reach it, then try again.";

async function ask(path: string, init?: RequestInit): Promise<Response> {
  const answer = await fetch(path, init).catch(() => null);
  if (answer?.ok) return answer;
  const told: { message?: unknown; field?: unknown } = (await answer?.json().catch(() => null)) ?? {};
  throw new ApiProblem(
    typeof told.message === "string" ? told.message : UNREACHABLE,
    typeof told.field === "string" ? told.field : null,
  );
}

const read = async <T>(path: string): Promise<T> => (await (await ask(path)).json()) as T;
const send = async <T>(path: string, body: unknown): Promise<T> => {
  const headers = { "content-type": "application/json" };
  return (await (await ask(path, { method: "POST", headers, body: JSON.stringify(body) })).json()) as T;
};
const of = (address: string) => `/api/v1/miners/${encodeURIComponent(address)}`;

export const readMiner = (address: string) => read<MinerDto>(of(address));
export const readSeries = (address: string, window: Window) => read<HashrateSeries>(`${of(address)}/hashrate?window=${window}`);
export const readReceipt = (address: string, block_hash: string) =>
  read<MinerReceiptDto>(`${of(address)}/receipts/${block_hash}`);
export async function readShares(address: string, block_hash: string, solo: boolean, from: number): Promise<Uint8Array> {
  const answer = await ask(`${of(address)}/receipts/${block_hash}/shares?solo=${solo}&from=${from}`);
  return new Uint8Array(await answer.arrayBuffer());
}
export const askChallenge = (address: string, change: MinerSettingsChange) =>
  send<MinerChallengeDto>(`${of(address)}/challenge`, change);
export const sendSettings = (address: string, challenge: MinerChallengeDto, signature: string) =>
  send<MinerSettingsChangedDto>(`${of(address)}/settings`, { challenge, signature });
export const confirmNotices = (address: string, token: string) =>
  send<MinerSettingsDto>(`${of(address)}/notices/confirm`, { token });
export const stopNotices = (address: string, token: string) =>
  send<MinerSettingsDto>(`${of(address)}/notices/stop/${encodeURIComponent(token)}`, {});
