-- CreateTable
CREATE TABLE "release" (
    "number" INTEGER NOT NULL,
    "version" TEXT NOT NULL,
    "payload" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "notes" TEXT NOT NULL,
    "again_of" INTEGER,
    "published_by" TEXT,
    "published_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "files_removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "release_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "release_file" (
    "release_number" INTEGER NOT NULL,
    "platform" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,

    CONSTRAINT "release_file_pkey" PRIMARY KEY ("release_number","platform")
);

-- CreateTable
CREATE TABLE "release_channel" (
    "name" TEXT NOT NULL,
    "release_number" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "release_channel_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "release_channel_site" (
    "site_id" INTEGER NOT NULL,
    "channel_name" TEXT NOT NULL,

    CONSTRAINT "release_channel_site_pkey" PRIMARY KEY ("site_id")
);

-- CreateTable
CREATE TABLE "rollout" (
    "id" SERIAL NOT NULL,
    "release_number" INTEGER NOT NULL,
    "channel_name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "ring" INTEGER NOT NULL DEFAULT 0,
    "ring_settled_at" TIMESTAMPTZ(3),
    "batch_rigs" INTEGER NOT NULL,
    "failures_max" INTEGER NOT NULL,
    "loss_percent_max" DOUBLE PRECISION NOT NULL,
    "watch_s" INTEGER NOT NULL,
    "rigs" INTEGER NOT NULL,
    "hashrate_hps" DOUBLE PRECISION NOT NULL,
    "power_watts" DOUBLE PRECISION,
    "started_by" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "message" TEXT,

    CONSTRAINT "rollout_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rollout_rig" (
    "rollout_id" INTEGER NOT NULL,
    "agent_id" UUID NOT NULL,
    "ring" INTEGER NOT NULL,
    "place" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "command_id" UUID,
    "from_release" INTEGER,
    "hashrate_hps" DOUBLE PRECISION,
    "settled_at" TIMESTAMPTZ(3),
    "message" TEXT,

    CONSTRAINT "rollout_rig_pkey" PRIMARY KEY ("rollout_id","agent_id")
);

-- CreateIndex
CREATE INDEX "release_file_sha256_idx" ON "release_file"("sha256");

-- CreateIndex
CREATE INDEX "release_channel_site_channel_name_idx" ON "release_channel_site"("channel_name");

-- CreateIndex
CREATE INDEX "rollout_state_idx" ON "rollout"("state");

-- CreateIndex
CREATE INDEX "rollout_rig_rollout_id_ring_place_idx" ON "rollout_rig"("rollout_id", "ring", "place");

-- AddForeignKey
ALTER TABLE "release_file" ADD CONSTRAINT "release_file_release_number_fkey" FOREIGN KEY ("release_number") REFERENCES "release"("number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release_channel_site" ADD CONSTRAINT "release_channel_site_channel_name_fkey" FOREIGN KEY ("channel_name") REFERENCES "release_channel"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rollout" ADD CONSTRAINT "rollout_release_number_fkey" FOREIGN KEY ("release_number") REFERENCES "release"("number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rollout" ADD CONSTRAINT "rollout_channel_name_fkey" FOREIGN KEY ("channel_name") REFERENCES "release_channel"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rollout_rig" ADD CONSTRAINT "rollout_rig_rollout_id_fkey" FOREIGN KEY ("rollout_id") REFERENCES "rollout"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- Everybody's channel, until there are others.
INSERT INTO "release_channel" ("name") VALUES ('stable');

-- Two of a channel would pull at the same rigs.
CREATE UNIQUE INDEX "rollout_one_open" ON "rollout" ("channel_name") WHERE "state" IN ('running', 'paused', 'stopped');
