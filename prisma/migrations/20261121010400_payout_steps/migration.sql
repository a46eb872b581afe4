-- What following a batch from step to step needs to remember.
ALTER TABLE "payout_batch" ADD COLUMN "waiting_for" TEXT, ADD COLUMN "stopped_why" TEXT, ADD COLUMN "cancelled_by" TEXT,
  ADD COLUMN "bump_fee_rate" DOUBLE PRECISION, ADD COLUMN "bump_by" TEXT;
ALTER TABLE "payout_transaction" ADD COLUMN "fee_rate" DOUBLE PRECISION NOT NULL DEFAULT 0,
  ADD COLUMN "handed_out_at" TIMESTAMPTZ(3), ADD COLUMN "block_height" INTEGER;
ALTER TABLE "wallet_output" ADD COLUMN "descriptor" TEXT, ADD COLUMN "spent_height" INTEGER;

CREATE TABLE "wallet_block" (
    "height" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "wallet_block_pkey" PRIMARY KEY ("height")
);

-- A transaction that was signed is never without its bytes.
ALTER TABLE "payout_transaction" ADD CONSTRAINT "payout_transaction_signed"
  CHECK (state NOT IN ('signed', 'broadcast', 'confirmed') OR (raw_hex IS NOT NULL AND txid IS NOT NULL));
CREATE INDEX "payout_transaction_unsigned_txid_idx" ON "payout_transaction"("unsigned_txid");

-- One account is in one batch at a time that is still open, whatever two planners do at once.
CREATE FUNCTION refuse_second_payout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM "payout_item" i JOIN "payout_batch" b ON b.id = i.batch_id
    WHERE i.account_id = NEW.account_id AND i.batch_id <> NEW.batch_id AND i.excluded_by IS NULL
      AND b.state IN ('planned', 'approved', 'unsigned')
  ) THEN
    RAISE EXCEPTION 'account % is in another payout batch that is not signed yet', NEW.account_id USING ERRCODE = 'exclusion_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER one_open_payout BEFORE INSERT ON "payout_item" FOR EACH ROW EXECUTE FUNCTION refuse_second_payout();
