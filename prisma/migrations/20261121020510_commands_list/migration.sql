-- Lists of commands go on by time, of all rigs and of one.
-- CreateIndex
CREATE INDEX "agent_command_issued_at_id_idx" ON "agent_command"("issued_at", "id");

-- CreateIndex
CREATE INDEX "agent_command_agent_id_issued_at_idx" ON "agent_command"("agent_id", "issued_at");

-- Every report rewrites its rig's row: room on each page keeps the new version beside the old one, and the table short enough to be read whole.
ALTER TABLE "agent" SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
