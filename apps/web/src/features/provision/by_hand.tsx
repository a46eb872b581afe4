"use client";
import type { ProvisionOverviewDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { CommandLine } from "@/components/ui/command_line.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Once } from "@/components/ui/once.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Select } from "@/components/ui/select.tsx";
import { useInBrowser } from "@/lib/clock.tsx";
import { usePoolAddress } from "@/lib/pool_address.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

const MINUTES = 15;

/** A command for somebody who sits at the rig. It downloads nothing and runs nothing that is not to be seen in it. */
export function ByHand({ overview }: { readonly overview: ProvisionOverviewDto }) {
  const trpc = useTRPC();
  const pool = usePoolAddress();
  const inBrowser = useInBrowser();
  const [site, setSite] = useState(String(overview.sites[0]?.id ?? ""));
  const [user, setUser] = useState("");
  const create = useMutation({ ...trpc.enrolment.createTokens.mutationOptions(), gcTime: 0 });
  const url = inBrowser ? location.origin : (create.data?.hub_url ?? "");
  const token = create.data?.tokens[0]?.token;
  return (
    <Panel title="By hand" note={`A token lets one agent in, once, within ${MINUTES} minutes, at one site.`}>
      <ol className="flex flex-col gap-5">
        <Step number={1} title="Bring the agent's executable to the rig">
          <p className="text-sm text-ink-2">
            <code>npm run build:agent</code> makes it; carry it over as you carry other files. One file, no other program is
            needed there.
          </p>
        </Step>
        <Step number={2} title="Make a token">
          <div className="flex flex-wrap items-end gap-3">
            <Select
              label="Site"
              value={site}
              choices={overview.sites.map(({ id, name }) => ({ value: String(id), label: name }))}
              onChoose={setSite}
            />
            <Button
              variant="primary"
              disabled={create.isPending}
              aria-busy={create.isPending}
              onClick={() => create.mutate({ site_id: Number(site), minutes: MINUTES, count: 1 })}
            >
              Make a token
            </Button>
          </div>
          <Failure title="No token was made" error={create.error} />
          {token === undefined ? null : (
            <Once
              label="Token"
              text={token}
              note={`For ${create.data?.site}. It is shown this one time and good once, for ${MINUTES} minutes.`}
            />
          )}
        </Step>
        <Step number={3} title="Run this beside the executable">
          <div className="max-w-md">
            <Field
              label="Address or account that is paid"
              value={user}
              onChange={(event) => setUser(event.target.value)}
              maxLength={256}
              spellCheck={false}
            />
          </div>
          <CommandLine
            label="It asks for the token, writes agent.json for you alone to read, and starts the agent."
            command={handCommand(url, pool.address, user)}
          />
          <ul className="list-disc pl-5 text-xs text-ink-3">
            <li>The token is typed in, so that it stands in no history and no list of processes.</li>
            <li>
              The agent makes its own key, sends its public half with the token to {url === "" ? "this control plane" : url}, and
              pins this control plane's key.
            </li>
            <li>Everything it keeps lies in the folder otedama-data beside it; deleting both ends it without residue.</li>
          </ul>
        </Step>
      </ol>
    </Panel>
  );
}

function Step({
  number,
  title,
  children,
}: {
  readonly number: number;
  readonly title: string;
  readonly children: React.ReactNode;
}) {
  return (
    <li className="flex flex-col gap-2.5">
      <h3 className="text-sm font-medium">
        {number}. {title}
      </h3>
      {children}
    </li>
  );
}

/** Inside single quotes, as a format of printf: what stands in the fields stays text. */
const formatText = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("%", "%%").replaceAll("'", `'\\''`);

/** printf is the shell's own: the token is in no process's arguments. */
function handCommand(url: string, pool_url: string, user: string): string {
  const settings = JSON.stringify({
    data_dir: "otedama-data",
    log_level: "info",
    name: "NAME",
    hub: { url, enrol_token: "TOKEN" },
    pools: [{ url: pool_url, user: user.trim() === "" ? "YOUR-ADDRESS" : user.trim() }],
  });
  const format = formatText(settings).replace('"NAME"', '"%s"').replace('"TOKEN"', '"%s"');
  return `printf 'Token: '; stty -echo; IFS= read -r TOKEN; stty echo; (umask 077; printf '${format}\\n' "$(uname -n)" "$TOKEN" > agent.json) && ./otedama-agent --settings agent.json`;
}
