"use client";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { type SignInProblem, signIn } from "@/lib/auth.ts";

const PROBLEMS: Readonly<Record<Exclude<SignInProblem, "code_needed">, readonly [title: string, text: string]>> = {
  credentials: ["That e-mail and password do not go together", "Check both. Passwords are told apart by capital letters."],
  code_wrong: [
    "That code does not work",
    "Each code is good once and for half a minute. Wait for the next one, and check the device's clock.",
  ],
  code_locked: ["Too many wrong codes", "Codes are refused for 15 minutes. If the device is lost, an owner can take it off."],
  disabled: ["You may not sign in any more", "An owner has disabled your account. Ask them if that was meant."],
  busy: ["Too many attempts", "Wait a minute, then try again."],
  unreachable: ["The server did not answer", "Check that Otedama is running and that this device can reach it, then try again."],
  failed: ["The server could not sign you in", "Try again in a moment; if it stays, look at the control plane's log."],
};

type Credentials = { readonly email: string; readonly password: string };

/** Two steps for those with a second factor. The password waits in this page's memory meanwhile, and is sent again with the code. */
export function SignInForm({ to }: { readonly to: string }) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<SignInProblem | null>(null);
  const [waiting, setWaiting] = useState<Credentials | null>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const credentials = waiting ?? { email: String(form.get("email")), password: String(form.get("password")) };
    setBusy(true);
    setProblem(null);
    const code = waiting === null ? undefined : String(form.get("code"));
    const refused = await signIn(credentials.email, credentials.password, code);
    if (refused === null) {
      router.replace(to);
      router.refresh();
      return;
    }
    setBusy(false);
    if (refused === "code_needed") setWaiting(credentials);
    else if (refused === "code_wrong" || refused === "busy" || refused === "unreachable") setProblem(refused);
    else {
      setWaiting(null);
      setProblem(refused);
    }
  };

  const shown = problem === null || problem === "code_needed" ? null : PROBLEMS[problem];
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <h1 className="text-xl">{waiting === null ? "Sign in" : "Your second factor"}</h1>
      {shown === null ? null : <Problem title={shown[0]}>{shown[1]}</Problem>}
      {waiting === null ? (
        <>
          <Field
            key="email"
            label="E-mail"
            name="email"
            type="email"
            autoComplete="username"
            required
            maxLength={254}
            autoFocus
          />
          <Field
            key="password"
            label="Password"
            name="password"
            type="password"
            autoComplete="current-password"
            required
            maxLength={128}
          />
        </>
      ) : (
        <Field
          key="code"
          label="Code"
          name="code"
          inputMode="text"
          autoComplete="one-time-code"
          autoCapitalize="off"
          spellCheck={false}
          hint="Six digits from your device, or one of your backup codes."
          required
          maxLength={40}
          autoFocus
        />
      )}
      <Button type="submit" variant="primary" size="lg" disabled={busy} aria-busy={busy}>
        {busy ? "Signing in…" : waiting === null ? "Sign in" : "Go on"}
      </Button>
      {waiting === null ? (
        <p className="text-sm text-ink-3">
          Are you a miner? You need no account:{" "}
          <Link href="/m" className="font-medium text-accent underline">
            enter your address
          </Link>
          .
        </p>
      ) : (
        <Button
          variant="ghost"
          onClick={() => {
            setWaiting(null);
            setProblem(null);
          }}
        >
          Sign in as somebody else
        </Button>
      )}
    </form>
  );
}
