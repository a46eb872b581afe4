-- CreateTable
CREATE TABLE "host_key_pin" (
    "id" SERIAL NOT NULL,
    "host" TEXT NOT NULL,
    "port" INTEGER NOT NULL,
    "key_type" TEXT NOT NULL,
    "key" BYTEA NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "pinned_by" TEXT NOT NULL,
    "pinned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "host_key_pin_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "provision_run" (
    "id" SERIAL NOT NULL,
    "purpose" TEXT NOT NULL,
    "site_id" INTEGER,
    "user_name" TEXT NOT NULL,
    "credential" TEXT NOT NULL,
    "opened_by" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "provision_run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "provision_rig" (
    "run_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "host" TEXT NOT NULL,
    "port" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "message" TEXT,
    "agent_id" UUID,
    "result" JSONB NOT NULL,

    CONSTRAINT "provision_rig_pkey" PRIMARY KEY ("run_id","number")
);

-- CreateIndex
CREATE UNIQUE INDEX "host_key_pin_host_port_key_type_key" ON "host_key_pin"("host", "port", "key_type");

-- CreateIndex
CREATE INDEX "provision_run_opened_at_idx" ON "provision_run"("opened_at");

-- AddForeignKey
ALTER TABLE "provision_rig" ADD CONSTRAINT "provision_rig_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "provision_run"("id") ON DELETE CASCADE ON UPDATE CASCADE;
