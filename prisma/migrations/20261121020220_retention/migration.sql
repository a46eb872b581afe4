-- What is left of buckets that are too old to be kept by worker: see packages/db/src/pool/retention.ts.
CREATE TABLE "account_slice" (
    "at" TIMESTAMPTZ(3) NOT NULL,
    "account_id" INTEGER NOT NULL,
    "instance_id" TEXT NOT NULL,
    "round_id" BIGINT NOT NULL,
    "slots" SMALLINT[],
    "window_hashes" DECIMAL(48,0)[],

    CONSTRAINT "account_slice_pkey" PRIMARY KEY ("at","account_id","instance_id","round_id")
);
ALTER TABLE "share_rollup" ADD COLUMN "packed_until" TIMESTAMPTZ(3), ADD COLUMN "fine_from" TIMESTAMPTZ(3);

-- Rows leave at one end as they come at the other: their room is to be free again soon.
ALTER TABLE "share_bucket" SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE "account_work" SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE "worker_work" SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE "pool_work" SET (autovacuum_vacuum_scale_factor = 0.05);
