"use client";
import type {
  MinerChallengeDto,
  MinerChannelState,
  MinerDto,
  MinerNoticeGroup,
  MinerSettingsChange,
  MinerSettingsChangedDto,
  MinerSettingsDto,
} from "@otedama/shared";
import { formatSats, parseSats } from "@otedama/shared/units";
import { CircleCheck } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Moment } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Facts } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Status } from "@/components/ui/status.tsx";
import { ApiProblem, askChallenge, sendSettings } from "./miner_api.ts";

type SettingsFormProps = { readonly miner: MinerDto; readonly onChanged: (settings: MinerSettingsDto) => void };

/** What holds now; then a change, the message that it takes, and the signature. Nothing is said to be changed before the server says so. */
export function SettingsForm({ miner, onChanged }: SettingsFormProps) {
  const [challenge, setChallenge] = useState<MinerChallengeDto | null>(null);
  const [done, setDone] = useState<MinerSettingsChangedDto | null>(null);
  const { settings } = miner;
  const threshold =
    settings.threshold_sats !== null
      ? `${formatSats(settings.threshold_sats)} BTC, your own`
      : settings.pool_threshold_sats !== null
        ? `${formatSats(settings.pool_threshold_sats)} BTC, the pool's`
        : "not set by the pool yet";
  return (
    <div className="grid grid-cols-1 gap-x-8 gap-y-4 lg:grid-cols-2">
      <div className="flex flex-col gap-3">
        <Facts
          facts={[
            { name: "Paid out from", value: threshold },
            { name: "E-mail", value: CHANNEL_WORDS[settings.email] },
            { name: "Webhook", value: CHANNEL_WORDS[settings.webhook] },
            { name: "Told of", value: toldOf(settings.notices) },
            ...(settings.updated_at_ms === null ? [] : [{ name: "Changed", value: <Moment at_ms={settings.updated_at_ms} /> }]),
          ]}
        />
        <p className="text-sm text-ink-3">
          There is no account to sign in to: a change is a message signed with the key of this address. Any wallet that can sign
          messages will do (BIP 322, or the older format); the pool never sees the key.
        </p>
        {done === null ? null : <Done changed={done} />}
      </div>
      {challenge === null ? (
        <ChangeForm
          miner={miner}
          onChallenge={(next) => {
            setDone(null);
            setChallenge(next);
          }}
        />
      ) : (
        <SignForm
          address={miner.address}
          challenge={challenge}
          onBack={() => setChallenge(null)}
          onDone={({ webhook_secret, ...changed }) => {
            setChallenge(null);
            setDone({ ...changed, webhook_secret });
            onChanged(changed);
          }}
        />
      )}
    </div>
  );
}

const CHANNEL_WORDS: Readonly<Record<MinerChannelState, string>> = {
  none: "none",
  unconfirmed: "set; it gets a link to confirm, and nothing else before that",
  on: "set; it is shown to nobody",
  stopped: "stopped, by its reader or because it did not answer; set it again to go on",
};

const GROUP_WORDS: Readonly<Record<MinerNoticeGroup, string>> = {
  payouts: "payouts",
  blocks: "blocks with your part",
  workers: "workers that go offline",
};
const GROUPS = Object.keys(GROUP_WORDS) as MinerNoticeGroup[];

const toldOf = (groups: readonly MinerNoticeGroup[]): string =>
  ["changed settings", ...GROUPS.filter((group) => groups.includes(group)).map((group) => GROUP_WORDS[group])].join(", ");

function Done({ changed }: { readonly changed: MinerSettingsChangedDto }) {
  return (
    <div className="flex flex-col gap-2">
      <Status tone="good" icon={CircleCheck} word="The settings were changed." />
      {changed.webhook_secret === null ? null : (
        <div className="rounded-md border border-line bg-sunken px-3 py-2">
          <p className="mb-1 text-xs text-ink-3">Signs what your webhook gets; it is shown this one time</p>
          <Copyable text={changed.webhook_secret} what="signing secret" shorten="none" className="text-xs leading-5 text-ink" />
        </div>
      )}
    </div>
  );
}

type Problems = { readonly field: string | null; readonly text: string };
const problemOf = (error: unknown): Problems => ({
  field: error instanceof ApiProblem ? error.field : null,
  text: error instanceof Error ? error.message.replace(/^\w+: /, "") : String(error),
});

type ChangeFormProps = { readonly miner: MinerDto; readonly onChallenge: (challenge: MinerChallengeDto) => void };

function ChangeForm({ miner, onChallenge }: ChangeFormProps) {
  const [problem, setProblem] = useState<Problems | null>(null);
  const [busy, setBusy] = useState(false);
  const { settings } = miner;
  const about = (field: string) => (problem?.field === field ? problem.text : undefined);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const wanted = readChange(form, settings.notices);
    if ("problem" in wanted) return setProblem(wanted.problem);
    setBusy(true);
    setProblem(null);
    try {
      onChallenge(await askChallenge(miner.address, wanted.change));
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-3">
      {problem !== null && problem.field === null ? <Problem title="No message to sign yet">{problem.text}</Problem> : null}
      <Field
        label="Pay out from, BTC"
        name="threshold"
        inputMode="decimal"
        autoComplete="off"
        placeholder="unchanged"
        hint={
          settings.threshold_min_sats === null
            ? "Write 0 for the pool's own."
            : `At least ${formatSats(settings.threshold_min_sats)}; write 0 for the pool's own.`
        }
        problem={about("threshold_sats")}
      />
      <Field
        label="E-mail for notices"
        name="email"
        type="text"
        inputMode="email"
        autoComplete="email"
        placeholder="unchanged"
        maxLength={254}
        disabled={!settings.email_ready}
        hint={settings.email_ready ? "It gets a link to confirm first. Write a dash to remove it." : "This pool sends no e-mail."}
        problem={about("email")}
      />
      <Field
        label="Webhook for notices"
        name="webhook"
        type="text"
        inputMode="url"
        autoComplete="off"
        placeholder="unchanged"
        maxLength={300}
        hint="An address that begins with https://. Write a dash to remove it."
        problem={about("webhook_url")}
      />
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 text-sm font-medium text-ink-2">Tell me of</legend>
        {GROUPS.map((group) => (
          <label key={group} className="flex min-h-6 items-center gap-2 text-sm">
            <input
              type="checkbox"
              name="notices"
              value={group}
              defaultChecked={settings.notices.includes(group)}
              className="size-4 accent-(--color-accent) pointer-coarse:size-6"
            />
            {GROUP_WORDS[group]}
          </label>
        ))}
      </fieldset>
      <Button type="submit" variant="primary" className="self-start" disabled={busy} aria-busy={busy}>
        {busy ? "Asking…" : "Make the message to sign"}
      </Button>
    </form>
  );
}

/** Empty fields stay as they are. */
function readChange(form: FormData, told: readonly MinerNoticeGroup[]): { change: MinerSettingsChange } | { problem: Problems } {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const change: MinerSettingsChange = {};
  const threshold = text("threshold");
  if (threshold !== "") {
    const sats = parseSats(threshold);
    if (sats === null) {
      return { problem: { field: "threshold_sats", text: "Write an amount such as 0.005, with at most eight decimals." } };
    }
    change.threshold_sats = sats === 0 ? null : sats;
  }
  if (text("email") !== "") change.email = text("email") === "-" ? null : text("email");
  if (text("webhook") !== "") change.webhook_url = text("webhook") === "-" ? null : text("webhook");
  const notices = GROUPS.filter((group) => form.getAll("notices").includes(group));
  if (notices.length !== told.length || notices.some((group) => !told.includes(group))) change.notices = notices;
  if (Object.keys(change).length === 0) return { problem: { field: null, text: "Fill in what is to change; the rest stays." } };
  return { change };
}

type SignFormProps = {
  readonly address: string;
  readonly challenge: MinerChallengeDto;
  readonly onBack: () => void;
  readonly onDone: (settings: MinerSettingsChangedDto) => void;
};

function SignForm({ address, challenge, onBack, onDone }: SignFormProps) {
  const [problem, setProblem] = useState<Problems | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const signature = String(new FormData(event.currentTarget).get("signature") ?? "").trim();
    if (signature === "") return setProblem({ field: "signature", text: "Paste the signature that your wallet made." });
    setBusy(true);
    setProblem(null);
    try {
      onDone(await sendSettings(address, challenge, signature));
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };

  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-3">
      {problem !== null && problem.field === null ? <Problem title="Nothing was changed">{problem.text}</Problem> : null}
      <div className="rounded-md border border-line bg-sunken px-3 py-2">
        <p className="mb-1 text-xs text-ink-3">Sign exactly this, with the key of your address</p>
        <Copyable text={challenge.message} what="message to sign" shorten="none" className="text-xs leading-5 text-ink" />
      </div>
      <p className="text-xs text-ink-3">
        In a node&apos;s wallet: <code className="break-all">bitcoin-cli signmessage {address} &quot;…&quot;</code>. It works
        once, until <Moment at_ms={challenge.expires_at_ms} />.
      </p>
      <Field
        label="Signature"
        name="signature"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={4_096}
        problem={problem?.field === "signature" ? problem.text : undefined}
        className="font-mono"
      />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" disabled={busy} aria-busy={busy}>
          {busy ? "Checking…" : "Change the settings"}
        </Button>
        <Button onClick={onBack} disabled={busy}>
          Back
        </Button>
      </div>
    </form>
  );
}
