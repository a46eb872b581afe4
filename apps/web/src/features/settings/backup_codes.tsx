"use client";
import { Button } from "@/components/ui/button.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";

/** Told this one time. */
export function BackupCodes({ codes, onSeen }: { readonly codes: readonly string[]; readonly onSeen: () => void }) {
  return (
    <div className="flex flex-col gap-3 rounded-md border border-warn/50 bg-warn-soft px-4 py-3">
      <div>
        <h3 className="text-sm">Backup codes</h3>
        <p className="text-sm text-ink-2">
          For the day the device is lost. Each works once. They are shown this one time: print them, or keep them with your
          passwords.
        </p>
      </div>
      <ol className="grid gap-x-6 gap-y-1 font-mono text-sm sm:grid-cols-2">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div className="flex flex-wrap items-center gap-3">
        <Copyable text={codes.join("\n")} what="all backup codes" shorten="middle" className="text-xs" />
        <Button variant="primary" onClick={onSeen}>
          I have kept them
        </Button>
      </div>
    </div>
  );
}
