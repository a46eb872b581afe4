-- CreateTable
CREATE TABLE "receipt_cursor" (
    "instance_id" TEXT NOT NULL,
    "segment" BIGINT NOT NULL,
    "offset" BIGINT NOT NULL,
    "number" INTEGER NOT NULL DEFAULT 1,
    "previous_digest" BYTEA NOT NULL,
    "first_sequence" BIGINT,
    "last_sequence" BIGINT,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "shares_kept" BIGINT NOT NULL DEFAULT 0,
    "complete" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "receipt_cursor_pkey" PRIMARY KEY ("instance_id")
);

-- CreateTable
CREATE TABLE "receipt_tally" (
    "instance_id" TEXT NOT NULL,
    "account_id" INTEGER NOT NULL,
    "solo" BOOLEAN NOT NULL,
    "shares" BIGINT NOT NULL,
    "work_hashes" DECIMAL(78,0) NOT NULL,
    "chain" BYTEA NOT NULL,

    CONSTRAINT "receipt_tally_pkey" PRIMARY KEY ("instance_id","account_id","solo")
);

-- CreateTable
CREATE TABLE "receipt" (
    "block_hash" TEXT NOT NULL,
    "instance_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "digest" BYTEA NOT NULL,
    "previous_digest" BYTEA NOT NULL,
    "first_sequence" BIGINT NOT NULL,
    "last_sequence" BIGINT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "complete" BOOLEAN NOT NULL,
    "leaf_count" INTEGER NOT NULL,
    "shares" BIGINT NOT NULL,
    "pooled_hashes" DECIMAL(78,0) NOT NULL,
    "solo_hashes" DECIMAL(78,0) NOT NULL,
    "root" BYTEA NOT NULL,
    "subtrees" BYTEA NOT NULL,

    CONSTRAINT "receipt_pkey" PRIMARY KEY ("block_hash")
);

-- CreateTable
CREATE TABLE "receipt_leaf" (
    "block_hash" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "account_id" INTEGER NOT NULL,
    "solo" BOOLEAN NOT NULL,
    "shares" BIGINT NOT NULL,
    "work_hashes" DECIMAL(78,0) NOT NULL,
    "chain" BYTEA NOT NULL,

    CONSTRAINT "receipt_leaf_pkey" PRIMARY KEY ("block_hash","position")
);

-- CreateTable
CREATE TABLE "receipt_shares" (
    "instance_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "account_id" INTEGER NOT NULL,
    "solo" BOOLEAN NOT NULL,
    "position" BIGINT NOT NULL,
    "count" INTEGER NOT NULL,
    "packed" BYTEA NOT NULL,

    CONSTRAINT "receipt_shares_pkey" PRIMARY KEY ("instance_id","number","account_id","solo","position")
);

-- CreateTable
CREATE TABLE "setting_challenge" (
    "nonce" TEXT NOT NULL,
    "account_id" INTEGER NOT NULL,
    "used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "setting_challenge_pkey" PRIMARY KEY ("nonce")
);

-- CreateIndex
CREATE INDEX "receipt_ended_at_idx" ON "receipt"("ended_at");

-- CreateIndex
CREATE UNIQUE INDEX "receipt_instance_id_number_key" ON "receipt"("instance_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "receipt_leaf_account_id_block_hash_solo_key" ON "receipt_leaf"("account_id", "block_hash", "solo");

-- CreateIndex
CREATE INDEX "setting_challenge_expires_at_idx" ON "setting_challenge"("expires_at");

-- AddForeignKey
ALTER TABLE "receipt_tally" ADD CONSTRAINT "receipt_tally_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "receipt" ADD CONSTRAINT "receipt_block_hash_fkey" FOREIGN KEY ("block_hash") REFERENCES "block"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "receipt_leaf" ADD CONSTRAINT "receipt_leaf_block_hash_fkey" FOREIGN KEY ("block_hash") REFERENCES "receipt"("block_hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "receipt_leaf" ADD CONSTRAINT "receipt_leaf_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "receipt_shares" ADD CONSTRAINT "receipt_shares_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "setting_challenge" ADD CONSTRAINT "setting_challenge_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- A receipt is published: it never changes.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "receipt" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "receipt_leaf" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
