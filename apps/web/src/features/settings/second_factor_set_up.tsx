"use client";
import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

type SetUpProps = { readonly onDone: (codes: readonly string[]) => void; readonly onCancel: () => void };

/** The password, then the picture, then a first code. Nothing holds before the last. */
export function SecondFactorSetUp({ onDone, onCancel }: SetUpProps) {
  const trpc = useTRPC();
  const offer = useMutation(trpc.me.offerSecondFactor.mutationOptions());
  const confirm = useMutation(trpc.me.confirmSecondFactor.mutationOptions({ onSuccess: ({ codes }) => onDone(codes) }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (offer.data === undefined) offer.mutate({ password: String(form.get("password")) });
    else confirm.mutate({ code: String(form.get("code")) });
  };
  const busy = offer.isPending || confirm.isPending;
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {offer.data === undefined ? (
        <Field
          key="password"
          label="Your password"
          name="password"
          type="password"
          autoComplete="current-password"
          maxLength={128}
          className="max-w-sm"
          required
          autoFocus
        />
      ) : (
        <>
          <div className="flex flex-wrap items-start gap-5">
            <svg
              role="img"
              aria-label="QR code for an authenticator app; the key beside it is the same in letters"
              viewBox={`0 0 ${offer.data.qr.size} ${offer.data.qr.size}`}
              shapeRendering="crispEdges"
              className="size-48 shrink-0 rounded-md border border-line"
            >
              {/* A camera wants dark on light, in either theme. */}
              <path fill="#fff" d={`M0 0h${offer.data.qr.size}v${offer.data.qr.size}H0z`} />
              <path fill="#000" d={offer.data.qr.path} />
            </svg>
            <ol className="flex min-w-0 grow basis-60 list-decimal flex-col gap-2 pl-5 text-sm text-ink-2">
              <li>Open an authenticator app and let it read the picture.</li>
              <li>
                Or type this key into it: <Copyable text={offer.data.secret} what="key" shorten="none" className="text-xs" />
              </li>
              <li>Enter the code that it shows.</li>
            </ol>
          </div>
          <Field
            key="code"
            label="Code"
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={10}
            className="max-w-40"
            hint="Six digits. Your other devices are signed out."
            required
            autoFocus
          />
        </>
      )}
      <Failure title="It is not set up yet" error={offer.error ?? confirm.error} />
      <div className="flex gap-2">
        <Button type="submit" variant="primary" disabled={busy} aria-busy={busy}>
          {busy ? "Checking…" : offer.data === undefined ? "Go on" : "Turn it on"}
        </Button>
        <Button onClick={onCancel}>Leave it</Button>
      </div>
    </form>
  );
}
