"use client";
import type { OpenProvisionInput, ProvisionCredential, ProvisionOverviewDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Segmented } from "@/components/ui/segmented.tsx";
import { Select } from "@/components/ui/select.tsx";
import { useInBrowser } from "@/lib/clock.tsx";
import { usePoolAddress } from "@/lib/pool_address.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { CredentialFields } from "./credential_fields.tsx";
import { TextArea } from "./text_area.tsx";

type Purpose = OpenProvisionInput["purpose"];
type Kind = ProvisionCredential["kind"];

type OpenFormProps = { readonly overview: ProvisionOverviewDto; readonly onOpened: (id: number) => void };

/**
 * Targets and credentials. The fields hold what is typed and nothing else does: it is sent once, kept nowhere in the browser, and the
 * fields are gone with the form.
 */
export function OpenForm({ overview, onOpened }: OpenFormProps) {
  const trpc = useTRPC();
  const pool = usePoolAddress();
  const inBrowser = useInBrowser();
  const [purpose, setPurpose] = useState<Purpose>("install");
  const [kind, setKind] = useState<Kind>("key");
  const [site, setSite] = useState(String(overview.sites[0]?.id ?? ""));
  const form_id = useId();
  const open = useMutation({
    ...trpc.provision.open.mutationOptions({ onSuccess: ({ id }) => onOpened(id) }),
    // Nothing remembers what was sent.
    gcTime: 0,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const read = (name: string) => String(form.get(name) ?? "");
    const installs = purpose === "install";
    open.mutate({
      purpose,
      targets: read("targets"),
      port: Number(read("port")),
      user: read("user").trim(),
      credential: credentialOf(kind, read),
      sudo_password: read("sudo_password"),
      site_id: installs ? Number(site) : null,
      control_url: read("control_url").trim() === "" ? null : read("control_url").trim(),
      mining: installs ? { pool_url: read("pool_url").trim(), user: read("pool_user").trim() } : null,
      parallel: Number(read("parallel")),
    });
  };
  const impossible = purpose === "install" && overview.release === null;
  return (
    <form onSubmit={submit} autoComplete="off" aria-labelledby={form_id}>
      <Panel
        title={<span id={form_id}>Targets and credentials</span>}
        note="Nothing is changed on a rig before you have seen its plan."
      >
        <div className="grid gap-x-6 gap-y-4 lg:grid-cols-2">
          <div className="flex flex-col gap-4">
            <div>
              <Segmented
                label="Purpose"
                value={purpose}
                choices={[
                  { value: "install", label: "Install or upgrade" },
                  { value: "uninstall", label: "Uninstall" },
                ]}
                onChoose={setPurpose}
              />
            </div>
            <TextArea
              label="Rigs"
              name="targets"
              rows={4}
              placeholder={"10.0.0.5\nrig-07.farm.example\n10.0.1.0/24"}
              hint="Addresses, host names, networks (at most a /22), spans such as 10.0.0.5-20; with :port where it is another."
              required
            />
            <div className="grid gap-4 sm:grid-cols-3">
              <Field label="Port" name="port" type="number" min={1} max={65_535} defaultValue={22} required />
              <Field
                label="User"
                name="user"
                defaultValue="root"
                maxLength={32}
                autoCapitalize="none"
                spellCheck={false}
                required
              />
              <Field label="At once" name="parallel" type="number" min={1} max={32} defaultValue={8} required />
            </div>
          </div>
          <div className="flex flex-col gap-4">
            <div>
              <Segmented
                label="Credentials"
                value={kind}
                choices={[
                  { value: "key", label: "Private key" },
                  { value: "password", label: "Password" },
                  { value: "agent", label: "SSH agent" },
                ]}
                onChoose={setKind}
              />
            </div>
            <CredentialFields key={kind} kind={kind} agentReady={overview.ssh_agent} />
          </div>
          {purpose === "uninstall" ? null : (
            <fieldset className="grid gap-4 border-t border-line pt-4 sm:grid-cols-2 lg:col-span-2">
              <legend className="sr-only">What the agents are told</legend>
              <div className="flex flex-col gap-1.5">
                <span className="text-sm font-medium text-ink-2">Site</span>
                <Select
                  label="Site"
                  value={site}
                  choices={overview.sites.map(({ id, name }) => ({ value: String(id), label: name }))}
                  onChoose={setSite}
                />
              </div>
              <Field
                key={`url-${inBrowser}`}
                label="This control plane, as the rigs reach it"
                name="control_url"
                type="url"
                defaultValue={inBrowser ? location.origin : ""}
                maxLength={200}
                required
              />
              <Field
                key={`pool-${pool.address}`}
                label="Pool, until a flight sheet says otherwise"
                name="pool_url"
                defaultValue={pool.address}
                maxLength={300}
                spellCheck={false}
                required
              />
              <Field
                label="Address or account that is paid"
                name="pool_user"
                maxLength={256}
                placeholder="bc1q….rig"
                spellCheck={false}
                required
              />
            </fieldset>
          )}
        </div>
        <div className="mt-4 flex flex-col gap-3">
          <Failure title="No run was opened" error={open.error} />
          <div className="flex flex-wrap items-center gap-3">
            <Button type="submit" variant="primary" disabled={open.isPending || impossible} aria-busy={open.isPending}>
              {open.isPending ? "Asking…" : "Ask the rigs for their host keys"}
            </Button>
            <p className="text-xs text-ink-3">
              {impossible
                ? "Publish a release first."
                : "Nothing is signed in to yet. The credentials stay in the server's memory until the run ends, at most 15 idle minutes."}
            </p>
          </div>
        </div>
      </Panel>
    </form>
  );
}

function credentialOf(kind: Kind, read: (name: string) => string): ProvisionCredential {
  switch (kind) {
    case "key":
      return { kind, private_key: read("private_key"), passphrase: read("passphrase") };
    case "password":
      return { kind, password: read("password") };
    case "agent":
      return { kind };
  }
}
