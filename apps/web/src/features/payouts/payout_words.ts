import type { PayoutBatchDto, PayoutBatchState, PayoutPlanDto, PayoutTransactionDto } from "@otedama/shared";
import { Ban, CircleCheck, CircleDashed, CircleDot, Clock, PenLine, Radio, Repeat, Send } from "lucide-react";
import { plural } from "@/components/data/plural.ts";
import type { StateLook } from "@/components/data/states.tsx";

export const BATCH_LOOKS: Readonly<Record<PayoutBatchState, StateLook>> = {
  planned: { tone: "warn", icon: Clock, word: "Planned", meaning: "Reserved in the ledger; waits for approval." },
  approved: { tone: "active", icon: CircleDot, word: "Approved", meaning: "The pool chooses inputs and makes the transaction." },
  unsigned: {
    tone: "active",
    icon: PenLine,
    word: "To be signed",
    meaning: "The transaction is made and waits for its signature.",
  },
  signed: { tone: "active", icon: Send, word: "Signed", meaning: "Stored with its signatures; on its way to the nodes." },
  broadcast: { tone: "active", icon: Radio, word: "Broadcast", meaning: "A node has it; waits to be mined deep enough." },
  settled: { tone: "good", icon: CircleCheck, word: "Settled", meaning: "Deep enough in the chain: paid." },
  cancelled: { tone: "quiet", icon: Ban, word: "Cancelled", meaning: "Given up; its money is available again." },
};

/** Whom a batch pays, in a few words. */
export function payeesOf({ pays, accounts }: Pick<PayoutBatchDto, "pays" | "accounts">): string {
  return pays === "fees" ? "the operator" : plural(accounts, "account", "accounts");
}

export const TRANSACTION_LOOKS: Readonly<Record<PayoutTransactionDto["state"], StateLook>> = {
  unsigned: BATCH_LOOKS.unsigned,
  signed: BATCH_LOOKS.signed,
  broadcast: BATCH_LOOKS.broadcast,
  confirmed: { tone: "good", icon: CircleCheck, word: "Mined", meaning: "In the chain." },
  replaced: { tone: "quiet", icon: Repeat, word: "Replaced", meaning: "Another one of the batch is in the chain." },
  abandoned: { tone: "quiet", icon: CircleDashed, word: "Abandoned", meaning: "Given up before it was signed." },
};

export const SIGNER_WORDS: Readonly<Record<string, string>> = {
  reference: "the reference signer",
  wallet: "a wallet node",
  file: "a file that was handed in",
  command: "an external command",
};

type SkipReason = NonNullable<PayoutPlanDto["accounts"][number]["skipped"]>;
export const SKIP_WORDS: Readonly<Record<SkipReason, string>> = {
  below_threshold: "Below its threshold",
  held: "Held",
  excluded: "Left out of this plan",
  bad_address: "Address not usable",
  in_open_batch: "In a batch already",
  dust: "Too little to send",
};
