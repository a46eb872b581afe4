"use client";
import { useMutation } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useRouter } from "next/navigation";
import { type FormEvent, useEffect, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { signIn } from "@/lib/auth.ts";
import { ROLE_MEANINGS } from "@/lib/roles.ts";
import { useTRPC } from "@/lib/trpc.tsx";
import { checkSetup, PASSWORD_LENGTH_MIN, type SetupProblems, tokenFromHash } from "./setup_token.ts";

/** Reads the token once, takes it out of the address bar and the history, and asks what it offers. */
function useInvite() {
  const trpc = useTRPC();
  const { mutate, ...offer } = useMutation(trpc.invites.look.mutationOptions({ retry: 2 }));
  const [token, setToken] = useState<string | null>();
  useEffect(() => {
    const found = tokenFromHash(location.hash);
    setToken(found);
    if (found === null) return;
    history.replaceState(history.state, "", location.pathname);
    mutate({ token: found });
  }, [mutate]);
  return { token, offer, again: () => (token ? mutate({ token }) : undefined) };
}

export function InviteForm() {
  const { token, offer, again } = useInvite();
  if (token === null || offer.data === null) {
    return (
      <Panel flush>
        <Empty icon={KeyRound} title="This invite does not work">
          <p>It was used or withdrawn, has expired, or is not whole. Ask the person who sent it for a new one.</p>
        </Empty>
      </Panel>
    );
  }
  if (offer.isError) {
    return (
      <Problem title="The invite could not be looked up" onRetry={again}>
        The server did not answer or its database is away.
      </Problem>
    );
  }
  if (token === undefined || offer.data === undefined) {
    return (
      <div role="status" aria-label="Loading" className="flex flex-col gap-4">
        <Skeleton className="h-6 w-40" />
        <Skeleton className="h-10 w-full" />
        <Skeleton className="h-10 w-full" />
      </div>
    );
  }
  return <JoinForm token={token} email={offer.data.email} role={offer.data.role} />;
}

type JoinFormProps = { readonly token: string; readonly email: string; readonly role: keyof typeof ROLE_MEANINGS };

function JoinForm({ token, email, role }: JoinFormProps) {
  const router = useRouter();
  const trpc = useTRPC();
  const accept = useMutation(trpc.invites.accept.mutationOptions());
  const [problems, setProblems] = useState<SetupProblems>({});
  const [entering, setEntering] = useState(false);
  const busy = accept.isPending || entering;

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const read = (name: string) => String(form.get(name) ?? "");
    const values = { name: read("name"), email, password: read("password"), again: read("again") };
    const found = checkSetup(values);
    setProblems(found);
    const first = Object.keys(found)[0];
    if (first !== undefined) {
      event.currentTarget.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus();
      return;
    }
    try {
      await accept.mutateAsync({ token, name: values.name.trim(), password: values.password });
    } catch {
      return; // shown from the mutation's own state
    }
    setEntering(true);
    const refused = await signIn(email, values.password);
    router.replace(refused === null ? "/" : "/sign-in");
    router.refresh();
  };

  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      <div>
        <h1 className="text-xl">Join this Otedama</h1>
        <p className="mt-1 text-sm text-ink-3">
          You sign in as <span className="font-medium text-ink">{email}</span>. {ROLE_MEANINGS[role]}.
        </p>
      </div>
      {accept.error === null ? null : (
        <Problem title="You have not joined">
          {accept.error.data === undefined || accept.error.data === null
            ? "The server did not answer. Nothing was changed; try again."
            : accept.error.message}
        </Problem>
      )}
      <Field label="Name" name="name" autoComplete="name" maxLength={80} problem={problems.name} required />
      <input type="hidden" name="email" autoComplete="username" value={email} readOnly />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        maxLength={128}
        hint={`At least ${PASSWORD_LENGTH_MIN} characters. Four random words do well.`}
        problem={problems.password}
        required
      />
      <Field
        label="Password again"
        name="again"
        type="password"
        autoComplete="new-password"
        maxLength={128}
        problem={problems.again}
        required
      />
      <Button type="submit" variant="primary" size="lg" disabled={busy} aria-busy={busy}>
        {busy ? "Joining…" : "Join"}
      </Button>
    </form>
  );
}
