/** Actions as a person would say them. What is not listed is shown as it is written in the log. */
const WORDS: Readonly<Record<string, string>> = {
  "setup.complete": "Became the owner",
  "session.begin": "Signed in",
  "session.end": "Signed out",
  "session.end_all": "Signed out devices",
  "person.role": "Changed a role",
  "person.disable": "Disabled a person",
  "person.enable": "Enabled a person",
  "person.password": "Changed the password",
  "invite.create": "Invited somebody",
  "invite.revoke": "Withdrew an invite",
  "invite.accept": "Joined by invite",
  "second_factor.enable": "Turned the second factor on",
  "second_factor.disable": "Turned the second factor off",
  "second_factor.reset": "Took a second factor off",
  "second_factor.lock": "Codes locked after wrong ones",
  "second_factor.backup_code": "Used a backup code",
  "second_factor.new_codes": "Made new backup codes",
  "access_rule.change": "Changed who needs a second factor",
  "api_key.create": "Made an API key",
  "api_key.revoke": "Revoked an API key",
  "notice_channel.create": "Added a notice channel",
  "notice_channel.change": "Changed a notice channel",
  "notice_channel.remove": "Removed a notice channel",
  "host_key.pin": "Pinned a host key",
  "host_key.forget": "Forgot a host key",
  "provision.open": "Opened a provisioning run",
  "provision.install": "Began installing agents",
  "provision.uninstall": "Began removing agents",
  "notice_delivery.retry": "Had notices tried again",
};

export const actionWords = (action: string): string => WORDS[action] ?? action;

/** One line of what changed: "role: viewer to owner". */
export function changeOf(details: Readonly<Record<string, unknown>>): string {
  const { before, after } = details;
  const [from, to] = [fieldsOf(before), fieldsOf(after)];
  const parts = Object.keys({ ...from, ...to }).flatMap((name) => {
    const [old, now] = [from[name], to[name]];
    if (JSON.stringify(old) === JSON.stringify(now)) return [];
    if (old === undefined) return [`${name}: ${short(now)}`];
    return [now === undefined ? `${name}: no longer ${short(old)}` : `${name}: ${short(old)} to ${short(now)}`];
  });
  return parts.join(", ");
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export const short = (value: unknown): string => {
  const text = typeof value === "string" ? value : value === undefined ? "–" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};
