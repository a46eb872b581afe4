-- What shares add up to, kept incrementally: see prisma/schema/rollups.prisma.
-- CreateTable
CREATE TABLE "share_rollup" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "until" TIMESTAMPTZ(3),

    CONSTRAINT "share_rollup_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "pool_work" (
    "span_s" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "accepted" BIGINT NOT NULL,
    "stale" BIGINT NOT NULL,
    "duplicate" BIGINT NOT NULL,
    "low_difficulty" BIGINT NOT NULL,
    "invalid" BIGINT NOT NULL,
    "work_hashes" DECIMAL(48,0) NOT NULL,
    "expected_blocks" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "pool_work_pkey" PRIMARY KEY ("span_s","at")
);

-- CreateTable
CREATE TABLE "round_work" (
    "span_s" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "instance_id" TEXT NOT NULL,
    "round_id" BIGINT NOT NULL,
    "solo" BOOLEAN NOT NULL,
    "work_hashes" DECIMAL(48,0) NOT NULL,
    "window_hashes" DECIMAL(48,0) NOT NULL,

    CONSTRAINT "round_work_pkey" PRIMARY KEY ("span_s","at","instance_id","round_id","solo")
);

-- CreateTable
CREATE TABLE "account_work" (
    "span_s" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "account_id" INTEGER NOT NULL,
    "instance_id" TEXT NOT NULL,
    "round_id" BIGINT NOT NULL,
    "solo" BOOLEAN NOT NULL,
    "accepted" BIGINT NOT NULL,
    "rejected" BIGINT NOT NULL,
    "work_hashes" DECIMAL(48,0) NOT NULL,
    "window_hashes" DECIMAL(48,0) NOT NULL,

    CONSTRAINT "account_work_pkey" PRIMARY KEY ("span_s","at","account_id","instance_id","round_id","solo")
);

-- CreateTable
CREATE TABLE "worker_work" (
    "worker_id" INTEGER NOT NULL,
    "span_s" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "accepted" BIGINT NOT NULL,
    "rejected" BIGINT NOT NULL,
    "work_hashes" DECIMAL(48,0) NOT NULL,

    CONSTRAINT "worker_work_pkey" PRIMARY KEY ("worker_id","span_s","at")
);

-- CreateTable
CREATE TABLE "worker_total" (
    "worker_id" INTEGER NOT NULL,
    "work_hashes" DECIMAL(48,0) NOT NULL,
    "expected_blocks" DOUBLE PRECISION NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "worker_total_pkey" PRIMARY KEY ("worker_id")
);

-- CreateTable
CREATE TABLE "network_difficulty" (
    "at" TIMESTAMPTZ(3) NOT NULL,
    "height" INTEGER NOT NULL,
    "difficulty" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "network_difficulty_pkey" PRIMARY KEY ("at")
);

-- CreateIndex
CREATE INDEX "round_work_instance_id_round_id_at_idx" ON "round_work"("instance_id", "round_id", "at");

-- CreateIndex
CREATE INDEX "account_work_account_id_span_s_at_idx" ON "account_work"("account_id", "span_s", "at");

-- CreateIndex
CREATE INDEX "worker_work_span_s_at_idx" ON "worker_work" USING BRIN ("span_s", "at");


-- A span's rows are updated while it lasts; room in the page keeps those updates off the indexes.
ALTER TABLE "pool_work" SET (fillfactor = 50);
ALTER TABLE "round_work" SET (fillfactor = 50);
ALTER TABLE "worker_work" SET (fillfactor = 80);
ALTER TABLE "account_work" SET (fillfactor = 80);
ALTER TABLE "worker_total" SET (fillfactor = 70);
ALTER TABLE "share_rollup" ADD CONSTRAINT "share_rollup_one_row" CHECK (id = 1);

-- The network's difficulty when a bucket was filled, as expected blocks a hash: 1 / (difficulty × 2^32).
CREATE FUNCTION blocks_a_hash(bucket_at timestamptz) RETURNS float8 LANGUAGE sql STABLE AS $$
  SELECT coalesce(1 / (nullif(coalesce(
    (SELECT difficulty FROM "network_difficulty" WHERE at < bucket_at + interval '10 seconds' ORDER BY at DESC LIMIT 1),
    (SELECT difficulty FROM "network_difficulty" ORDER BY at LIMIT 1)), 0) * 4294967296), 0)
$$;

-- Statements that add the rows of `source` (as share_bucket's; negative ones take away) to the roll-ups. They are text, because a
-- trigger's transition tables can be seen by the trigger's own statements only, and inserts, updates and whole stretches of buckets are
-- sources of their own.
CREATE FUNCTION pool_rollup_statement(source text) RETURNS text LANGUAGE sql IMMUTABLE AS $outer$
  SELECT format($statement$
WITH delta AS MATERIALIZED (
  SELECT bucket_at, instance_id, round_id, solo, sum(accepted) AS accepted, sum(stale) AS stale, sum(duplicate) AS duplicate,
         sum(low_difficulty) AS low_difficulty, sum(invalid) AS invalid, sum(work_hashes) AS work_hashes, sum(window_hashes) AS window_hashes
    FROM (%s) r JOIN "worker" w ON w.id = r.worker_id GROUP BY bucket_at, instance_id, round_id, solo
), round AS (
  INSERT INTO "round_work" AS r (span_s, at, instance_id, round_id, solo, work_hashes, window_hashes)
  SELECT span_s, date_bin(make_interval(secs => span_s), bucket_at, 'epoch') AS at, instance_id, round_id, solo,
         sum(work_hashes), sum(window_hashes)
    FROM delta, unnest(ARRAY[600, 3600, 86400]) span_s GROUP BY 1, 2, 3, 4, 5
  ON CONFLICT (span_s, at, instance_id, round_id, solo) DO UPDATE SET work_hashes = r.work_hashes + excluded.work_hashes,
    window_hashes = r.window_hashes + excluded.window_hashes
), slice AS MATERIALIZED (
  SELECT bucket_at, sum(accepted) AS accepted, sum(stale) AS stale, sum(duplicate) AS duplicate, sum(low_difficulty) AS low_difficulty,
         sum(invalid) AS invalid, sum(work_hashes) AS work_hashes, sum(work_hashes)::float8 * blocks_a_hash(bucket_at) AS expected_blocks
    FROM delta GROUP BY bucket_at
)
INSERT INTO "pool_work" AS p (span_s, at, accepted, stale, duplicate, low_difficulty, invalid, work_hashes, expected_blocks)
SELECT span_s, date_bin(make_interval(secs => span_s), bucket_at, 'epoch') AS at, sum(accepted), sum(stale), sum(duplicate),
       sum(low_difficulty), sum(invalid), sum(work_hashes), sum(expected_blocks)
  FROM slice, unnest(ARRAY[10, 60, 3600, 86400]) span_s GROUP BY 1, 2
ON CONFLICT (span_s, at) DO UPDATE SET accepted = p.accepted + excluded.accepted, stale = p.stale + excluded.stale,
  duplicate = p.duplicate + excluded.duplicate, low_difficulty = p.low_difficulty + excluded.low_difficulty,
  invalid = p.invalid + excluded.invalid, work_hashes = p.work_hashes + excluded.work_hashes,
  expected_blocks = p.expected_blocks + excluded.expected_blocks
$statement$, source)
$outer$;

CREATE FUNCTION worker_rollup_statement(source text) RETURNS text LANGUAGE sql IMMUTABLE AS $outer$
  SELECT format($statement$
WITH delta AS MATERIALIZED (
  SELECT date_bin('10 minutes', bucket_at, 'epoch') AS at, r.worker_id, w.account_id, w.solo, r.instance_id, r.round_id,
         sum(accepted) AS accepted, sum(stale + duplicate + low_difficulty + invalid) AS rejected, sum(work_hashes) AS work_hashes,
         sum(window_hashes) AS window_hashes, sum(work_hashes::float8 * blocks_a_hash) AS expected_blocks, min(bucket_at) AS since
    FROM (%1$s) r JOIN "worker" w ON w.id = r.worker_id
    JOIN (SELECT t.bucket_at, blocks_a_hash(t.bucket_at) FROM (SELECT DISTINCT bucket_at FROM (%1$s) s) t) d USING (bucket_at)
   GROUP BY 1, 2, 3, 4, 5, 6
), total AS (
  INSERT INTO "worker_total" AS t (worker_id, work_hashes, expected_blocks, since)
  SELECT worker_id, sum(work_hashes), sum(expected_blocks), min(since) FROM delta GROUP BY worker_id
  ON CONFLICT (worker_id) DO UPDATE SET work_hashes = t.work_hashes + excluded.work_hashes,
    expected_blocks = t.expected_blocks + excluded.expected_blocks, since = least(t.since, excluded.since)
), by_worker AS (
  INSERT INTO "worker_work" AS w (worker_id, span_s, at, accepted, rejected, work_hashes)
  SELECT worker_id, span_s, date_bin(make_interval(secs => span_s), at, 'epoch') AS at, sum(accepted), sum(rejected), sum(work_hashes)
    FROM delta, unnest(ARRAY[600, 3600, 86400]) span_s GROUP BY 1, 2, 3
  ON CONFLICT (worker_id, span_s, at) DO UPDATE SET accepted = w.accepted + excluded.accepted,
    rejected = w.rejected + excluded.rejected, work_hashes = w.work_hashes + excluded.work_hashes
)
INSERT INTO "account_work" AS a (span_s, at, account_id, instance_id, round_id, solo, accepted, rejected, work_hashes, window_hashes)
SELECT span_s, date_bin(make_interval(secs => span_s), at, 'epoch') AS at, account_id, instance_id, round_id, solo,
       sum(accepted), sum(rejected), sum(work_hashes), sum(window_hashes)
  FROM delta, unnest(ARRAY[600, 3600, 86400]) span_s GROUP BY 1, 2, 3, 4, 5, 6
ON CONFLICT (span_s, at, account_id, instance_id, round_id, solo) DO UPDATE SET accepted = a.accepted + excluded.accepted,
  rejected = a.rejected + excluded.rejected, work_hashes = a.work_hashes + excluded.work_hashes,
  window_hashes = a.window_hashes + excluded.window_hashes
$statement$, source)
$outer$;

-- Takes workers' and accounts' roll-ups up to a multiple of ten minutes. The caller holds the lock.
CREATE FUNCTION roll_shares_up(before timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  done timestamptz := (SELECT until FROM "share_rollup");
BEGIN
  IF done IS NULL THEN
    SELECT date_bin('10 minutes', min(bucket_at), 'epoch') INTO done FROM "share_bucket";
  END IF;
  IF done IS NULL OR before <= done THEN
    RETURN;
  END IF;
  EXECUTE worker_rollup_statement(format('SELECT * FROM "share_bucket" WHERE bucket_at >= %L AND bucket_at < %L', done, before));
  UPDATE "share_rollup" SET until = before;
END $$;

-- Instances do this one after the other, so that none waits for another in a circle and each sees how far the roll-ups are. Of one
-- INSERT … ON CONFLICT DO UPDATE, PostgreSQL calls the trigger of the update first: only the insert's moves `until`.
CREATE FUNCTION keep_share_rollups() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  done timestamptz;
  newest timestamptz;
  change CONSTANT text := CASE TG_OP WHEN 'INSERT' THEN 'SELECT * FROM added' ELSE
    $source$SELECT bucket_at, worker_id, instance_id, round_id, accepted, stale, duplicate, low_difficulty, invalid, work_hashes, window_hashes
      FROM added UNION ALL SELECT bucket_at, worker_id, instance_id, round_id, -accepted, -stale, -duplicate, -low_difficulty, -invalid,
      -work_hashes, -window_hashes FROM removed$source$
    END;
BEGIN
  SELECT max(bucket_at) INTO newest FROM added;
  IF newest IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock(x'0ed40700'::int);
  SELECT until INTO done FROM "share_rollup";
  EXECUTE pool_rollup_statement(change);
  IF EXISTS (SELECT 1 FROM added WHERE bucket_at < done) THEN
    EXECUTE worker_rollup_statement(format('SELECT * FROM (%s) c WHERE bucket_at < %L', change, done));
  END IF;
  -- A minute of grace, so that what is a little late need not be added by itself.
  IF TG_OP = 'INSERT' AND (done IS NULL OR newest >= done + interval '11 minutes') THEN
    PERFORM roll_shares_up(date_bin('10 minutes', newest - interval '1 minute', 'epoch'));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_rollups_insert AFTER INSERT ON "share_bucket" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION keep_share_rollups();
CREATE TRIGGER keep_rollups_update AFTER UPDATE ON "share_bucket" REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION keep_share_rollups();

-- What is there already: a difficulty is known from the blocks that were found at it.
INSERT INTO "network_difficulty" (at, height, difficulty)
  SELECT found_at, min(height), min(network_difficulty) FROM "block" WHERE network_difficulty > 0 GROUP BY found_at;
INSERT INTO "share_rollup" (until) VALUES (NULL);
DO $$ BEGIN
  EXECUTE pool_rollup_statement('SELECT * FROM "share_bucket"');
  PERFORM roll_shares_up((SELECT date_bin('10 minutes', max(bucket_at), 'epoch') FROM "share_bucket"));
END $$;
