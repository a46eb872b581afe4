-- Notices: what happened, where it goes, and how that went.
-- CreateEnum
CREATE TYPE "notice_channel_kind" AS ENUM ('webhook', 'email', 'telegram', 'discord');

-- CreateEnum
CREATE TYPE "notice_delivery_state" AS ENUM ('waiting', 'delivered', 'dead');

-- CreateTable
CREATE TABLE "notice_channel" (
    "id" SERIAL NOT NULL,
    "kind" "notice_channel_kind" NOT NULL,
    "name" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "events" TEXT[],
    "target" TEXT NOT NULL,
    "config_sealed" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "notice_channel_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notice_event" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "routed_at" TIMESTAMPTZ(3),

    CONSTRAINT "notice_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notice_delivery" (
    "id" BIGSERIAL NOT NULL,
    "event_id" BIGINT NOT NULL,
    "channel_id" INTEGER NOT NULL,
    "state" "notice_delivery_state" NOT NULL DEFAULT 'waiting',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "answer" TEXT,
    "answered_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "notice_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "notice_event_key_key" ON "notice_event"("key");

-- CreateIndex
CREATE INDEX "notice_event_created_at_idx" ON "notice_event"("created_at");

-- CreateIndex
CREATE INDEX "notice_delivery_channel_id_id_idx" ON "notice_delivery"("channel_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "notice_delivery_event_id_channel_id_key" ON "notice_delivery"("event_id", "channel_id");

-- AddForeignKey
ALTER TABLE "notice_delivery" ADD CONSTRAINT "notice_delivery_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "notice_event"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notice_delivery" ADD CONSTRAINT "notice_delivery_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "notice_channel"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- The worker looks for these all the time; they are few.
CREATE INDEX "notice_event_unrouted_idx" ON "notice_event"("id") WHERE "routed_at" IS NULL;
CREATE INDEX "notice_delivery_due_idx" ON "notice_delivery"("channel_id", "next_at") WHERE "state" = 'waiting';
CREATE INDEX "notice_delivery_dead_idx" ON "notice_delivery"("id") WHERE "state" = 'dead';

-- An event is written with what causes it: both are there after a crash, or neither.
CREATE FUNCTION notice_of_block() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  what text := CASE WHEN TG_OP = 'INSERT' THEN 'block_found' ELSE 'block_' || NEW.state END;
BEGIN
  INSERT INTO "notice_event" (kind, key, subject, at, details)
    VALUES (what, what || ':' || NEW.hash, NEW.hash, CASE WHEN TG_OP = 'INSERT' THEN NEW.found_at ELSE now() END,
            jsonb_build_object('height', NEW.height, 'reward_sats', NEW.reward_sats, 'effort', NEW.effort, 'note', NEW.note))
    ON CONFLICT (key) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER notice_found AFTER INSERT ON "block" FOR EACH ROW EXECUTE FUNCTION notice_of_block();
CREATE TRIGGER notice_state AFTER UPDATE OF state ON "block" FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('confirmed', 'orphaned', 'rejected')) EXECUTE FUNCTION notice_of_block();

CREATE FUNCTION notice_of_payout() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  what text := CASE NEW.state WHEN 'broadcast' THEN 'payout_sent' ELSE 'payout_settled' END;
BEGIN
  INSERT INTO "notice_event" (kind, key, subject, at, details)
    VALUES (what, what || ':' || NEW.id, NEW.id::text, now(),
            jsonb_build_object(
              'amount_sats', NEW.amount_sats,
              'accounts', (SELECT count(*) FROM "payout_item" i WHERE i.batch_id = NEW.id AND i.excluded_by IS NULL),
              'txid', (SELECT t.txid FROM "payout_transaction" t WHERE t.batch_id = NEW.id AND t.txid IS NOT NULL ORDER BY t.attempt DESC LIMIT 1)))
    ON CONFLICT (key) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER notice_state AFTER UPDATE OF state ON "payout_batch" FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('broadcast', 'settled')) EXECUTE FUNCTION notice_of_payout();
