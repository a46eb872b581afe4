"use client";
import type { MeDto } from "@otedama/shared";
import { useMutation, useQuery } from "@tanstack/react-query";
import { ShieldCheck, ShieldOff } from "lucide-react";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Status } from "@/components/ui/status.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { BackupCodes } from "./backup_codes.tsx";
import { SecondFactorSetUp } from "./second_factor_set_up.tsx";

/** The second factor of the person: set up, turned off, its backup codes. */
export function SecondFactorPanel({ me }: { readonly me: MeDto }) {
  const router = useRouter();
  const [step, setStep] = useState<"resting" | "setting_up" | "turning_off" | "new_codes">("resting");
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const told = (made: readonly string[]) => {
    setCodes(made);
    setStep("resting");
    // The server renders what else depends on it.
    router.refresh();
  };
  return (
    <Panel title="Second factor">
      <div className="flex max-w-xl flex-col gap-4">
        <p className="text-sm text-ink-2">
          {me.second_factor || codes !== null ? (
            <Status tone="good" icon={ShieldCheck} word="On" />
          ) : (
            <Status tone="warn" icon={ShieldOff} word={me.second_factor_due ? "None, and your role needs one" : "None"} />
          )}
          <span className="mt-1 block text-ink-3">
            A code from an app on your phone, asked for after the password. Whoever learns your password cannot sign in with it
            alone.
          </span>
        </p>
        {codes !== null ? (
          <BackupCodes codes={codes} onSeen={() => setCodes(null)} />
        ) : step === "setting_up" ? (
          <SecondFactorSetUp onDone={told} onCancel={() => setStep("resting")} />
        ) : step === "turning_off" || step === "new_codes" ? (
          <ProofForm
            what={step}
            onCancel={() => setStep("resting")}
            onCodes={told}
            onOff={() => {
              setStep("resting");
              router.refresh();
            }}
          />
        ) : me.second_factor ? (
          <On onAsk={setStep} />
        ) : (
          <Button variant="primary" className="self-start" onClick={() => setStep("setting_up")}>
            Set it up
          </Button>
        )}
      </div>
    </Panel>
  );
}

function On({ onAsk }: { readonly onAsk: (step: "turning_off" | "new_codes") => void }) {
  const trpc = useTRPC();
  const left = useQuery(trpc.me.backupCodesLeft.queryOptions());
  return (
    <div className="flex flex-col gap-3">
      {left.data === undefined ? null : (
        <p className="text-sm">
          {left.data === 0
            ? "No backup code is left: make new ones before you lose the device."
            : `${plural(left.data, "backup code is", "backup codes are")} left.`}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => onAsk("new_codes")}>New backup codes</Button>
        <Button variant="ghost" onClick={() => onAsk("turning_off")}>
          Turn it off
        </Button>
      </div>
    </div>
  );
}

type ProofFormProps = {
  readonly what: "turning_off" | "new_codes";
  readonly onCancel: () => void;
  readonly onCodes: (codes: readonly string[]) => void;
  readonly onOff: () => void;
};

/** Password and code, for what changes the second factor itself. */
function ProofForm({ what, onCancel, onCodes, onOff }: ProofFormProps) {
  const trpc = useTRPC();
  const renew = useMutation(trpc.me.newBackupCodes.mutationOptions({ onSuccess: ({ codes }) => onCodes(codes) }));
  const remove = useMutation(trpc.me.removeSecondFactor.mutationOptions({ onSuccess: onOff }));
  const change = what === "new_codes" ? renew : remove;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    change.mutate({ password: String(form.get("password")), code: String(form.get("code")) });
  };
  return (
    <form onSubmit={submit} className="flex max-w-sm flex-col gap-3">
      <Field label="Password" name="password" type="password" autoComplete="current-password" maxLength={128} required />
      <Field
        label="Code"
        name="code"
        autoComplete="one-time-code"
        autoCapitalize="off"
        spellCheck={false}
        maxLength={40}
        hint={what === "new_codes" ? "The old backup codes stop working." : "Six digits from your device, or a backup code."}
        required
      />
      <Failure title="Nothing was changed" error={change.error} />
      <div className="flex gap-2">
        <Button type="submit" variant={what === "new_codes" ? "primary" : "danger"} disabled={change.isPending}>
          {what === "new_codes" ? "Make new codes" : "Turn it off"}
        </Button>
        <Button onClick={onCancel}>Leave it</Button>
      </div>
    </form>
  );
}
