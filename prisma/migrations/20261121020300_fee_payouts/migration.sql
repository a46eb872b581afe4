-- The pool's own fees are paid out by batches of their own.
-- CreateEnum
CREATE TYPE "payout_batch_pays" AS ENUM ('miners', 'fees');

-- AlterEnum
ALTER TYPE "ledger_account_kind" ADD VALUE 'fee_paying';

-- AlterTable
ALTER TABLE "payout_batch" ADD COLUMN     "pays" "payout_batch_pays" NOT NULL DEFAULT 'miners';


-- One account is in one batch at a time that is still open; what its address is paid as the operator's is another account's money.
CREATE OR REPLACE FUNCTION refuse_second_payout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM "payout_item" i JOIN "payout_batch" b ON b.id = i.batch_id
    WHERE i.account_id = NEW.account_id AND i.batch_id <> NEW.batch_id AND i.excluded_by IS NULL
      AND b.state IN ('planned', 'approved', 'unsigned')
      AND b.pays = (SELECT pays FROM "payout_batch" WHERE id = NEW.batch_id)
  ) THEN
    RAISE EXCEPTION 'account % is in another payout batch that is not signed yet', NEW.account_id USING ERRCODE = 'exclusion_violation';
  END IF;
  RETURN NEW;
END $$;
