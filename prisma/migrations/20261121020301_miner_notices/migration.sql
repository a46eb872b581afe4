-- Miners are told of their own payouts, credits and workers, by the outbox that tells the operator.
-- AlterTable
ALTER TABLE "notice_channel" ADD COLUMN     "account_id" INTEGER,
ADD COLUMN     "confirmed_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "notice_event" ADD COLUMN     "account_id" INTEGER;

-- AlterTable
ALTER TABLE "account_setting" ADD COLUMN     "notices" TEXT[] DEFAULT ARRAY['payouts', 'blocks', 'workers']::TEXT[];

-- AddForeignKey
ALTER TABLE "notice_channel" ADD CONSTRAINT "notice_channel_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- One of each kind for an account, and the operator's own are found without going through them.
CREATE UNIQUE INDEX "notice_channel_account_idx" ON "notice_channel"("account_id", "kind") WHERE "account_id" IS NOT NULL AND "removed_at" IS NULL;
CREATE INDEX "notice_channel_operator_idx" ON "notice_channel"("id") WHERE "account_id" IS NULL AND "removed_at" IS NULL;
CREATE INDEX "notice_channel_target_idx" ON "notice_channel"("target", "created_at") WHERE "account_id" IS NOT NULL;
CREATE INDEX "notice_event_account_idx" ON "notice_event"("account_id", "created_at") WHERE "account_id" IS NOT NULL;

-- The transaction that counts is the one that was mined; an earlier attempt may be it.
CREATE OR REPLACE FUNCTION notice_of_payout() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  what text := CASE NEW.state WHEN 'broadcast' THEN 'payout_sent' ELSE 'payout_settled' END;
  sent_in text := (SELECT t.txid FROM "payout_transaction" t WHERE t.batch_id = NEW.id AND t.txid IS NOT NULL
                    ORDER BY (t.block_hash IS NOT NULL) DESC, t.attempt DESC LIMIT 1);
BEGIN
  INSERT INTO "notice_event" (kind, key, subject, at, details)
    VALUES (what, what || ':' || NEW.id, NEW.id::text, now(),
            jsonb_build_object(
              'amount_sats', NEW.amount_sats,
              'accounts', (SELECT count(*) FROM "payout_item" i WHERE i.batch_id = NEW.id AND i.excluded_by IS NULL),
              'txid', sent_in))
    ON CONFLICT (key) DO NOTHING;
  IF NEW.pays = 'miners' THEN
    INSERT INTO "notice_event" (kind, key, subject, at, details, account_id)
      SELECT 'miner_' || what, 'miner_' || what || ':' || NEW.id || ':' || i.account_id, NEW.id::text, now(),
             jsonb_build_object('account', i.address, 'paid_sats', i.amount_sats - i.fee_part_sats, 'fee_part_sats', i.fee_part_sats, 'txid', sent_in),
             i.account_id
        FROM "payout_item" i
       WHERE i.batch_id = NEW.id AND i.excluded_by IS NULL
         AND EXISTS (SELECT 1 FROM "notice_channel" c WHERE c.account_id = i.account_id AND c.removed_at IS NULL AND c.enabled)
      ON CONFLICT (key) DO NOTHING;
  END IF;
  RETURN NULL;
END $$;

-- What a block credits to an account that wants to know, and what is taken back when it is orphaned. Where nobody wants to, this costs
-- one look at an index for a statement, whatever the number of postings.
CREATE FUNCTION notice_of_credit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM "notice_channel" WHERE account_id IS NOT NULL AND removed_at IS NULL) THEN
    RETURN NULL;
  END IF;
  INSERT INTO "notice_event" (kind, key, subject, at, details, account_id)
    SELECT CASE e.cause WHEN 'block_credit' THEN 'miner_block_credited' ELSE 'miner_block_orphaned' END,
           'miner_' || e.cause || ':' || e.cause_key || ':' || l.account_id, e.block_hash, now(),
           jsonb_build_object('account', a.address, 'height', b.height, 'reward_sats', b.reward_sats, 'part_sats', abs(sum(p.amount_sats))),
           l.account_id
      FROM added p
      JOIN "ledger_entry" e ON e.id = p.entry_id AND e.cause IN ('block_credit', 'block_orphan')
      JOIN "ledger_account" l ON l.id = p.ledger_account_id AND l.kind IN ('miner_pending', 'miner_available')
      JOIN "account" a ON a.id = l.account_id
      JOIN "block" b ON b.hash = e.block_hash
     WHERE EXISTS (SELECT 1 FROM "notice_channel" c WHERE c.account_id = l.account_id AND c.removed_at IS NULL AND c.enabled)
     GROUP BY e.cause, e.cause_key, e.block_hash, l.account_id, a.address, b.height, b.reward_sats
    HAVING sum(p.amount_sats) <> 0
    ON CONFLICT (key) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER notice_of_credit AFTER INSERT ON "ledger_posting" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION notice_of_credit();

-- Webhooks that were set before are told from now on; an e-mail address is asked first, when it is set.
INSERT INTO "notice_channel" (kind, name, events, target, config_sealed, created_by, account_id, confirmed_at)
  SELECT 'webhook', a.address, ARRAY['miner_settings_changed', 'miner_payout_sent', 'miner_payout_settled', 'miner_block_credited',
         'miner_block_orphaned', 'miner_worker_offline'], 'sha256:' || encode(sha256(convert_to(s.webhook_url, 'UTF8')), 'hex'), '', 'miner', a.id, now()
    FROM "account_setting" s JOIN "account" a ON a.id = s.account_id WHERE s.webhook_url IS NOT NULL;
