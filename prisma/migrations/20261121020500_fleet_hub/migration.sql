-- AlterTable
ALTER TABLE "agent" ADD COLUMN     "clock_skew_ms" BIGINT,
ADD COLUMN     "desired_held" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "hostname" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "paused_reason" TEXT,
ADD COLUMN     "power_watts" DOUBLE PRECISION,
ADD COLUMN     "release_number" INTEGER,
ADD COLUMN     "reports_missing" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "reports_refused" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "sheet_id" INTEGER,
ADD COLUMN     "sheet_version" INTEGER,
ADD COLUMN     "version" TEXT NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "bulk_action" ADD COLUMN     "deadline_s" INTEGER NOT NULL DEFAULT 600;

-- CreateTable
CREATE TABLE "bulk_target" (
    "bulk_id" INTEGER NOT NULL,
    "place" INTEGER NOT NULL,
    "agent_id" UUID NOT NULL,
    "taken" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "bulk_target_pkey" PRIMARY KEY ("bulk_id","place")
);

-- CreateIndex
CREATE INDEX "bulk_target_agent_id_idx" ON "bulk_target"("agent_id");

-- CreateIndex
CREATE UNIQUE INDEX "bulk_target_bulk_id_agent_id_key" ON "bulk_target"("bulk_id", "agent_id");

-- CreateIndex
CREATE INDEX "agent_site_id_idx" ON "agent"("site_id");

-- CreateIndex
CREATE INDEX "agent_sheet_id_idx" ON "agent"("sheet_id");

-- AddForeignKey
ALTER TABLE "bulk_target" ADD CONSTRAINT "bulk_target_bulk_id_fkey" FOREIGN KEY ("bulk_id") REFERENCES "bulk_action"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bulk_target" ADD CONSTRAINT "bulk_target_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What lists are sorted and filtered by, out of the telemetry and out of the hello.
CREATE OR REPLACE FUNCTION keep_agent_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT coalesce(sum((d #>> '{hashrate_hps,m15}')::float8), 0), max((d ->> 'temperature_c')::float8), sum((d ->> 'power_watts')::float8)
    INTO NEW.hashrate_hps, NEW.temperature_c_max, NEW.power_watts
    FROM jsonb_array_elements(coalesce(NEW.telemetry -> 'devices', '[]')) d;
  NEW.mining := coalesce(NEW.telemetry #>> '{pool,state}' = 'mining', false);
  RETURN NEW;
END $$;
CREATE FUNCTION keep_agent_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.hostname := coalesce(NEW.hello ->> 'hostname', '');
  NEW.version := coalesce(NEW.hello ->> 'version', '');
  NEW.release_number := (NEW.hello ->> 'release_number')::int;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_facts BEFORE INSERT OR UPDATE OF hello ON "agent" FOR EACH ROW EXECUTE FUNCTION keep_agent_facts();
UPDATE "agent" SET hello = hello, telemetry = telemetry;

-- What is still to be sent: these stay small, whatever the history.
CREATE INDEX "agent_command_open" ON "agent_command" ("agent_id", "number") WHERE state IN ('queued', 'sent', 'accepted', 'running');
CREATE INDEX "agent_desired_open" ON "agent" ("id") WHERE desired_revision > desired_held;
CREATE INDEX "bulk_action_open" ON "bulk_action" ("id") WHERE state = 'running';
CREATE INDEX "bulk_target_open" ON "bulk_target" ("bulk_id", "place") WHERE NOT taken;
CREATE INDEX "agent_event_newest" ON "agent_event" ("agent_id", "at");
