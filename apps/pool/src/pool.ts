/**
 * One pool, put together: every part is made here and handed what it needs. Along the share's way: the chain node's templates become
 * jobs (work), the engine serves them (stratum) and logs shares, the log becomes accounts (shares), a winning share becomes a
 * block (blocks) and the block becomes credits and payments (payouts); telemetry tells of it all.
 */
import { join } from "node:path";
import { BlockLeader, type LogPosition, listSoloWorkers, openDatabase, readCursor, reportInstance } from "@otedama/db/pool";
import type { EngineDependencies, EngineOptions, StratumEngine } from "@otedama/native/engine-types";
import { bytesToHex, type PoolEvent, type PoolSettings, parseAddress, workHashes } from "@otedama/shared";
import { formatSats } from "@otedama/shared/units";
import type { Logger } from "pino";
import { BlockFiles } from "./blocks/block_files.ts";
import { FoundBlocks } from "./blocks/found.ts";
import { LateRecords } from "./blocks/late_records.ts";
import { BlockStories } from "./blocks/stories.ts";
import { SUBMIT_OPTIONS, Submitter } from "./blocks/submit.ts";
import { BlockTracker } from "./blocks/track.ts";
import { engineOptions, vardiffOptions } from "./engine_options.ts";
import { PAYOUT_OPTIONS, PayoutExecutor } from "./payouts/batches/executor.ts";
import { makeSigner } from "./payouts/batches/signers/signer.ts";
import { PolicyKeeper } from "./policy/keeper.ts";
import { ARCHIVE_OPTIONS, ReceiptArchive } from "./receipts/archive.ts";
import { CONSUMER_OPTIONS, ShareConsumer } from "./shares/consumer.ts";
import { LiveShares } from "./shares/live.ts";
import { ShareLogReader } from "./shares/log_reader.ts";
import { ShareRetention } from "./shares/retention.ts";
import { ShareTermsBook } from "./shares/terms.ts";
import { WorkerStates } from "./shares/worker_states.ts";
import { openCertificate } from "./stratum/certificate.ts";
import { WorkerDirectory } from "./stratum/directory.ts";
import { LocalWorkers } from "./stratum/local_workers.ts";
import { POLICY_OPTIONS, StratumPolicy } from "./stratum/policy.ts";
import { TlsConnections } from "./stratum/tls.ts";
import { TakeoverOffer } from "./takeover/offer.ts";
import { EarlierPool } from "./takeover/take.ts";
import { TemplateGate } from "./takeover/template_gate.ts";
import { DatabaseMonitor } from "./telemetry/database_monitor.ts";
import { Health } from "./telemetry/health.ts";
import { MetricsServer } from "./telemetry/http.ts";
import { HubClient } from "./telemetry/hub.ts";
import { keptFor } from "./telemetry/kept_for.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { NetworkLog } from "./telemetry/network_log.ts";
import { NodeHealth } from "./telemetry/node_health.ts";
import { PayoutWatch } from "./telemetry/payout_watch.ts";
import { Snapshots } from "./telemetry/snapshot.ts";
import { AverageFees } from "./work/average_fees.ts";
import type { Job } from "./work/job.ts";
import { JobLog } from "./work/job_log.ts";
import { JobNumbers } from "./work/job_numbers.ts";
import { ChainNode } from "./work/node.ts";
import { payOut } from "./work/payees.ts";
import { HALVING_INTERVAL_BLOCKS, subsidySats } from "./work/reward.ts";
import { RpcClient } from "./work/rpc.ts";
import { SOURCE_OPTIONS, TemplateSource } from "./work/source.ts";
import { Work } from "./work/work.ts";

export interface PoolDependencies {
  log: Logger;
  version: string;
  makeEngine: (options: EngineOptions, dependencies: EngineDependencies) => StratumEngine;
  /** Take over from the process that serves from the same folder, where there is one. */
  takeover?: boolean;
}

export interface RunningPool {
  stratum: { host: string; port: number }[];
  /** Null when there is none. */
  metrics_port: number | null;
  /** The process that was taken over from; null for an ordinary start. */
  took_over: { pid: number; version: string; connections: number } | null;
  /** Resolves when a newer process has everything and this one is put away. */
  handed_over: Promise<void>;
  /** Reads what may change while it runs again; null where there is nothing of the kind. */
  reload: (() => Promise<void>) | null;
  stop(): Promise<void>;
}

const TLS_OPTIONS = { linger_ms: 5_000 };
const POLICY_POLL_MS = 2_000;
/** Time that a process has to go once another one has its miners, and for how long that one waits. */
const PUT_AWAY_MS = 8_000;
const EARLIER_GONE_MS = 15_000;
/** Solo workers that the open round is to be told apart from after a restart. */
const SOLO_WORKERS_MAX = 200_000;
const SOLO_SEEN_MS = 30 * 86_400_000;
/** Longest time between a share's judgement and its record on the disk that is reckoned with. */
const UNWRITTEN_MS = 5_000;
const REPORT_S = 2;
const RETENTION_MS = 600_000;
const DAY_MS = 86_400_000;
const SETTLED_FILES_MS = 7 * DAY_MS;
/** A list of every session is long on a large pool: it is made this often at most. */
const PAYOUT_WATCH_MS = 15_000;
const SESSIONS_MS = 2_000;

function isPast(at: LogPosition | null, end: { segment: number; bytes: number }): boolean {
  return at !== null && (at.segment > end.segment || (at.segment === end.segment && at.offset >= end.bytes));
}

/** Throws an Error whose message is a sentence when a setting or an address cannot be used. */
export async function startPool(settings: PoolSettings, dependencies: PoolDependencies): Promise<RunningPool> {
  const { log } = dependencies;
  const now_ms = () => Date.now();
  const monotonic_ms = () => Number(process.hrtime.bigint()) / 1e6;
  const started_at_ms = now_ms();
  const { instance_id, network } = settings;
  const payout = parseAddress(settings.pool.payout_address, network);

  const certificate = settings.stratum.tls && (await openCertificate(settings.stratum.tls, { log, now_ms }));
  const tls = certificate && new TlsConnections(TLS_OPTIONS, { context: () => certificate.context });

  const { version } = dependencies;
  const identity = { data_dir: settings.data_dir, version, instance_id, network };
  const earlier = dependencies.takeover ? await EarlierPool.reach(identity, { monotonic_ms }) : null;
  if (dependencies.takeover && !earlier) log.info(`no pool runs from ${settings.data_dir}: this is an ordinary start`);

  // What is told: to the log, and to the control plane where there is one.
  const hub =
    settings.hub &&
    new HubClient(
      { link: settings.hub, instance_id, version },
      { onState: (message) => (message ? log.warn({ message }, "hub") : log.info("hub connected")) },
    );
  const tell = (kind: PoolEvent["kind"], subject: string, message: string) => {
    const bad = kind.endsWith("_down") || ["block_rejected", "block_orphaned", "payout_stopped"].includes(kind);
    log[bad ? "warn" : "info"]({ subject, message }, kind);
    hub?.event({ at_ms: now_ms(), kind, subject, message });
  };

  // The parts it stands on.
  const database = openDatabase({
    url: settings.database_url,
    application_name: `otedama-pool-${instance_id}`,
    onError: (error) => log.debug({ error: error.message }, "database connection closed"),
  });
  const databaseHealth = new Health({ now_ms, initial: "The database was not asked yet." }, (now, before) => {
    if (now.state === "down") tell("database_down", "database", now.message ?? "");
    else if (before.state === "down") tell("database_up", "database", "The database is there; shares are being counted.");
  });
  const monitor = new DatabaseMonitor({ every_ms: 2_000 }, { database, health: databaseHealth });
  const halving_interval_blocks = settings.halving_interval_blocks ?? HALVING_INTERVAL_BLOCKS[network];
  const nodes = settings.nodes.map((node) => new ChainNode({ network, halving_interval_blocks }, { rpc: new RpcClient(node) }));
  const nodeHealth = new Health({ now_ms, initial: "The chain nodes were not asked yet." }, () => {});
  const nodeReports = new NodeHealth(
    nodes.map((node) => node.name),
    {
      health: nodeHealth,
      onMove: (name, message) =>
        tell(message === null ? "node_up" : "node_down", name, message ?? `${name} can be mined on again.`),
    },
  );
  const files = new BlockFiles({ dir: join(settings.data_dir, "blocks") });
  const numbers = new JobNumbers({ dir: settings.data_dir });
  const local = new LocalWorkers({ dir: settings.data_dir });
  const jobs = new JobLog(
    { dir: join(settings.data_dir, "jobs"), instance_id },
    { onTrouble: (error) => log.error({ err: error }, "the job log cannot be written") },
  );
  const keeper = new PolicyKeeper(
    { network, wanted: settings.policy, data_dir: settings.data_dir, poll_ms: POLICY_POLL_MS },
    {
      database,
      onChange: ({ version, policy }) => {
        engine.setVardiff(vardiffOptions(settings, policy));
        log.info({ version, scheme: policy.scheme }, "the pool's settings hold from the next job on");
      },
      onTrouble: (message) => log.error({ message }, "the pool's settings"),
    },
  );

  // Miners.
  const directory = new WorkerDirectory(
    { cache_max: 200_000, waiting_max: 5_000 },
    { database, local, databaseUp: () => monitor.up },
  );
  const policy = new StratumPolicy(
    { ...POLICY_OPTIONS, network },
    {
      engine: () => engine,
      directory,
      settings: () => keeper.current.policy,
      onBlock: (event) => void found.handle(event).catch((error) => log.error({ err: error, hash: event.hash }, "block")),
      onShareLog: (message) => {
        if (message) log.error({ message }, "share log");
        else log.info("share log is written again");
        monitor.reportShareLog(message);
      },
      onBanned: (address, reason, seconds) => log.info({ address, reason, seconds }, "banned"),
      onTrouble: (error) => log.error({ err: error }, "login"),
      now_ms,
    },
  );
  const engine = dependencies.makeEngine(engineOptions(settings), {
    onEvent: (event) => {
      if (event.kind === "tls") tls?.take(event);
      else if (event.kind === "handed_over" || (event.kind === "fault" && event.part === "takeover")) offer.handle(event);
      else policy.handle(event);
    },
  });
  const sessions = keptFor(SESSIONS_MS, monotonic_ms, () => engine.sessions());

  // Work.
  const fees = new AverageFees({
    node: () => source.active,
    subsidy_sats: (height) => subsidySats(height, halving_interval_blocks),
    onTrouble: (error) => log.debug({ error: error.message }, "the fees of recent blocks are not read yet"),
  });
  const work: Work = new Work(
    {
      coinbase: (value_sats) => ({
        text: keeper.current.policy.coinbase_text,
        outputs: payOut(value_sats, payout.script),
      }),
      halving_interval_blocks,
      refresh_ms: SOURCE_OPTIONS.refresh_ms - SOURCE_OPTIONS.poll_ms,
      fee_rise: 0.01,
    },
    {
      engine: {
        setJob: (job) => {
          const { template } = work.job(job.job_number) as Job;
          jobs.append({
            job_number: job.job_number,
            height: job.height,
            nbits: job.nbits,
            subsidy_sats: template.coinbasevalue_sats - template.fees_sats,
            policy_version: keeper.current.version,
            average_fees_sats: keeper.current.policy.scheme === "fpps" ? fees.of(job.height) : 0n,
            at_ms: now_ms(),
          });
          engine.setJob(job);
        },
      },
      numbers,
      now_ms,
      onRefused: (message) => nodeReports.refused(message),
    },
  );
  const gate = new TemplateGate();
  const source: TemplateSource = new TemplateSource(SOURCE_OPTIONS, {
    nodes: nodes.map((node, index) => ({ node, zmq: settings.nodes[index]?.zmq ?? null })),
    onTemplate: (template, received_at_ms, node) =>
      gate.pass(() => {
        if (!work.accept(template, received_at_ms, node.name)) return;
        tell(
          "new_tip",
          String(template.height - 1),
          `Block ${template.height - 1} came from ${node.name}; mining ${template.height}.`,
        );
        tracker.poke();
        if (keeper.current.policy.scheme === "fpps") void fees.read(template.height);
        payouts.poke();
      }),
    onNode: (node, message) => {
      nodeReports.report(node.name, message);
      if (message !== null) return;
      submitter.poke();
      tracker.poke();
    },
    monotonic_ms,
    now_ms,
  });

  // Shares and blocks.
  const reader = new ShareLogReader(
    { dir: join(settings.data_dir, "shares"), instance_id },
    { durable: () => engine.stats().share_log, needed: () => receipts.position?.segment ?? 0 },
  );
  const live = new LiveShares(
    { instance_id },
    { reader, database, workerOf: (id) => directory.workerOf(id), isSolo: (id) => directory.isSolo(id), now_ms },
  );
  const terms = new ShareTermsBook({ database, job: (job_number) => jobs.of(job_number) });
  const stories = new BlockStories(
    { network, retry_ms: 15_000 },
    { database, files, onTrouble: (error) => log.debug({ error: error.message }, "block stories are not written yet") },
  );
  const submitter = new Submitter(SUBMIT_OPTIONS, {
    onTrouble: (hash, message) => log.error({ hash, message }, "block"),
    nodes,
    files,
    now_ms,
    monotonic_ms,
    onOutcome: (hash, outcome) => {
      log.info({ hash, ...outcome }, "block submitted");
      tracker.poke();
    },
    onAnswers: (hash, answers) => stories.answered(hash, answers),
    onRetry: (hash, node, message) => log.warn({ hash, node, message }, "block not submitted yet"),
  });
  const found: FoundBlocks = new FoundBlocks({
    engine,
    job: (job_number) => work.job(job_number),
    files,
    submitter,
    monotonic_ms,
    onFound: (block) => {
      tell("block_found", block.hash, `Block ${block.height} found: ${formatSats(block.reward_sats)} BTC.`);
      consumer.poke();
    },
    onTrouble: (hash, message) => log.error({ hash, message }, "block"),
  });
  const consumer = new ShareConsumer(
    { ...CONSUMER_OPTIONS, instance_id },
    {
      database,
      reader,
      resolveWorkers: (ids) => directory.resolve(ids),
      judgeShares: (records, workerOf) => terms.judge(records, workerOf),
      blockDetails: async (record) => {
        const block = await found.details(record.hash);
        if (!block || block === "later") return block;
        const { maturity_confirmations } = settings.pool;
        const policy_version = jobs.of(record.job_number)?.policy_version ?? null;
        const network_work_hashes = workHashes(block.network_difficulty);
        return { ...block, network_work_hashes, maturity_confirmations, policy_version };
      },
      onRound: () => {
        tracker.poke();
        stories.poke();
        receipts.poke();
      },
      onUnknownWorkers: (ids) => {
        log.error({ worker_ids: ids.slice(0, 20), count: ids.length }, "shares of workers that the database does not know");
        metrics.lost("unknown_worker", ids.length);
      },
      onDamaged: (records, at) => {
        log.error({ records, ...at }, "damaged records in the share log were passed over");
        metrics.lost("damaged", records);
      },
      onTrouble: (error) => {
        if (error) log.warn({ error: error.message }, "shares are not applied yet");
        monitor.report(error);
      },
    },
  );
  const late = new LateRecords(
    { unwritten_ms: UNWRITTEN_MS },
    {
      database,
      files,
      engine,
      applied_age_ms: () => consumer.caught_up_age_ms,
      monotonic_ms,
      onLate: (hash) => log.warn({ hash }, "a block that the share log could not take when it was found is in it now"),
    },
  );
  const receipts: ReceiptArchive = new ReceiptArchive(
    { ...ARCHIVE_OPTIONS, instance_id, shares_kept_max: settings.receipts.shares_kept_max },
    {
      database,
      reader,
      applied: () => consumer.cursor,
      resolveWorkers: (ids) => directory.resolve(ids),
      monotonic_ms,
      onReceipt: (receipt) => log.info({ ...receipt, shares: Number(receipt.shares) }, "receipt"),
      onGap: (from, to) => log.error({ from, to }, "a part of the share log is gone: the next receipt will not be complete"),
      onTrouble: (error, away) => (away ? log.debug : log.error).call(log, { err: error }, "receipts are not made yet"),
    },
  );
  const tracker: BlockTracker = new BlockTracker(
    {
      maturity_confirmations: settings.pool.maturity_confirmations,
      orphan_depth: 2,
      reorganisation_depth: 100,
      poll_ms: 15_000,
      blocks_per_pass: 500,
      instance_id,
      live_ms: 60_000,
      wait_ms_max: 600_000,
    },
    {
      database,
      leader: new BlockLeader(database),
      files,
      node: () => source.active,
      onMove: (block, to) => {
        const text = `Block ${block.height} is ${to.state}${to.note ? `: ${to.note}` : ""}.`;
        if (to.state === "confirmed" || to.state === "orphaned" || to.state === "rejected")
          tell(`block_${to.state}`, block.hash, text);
        else log.info({ hash: block.hash, message: text }, "block");
      },
      onTrouble: (error, away) => (away ? log.debug : log.error).call(log, { err: error }, "blocks are not followed"),
    },
  );
  const payout_watch = new PayoutWatch(
    { every_ms: PAYOUT_WATCH_MS, network },
    {
      database,
      databaseUp: () => monitor.up,
      onTrouble: (error) => log.debug({ error: error.message }, "the payouts' figures are not read"),
    },
  );
  const payouts: PayoutExecutor = new PayoutExecutor(
    {
      ...PAYOUT_OPTIONS,
      network,
      payout_script_hex: bytesToHex(payout.script),
      psbt_version: settings.payouts.psbt_version,
      descriptors: settings.payouts.descriptors,
      descriptor_scan_ms: settings.payouts.descriptor_scan_minutes * 60_000,
      poll_ms: settings.payouts.poll_ms,
    },
    {
      database,
      nodes,
      node: () => source.active,
      signer: makeSigner(settings.payouts.signer),
      now_ms,
      monotonic_ms,
      onFailure: (who) => payout_watch.failed(who),
      onEvent: (kind, batch_id, message) => tell(`payout_${kind}`, String(batch_id), message),
      onTrouble: (error, away) => (away ? log.debug : log.error).call(log, { err: error }, "payouts are not followed"),
    },
  );
  const states = new WorkerStates(
    { every_ms: 3_000 },
    {
      database,
      sessions,
      rates: () => live.workerRates(),
      workerOf: (id) => directory.workerOf(id),
      databaseUp: () => monitor.up,
      onTrouble: (error) => log.debug({ error: error.message }, "worker states are not written"),
    },
  );

  const retention = new ShareRetention(
    { keep_days: settings.retention.bucket_days, every_ms: RETENTION_MS },
    {
      database,
      databaseUp: () => monitor.up,
      monotonic_ms,
      onTrouble: (error) => log.warn({ error: error.message }, "old shares are not put away yet"),
    },
  );
  const network_log = new NetworkLog(
    { every_ms: 1_000 },
    {
      database,
      databaseUp: () => monitor.up,
      job: () => work.current && { height: work.current.template.height, network_difficulty: work.current.network_difficulty },
      now_ms,
      onTrouble: (error) => log.debug({ error: error.message }, "the network's difficulty is not written"),
    },
  );
  const handedOver = Promise.withResolvers<void>();
  const offer: TakeoverOffer = new TakeoverOffer(identity, {
    offerEngine: (path) => engine.offerTakeover(path),
    jobsAfter: (job_number, count_max) => work.jobsAfter(job_number, count_max),
    gate,
    onAsked: (newer) => log.info({ version: newer }, "another process asks to take over"),
    onFailed: (message) => log.warn({ message }, "takeover"),
    onHandedOver: handedOver.resolve,
  });

  // Telemetry.
  let lag_records = 0;
  let stratum: RunningPool["stratum"] = [];
  const snapshots = new Snapshots({
    stats: () => engine.stats(),
    sessions,
    workerOf: (id) => directory.workerOf(id),
    rates: () => live.poolRates(),
    round: () => live.round(),
    policy_version: () => keeper.current.version,
    job: () => work.current,
    node: () => nodeHealth.current,
    nodes: () => source.reports(),
    refused_jobs: () => work.refused,
    database: () => databaseHealth.current,
    lag_records: () => lag_records,
    stratum_port: () => stratum[0]?.port ?? null,
    now_ms,
    started_at_ms,
  });
  const metrics = new Metrics({
    stats: () => engine.stats(),
    snapshot: () => snapshots.latest,
    blocks_open: () => submitter.open_count,
    empty_templates: () => source.empty_templates,
    hub_connected: () => hub?.connected ?? false,
    logins: () => policy.logins,
    payouts: payout_watch,
    tls: () => tls && certificate && { ...tls.handshakes, not_after_ms: certificate.not_after_ms },
  });
  const metricsServer =
    settings.metrics && new MetricsServer({ listen: settings.metrics }, { metrics, snapshot: () => snapshots.latest });

  // Everything that can refuse to start does so before anything runs on.
  let metrics_port: number | null = null;
  let took_over: RunningPool["took_over"] = null;
  try {
    if (earlier) {
      for (const job of earlier.takeJobs()) work.adopt(job);
      jobs.refresh();
      stratum = earlier.takeOver(engine);
      took_over = { pid: earlier.pid, version: earlier.version, connections: engine.stats().connections };
      log.info({ ...took_over }, "took over");
    } else {
      metrics_port = metricsServer && (await metricsServer.start());
      stratum = engine.start();
    }
    // The engine holds the folder from here on.
    local.open();
    local.keep(engine.sessions().map((session) => session.worker_id));
  } catch (error) {
    earlier?.close();
    await metricsServer?.stop();
    await database.end();
    throw error;
  }
  await monitor.start();
  await keeper.start();
  if (monitor.up) {
    const logged = async () => reader.blocksFrom((await readCursor(database, instance_id)) ?? (await reader.first()));
    await late.begin(logged).catch((error) => log.warn({ err: error }, "blocks without a record are looked for later"));
  }
  source.start();
  const begin = engine.stats().share_log;
  if (monitor.up) {
    const solo = await listSoloWorkers(database, now_ms() - SOLO_SEEN_MS, SOLO_WORKERS_MAX).catch(() => []);
    directory.knowSolo(solo);
  }
  await live.start({ segment: begin.segment, offset: begin.bytes }, monitor.up);
  consumer.start();
  if (earlier) {
    // Blocks and money have one process to look after them, and the metrics' port one to serve it.
    if (!(await earlier.ended(EARLIER_GONE_MS))) log.warn({ pid: earlier.pid }, "the earlier process has not ended yet");
    metrics_port = metricsServer && (await metricsServer.startWhenFree((error) => log.error(error.message)));
  }
  receipts.start();
  await submitter.start();
  await stories.start();
  tracker.start();
  payouts.start();
  payout_watch.start();
  states.start();
  network_log.start();
  retention.start();
  hub?.start();
  await offer.start();

  let seconds = 0;
  const eachSecond = setInterval(async () => {
    seconds += 1;
    const snapshot = snapshots.take();
    hub?.snapshot(snapshot);
    try {
      lag_records = await consumer.lag();
      // While blocks wait to come into the log, the others are not told that all is there.
      const whole = !engine.stats().share_log.faulted && late.waiting === 0;
      const age_ms = whole ? consumer.caught_up_age_ms : null;
      if (seconds % REPORT_S === 0 && monitor.up) {
        await reportInstance(database, instance_id, age_ms === null ? null : age_ms + UNWRITTEN_MS);
      }
      await late.pass();
      if (isPast(consumer.cursor, begin) && isPast(receipts.position, begin) && late.waiting === 0) local.forgetUnused();
      if (seconds % 3600 === 60) await tracker.prune(now_ms() - SETTLED_FILES_MS);
      if (seconds % 3600 === 90) await receipts.prune(now_ms() - settings.receipts.keep_days * DAY_MS);
    } catch (error) {
      log.debug({ err: error }, "housekeeping");
    }
  }, 1_000);

  let away: Promise<void> | null = null;
  const stop = () => {
    away ??= putAway();
    return away;
  };
  const putAway = async () => {
    offer.stop();
    clearInterval(eachSecond);
    monitor.stop();
    await source.stop();
    // Replies and the share log are flushed before anything else goes.
    await engine.stop();
    tls?.stop();
    certificate?.stop();
    found.stop();
    await Promise.allSettled([
      keeper.stop(),
      submitter.stop(),
      consumer.stop(),
      receipts.stop(),
      retention.stop(),
      tracker.stop(),
      payouts.stop(),
      payout_watch.stop(),
      live.stop(),
      metricsServer?.stop(),
    ]);
    await states.stop(!offer.handed_over);
    await network_log.stop();
    hub?.stop();
    for (const node of nodes) node.rpc.close();
    local.close();
    jobs.close();
    await database.end();
  };
  const handed_over = handedOver.promise.then(async () => {
    log.info({ connections: engine.stats().closed.handed_over }, "handed over to a newer process");
    const late = new Promise<void>((resolve) => setTimeout(resolve, PUT_AWAY_MS).unref());
    await Promise.race([found.settled().then(stop), late]);
  });
  return { stratum, metrics_port, took_over, handed_over, reload: certificate && (() => certificate.reload()), stop };
}
