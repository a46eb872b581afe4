-- Each worker has a state from its beginning, so that lists are read from the states alone.
CREATE FUNCTION begin_worker_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "worker_state" (worker_id) SELECT id FROM added ORDER BY id ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER begin_state AFTER INSERT ON "worker" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION begin_worker_state();
INSERT INTO "worker_state" (worker_id) SELECT id FROM "worker" ON CONFLICT DO NOTHING;

CREATE INDEX "worker_lower_name_idx" ON "worker"(lower("name"), "id");

-- A search finds any part of an address or a name. Without the extension it still does, by reading every name.
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX "account_address_trgm_idx" ON "account" USING gin ("address" gin_trgm_ops);
    CREATE INDEX "worker_name_trgm_idx" ON "worker" USING gin ("name" gin_trgm_ops);
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'searching is slow without the extension pg_trgm, which this role may not create';
END $$;
