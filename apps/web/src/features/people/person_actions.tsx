"use client";
import type { PersonDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { Ban, CircleCheck, Ellipsis, LogOut, ShieldOff, UserCog } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Confirm } from "@/components/ui/confirm.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Menu, MenuItem, MenuSeparator } from "@/components/ui/menu.tsx";
import { useToast } from "@/components/ui/toast.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { RoleDialog } from "./role_dialog.tsx";

type Asked = "role" | "sign_out" | "second_factor" | "disable" | "enable";
type PersonActionsProps = { readonly person: PersonDto; readonly own: boolean; readonly onChanged: () => void };

/** What an owner can do to one person. */
export function PersonActions({ person, own, onChanged }: PersonActionsProps) {
  const trpc = useTRPC();
  const toast = useToast();
  const [asked, setAsked] = useState<Asked | null>(null);
  const done = (word: string) => ({
    onSuccess: () => {
      setAsked(null);
      toast({ tone: "good", icon: CircleCheck, word, text: person.name });
      onChanged();
    },
  });
  const signOut = useMutation(trpc.people.signOut.mutationOptions(done("Signed out")));
  const reset = useMutation(trpc.people.resetSecondFactor.mutationOptions(done("Second factor taken off")));
  const disable = useMutation(trpc.people.disable.mutationOptions(done("Disabled")));
  const enable = useMutation(trpc.people.enable.mutationOptions(done("Enabled")));
  const disabled = person.disabled_at_ms !== null;
  const { id, name } = person;
  const questions = {
    sign_out: {
      title: `Sign ${name} out everywhere?`,
      text: own
        ? "You are signed out too, on this device as well."
        : "Every device they use has to sign in again. Their API keys go on.",
      action: `Sign ${name} out`,
      change: signOut,
    },
    second_factor: {
      title: `Take off the second factor of ${name}?`,
      text: "For somebody whose device and backup codes are lost. They are signed out and sign in with their password alone, until they set up a new one.",
      action: "Take it off",
      change: reset,
    },
    disable: {
      title: `Disable ${name}?`,
      text: "They are signed out everywhere and cannot sign in; their API keys are revoked for good. Their name stays in the audit log. You can enable them again.",
      action: `Disable ${name}`,
      change: disable,
    },
    enable: {
      title: `Let ${name} in again?`,
      text: "They sign in with their password of before. API keys that were revoked stay revoked.",
      action: `Enable ${name}`,
      change: enable,
    },
  } as const;
  const question = asked === null || asked === "role" ? null : questions[asked];
  const ask = (what: Exclude<Asked, "role">) => {
    questions[what].change.reset();
    setAsked(what);
  };

  return (
    <>
      <Menu
        label={`Actions for ${name}`}
        trigger={
          <Button variant="ghost" size="icon-sm" aria-label={`Actions for ${name}`}>
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem onSelect={() => setAsked("role")}>
          <UserCog aria-hidden />
          Change the role
        </MenuItem>
        <MenuItem disabled={person.sessions === 0} onSelect={() => ask("sign_out")}>
          <LogOut aria-hidden />
          Sign out everywhere
        </MenuItem>
        {person.second_factor && !own ? (
          <MenuItem onSelect={() => ask("second_factor")}>
            <ShieldOff aria-hidden />
            Take off the second factor
          </MenuItem>
        ) : null}
        {own ? null : (
          <>
            <MenuSeparator />
            <MenuItem onSelect={() => ask(disabled ? "enable" : "disable")}>
              {disabled ? <CircleCheck aria-hidden /> : <Ban aria-hidden />}
              {disabled ? "Enable" : "Disable"}
            </MenuItem>
          </>
        )}
      </Menu>
      {asked === "role" ? <RoleDialog person={person} onClose={() => setAsked(null)} onChanged={onChanged} /> : null}
      {question === null ? null : (
        <Confirm
          open
          title={question.title}
          action={question.action}
          busy={question.change.isPending}
          problem={<Failure title="Nothing was changed" error={question.change.error} />}
          onConfirm={() => question.change.mutate({ id })}
          onClose={() => setAsked(null)}
        >
          {question.text}
        </Confirm>
      )}
    </>
  );
}
