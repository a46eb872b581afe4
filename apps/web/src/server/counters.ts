/** What this process counts about itself, shown by /api/v1/status. The names are fixed, so the table cannot grow. */
export const COUNTERS = [
  "http_requests",
  "http_errors",
  "http_refused_origin",
  "http_body_too_large",
  "sign_in_refused",
  "sign_in_limited",
  "api_key_refused",
  "hub_refused_handshakes",
  "hub_bad_messages",
  "hub_flooded_messages",
  "hub_telemetry",
  "hub_snapshots",
  "hub_events",
  "hub_events_dropped",
  "fleet_rows_written",
  "fleet_samples_dropped",
  "fleet_rows_rejected",
  "agents_enrolled",
  "agents_enrol_refused",
  "agents_refused_messages",
  "agents_repeated_reports",
  "agents_busy",
  "agents_commands_sent",
  "agents_desired_sent",
  "ws_refused",
  "notices_delivered",
  "notices_failed",
  "notices_dropped",
  "release_files_sent",
  "release_fetches_refused",
  "miner_notices_delivered",
  "miner_notices_failed",
  "miners_limited",
  "miner_settings_refused",
  "provision_changed_keys",
  "provision_installed",
  "provision_uninstalled",
  "provision_failed",
] as const;
export type Counter = (typeof COUNTERS)[number];

export class Counters {
  readonly #counts = new Map<Counter, number>(COUNTERS.map((name) => [name, 0]));

  add(name: Counter, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  read(): Record<Counter, number> {
    return Object.fromEntries(this.#counts) as Record<Counter, number>;
  }
}
