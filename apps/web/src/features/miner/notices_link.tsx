"use client";
import type { MinerSettingsDto } from "@otedama/shared";
import { CircleCheck } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Status } from "@/components/ui/status.tsx";
import { confirmNotices, stopNotices } from "./miner_api.ts";

type Asked = { readonly purpose: "confirm" | "stop"; readonly token: string };

const WORDS = {
  confirm: {
    title: "Send notices about this account to your e-mail address?",
    text: "Whoever holds the account's key asked for it. Every e-mail ends with a link that stops them.",
    action: "Yes, send them",
    done: "Confirmed: notices go to your e-mail address.",
  },
  stop: {
    title: "Stop the notices to your e-mail address?",
    text: "Nothing else about the account changes. Who holds its key can set an address again.",
    action: "Stop them",
    done: "Stopped: nothing more is sent to your e-mail address.",
  },
} as const;

/** What a link in an e-mail asks. It is asked here again: programs that look at links in mails press no buttons. */
export function NoticesLink({
  address,
  onChanged,
}: {
  readonly address: string;
  readonly onChanged: (settings: MinerSettingsDto) => void;
}) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  useEffect(() => {
    const read = () => {
      const found = /^#(confirm|stop)=([\w.-]{1,80})$/.exec(location.hash);
      if (found?.[1] === undefined || found[2] === undefined) return;
      setAsked({ purpose: found[1] as Asked["purpose"], token: found[2] });
      setDone(false);
      setProblem(null);
    };
    read();
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  if (asked === null) return null;
  const words = WORDS[asked.purpose];

  const answer = async () => {
    setBusy(true);
    setProblem(null);
    try {
      onChanged(await (asked.purpose === "confirm" ? confirmNotices : stopNotices)(address, asked.token));
      setDone(true);
      history.replaceState(null, "", location.pathname + location.search);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel title={words.title}>
      {done ? (
        <Status tone="good" icon={CircleCheck} word={words.done} />
      ) : (
        <div className="flex flex-col gap-3">
          <p className="text-sm text-ink-2">{words.text}</p>
          {problem === null ? null : <Problem title="Nothing was changed">{problem}</Problem>}
          <Button variant="primary" className="self-start" disabled={busy} aria-busy={busy} onClick={() => void answer()}>
            {busy ? "Asking…" : words.action}
          </Button>
        </div>
      )}
    </Panel>
  );
}
