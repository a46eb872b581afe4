/** The control plane as one thing that starts and stops: database, sign-in, hub, procedures, public API and pages on one port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { hashrateSeries, OFFLINE_AFTER_S, openWebDatabase, readStatistics } from "@otedama/db/web";
import type { ListenAddress, WebSettings } from "@otedama/shared";
import type { Logger } from "pino";
import { createAuth } from "./auth/auth.ts";
import { PasswordHasher } from "./auth/password.ts";
import { PasswordProofs } from "./auth/password_proof.ts";
import { Sealer } from "./auth/seal.ts";
import { SecondFactors } from "./auth/second_factor.ts";
import { setBridge } from "./bridge.ts";
import { Counters } from "./counters.ts";
import { createAuditExport } from "./http/audit_export.ts";
import { createAuthHandler } from "./http/auth_handler.ts";
import { createClientAddress } from "./http/client_address.ts";
import { ClientBounds } from "./http/client_bounds.ts";
import { createEnrolHandler } from "./http/enrol_handler.ts";
import { createPayoutsExport } from "./http/payouts_export.ts";
import { createPlacementCsv } from "./http/placement_csv.ts";
import { createReleaseHandler } from "./http/release_handler.ts";
import { createRequestHandler, type Pages } from "./http/request_handler.ts";
import { createContext, createTrpcHandler } from "./http/trpc_handler.ts";
import { BrowserFeed } from "./hub/browser_feed.ts";
import { type Hub, startHub } from "./hub/hub.ts";
import { openControlKey } from "./keys/control_key.ts";
import { DatabaseWatch } from "./live/database_watch.ts";
import { FleetWriter } from "./live/fleet_writer.ts";
import { LiveFigures } from "./live/live_figures.ts";
import { PoolSeries } from "./live/pool_series.ts";
import { StatisticsKeeper } from "./live/statistics_keeper.ts";
import { startSweep } from "./live/sweep.ts";
import { findMiner } from "./miners/find_miner.ts";
import { Miners } from "./miners/miners.ts";
import { Notices } from "./notices/notices.ts";
import { resolveBySystem } from "./notices/targets.ts";
import { startProvisioner } from "./provision/start.ts";
import { ReleaseFiles } from "./releases/release_files.ts";
import { Releases } from "./releases/releases.ts";
import { RolloutRunner } from "./releases/rollout_runner.ts";
import { createRestHandler } from "./rest/handler.ts";
import { ApiKeys } from "./rest/keyed/api_keys.ts";
import { createKeyedHandler } from "./rest/keyed/handler.ts";
import { createMinersHandler } from "./rest/miners.ts";
import { PublicFigures } from "./rest/public_figures.ts";
import type { Services } from "./services.ts";
import { createCaller } from "./trpc/router.ts";
import { PublicFeed } from "./ws/public_feed.ts";

export interface Web {
  address: ListenAddress;
  close(): Promise<void>;
}

export interface WebDependencies {
  pages: Pages;
  log: Logger;
  version: string;
  /** The socket of this machine's SSH agent; null where there is none. */
  ssh_agent: string | null;
  now: () => number;
}

/** `npm run build:agent` of this checkout. */
const BUILD_FOLDER = join(import.meta.dirname, "../../../../dist/agent");
const AGENTS_MAX = 50_000;
const HUB_CONNECTIONS_MAX = 60_000;
/** Of all kinds: beyond it a connection is closed unread. */
const CONNECTIONS_MAX = HUB_CONNECTIONS_MAX + 5_000;
const TELEGRAM_ORIGIN = "https://api.telegram.org";
const DISCORD_ORIGINS = [
  "https://discord.com",
  "https://discordapp.com",
  "https://ptb.discord.com",
  "https://canary.discord.com",
];
const NOTICES_MS = 2_000;
const OFFLINE_WORKERS_MS = 30_000;
const LAST_ANSWERS_MS = 500;
const LAST_WRITES_MS = 1_000;

/** Throws a sentence when the port cannot be had. */
export async function startWeb(settings: WebSettings, dependencies: WebDependencies): Promise<Web> {
  const { pages, log, version, ssh_agent, now } = dependencies;
  const public_url = new URL(settings.public_url);
  const counters = new Counters();
  const control_key = openControlKey(settings.data_dir);
  const database = openWebDatabase(
    { url: settings.database_url, connections_max: 10, connect_timeout_ms: 3_000, statement_timeout_ms: 10_000 },
    { onError: (error) => log.debug({ err: error }, "a database connection broke") },
  );
  const { sql } = database;
  let started = false;
  const passwords = new PasswordHasher({ parallel_max: 2, waiting_max: 32 });
  const sealer = new Sealer({ secret: settings.session_secret });
  const second_factors = new SecondFactors({ issuer: "Otedama" }, { database, sealer, now });
  const auth = createAuth(settings, { database, passwords, second_factors, log, now });
  const addressOf = createClientAddress(settings.trusted_proxies);

  const notices = new Notices(
    {
      public_url: settings.public_url,
      smtp: settings.notices.smtp,
      allow_private_targets: settings.notices.allow_private_targets,
      telegram_origin: TELEGRAM_ORIGIN,
      discord_origins: DISCORD_ORIGINS,
      interval_ms: NOTICES_MS,
      workers_ms: OFFLINE_WORKERS_MS,
      secret: settings.session_secret,
    },
    { database, sealer, resolve: resolveBySystem, counters, log, now },
  );

  const watch = new DatabaseWatch(
    { interval_ms: 2_000, slow_ms: 500 },
    {
      sql,
      now,
      changed: (health) => {
        log[health.state === "ok" ? "info" : "warn"](
          { database: health.state, reason: health.message },
          "the database's state changed",
        );
        feed.dirty();
        // Before the first answer it is not lost, only not asked.
        if (started) notices.live.database(health);
        if (health.state === "ok") feed.changedNow("workers", "blocks", "rigs", "balances", "overview");
      },
    },
  );
  const figures = new LiveFigures(
    { offline_after_ms: OFFLINE_AFTER_S * 1000, agents_max: AGENTS_MAX },
    { database: () => watch.health },
  );
  const live = () => figures.read(now());
  const feed = new BrowserFeed(
    { tick_ms: 500, heartbeat_ms: 5_000, restless_ms: 5_000, events_max: 100 },
    { read: live, counters, now },
  );
  const fleet = new FleetWriter(
    {
      interval_ms: 1_000,
      retry_ms_max: 8_000,
      samples_max: 100_000,
      batch_max: 2_000,
    },
    { sql, counters, log },
  );

  const pool_series = new PoolSeries(
    { age_ms_min: 4_000, age_ms_max: 60_000, cost_ratio: 20 },
    { read: (window) => hashrateSeries(sql, null, window, now()), now },
  );
  const statistics = new StatisticsKeeper({ ttl_ms: 5_000 }, { read: () => readStatistics(sql, now()), now });
  const release_files = new ReleaseFiles(settings.data_dir);
  const releases = new Releases(
    { build_folder: settings.releases.build_folder ?? BUILD_FOLDER, releases_kept: 10 },
    { sql, files: release_files, control_key, now },
  );
  let hub: Hub;
  const provisioner = startProvisioner(
    { control_url: settings.public_url, ssh_agent, control_key: control_key.public_key },
    {
      database,
      files: new ReleaseFiles(settings.data_dir),
      retired: (agent_id) => hub.retired(agent_id),
      tell: (person_id, news) => hub.provision(person_id, news),
      ...{ counters, log, now },
    },
  );
  const services: Services = {
    log,
    network: settings.network,
    database,
    passwords,
    live,
    nodes: () => figures.nodes(now()),
    poolSeries: (window) => pool_series.read(window),
    statistics: () => statistics.read(),
    signedIn: (headers) => auth.signedIn(headers),
    whoIs: async (headers) => (await auth.signedIn(headers))?.me ?? null,
    second_factors,
    notices,
    provisioner,
    password_proofs: new PasswordProofs({ database, passwords, now }),
    public_url: settings.public_url,
    control_key,
    releases,
    fleet: {
      written: (agent_ids) => {
        hub.written(agent_ids);
        feed.changedNow("rigs", "commands", "sheets");
      },
      retired: (agent_id) => hub.retired(agent_id),
    },
    now,
  };
  const rollouts = new RolloutRunner(
    { interval_ms: 1_000, late_rigs_max: 50 },
    { sql, written: services.fleet.written, log, now },
  );
  const public_figures = new PublicFigures(
    { version, network: settings.network, summary_ttl_ms: 3_000 },
    { sql, live, statistics: async () => (await statistics.read()).statistics, counters, now },
  );
  const public_feed = new PublicFeed(
    { clients_max: 500, clients_per_address_max: 50, unread_bytes_max: 65_536, ping_ms: 30_000 },
    { figures: public_figures, feed, counters, addressOf },
  );

  const keys = new ApiKeys({ rate: { per_s: 10, burst: 50 }, counted_max: 10_000, lookups_max: 64 }, { sql, now });
  const miners = new Miners(
    { network: settings.network, pool: public_url.host, secret: settings.session_secret, email_ready: notices.email_ready },
    { sql, links: notices.miner_links, now },
  );
  const miner_reads = new ClientBounds({ per_s: 5, burst: 100, clients_max: 20_000 }, { now });
  const miner_writes = new ClientBounds({ per_s: 0.2, burst: 20, clients_max: 20_000 }, { now });
  const server = createServer({
    maxHeaderSize: 32_768,
    requestTimeout: 30_000,
    headersTimeout: 15_000,
    keepAliveTimeout: 10_000,
  });
  server.on(
    "request",
    createRequestHandler({
      rest: createRestHandler(
        { version, public_url: settings.public_url },
        {
          figures: public_figures,
          keyed: createKeyedHandler({ services, keys, counters, addressOf }),
          miners: createMinersHandler({ miners, reads: miner_reads, writes: miner_writes, addressOf, counters }),
        },
      ),
      placement: createPlacementCsv(services, { addressOf }),
      audit_export: createAuditExport(services),
      auth: createAuthHandler({ auth, counters, public_url, database, addressOf }),
      trpc: createTrpcHandler(services, { addressOf }),
      enrol: createEnrolHandler({
        sql,
        control_key,
        asks: new ClientBounds({ per_s: 5, burst: 500, clients_max: 20_000 }, { now }),
        refusals: new ClientBounds({ per_s: 0.05, burst: 20, clients_max: 20_000 }, { now }),
        enrolled: (agent_id) => hub.keyed(agent_id),
        addressOf,
        counters,
        log,
      }),
      exports: createPayoutsExport(services),
      releases: createReleaseHandler(
        { transfers_max: 200, transfers_per_agent_max: 2, silence_ms: 60_000 },
        {
          sql,
          files: release_files,
          asks: new ClientBounds({ per_s: 20, burst: 2_000, clients_max: 20_000 }, { now }),
          addressOf,
          counters,
          log,
          now,
        },
      ),
      pages,
      minerPages: (request) => miner_reads.take(addressOf(request)),
      public_url,
      counters,
      log,
    }),
  );
  hub = startHub(
    {
      public_url,
      message_bytes_max: 131_072,
      connections_max: HUB_CONNECTIONS_MAX,
      browsers_max: 5_000,
      agents_max: AGENTS_MAX,
      recheck_ms: 3_000,
      challenge_ms: 10_000,
    },
    { server, sql, auth, figures, fleet, feed, control_key, trouble: notices.live, counters, log, now },
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.on("upgrade", (request, socket, head) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (path === "/ws") return public_feed.upgrade(request, socket, head);
    if (!path.startsWith("/socket.io")) socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });

  async function close(): Promise<void> {
    provisioner.stop();
    watch.stop();
    feed.stop();
    public_feed.stop();
    // The hub closes the server, which waits for its connections: what answers now may finish, what only waits is cut.
    const cut = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
    await hub.close();
    clearTimeout(cut);
    await Promise.race([
      Promise.allSettled([fleet.stop(), notices.stop(), rollouts.stop()]),
      new Promise((resolve) => setTimeout(resolve, LAST_WRITES_MS).unref()),
    ]);
    await Promise.race([
      Promise.allSettled([pages.close(), database.close()]),
      new Promise((resolve) => setTimeout(resolve, LAST_WRITES_MS).unref()),
    ]);
  }

  try {
    await listen(server, settings.listen);
  } catch (error) {
    await close();
    throw error;
  }
  await watch.start();
  started = true;
  notices.start();
  provisioner.start();
  feed.start();
  fleet.start();
  rollouts.start();
  const sweep = startSweep(
    { interval_ms: 3_600_000, keep_samples_ms: 32 * 86_400_000, keep_events_ms: 90 * 86_400_000, rows_max: 5_000 },
    { sql, log, now },
  );
  public_feed.start();
  setBridge({
    whoIs: services.whoIs,
    createCaller: async (headers) => createCaller(await createContext(services, headers, null)),
    findMiner: (address) => findMiner(address, { miners, live }),
  });
  const bound = server.address() as AddressInfo;
  return {
    address: { host: bound.address, port: bound.port },
    async close() {
      sweep.stop();
      await close();
    },
  };
}

function listen(server: ReturnType<typeof createServer>, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? `port ${port} on ${host} is in use: stop what uses it or choose another with api.listen_addr`
          : error.code === "EACCES"
            ? `port ${port} on ${host} needs more rights: choose one above 1023`
            : error.code === "EADDRNOTAVAIL"
              ? `${host} is no address of this machine`
              : error.message;
      reject(new Error(`The dashboard cannot listen: ${why}.`));
    });
    server.listen(port, host, resolve);
  });
}
