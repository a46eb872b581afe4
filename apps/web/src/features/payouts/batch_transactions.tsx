"use client";
import type { PayoutBatchDetailDto, PayoutTransactionDto } from "@otedama/shared";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, Download, TrendingUp, Upload } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { Amount } from "@/components/data/amount.tsx";
import { When } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Field } from "@/components/ui/input.tsx";
import { type Fact, Facts } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Status } from "@/components/ui/status.tsx";
import { useToast } from "@/components/ui/toast.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { SIGNER_WORDS, TRANSACTION_LOOKS } from "./payout_words.ts";

type TransactionsProps = { readonly detail: PayoutBatchDetailDto; readonly may: boolean };

export function BatchTransactions({ detail, may }: TransactionsProps) {
  const { batch, transactions, can } = detail;
  const [bumping, setBumping] = useState(false);
  if (transactions.length === 0) {
    return (
      <p className="text-sm text-ink-3">
        {batch.state === "cancelled"
          ? "None was made."
          : "None yet. It is made when the batch is approved and the pool has outputs to spend."}
      </p>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      {transactions.map((transaction) => (
        <Attempt key={transaction.id} transaction={transaction} />
      ))}
      {may ? (
        <div className="flex flex-wrap gap-2">
          {can.download === null ? <DownloadPsbt batch_id={batch.id} /> : null}
          {can.upload === null ? <UploadPsbt batch_id={batch.id} /> : null}
          {can.bump === null ? (
            <Button onClick={() => setBumping(true)}>
              <TrendingUp />
              Raise the fee
            </Button>
          ) : null}
        </div>
      ) : null}
      {bumping ? <BumpDialog detail={detail} onClose={() => setBumping(false)} /> : null}
    </div>
  );
}

function Attempt({ transaction }: { readonly transaction: PayoutTransactionDto }) {
  const look = TRANSACTION_LOOKS[transaction.state];
  const facts: Fact[] = [
    {
      name: "Transaction",
      value: <Copyable text={transaction.txid ?? transaction.unsigned_txid} what="transaction" shorten="middle" />,
    },
    {
      name: "Network fee",
      value: (
        <>
          <Amount sats={transaction.fee_sats} />{" "}
          <span className="text-xs text-ink-3">
            {transaction.fee_rate.toFixed(1)} sat/vB · {transaction.vsize} vB
          </span>
        </>
      ),
    },
    { name: "Change", value: <Amount sats={transaction.change_sats} /> },
  ];
  if (transaction.signer !== null)
    facts.push({ name: "Signed by", value: SIGNER_WORDS[transaction.signer] ?? transaction.signer });
  if (transaction.broadcast_at_ms !== null) facts.push({ name: "Sent", value: <When at_ms={transaction.broadcast_at_ms} /> });
  if (transaction.block_height !== null)
    facts.push({ name: "Mined in", value: `block ${transaction.block_height}, ${transaction.confirmations} deep` });
  return (
    <section aria-label={`Attempt ${transaction.attempt}`}>
      <h3 className="mb-1 flex items-center gap-2 text-sm">
        Attempt {transaction.attempt}
        <Status tone={look.tone} icon={look.icon} word={look.word} boxed />
      </h3>
      <Facts facts={facts} />
      {transaction.trouble === null ? null : (
        <p className="mt-2 rounded-md border border-warn/40 bg-warn-soft px-3 py-2 text-sm">{transaction.trouble}</p>
      )}
    </section>
  );
}

function DownloadPsbt({ batch_id }: { readonly batch_id: number }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const [problem, setProblem] = useState<string | null>(null);
  const download = useMutation(trpc.payouts.download.mutationOptions());
  const start = async () => {
    try {
      const { psbt, attempt } = await download.mutateAsync({ batch_id });
      const bytes = Uint8Array.from(atob(psbt), (letter) => letter.charCodeAt(0));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
      link.download = `payout-${batch_id}-${attempt}.psbt`;
      link.click();
      URL.revokeObjectURL(link.href);
      setProblem(null);
      await cache.invalidateQueries({ queryKey: trpc.payouts.pathKey() });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "The server did not answer.");
    }
  };
  return (
    <>
      <Button onClick={() => void start()} disabled={download.isPending}>
        <Download />
        Download the PSBT
      </Button>
      {problem === null ? null : <Problem title="It could not be downloaded">{problem}</Problem>}
    </>
  );
}

/** A signed PSBT of 2,500 outputs is well below this. */
const FILE_BYTES_MAX = 4_000_000;

function UploadPsbt({ batch_id }: { readonly batch_id: number }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const toast = useToast();
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const upload = useMutation(trpc.payouts.upload.mutationOptions());
  const take = async (file: File) => {
    setProblem(null);
    try {
      if (file.size > FILE_BYTES_MAX)
        throw new Error(`${file.name} has ${file.size} bytes: a PSBT is smaller than ${FILE_BYTES_MAX}.`);
      const { txid } = await upload.mutateAsync({ batch_id, psbt: await psbtText(file) });
      toast({
        tone: "good",
        icon: CircleCheck,
        word: "Signed",
        text: `The transaction ${txid.slice(0, 12)}… is stored and will be sent.`,
      });
      await cache.invalidateQueries({ queryKey: trpc.payouts.pathKey() });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "The server did not answer.");
    } finally {
      if (input.current !== null) input.current.value = "";
    }
  };
  return (
    <>
      <Button variant="primary" disabled={upload.isPending} aria-busy={upload.isPending} onClick={() => input.current?.click()}>
        <Upload />
        {upload.isPending ? "Checking…" : "Hand in the signed PSBT"}
      </Button>
      <input
        ref={input}
        type="file"
        accept=".psbt,.txt,application/octet-stream"
        aria-label="Signed PSBT"
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file !== undefined) void take(file);
        }}
      />
      {problem === null ? null : (
        <div className="basis-full">
          <Problem title="It was not taken">{problem}</Problem>
        </div>
      )}
    </>
  );
}

/** Base64 of a PSBT file, whether it holds the bytes (BIP 174) or their base64 already. */
async function psbtText(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isBinary = bytes[0] === 0x70 && bytes[4] === 0xff;
  if (!isBinary) return new TextDecoder().decode(bytes).trim();
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(binary);
}

function BumpDialog({ detail, onClose }: { readonly detail: PayoutBatchDetailDto; readonly onClose: () => void }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const [problem, setProblem] = useState<string | undefined>();
  const bump = useMutation(trpc.payouts.bump.mutationOptions());
  const rate = detail.transactions[0]?.fee_rate ?? 1;
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fee_rate = Number(new FormData(event.currentTarget).get("fee_rate"));
    if (!(Number.isFinite(fee_rate) && fee_rate > rate)) return setProblem(`Give a rate above ${rate.toFixed(1)} sat/vB.`);
    setProblem(undefined);
    try {
      await bump.mutateAsync({ batch_id: detail.batch.id, fee_rate });
      await cache.invalidateQueries({ queryKey: trpc.payouts.pathKey() });
      onClose();
    } catch {
      // Told by the mutation's own state.
    }
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={`Raise the fee of batch ${detail.batch.id}`}
      description="A second transaction spends the same inputs for a higher fee: whichever is mined settles the batch, and the other can never be. It has to be signed again."
    >
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        <Field
          label="Fee rate, satoshis a virtual byte"
          name="fee_rate"
          inputMode="decimal"
          autoComplete="off"
          hint={`The last attempt pays ${rate.toFixed(1)}.`}
          problem={problem}
        />
        {bump.error === null ? null : <Problem title="The fee was not raised">{bump.error.message}</Problem>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" variant="primary" disabled={bump.isPending} aria-busy={bump.isPending}>
            Raise the fee
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
