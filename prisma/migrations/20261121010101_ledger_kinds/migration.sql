-- Sums over all accounts of a kind, kept as postings are written: with 100,000 accounts they are asked for more often than they change.
CREATE TABLE "ledger_kind_balance" (
    "kind" "ledger_account_kind" NOT NULL,
    "balance_sats" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_kind_balance_pkey" PRIMARY KEY ("kind")
);
INSERT INTO "ledger_kind_balance" (kind, balance_sats)
  SELECT l.kind, sum(b.balance_sats) FROM "ledger_balance" b JOIN "ledger_account" l ON l.id = b.ledger_account_id GROUP BY l.kind;

CREATE OR REPLACE FUNCTION keep_ledger_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "ledger_balance" (ledger_account_id, balance_sats)
    SELECT ledger_account_id, sum(amount_sats) FROM added GROUP BY ledger_account_id ORDER BY ledger_account_id
    ON CONFLICT (ledger_account_id) DO UPDATE
      SET balance_sats = "ledger_balance".balance_sats + excluded.balance_sats, updated_at = now();
  INSERT INTO "ledger_kind_balance" (kind, balance_sats)
    SELECT l.kind, sum(a.amount_sats) FROM added a JOIN "ledger_account" l ON l.id = a.ledger_account_id GROUP BY l.kind ORDER BY l.kind
    ON CONFLICT (kind) DO UPDATE
      SET balance_sats = "ledger_kind_balance".balance_sats + excluded.balance_sats, updated_at = now();
  RETURN NULL;
END $$;
