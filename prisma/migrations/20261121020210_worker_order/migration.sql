-- The list of workers begins with those that hash most. Room in the pages keeps the updates of each batch of shares off the indexes.
CREATE INDEX "worker_state_hashrate_m15_hps_worker_id_idx" ON "worker_state"("hashrate_m15_hps", "worker_id");
ALTER TABLE "worker_state" SET (fillfactor = 70);
