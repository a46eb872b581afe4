/**
 * The part of the REST API that needs a key, one line an endpoint. Each calls the procedure that the screens call, in the name of the
 * key's person: so a key never sees more than its scopes and that person's role both allow.
 */
import {
  AccountDetailDto,
  type ApiScope,
  AuditPage,
  BalancesDto,
  BlockDetailDto,
  BlocksPage,
  CreatedPayoutsDto,
  CreatePayoutsInput,
  PayoutBatchDetailDto,
  PayoutBatchesPage,
  PayoutPlanDto,
  RigDetailDto,
  RigsPage,
  WorkerDetailDto,
  WorkersPage,
} from "@otedama/shared";
import type { z } from "zod";
import type { Caller } from "../../trpc/router.ts";

export interface KeyedRoute {
  method: "get" | "post";
  /** `{name}` stands for a part of the path that becomes a field of the input. */
  path: string;
  scope: ApiScope;
  summary: string;
  /** Fields of the input that are numbers; the others are text. */
  numbers: readonly string[];
  /** Further fields that may be given behind the `?`. */
  texts: readonly string[];
  /** What is posted, as JSON; then nothing is read from behind the `?`. */
  body?: z.ZodType;
  answer: z.ZodType;
  call(caller: Caller, input: never): Promise<unknown>;
}

type Definition = Omit<KeyedRoute, "method">;
const get = (route: Definition): KeyedRoute => ({ method: "get", ...route });
const post = (route: Definition & { body: z.ZodType }): KeyedRoute => ({ method: "post", ...route });

const PAGE = ["page", "page_size"];

export const KEYED_ROUTES: readonly KeyedRoute[] = [
  get({
    path: "/api/v1/workers",
    scope: "read",
    summary: "Workers, a page at a time",
    numbers: [...PAGE, "account_id"],
    texts: ["q", "state", "sort", "dir"],
    answer: WorkersPage,
    call: (caller, input) => caller.workers.list(input),
  }),
  get({
    path: "/api/v1/workers/{id}",
    scope: "read",
    summary: "One worker with its hashrate over a window",
    numbers: ["id"],
    texts: ["window"],
    answer: WorkerDetailDto,
    call: (caller, input) => caller.workers.get(input),
  }),
  get({
    path: "/api/v1/blocks",
    scope: "read",
    summary: "Blocks, newest first",
    numbers: PAGE,
    texts: ["state"],
    answer: BlocksPage,
    call: (caller, input) => caller.blocks.list(input),
  }),
  get({
    path: "/api/v1/blocks/{hash}",
    scope: "read",
    summary: "One block with what it was shared out to",
    numbers: [],
    texts: ["hash"],
    answer: BlockDetailDto,
    call: (caller, input) => caller.blocks.get(input),
  }),
  get({
    path: "/api/v1/rigs",
    scope: "read",
    summary: "Rigs, a page at a time",
    numbers: PAGE,
    texts: ["q", "state"],
    answer: RigsPage,
    call: (caller, input) => caller.rigs.list(input),
  }),
  get({
    path: "/api/v1/rigs/{id}",
    scope: "read",
    summary: "One rig with its hashrate over a window",
    numbers: [],
    texts: ["id", "window"],
    answer: RigDetailDto,
    call: (caller, input) => caller.rigs.get(input),
  }),
  get({
    path: "/api/v1/balances",
    scope: "money:read",
    summary: "What is owed to whom",
    numbers: PAGE,
    texts: ["q"],
    answer: BalancesDto,
    call: (caller, input) => caller.balances.list(input),
  }),
  get({
    path: "/api/v1/balances/{account_id}",
    scope: "money:read",
    summary: "One account with the lines of its ledger",
    numbers: ["account_id"],
    texts: [],
    answer: AccountDetailDto,
    call: (caller, input) => caller.balances.get(input),
  }),
  get({
    path: "/api/v1/payouts",
    scope: "money:read",
    summary: "Payout batches, newest first",
    numbers: PAGE,
    texts: ["state"],
    answer: PayoutBatchesPage,
    call: (caller, input) => caller.payouts.batches(input),
  }),
  get({
    path: "/api/v1/payouts/batches/{batch_id}",
    scope: "money:read",
    summary: "One batch with its accounts, approvals and transactions",
    numbers: ["batch_id"],
    texts: [],
    answer: PayoutBatchDetailDto,
    call: (caller, input) => caller.payouts.batch(input),
  }),
  get({
    path: "/api/v1/payouts/plan",
    scope: "payouts:plan",
    summary: "What a plan made now would pay, account by account; nothing is written",
    numbers: [],
    texts: [],
    answer: PayoutPlanDto,
    call: (caller) => caller.payouts.plan({}),
  }),
  post({
    path: "/api/v1/payouts",
    scope: "payouts:plan",
    summary: "Plans what a dry run showed; a person has to approve it, whatever its sum",
    numbers: [],
    texts: [],
    body: CreatePayoutsInput,
    answer: CreatedPayoutsDto,
    call: (caller, input) => caller.payouts.create(input),
  }),
  get({
    path: "/api/v1/audit",
    scope: "audit:read",
    summary: "The audit log, newest first; `next_before_id` goes on",
    numbers: ["from_ms", "to_ms", "before_id", "page_size"],
    texts: ["actor", "action", "q"],
    answer: AuditPage,
    call: (caller, input) => caller.audit.list(input),
  }),
];

export const SCOPE_MEANINGS: Record<ApiScope, string> = {
  read: "Workers, blocks and rigs.",
  "money:read": "Balances, the lines of accounts, payouts.",
  "payouts:plan":
    "Planning payouts. Never their approval: each plan made by a key waits for a person, and no key changes anything else.",
  "audit:read": "The audit log, where the person may read it.",
};
