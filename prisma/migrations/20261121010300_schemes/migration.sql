-- Payout schemes: what a share window is owed, whose windows a bucket belongs to, and corrections that wait for a second person.
-- CreateEnum
CREATE TYPE "ledger_correction_state" AS ENUM ('proposed', 'written', 'refused');

-- DropIndex
DROP INDEX "share_bucket_round_id_bucket_at_idx";

-- AlterTable
ALTER TABLE "share_bucket" DROP CONSTRAINT "share_bucket_pkey",
ADD COLUMN     "instance_id" TEXT NOT NULL DEFAULT 'pool-1',
ADD COLUMN     "window_hashes" DECIMAL(48,0) NOT NULL DEFAULT 0,
ADD CONSTRAINT "share_bucket_pkey" PRIMARY KEY ("bucket_at", "worker_id", "instance_id", "round_id", "difficulty");

-- AlterTable
ALTER TABLE "share_log_cursor" ADD COLUMN     "caught_up_at" TIMESTAMPTZ(3),
ADD COLUMN     "seen_at" TIMESTAMPTZ(3),
ADD COLUMN     "window_at" TIMESTAMPTZ(3),
ADD COLUMN     "window_number" BIGINT NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "ledger_correction" (
    "id" SERIAL NOT NULL,
    "state" "ledger_correction_state" NOT NULL DEFAULT 'proposed',
    "person" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "postings" JSONB NOT NULL,
    "amount_sats" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_by" TEXT,
    "decided_at" TIMESTAMPTZ(3),
    "refused_why" TEXT,

    CONSTRAINT "ledger_correction_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "share_window_due" (
    "instance_id" TEXT NOT NULL,
    "window_number" BIGINT NOT NULL,
    "window_at" TIMESTAMPTZ(3) NOT NULL,
    "account_id" INTEGER NOT NULL,
    "policy_version" INTEGER NOT NULL,
    "shares" INTEGER NOT NULL,
    "work_hashes" DECIMAL(48,0) NOT NULL,
    "due_units" DECIMAL(48,0) NOT NULL,

    CONSTRAINT "share_window_due_pkey" PRIMARY KEY ("instance_id","window_number","account_id","policy_version")
);

-- CreateTable
CREATE TABLE "share_due_rest" (
    "account_id" INTEGER NOT NULL,
    "rest_units" BIGINT NOT NULL,

    CONSTRAINT "share_due_rest_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "block_window_end" (
    "cause_key" TEXT NOT NULL,
    "block_hash" TEXT NOT NULL,
    "instance_id" TEXT NOT NULL,
    "segment" BIGINT NOT NULL,
    "offset" BIGINT NOT NULL,
    "caught_up_at" TIMESTAMPTZ(3),

    CONSTRAINT "block_window_end_pkey" PRIMARY KEY ("cause_key","instance_id")
);

-- CreateIndex
CREATE INDEX "ledger_correction_state_created_at_idx" ON "ledger_correction"("state", "created_at");

-- CreateIndex
CREATE INDEX "share_window_due_account_id_window_at_idx" ON "share_window_due"("account_id", "window_at");

-- CreateIndex
CREATE INDEX "block_window_end_block_hash_idx" ON "block_window_end"("block_hash");

-- CreateIndex
CREATE INDEX "share_bucket_instance_id_round_id_bucket_at_idx" ON "share_bucket"("instance_id", "round_id", "bucket_at");

-- AddForeignKey
ALTER TABLE "share_window_due" ADD CONSTRAINT "share_window_due_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "share_due_rest" ADD CONSTRAINT "share_due_rest_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "block_window_end" ADD CONSTRAINT "block_window_end_block_hash_fkey" FOREIGN KEY ("block_hash") REFERENCES "block"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Until now every share was one of a PPLNS pool, and a database was one instance's.
UPDATE "share_bucket" SET "window_hashes" = "work_hashes",
  "instance_id" = coalesce((SELECT "instance_id" FROM "share_log_cursor" ORDER BY "updated_at" DESC LIMIT 1), 'pool-1');

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "block_window_end" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Two pairs of eyes are two people, and what was decided stays as it was decided.
ALTER TABLE "ledger_correction" ADD CONSTRAINT "ledger_correction_two_people"
  CHECK (state <> 'written' OR decided_by IS NULL OR lower(decided_by) <> lower(person));
CREATE FUNCTION guard_ledger_correction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION 'ledger_correction is kept for good: % refused', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> 'proposed' OR (OLD.id, OLD.person, OLD.reason, OLD.postings, OLD.amount_sats, OLD.created_at)
      IS DISTINCT FROM (NEW.id, NEW.person, NEW.reason, NEW.postings, NEW.amount_sats, NEW.created_at) THEN
    RAISE EXCEPTION 'ledger_correction % is decided, or its wording would change: refused', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard_row BEFORE UPDATE OR DELETE ON "ledger_correction" FOR EACH ROW EXECUTE FUNCTION guard_ledger_correction();
CREATE TRIGGER guard_table BEFORE TRUNCATE ON "ledger_correction" FOR EACH STATEMENT EXECUTE FUNCTION guard_ledger_correction();

-- Append-only means it for a session that replays replication too.
DO $$
DECLARE
  guarded record;
BEGIN
  FOR guarded IN SELECT tgrelid::regclass AS relation, tgname FROM pg_trigger
    WHERE tgfoid IN ('refuse_change'::regproc, 'guard_ledger_correction'::regproc) LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', guarded.relation, guarded.tgname);
  END LOOP;
END $$;

-- Money that is owed is never below nothing.
ALTER TABLE "share_window_due" ADD CONSTRAINT "share_window_due_amounts" CHECK (due_units >= 0 AND work_hashes >= 0 AND shares > 0);
ALTER TABLE "share_due_rest" ADD CONSTRAINT "share_due_rest_units" CHECK (rest_units >= 0 AND rest_units < 4294967296);
ALTER TABLE "share_bucket" ADD CONSTRAINT "share_bucket_window_hashes" CHECK (window_hashes >= 0 AND window_hashes <= work_hashes);
