"use client";
import { useMutation } from "@tanstack/react-query";
import { CircleCheck, KeyRound } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type FormEvent, useEffect, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { CommandLine } from "@/components/ui/command_line.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { signIn } from "@/lib/auth.ts";
import { useTRPC } from "@/lib/trpc.tsx";
import { checkSetup, PASSWORD_LENGTH_MIN, type SetupProblems, tokenFromHash } from "./setup_token.ts";

/** Reads the token once and takes it out of the address bar and the history. */
function useSetupToken(): string | null | undefined {
  const [token, setToken] = useState<string | null>();
  useEffect(() => {
    setToken(tokenFromHash(location.hash));
    if (location.hash !== "") history.replaceState(history.state, "", location.pathname);
  }, []);
  return token;
}

export function SetupForm({ needed }: { readonly needed: boolean }) {
  const token = useSetupToken();
  if (!needed) {
    return (
      <Panel flush>
        <Empty icon={CircleCheck} title="This set-up link was used">
          <p>Otedama has its owner. If that is you, sign in.</p>
          <Button asChild variant="primary">
            <Link href="/sign-in">Sign in</Link>
          </Button>
        </Empty>
      </Panel>
    );
  }
  if (token === null) {
    return (
      <Panel flush>
        <Empty icon={KeyRound} title="This set-up link is not whole">
          <p>
            The part behind the <code>#</code> is missing or damaged. Copy the link again as a whole; a new start prints a new
            one.
          </p>
          <CommandLine label="Printed at the end of" command="npm start" />
        </Empty>
      </Panel>
    );
  }
  return <OwnerForm token={token} />;
}

function OwnerForm({ token }: { readonly token: string | undefined }) {
  const router = useRouter();
  const trpc = useTRPC();
  const complete = useMutation(trpc.setup.complete.mutationOptions());
  const [problems, setProblems] = useState<SetupProblems>({});
  const [entering, setEntering] = useState(false);
  const busy = complete.isPending || entering;

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (token === undefined) return;
    const form = new FormData(event.currentTarget);
    const read = (name: string) => String(form.get(name) ?? "");
    const values = { name: read("name"), email: read("email").trim(), password: read("password"), again: read("again") };
    const found = checkSetup(values);
    setProblems(found);
    const first = Object.keys(found)[0];
    if (first !== undefined) {
      event.currentTarget.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus();
      return;
    }
    try {
      await complete.mutateAsync({ token, name: values.name.trim(), email: values.email, password: values.password });
    } catch {
      return; // shown from the mutation's own state
    }
    setEntering(true);
    const refused = await signIn(values.email, values.password);
    router.replace(refused === null ? "/" : "/sign-in");
    router.refresh();
  };

  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      <div>
        <h1 className="text-xl">Become the owner</h1>
        <p className="mt-1 text-sm text-ink-3">
          You are the first person here. The owner sees and may change everything; the link that brought you works once.
        </p>
      </div>
      {complete.error === null ? null : <SetupProblem code={complete.error.data?.code} message={complete.error.message} />}
      <Field label="Name" name="name" autoComplete="name" maxLength={80} problem={problems.name} required />
      <Field label="E-mail" name="email" type="email" autoComplete="username" maxLength={254} problem={problems.email} required />
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
      <Button type="submit" variant="primary" size="lg" disabled={busy || token === undefined} aria-busy={busy}>
        {busy ? "Creating the owner…" : "Create the owner"}
      </Button>
    </form>
  );
}

function SetupProblem({ code, message }: { readonly code: string | undefined; readonly message: string }) {
  if (code === "FORBIDDEN") {
    return (
      <Problem title="This set-up link does not work">
        It was used, has expired or is not the newest. Start Otedama again: it prints a new one.
      </Problem>
    );
  }
  if (code === "CONFLICT") {
    return (
      <Problem title="Otedama has its owner already">
        {message}{" "}
        <Link href="/sign-in" className="font-medium text-accent underline">
          Sign in
        </Link>
      </Problem>
    );
  }
  if (code === undefined) {
    return (
      <Problem title="The server did not answer">Nothing was created. Check that Otedama is running, then try again.</Problem>
    );
  }
  return (
    <Problem title="The owner was not created">
      {code === "BAD_REQUEST"
        ? "The server refused what was entered. Check each field and try again."
        : "Try again in a moment; if it stays, look at the control plane's log."}
    </Problem>
  );
}
