"use client";
import type { ProvisionCredential } from "@otedama/shared";
import { useRef } from "react";
import { Field } from "@/components/ui/input.tsx";
import { TextArea } from "./text_area.tsx";

type Props = { readonly kind: ProvisionCredential["kind"]; readonly agentReady: boolean };

/** Password managers and autofill are told to leave these alone: they are the rigs', not this site's. */
const SECRET = {
  type: "password",
  autoComplete: "off",
  "data-1p-ignore": true,
  "data-lpignore": "true",
  maxLength: 1_024,
} as const;

export function CredentialFields({ kind, agentReady }: Props) {
  return (
    <>
      {kind === "key" ? <KeyFields /> : null}
      {kind === "password" ? <Field label="Password" name="password" {...SECRET} required /> : null}
      {kind === "agent" ? (
        <p className="text-sm text-ink-2">
          {agentReady
            ? "The keys of the SSH agent on the control plane's machine are tried; they never leave it."
            : "The control plane's machine has no SSH agent: start Otedama with SSH_AUTH_SOCK set, or use a key."}
        </p>
      ) : null}
      <Field
        label="Password for sudo"
        name="sudo_password"
        {...SECRET}
        hint={
          kind === "password"
            ? "Only where it is another one than that of the sign-in."
            : "Only where sudo asks for one. It goes to sudo's input, never onto a command line."
        }
      />
    </>
  );
}

function KeyFields() {
  const area = useRef<HTMLDivElement>(null);
  const fill = async (file: File | undefined) => {
    const field = area.current?.querySelector("textarea");
    if (file !== undefined && field) field.value = file.size > 65_536 ? "" : await file.text();
  };
  return (
    <div ref={area} className="flex flex-col gap-4">
      <TextArea
        label="Private key"
        name="private_key"
        rows={4}
        maxLength={65_536}
        autoComplete="off"
        placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"
        required
      />
      <label className="text-xs text-ink-3">
        or from a file:{" "}
        <input type="file" className="max-w-full text-xs" onChange={(event) => void fill(event.target.files?.[0])} />
      </label>
      <Field label="Passphrase" name="passphrase" {...SECRET} hint="Where the key has one." />
    </div>
  );
}
