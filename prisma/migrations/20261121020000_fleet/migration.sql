-- AlterTable
ALTER TABLE "agent" ADD COLUMN     "command_number" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "desired" JSONB,
ADD COLUMN     "desired_revision" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "enrolled_at" TIMESTAMPTZ(3),
ADD COLUMN     "proof" JSONB,
ADD COLUMN     "proof_since" TIMESTAMPTZ(3),
ADD COLUMN     "proof_state" TEXT,
ADD COLUMN     "public_key" BYTEA,
ADD COLUMN     "rack_id" INTEGER,
ADD COLUMN     "report_number" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "reports_lost" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "retired_at" TIMESTAMPTZ(3),
ADD COLUMN     "slot" INTEGER;

-- CreateTable
CREATE TABLE "building" (
    "id" SERIAL NOT NULL,
    "site_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "building_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rack" (
    "id" SERIAL NOT NULL,
    "building_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "slots" INTEGER NOT NULL,

    CONSTRAINT "rack_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rig_group" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "rig_group_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rig_group_member" (
    "group_id" INTEGER NOT NULL,
    "agent_id" UUID NOT NULL,

    CONSTRAINT "rig_group_member_pkey" PRIMARY KEY ("group_id","agent_id")
);

-- CreateTable
CREATE TABLE "enrolment_token" (
    "id" SERIAL NOT NULL,
    "token_hash" TEXT NOT NULL,
    "site_id" INTEGER NOT NULL,
    "created_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "used_key" BYTEA,
    "agent_id" UUID,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "enrolment_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "flight_sheet" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "archived_at" TIMESTAMPTZ(3),

    CONSTRAINT "flight_sheet_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "flight_sheet_version" (
    "sheet_id" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "content" JSONB NOT NULL,
    "author" TEXT,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "flight_sheet_version_pkey" PRIMARY KEY ("sheet_id","version")
);

-- CreateTable
CREATE TABLE "flight_assignment" (
    "id" SERIAL NOT NULL,
    "target" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "sheet_id" INTEGER NOT NULL,
    "version" INTEGER,
    "assigned_by" TEXT,
    "assigned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "flight_assignment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agent_command" (
    "id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "number" BIGINT NOT NULL,
    "bulk_id" INTEGER,
    "kind" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "state" TEXT NOT NULL,
    "issued_by" TEXT,
    "issued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deadline" TIMESTAMPTZ(3) NOT NULL,
    "sent_at" TIMESTAMPTZ(3),
    "accepted_at" TIMESTAMPTZ(3),
    "running_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "message" TEXT,
    "evidence" JSONB,

    CONSTRAINT "agent_command_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bulk_action" (
    "id" SERIAL NOT NULL,
    "body" JSONB NOT NULL,
    "state" TEXT NOT NULL,
    "batch_rigs" INTEGER NOT NULL,
    "failures_max" INTEGER NOT NULL,
    "rigs" INTEGER NOT NULL,
    "hashrate_hps" DOUBLE PRECISION NOT NULL,
    "power_watts" DOUBLE PRECISION,
    "issued_by" TEXT,
    "issued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "message" TEXT,

    CONSTRAINT "bulk_action_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agent_event" (
    "agent_id" UUID NOT NULL,
    "number" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "kind" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "device_id" TEXT,
    "text" TEXT NOT NULL,

    CONSTRAINT "agent_event_pkey" PRIMARY KEY ("agent_id","number")
);

-- CreateIndex
CREATE UNIQUE INDEX "building_site_id_name_key" ON "building"("site_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "rack_building_id_name_key" ON "rack"("building_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "rig_group_name_key" ON "rig_group"("name");

-- CreateIndex
CREATE INDEX "rig_group_member_agent_id_idx" ON "rig_group_member"("agent_id");

-- CreateIndex
CREATE UNIQUE INDEX "enrolment_token_token_hash_key" ON "enrolment_token"("token_hash");

-- CreateIndex
CREATE INDEX "enrolment_token_created_at_idx" ON "enrolment_token"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "flight_sheet_name_key" ON "flight_sheet"("name");

-- CreateIndex
CREATE INDEX "flight_assignment_sheet_id_idx" ON "flight_assignment"("sheet_id");

-- CreateIndex
CREATE UNIQUE INDEX "flight_assignment_target_target_id_key" ON "flight_assignment"("target", "target_id");

-- CreateIndex
CREATE INDEX "agent_command_state_deadline_idx" ON "agent_command"("state", "deadline");

-- CreateIndex
CREATE INDEX "agent_command_bulk_id_state_idx" ON "agent_command"("bulk_id", "state");

-- CreateIndex
CREATE UNIQUE INDEX "agent_command_agent_id_number_key" ON "agent_command"("agent_id", "number");

-- CreateIndex
CREATE INDEX "agent_event_at_idx" ON "agent_event"("at");

-- CreateIndex
CREATE UNIQUE INDEX "agent_public_key_key" ON "agent"("public_key");

-- CreateIndex
CREATE UNIQUE INDEX "agent_rack_id_slot_key" ON "agent"("rack_id", "slot");

-- AddForeignKey
ALTER TABLE "building" ADD CONSTRAINT "building_site_id_fkey" FOREIGN KEY ("site_id") REFERENCES "site"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rack" ADD CONSTRAINT "rack_building_id_fkey" FOREIGN KEY ("building_id") REFERENCES "building"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent" ADD CONSTRAINT "agent_rack_id_fkey" FOREIGN KEY ("rack_id") REFERENCES "rack"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rig_group_member" ADD CONSTRAINT "rig_group_member_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "rig_group"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rig_group_member" ADD CONSTRAINT "rig_group_member_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "enrolment_token" ADD CONSTRAINT "enrolment_token_site_id_fkey" FOREIGN KEY ("site_id") REFERENCES "site"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "flight_sheet_version" ADD CONSTRAINT "flight_sheet_version_sheet_id_fkey" FOREIGN KEY ("sheet_id") REFERENCES "flight_sheet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "flight_assignment" ADD CONSTRAINT "flight_assignment_sheet_id_fkey" FOREIGN KEY ("sheet_id") REFERENCES "flight_sheet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_command" ADD CONSTRAINT "agent_command_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_command" ADD CONSTRAINT "agent_command_bulk_id_fkey" FOREIGN KEY ("bulk_id") REFERENCES "bulk_action"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_event" ADD CONSTRAINT "agent_event_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

