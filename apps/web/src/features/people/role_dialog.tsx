"use client";
import type { PersonDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Select } from "@/components/ui/select.tsx";
import { useToast } from "@/components/ui/toast.tsx";
import { ROLE_CHOICES, ROLE_MEANINGS } from "@/lib/roles.ts";
import { useTRPC } from "@/lib/trpc.tsx";

type RoleDialogProps = { readonly person: PersonDto; readonly onClose: () => void; readonly onChanged: () => void };

export function RoleDialog({ person, onClose, onChanged }: RoleDialogProps) {
  const trpc = useTRPC();
  const toast = useToast();
  const [role, setRole] = useState(person.role);
  const change = useMutation(
    trpc.people.changeRole.mutationOptions({
      onSuccess: () => {
        toast({ tone: "good", icon: CircleCheck, word: "Role changed", text: `${person.name} is ${role} now` });
        onChanged();
        onClose();
      },
    }),
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={`The role of ${person.name}`}
      className="max-w-md!"
    >
      <div className="flex flex-col gap-4">
        <Select label="Role" value={role} choices={ROLE_CHOICES} onChoose={setRole} className="w-48" />
        <p className="text-sm text-ink-3">{ROLE_MEANINGS[role]}. It holds from their next request on.</p>
        <Failure title="The role was not changed" error={change.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button
            variant="primary"
            disabled={role === person.role || change.isPending}
            aria-busy={change.isPending}
            onClick={() => change.mutate({ id: person.id, role })}
          >
            {change.isPending ? "Changing…" : "Change the role"}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
