/** The part of the public API that is about one miner or one receipt; the OpenAPI document is made from the same table. */
import {
  HashrateSeries,
  MinerChallengeDto,
  MinerConfirmInput,
  MinerDto,
  MinerNoticesToken,
  MinerReceiptDto,
  MinerSettingsChange,
  MinerSettingsChangedDto,
  MinerSettingsDto,
  MinerSettingsInput,
  ReceiptDto,
  Window,
} from "@otedama/shared";
import { z } from "zod";
import type { Miners } from "../miners/miners.ts";

const Address = z.string().min(1).max(128).meta({ description: "Payout address that the miner logs in with." });
const BlockHash = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits in lower case");

/** `parameters` are those of the path, in its order, and then those of the query. */
interface MinerRoute {
  /** As OpenAPI writes it: `{name}` is one part of the path. */
  path: string;
  method: "get" | "post";
  summary: string;
  description: string;
  path_schema: z.ZodObject;
  query_schema: z.ZodObject;
  body_schema: z.ZodType | null;
  /** Null: bytes. */
  answer: z.ZodType | null;
  answerTo(miners: Miners, parameters: Record<string, unknown>, body: unknown): Promise<unknown>;
}

function route<Path extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(definition: {
  path: string;
  /** Only where a change takes no body; otherwise it follows from that. */
  method?: "post";
  summary: string;
  description: string;
  path_schema: Path;
  query_schema?: Query;
  body_schema?: Body;
  answer: z.ZodType | null;
  read(miners: Miners, parameters: z.infer<Path> & z.infer<Query>, body: z.infer<Body>): Promise<unknown>;
}): MinerRoute {
  const { read, body_schema, query_schema, ...rest } = definition;
  return {
    ...rest,
    method: rest.method ?? (body_schema === undefined ? "get" : "post"),
    query_schema: query_schema ?? z.object({}),
    body_schema: body_schema ?? null,
    answerTo: (miners, parameters, body) => read(miners, parameters as z.infer<Path> & z.infer<Query>, body as z.infer<Body>),
  };
}

export const MINER_ROUTES: readonly MinerRoute[] = [
  route({
    path: "/api/v1/miners/{address}",
    summary: "A miner",
    description:
      "Hashrate, workers, shares by result, balance, payouts and blocks of one payout address. Settings that are private are told as set or not set.",
    path_schema: z.object({ address: Address }),
    answer: MinerDto,
    read: (miners, { address }) => miners.get(address),
  }),
  route({
    path: "/api/v1/miners/{address}/hashrate",
    summary: "A miner's hashrate over time",
    description: "Null is a step in which nothing was measured.",
    path_schema: z.object({ address: Address }),
    query_schema: z.object({ window: Window.default("24h") }),
    answer: HashrateSeries,
    read: (miners, { address, window }) => miners.series(address, window),
  }),
  route({
    path: "/api/v1/miners/{address}/receipts/{block_hash}",
    summary: "A miner's proofs in a block's receipt",
    description:
      "The receipt, the account's leaves with the nodes beside their way to the root, and which receipts the credit draws on.",
    path_schema: z.object({ address: Address, block_hash: BlockHash }),
    answer: MinerReceiptDto,
    read: (miners, { address, block_hash }) => miners.minerReceipt(address, block_hash),
  }),
  route({
    path: "/api/v1/miners/{address}/receipts/{block_hash}/shares",
    summary: "A miner's shares behind a receipt",
    description:
      "40 bytes a share, in the order of the log, some ten thousand in one answer: ask again `from` where it ended; an empty answer is the end. docs/architecture/receipts.md has the layout.",
    path_schema: z.object({ address: Address, block_hash: BlockHash }),
    query_schema: z.object({
      solo: z.enum(["true", "false"]).default("false"),
      from: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
    }),
    answer: null,
    read: (miners, { address, block_hash, solo, from }) => miners.shares(address, block_hash, solo === "true", from),
  }),
  route({
    path: "/api/v1/blocks/{block_hash}/receipt",
    summary: "A block's receipt",
    description: "The digest that commits to every share since the block before, with the sums under it.",
    path_schema: z.object({ block_hash: BlockHash }),
    answer: ReceiptDto,
    read: (miners, { block_hash }) => miners.receipt(block_hash),
  }),
  route({
    path: "/api/v1/miners/{address}/challenge",
    summary: "Ask for a message to sign",
    description:
      "Settings are changed by a message signed with the address's key. What is absent from the change stays; null goes back to the pool's own or to nothing. The answer's `message` is signed (BIP 322, or BIP 137) within 15 minutes.",
    path_schema: z.object({ address: Address }),
    body_schema: MinerSettingsChange,
    answer: MinerChallengeDto,
    read: (miners, { address }, change) => miners.challenge(address, change),
  }),
  route({
    path: "/api/v1/miners/{address}/settings",
    summary: "Change settings with a signed message",
    description: "Takes the challenge as it was given out and its signature, once.",
    path_schema: z.object({ address: Address }),
    body_schema: MinerSettingsInput,
    answer: MinerSettingsChangedDto,
    read: (miners, { address }, input) => miners.applySettings(address, input),
  }),
  route({
    path: "/api/v1/miners/{address}/notices/confirm",
    summary: "Confirm an e-mail address",
    description: "Takes the token of the link in the e-mail that asked. Nothing else is sent to an address before that.",
    path_schema: z.object({ address: Address }),
    body_schema: MinerConfirmInput,
    answer: MinerSettingsDto,
    read: (miners, { address }, { token }) => miners.confirmNotices(address, token),
  }),
  route({
    path: "/api/v1/miners/{address}/notices/stop/{token}",
    method: "post",
    summary: "Stop the notices to an e-mail address",
    description:
      "Takes the token of the link that every e-mail ends with; what is posted is not read, so that mail programs can do it (RFC 8058).",
    path_schema: z.object({ address: Address, token: MinerNoticesToken }),
    answer: MinerSettingsDto,
    read: (miners, { address, token }) => miners.stopNotices(address, token),
  }),
];
