-- What a block's page tells: its coinbase, what each node answered, and each change of its state.
-- CreateEnum
CREATE TYPE "block_submission_result" AS ENUM ('accepted', 'rejected', 'unsure', 'away');

-- CreateTable
CREATE TABLE "block_coinbase" (
    "block_hash" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "template_node" TEXT,
    "template_at" TIMESTAMPTZ(3),
    "outputs" JSONB NOT NULL,

    CONSTRAINT "block_coinbase_pkey" PRIMARY KEY ("block_hash")
);

-- CreateTable
CREATE TABLE "block_submission" (
    "block_hash" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "result" "block_submission_result" NOT NULL,
    "answer" TEXT,
    "attempts" INTEGER NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "answered_at" TIMESTAMPTZ(3),
    "latency_ms" DOUBLE PRECISION,

    CONSTRAINT "block_submission_pkey" PRIMARY KEY ("block_hash","node")
);

-- CreateTable
CREATE TABLE "block_move" (
    "id" BIGSERIAL NOT NULL,
    "block_hash" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "from_state" "block_state" NOT NULL,
    "to_state" "block_state" NOT NULL,
    "note" TEXT,

    CONSTRAINT "block_move_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "block_move_block_hash_id_idx" ON "block_move"("block_hash", "id");

-- AddForeignKey
ALTER TABLE "block_coinbase" ADD CONSTRAINT "block_coinbase_block_hash_fkey" FOREIGN KEY ("block_hash") REFERENCES "block"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "block_submission" ADD CONSTRAINT "block_submission_block_hash_fkey" FOREIGN KEY ("block_hash") REFERENCES "block"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "block_move" ADD CONSTRAINT "block_move_block_hash_fkey" FOREIGN KEY ("block_hash") REFERENCES "block"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

