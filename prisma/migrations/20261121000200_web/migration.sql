-- Better Auth 1.7 names who vouches for a login beside the login itself.
ALTER TABLE "login_credential" ADD COLUMN "issuer" TEXT NOT NULL DEFAULT 'local:credential';
ALTER TABLE "login_credential" ALTER COLUMN "issuer" DROP DEFAULT;
CREATE UNIQUE INDEX "login_credential_issuer_accountId_key" ON "login_credential"("issuer", "accountId");

-- A block is confirmed at the depth that held when it was found, whatever the setting says later.
ALTER TABLE "block" ADD COLUMN "maturity_confirmations" INTEGER NOT NULL DEFAULT 100;

-- Lists of blocks are read newest first; a worker's blocks on its page.
CREATE INDEX "block_worker_id_found_at_idx" ON "block"("worker_id", "found_at");

-- The newest samples of all rigs, and the removal of old ones, go by time.
CREATE INDEX "agent_sample_at_idx" ON "agent_sample" USING brin ("at");
