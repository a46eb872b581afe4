"use client";
import type { AuditLineDto } from "@otedama/shared";
import { Moment } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Facts } from "@/components/ui/panel.tsx";
import { actionWords, fieldsOf, short } from "./words.ts";

/** One line with its values before and after, side by side. */
export function AuditLine({ line, onClose }: { readonly line: AuditLineDto; readonly onClose: () => void }) {
  const { before, after, ...others } = line.details;
  const [from, to] = [fieldsOf(before), fieldsOf(after)];
  const names = Object.keys({ ...from, ...to });
  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : onClose())} title={actionWords(line.action)} className="max-w-2xl!">
      <div className="flex flex-col gap-4">
        <Facts
          facts={[
            { name: "By", value: line.actor_name === null ? line.actor : `${line.actor_name} (${line.actor_email})` },
            { name: "When", value: <Moment at_ms={line.at_ms} /> },
            { name: "Action", value: <code className="text-xs">{line.action}</code> },
            { name: "Subject", value: <Copyable text={line.subject} what="subject" shorten="none" /> },
            ...Object.entries(others).map(([name, value]) => ({ name, value: short(value) })),
          ]}
        />
        {names.length === 0 ? null : (
          <table className="w-full table-fixed text-sm">
            <caption className="sr-only">What changed</caption>
            <thead>
              <tr className="text-left text-xs text-ink-3">
                <th scope="col" className="py-1 pr-3 font-medium">
                  Field
                </th>
                <th scope="col" className="py-1 pr-3 font-medium">
                  Before
                </th>
                <th scope="col" className="py-1 font-medium">
                  After
                </th>
              </tr>
            </thead>
            <tbody>
              {names.map((name) => (
                <tr key={name} className="border-t border-line/70 align-top">
                  <th scope="row" className="break-words py-1.5 pr-3 text-left font-normal text-ink-3">
                    {name}
                  </th>
                  <td className="break-words py-1.5 pr-3">{written(from[name])}</td>
                  <td className="break-words py-1.5 font-medium">{written(to[name])}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </Dialog>
  );
}

const written = (value: unknown): string =>
  value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value, null, 1);
