-- What an entry moves, kept as its postings are written: a list of entries need not add up a hundred thousand postings each.
CREATE TABLE "ledger_entry_total" (
    "entry_id" BIGINT NOT NULL,
    "lines" INTEGER NOT NULL,
    "moved_sats" BIGINT NOT NULL,

    CONSTRAINT "ledger_entry_total_pkey" PRIMARY KEY ("entry_id"),
    CONSTRAINT "ledger_entry_total_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "ledger_entry"("id") ON DELETE RESTRICT ON UPDATE CASCADE
);
INSERT INTO "ledger_entry_total"
  SELECT entry_id, count(*), coalesce(sum(amount_sats) FILTER (WHERE amount_sats > 0), 0) FROM "ledger_posting" GROUP BY entry_id;

-- Debits equal credits was checked once for each posting, over all postings of its entry: the square of their number. An entry now
-- belongs to the transaction that wrote it, takes postings in no other one, and is checked once, when that commits.
ALTER TABLE "ledger_entry" ADD COLUMN "written_in" xid8;
ALTER TABLE "ledger_entry" ALTER COLUMN "written_in" SET DEFAULT pg_current_xact_id();
DROP TRIGGER balances ON "ledger_posting";
DROP TRIGGER balances ON "ledger_entry";
DROP FUNCTION ledger_entry_balances();
CREATE FUNCTION ledger_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  total numeric;
  lines bigint;
BEGIN
  SELECT coalesce(sum(amount_sats), 0), count(*) INTO total, lines FROM "ledger_posting" WHERE entry_id = NEW.id;
  IF lines < 2 OR total <> 0 THEN
    RAISE EXCEPTION 'ledger entry % does not balance: % postings, sum % sats', NEW.id, lines, total USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON "ledger_entry" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_balances();

CREATE FUNCTION keep_ledger_entry_total() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  late bigint;
BEGIN
  SELECT e.id INTO late FROM "ledger_entry" e
    WHERE e.id IN (SELECT entry_id FROM added) AND e.written_in IS DISTINCT FROM pg_current_xact_id() LIMIT 1;
  IF late IS NOT NULL THEN
    RAISE EXCEPTION 'ledger entry % was written before: a correction is a new entry', late USING ERRCODE = 'restrict_violation';
  END IF;
  INSERT INTO "ledger_entry_total" (entry_id, lines, moved_sats)
    SELECT entry_id, count(*), coalesce(sum(amount_sats) FILTER (WHERE amount_sats > 0), 0) FROM added GROUP BY entry_id
    ON CONFLICT (entry_id) DO UPDATE
      SET lines = "ledger_entry_total".lines + excluded.lines, moved_sats = "ledger_entry_total".moved_sats + excluded.moved_sats;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_entry_total AFTER INSERT ON "ledger_posting" REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_ledger_entry_total();

-- The ledger is read newest first, by cause and by time.
CREATE INDEX "ledger_entry_cause_id_idx" ON "ledger_entry"("cause", "id");
