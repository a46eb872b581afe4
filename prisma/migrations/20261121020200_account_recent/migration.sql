-- The last hours of accounts with many workers, share by share and in half minutes: what their charts would otherwise read from the buckets
-- of thousands of workers. Other accounts' charts read the buckets of their few.
CREATE TABLE "account_recent" (
    "account_id" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "work_hashes" DECIMAL(48,0) NOT NULL,

    CONSTRAINT "account_recent_pkey" PRIMARY KEY ("account_id","at")
);
CREATE INDEX "account_recent_at_idx" ON "account_recent"("at");
ALTER TABLE "account_recent" SET (fillfactor = 50);

-- Whether an account has that many.
CREATE FUNCTION is_farm(workers integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT workers > 10 $$;

-- Adds the rows of `source` (as share_bucket's) from a time on; a null `since` is the beginning.
CREATE FUNCTION account_recent_statement(source text, since timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $outer$
  SELECT format($statement$
INSERT INTO "account_recent" AS a (account_id, at, work_hashes)
SELECT w.account_id, date_bin('30 seconds', r.bucket_at, 'epoch') AS at, sum(r.work_hashes)
  FROM (%s) r JOIN "worker" w ON w.id = r.worker_id JOIN "account_balance" b ON b.account_id = w.account_id
 WHERE is_farm(b.workers) AND r.bucket_at >= %L GROUP BY 1, 2
ON CONFLICT (account_id, at) DO UPDATE SET work_hashes = a.work_hashes + excluded.work_hashes
$statement$, source, coalesce(since, '-infinity'))
$outer$;

CREATE OR REPLACE FUNCTION roll_shares_up(before timestamptz) RETURNS void LANGUAGE plpgsql AS $$
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
  DELETE FROM "account_recent" WHERE at < before - interval '7 hours';
END $$;

-- Instances do this one after the other, so that none waits for another in a circle and each sees how far the roll-ups are. Of one
-- INSERT … ON CONFLICT DO UPDATE, PostgreSQL calls the trigger of the update first: only the insert's moves `until`.
CREATE OR REPLACE FUNCTION keep_share_rollups() RETURNS trigger LANGUAGE plpgsql AS $$
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
  EXECUTE account_recent_statement(change, done - interval '7 hours');
  IF EXISTS (SELECT 1 FROM added WHERE bucket_at < done) THEN
    EXECUTE worker_rollup_statement(format('SELECT * FROM (%s) c WHERE bucket_at < %L', change, done));
  END IF;
  -- A minute of grace, so that what is a little late need not be added by itself.
  IF TG_OP = 'INSERT' AND (done IS NULL OR newest >= done + interval '11 minutes') THEN
    PERFORM roll_shares_up(date_bin('10 minutes', newest - interval '1 minute', 'epoch'));
  END IF;
  RETURN NULL;
END $$;

-- An account that gets its eleventh worker has its last hours looked up in the buckets, once. Between that and the next shares nobody comes.
CREATE OR REPLACE FUNCTION count_account_workers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  grown integer[];
BEGIN
  IF EXISTS (SELECT 1 FROM (SELECT account_id, count(*) AS n FROM added GROUP BY account_id) a
               LEFT JOIN "account_balance" b ON b.account_id = a.account_id
              WHERE is_farm((coalesce(b.workers, 0) + n)::int) AND NOT is_farm(coalesce(b.workers, 0))) THEN
    PERFORM pg_advisory_xact_lock(x'0ed40700'::int);
  END IF;
  WITH counted AS (
    INSERT INTO "account_balance" AS b (account_id, workers)
      SELECT account_id, count(*) FROM added GROUP BY account_id ORDER BY account_id
      ON CONFLICT (account_id) DO UPDATE SET workers = b.workers + excluded.workers
      RETURNING account_id, workers
  )
  SELECT array_agg(c.account_id) INTO grown FROM counted c JOIN (SELECT account_id, count(*) AS n FROM added GROUP BY account_id) a USING (account_id)
   WHERE is_farm(c.workers) AND NOT is_farm((c.workers - n)::int);
  IF grown IS NOT NULL THEN
    DELETE FROM "account_recent" WHERE account_id = ANY(grown);
    EXECUTE account_recent_statement(
      format('SELECT s.* FROM "worker" g JOIN "share_bucket" s ON s.worker_id = g.id WHERE g.account_id = ANY(%L::int[]) AND s.bucket_at >= %L',
        grown, coalesce((SELECT until FROM "share_rollup") - interval '7 hours', '-infinity')),
      (SELECT until FROM "share_rollup") - interval '7 hours');
  END IF;
  RETURN NULL;
END $$;

DO $$ BEGIN
  EXECUTE account_recent_statement('SELECT * FROM "share_bucket"', (SELECT until FROM "share_rollup") - interval '7 hours');
END $$;
