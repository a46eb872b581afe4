-- What lists are sorted by, kept as it changes.
CREATE TABLE "account_balance" (
    "account_id" INTEGER NOT NULL,
    "pending_sats" BIGINT NOT NULL DEFAULT 0,
    "available_sats" BIGINT NOT NULL DEFAULT 0,
    "paying_sats" BIGINT NOT NULL DEFAULT 0,
    "paid_sats" BIGINT NOT NULL DEFAULT 0,
    "workers" INTEGER NOT NULL DEFAULT 0,
    "credited_at" TIMESTAMPTZ(3),

    CONSTRAINT "account_balance_pkey" PRIMARY KEY ("account_id")
);
CREATE INDEX "account_balance_pending_sats_account_id_idx" ON "account_balance"("pending_sats", "account_id");
CREATE INDEX "account_balance_available_sats_account_id_idx" ON "account_balance"("available_sats", "account_id");
CREATE INDEX "account_balance_paid_sats_account_id_idx" ON "account_balance"("paid_sats", "account_id");
CREATE INDEX "account_balance_workers_account_id_idx" ON "account_balance"("workers", "account_id");
CREATE INDEX "account_balance_credited_at_account_id_idx" ON "account_balance"("credited_at", "account_id");

-- Each account has a row from its beginning.
CREATE FUNCTION begin_account_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "account_balance" (account_id) SELECT id FROM added ORDER BY id ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER begin_balance AFTER INSERT ON "account" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION begin_account_balance();

CREATE FUNCTION count_account_workers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "account_balance" AS b (account_id, workers)
    SELECT account_id, count(*) FROM added GROUP BY account_id ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE SET workers = b.workers + excluded.workers;
  RETURN NULL;
END $$;
CREATE TRIGGER count_workers AFTER INSERT ON "worker" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION count_account_workers();

CREATE FUNCTION keep_account_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "account_balance" AS b (account_id, pending_sats, available_sats, paying_sats, paid_sats, credited_at)
    SELECT l.account_id, coalesce(sum(p.amount_sats) FILTER (WHERE l.kind = 'miner_pending'), 0),
           coalesce(sum(p.amount_sats) FILTER (WHERE l.kind = 'miner_available'), 0),
           coalesce(sum(p.amount_sats) FILTER (WHERE l.kind = 'miner_paying'), 0),
           coalesce(sum(p.amount_sats) FILTER (WHERE l.kind = 'miner_paid'), 0),
           max(e.created_at) FILTER (WHERE e.cause = 'block_credit' AND l.kind = 'miner_pending')
      FROM added p JOIN "ledger_account" l ON l.id = p.ledger_account_id JOIN "ledger_entry" e ON e.id = p.entry_id
     WHERE l.account_id IS NOT NULL GROUP BY l.account_id ORDER BY l.account_id
    ON CONFLICT (account_id) DO UPDATE SET pending_sats = b.pending_sats + excluded.pending_sats,
      available_sats = b.available_sats + excluded.available_sats, paying_sats = b.paying_sats + excluded.paying_sats,
      paid_sats = b.paid_sats + excluded.paid_sats, credited_at = greatest(b.credited_at, excluded.credited_at);
  RETURN NULL;
END $$;
CREATE TRIGGER keep_account_balance AFTER INSERT ON "ledger_posting" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION keep_account_balance();

INSERT INTO "account_balance" (account_id, workers)
  SELECT a.id, (SELECT count(*) FROM "worker" w WHERE w.account_id = a.id) FROM "account" a;
UPDATE "account_balance" b SET pending_sats = s.pending, available_sats = s.available, paying_sats = s.paying, paid_sats = s.paid
  FROM (SELECT l.account_id, coalesce(sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_pending'), 0) AS pending,
               coalesce(sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_available'), 0) AS available,
               coalesce(sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_paying'), 0) AS paying,
               coalesce(sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_paid'), 0) AS paid
          FROM "ledger_account" l JOIN "ledger_balance" v ON v.ledger_account_id = l.id GROUP BY l.account_id) s
 WHERE s.account_id = b.account_id;
UPDATE "account_balance" b SET credited_at = s.at
  FROM (SELECT l.account_id, max(e.created_at) AS at FROM "ledger_entry" e JOIN "ledger_posting" p ON p.entry_id = e.id
          JOIN "ledger_account" l ON l.id = p.ledger_account_id
         WHERE e.cause = 'block_credit' AND l.kind = 'miner_pending' GROUP BY l.account_id) s
 WHERE s.account_id = b.account_id;

-- Rigs: what their list is sorted by, out of the telemetry.
ALTER TABLE "agent" ADD COLUMN "mining" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "hashrate_hps" DOUBLE PRECISION NOT NULL DEFAULT 0,
  ADD COLUMN "temperature_c_max" DOUBLE PRECISION;
CREATE FUNCTION keep_agent_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT coalesce(sum((d #>> '{hashrate_hps,m15}')::float8), 0), max((d ->> 'temperature_c')::float8)
    INTO NEW.hashrate_hps, NEW.temperature_c_max
    FROM jsonb_array_elements(coalesce(NEW.telemetry -> 'devices', '[]')) d;
  NEW.mining := coalesce(NEW.telemetry #>> '{pool,state}' = 'mining', false);
  RETURN NEW;
END $$;
CREATE TRIGGER keep_figures BEFORE INSERT OR UPDATE OF telemetry ON "agent" FOR EACH ROW EXECUTE FUNCTION keep_agent_figures();
UPDATE "agent" SET telemetry = telemetry;
