"use client";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { type SignInProblem, signIn } from "@/lib/auth.ts";

const PROBLEMS: Readonly<Record<SignInProblem, readonly [title: string, text: string]>> = {
  credentials: ["That e-mail and password do not go together", "Check both. Passwords are told apart by capital letters."],
  busy: ["Too many attempts", "Wait a minute, then try again."],
  unreachable: ["The server did not answer", "Check that Otedama is running and that this device can reach it, then try again."],
  failed: ["The server could not sign you in", "Try again in a moment; if it stays, look at the control plane's log."],
};

export function SignInForm({ to }: { readonly to: string }) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<SignInProblem | null>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(null);
    const refused = await signIn(String(form.get("email")), String(form.get("password")));
    if (refused === null) {
      router.replace(to);
      router.refresh();
      return;
    }
    setProblem(refused);
    setBusy(false);
  };

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <h1 className="text-xl">Sign in</h1>
      {problem === null ? null : <Problem title={PROBLEMS[problem][0]}>{PROBLEMS[problem][1]}</Problem>}
      <Field label="E-mail" name="email" type="email" autoComplete="username" required maxLength={254} autoFocus />
      <Field label="Password" name="password" type="password" autoComplete="current-password" required maxLength={128} />
      <Button type="submit" variant="primary" size="lg" disabled={busy} aria-busy={busy}>
        {busy ? "Signing in…" : "Sign in"}
      </Button>
      <p className="text-sm text-ink-3">
        Are you a miner? You need no account:{" "}
        <Link href="/m" className="font-medium text-accent underline">
          enter your address
        </Link>
        .
      </p>
    </form>
  );
}
