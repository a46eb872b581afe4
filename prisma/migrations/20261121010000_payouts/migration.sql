-- Payouts, the policy's versions and what the ledger needs for both.
-- CreateEnum
CREATE TYPE "payout_batch_state" AS ENUM ('planned', 'approved', 'unsigned', 'signed', 'broadcast', 'settled', 'cancelled');

-- CreateEnum
CREATE TYPE "payout_transaction_state" AS ENUM ('unsigned', 'signed', 'broadcast', 'confirmed', 'replaced', 'abandoned');

-- AlterEnum
-- This migration adds more than one value to an enum.
-- With PostgreSQL versions 11 and earlier, this is not possible
-- in a single migration. This can be worked around by creating
-- multiple migrations, each migration adding only one value to
-- the enum.


ALTER TYPE "ledger_account_kind" ADD VALUE 'miner_paying';
ALTER TYPE "ledger_account_kind" ADD VALUE 'fee_paid';
ALTER TYPE "ledger_account_kind" ADD VALUE 'reserve_pending';
ALTER TYPE "ledger_account_kind" ADD VALUE 'reserve_available';
ALTER TYPE "ledger_account_kind" ADD VALUE 'network_fee';
ALTER TYPE "ledger_account_kind" ADD VALUE 'operator';

-- AlterEnum
-- This migration adds more than one value to an enum.
-- With PostgreSQL versions 11 and earlier, this is not possible
-- in a single migration. This can be worked around by creating
-- multiple migrations, each migration adding only one value to
-- the enum.


ALTER TYPE "ledger_cause" ADD VALUE 'share_window';
ALTER TYPE "ledger_cause" ADD VALUE 'payout_settle';
ALTER TYPE "ledger_cause" ADD VALUE 'payout_cancel';

-- DropIndex
DROP INDEX "worker_account_id_name_key";

-- AlterTable
ALTER TABLE "ledger_entry" ADD COLUMN     "approved_by" TEXT,
ADD COLUMN     "person" TEXT,
ADD COLUMN     "reason" TEXT;

-- AlterTable
ALTER TABLE "worker" ADD COLUMN     "solo" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "block" ADD COLUMN     "policy_version" INTEGER;

-- CreateTable
CREATE TABLE "payout_batch" (
    "id" SERIAL NOT NULL,
    "state" "payout_batch_state" NOT NULL DEFAULT 'planned',
    "plan_key" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "policy_version" INTEGER NOT NULL,
    "fee_payer" TEXT NOT NULL,
    "approvals_required" INTEGER NOT NULL,
    "amount_sats" BIGINT NOT NULL,
    "note" TEXT,

    CONSTRAINT "payout_batch_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payout_item" (
    "batch_id" INTEGER NOT NULL,
    "account_id" INTEGER NOT NULL,
    "address" TEXT NOT NULL,
    "amount_sats" BIGINT NOT NULL,
    "fee_part_sats" BIGINT NOT NULL DEFAULT 0,
    "excluded_by" TEXT,
    "excluded_why" TEXT,

    CONSTRAINT "payout_item_pkey" PRIMARY KEY ("batch_id","account_id")
);

-- CreateTable
CREATE TABLE "payout_approval" (
    "batch_id" INTEGER NOT NULL,
    "person" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payout_approval_pkey" PRIMARY KEY ("batch_id","person")
);

-- CreateTable
CREATE TABLE "payout_transaction" (
    "id" SERIAL NOT NULL,
    "batch_id" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "state" "payout_transaction_state" NOT NULL DEFAULT 'unsigned',
    "psbt" TEXT NOT NULL,
    "unsigned_txid" TEXT NOT NULL,
    "txid" TEXT,
    "raw_hex" TEXT,
    "fee_sats" BIGINT NOT NULL,
    "vsize" INTEGER NOT NULL,
    "change_sats" BIGINT NOT NULL DEFAULT 0,
    "signer" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "signed_at" TIMESTAMPTZ(3),
    "broadcast_at" TIMESTAMPTZ(3),
    "confirmed_at" TIMESTAMPTZ(3),
    "confirmations" INTEGER NOT NULL DEFAULT 0,
    "block_hash" TEXT,
    "trouble" TEXT,

    CONSTRAINT "payout_transaction_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "wallet_output" (
    "txid" TEXT NOT NULL,
    "vout" INTEGER NOT NULL,
    "value_sats" BIGINT NOT NULL,
    "script_hex" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "height" INTEGER,
    "coinbase" BOOLEAN NOT NULL DEFAULT false,
    "transaction_id" INTEGER,
    "spent_txid" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "wallet_output_pkey" PRIMARY KEY ("txid","vout")
);

-- CreateTable
CREATE TABLE "payout_hold" (
    "id" SERIAL NOT NULL,
    "account_id" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "placed_by" TEXT NOT NULL,
    "placed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "released_by" TEXT,
    "released_at" TIMESTAMPTZ(3),

    CONSTRAINT "payout_hold_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "account_setting" (
    "account_id" INTEGER NOT NULL,
    "threshold_sats" BIGINT,
    "email" TEXT,
    "webhook_url" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_setting_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "pool_policy" (
    "version" SERIAL NOT NULL,
    "policy" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "reason" TEXT NOT NULL,

    CONSTRAINT "pool_policy_pkey" PRIMARY KEY ("version")
);

-- CreateIndex
CREATE UNIQUE INDEX "payout_batch_plan_key_key" ON "payout_batch"("plan_key");

-- CreateIndex
CREATE INDEX "payout_batch_state_idx" ON "payout_batch"("state");

-- CreateIndex
CREATE INDEX "payout_batch_created_at_idx" ON "payout_batch"("created_at");

-- CreateIndex
CREATE INDEX "payout_item_account_id_idx" ON "payout_item"("account_id");

-- CreateIndex
CREATE UNIQUE INDEX "payout_transaction_txid_key" ON "payout_transaction"("txid");

-- CreateIndex
CREATE INDEX "payout_transaction_state_idx" ON "payout_transaction"("state");

-- CreateIndex
CREATE UNIQUE INDEX "payout_transaction_batch_id_attempt_key" ON "payout_transaction"("batch_id", "attempt");

-- CreateIndex
CREATE INDEX "wallet_output_transaction_id_idx" ON "wallet_output"("transaction_id");

-- CreateIndex
CREATE INDEX "payout_hold_account_id_idx" ON "payout_hold"("account_id");

-- CreateIndex
CREATE INDEX "ledger_entry_created_at_idx" ON "ledger_entry"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "worker_account_id_name_solo_key" ON "worker"("account_id", "name", "solo");

-- AddForeignKey
ALTER TABLE "payout_item" ADD CONSTRAINT "payout_item_batch_id_fkey" FOREIGN KEY ("batch_id") REFERENCES "payout_batch"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payout_item" ADD CONSTRAINT "payout_item_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payout_approval" ADD CONSTRAINT "payout_approval_batch_id_fkey" FOREIGN KEY ("batch_id") REFERENCES "payout_batch"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payout_transaction" ADD CONSTRAINT "payout_transaction_batch_id_fkey" FOREIGN KEY ("batch_id") REFERENCES "payout_batch"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "wallet_output" ADD CONSTRAINT "wallet_output_transaction_id_fkey" FOREIGN KEY ("transaction_id") REFERENCES "payout_transaction"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payout_hold" ADD CONSTRAINT "payout_hold_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account_setting" ADD CONSTRAINT "account_setting_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "block" ADD CONSTRAINT "block_policy_version_fkey" FOREIGN KEY ("policy_version") REFERENCES "pool_policy"("version") ON DELETE SET NULL ON UPDATE CASCADE;


-- Append-only, like the ledger.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "pool_policy" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "payout_approval" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An account is in one open hold at most.
CREATE UNIQUE INDEX "payout_hold_open_key" ON "payout_hold"("account_id") WHERE "released_at" IS NULL;

-- Money is never below nothing.
ALTER TABLE "payout_item" ADD CONSTRAINT "payout_item_amount" CHECK (amount_sats > 0 AND fee_part_sats >= 0 AND fee_part_sats < amount_sats);
ALTER TABLE "payout_transaction" ADD CONSTRAINT "payout_transaction_amounts" CHECK (fee_sats >= 0 AND change_sats >= 0 AND vsize > 0);
ALTER TABLE "wallet_output" ADD CONSTRAINT "wallet_output_value" CHECK (value_sats > 0);
