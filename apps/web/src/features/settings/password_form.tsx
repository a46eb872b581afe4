"use client";
import { useMutation } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { type FormEvent, useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Status } from "@/components/ui/status.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

const LENGTH_MIN = 12;

export function PasswordForm({ email, onChanged }: { readonly email: string; readonly onChanged: () => void }) {
  const trpc = useTRPC();
  const [problems, setProblems] = useState<{ new_password?: string; again?: string }>({});
  const change = useMutation(trpc.me.changePassword.mutationOptions({ onSuccess: onChanged }));
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const read = (name: string) => String(form.get(name) ?? "");
    const found = {
      ...(read("new_password").length < LENGTH_MIN ? { new_password: `Use at least ${LENGTH_MIN} characters.` } : {}),
      ...(read("new_password") === read("again") ? {} : { again: "The two passwords differ." }),
    };
    setProblems(found);
    if (Object.keys(found).length > 0) return;
    const done = await change.mutateAsync({ password: read("password"), new_password: read("new_password") }).catch(() => null);
    if (done !== null) element.reset();
  };
  return (
    <Panel title="Password">
      <form onSubmit={submit} noValidate className="flex max-w-sm flex-col gap-3">
        <input type="hidden" name="email" autoComplete="username" value={email} readOnly />
        <Field
          label="Present password"
          name="password"
          type="password"
          autoComplete="current-password"
          maxLength={128}
          required
        />
        <Field
          label="New password"
          name="new_password"
          type="password"
          autoComplete="new-password"
          maxLength={128}
          hint={`At least ${LENGTH_MIN} characters. Your other devices are signed out.`}
          problem={problems.new_password}
          required
        />
        <Field
          label="New password again"
          name="again"
          type="password"
          autoComplete="new-password"
          maxLength={128}
          problem={problems.again}
          required
        />
        <Failure title="The password was not changed" error={change.error} />
        {change.data === undefined ? null : (
          <p role="status" className="text-sm">
            <Status tone="good" icon={CircleCheck} word="The password was changed" />{" "}
            {change.data.sessions_ended === 0
              ? ""
              : `${plural(change.data.sessions_ended, "other device was", "other devices were")} signed out.`}
          </p>
        )}
        <Button type="submit" className="self-start" disabled={change.isPending} aria-busy={change.isPending}>
          {change.isPending ? "Changing…" : "Change the password"}
        </Button>
      </form>
    </Panel>
  );
}
