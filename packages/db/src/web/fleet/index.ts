export { assignSheet, previewAssignment } from "./assignments.ts";
export { type BulkStep, createBulk, getBulk, listBulks, steerBulk, stepBulk } from "./bulk.ts";
export {
  agentsWithDueCommands,
  type CommandReportRow,
  type CommandToSend,
  cancelCommand,
  expireCommands,
  issueCommand,
  issueCommands,
  listCommands,
  takeCommandsToSend,
  writeCommandReports,
} from "./commands.ts";
export {
  agentsWithOpenDesired,
  type DesiredContent,
  type DesiredToSend,
  desiredToSend,
  noteDesiredHeld,
  type ProofRow,
  refreshDesired,
  setPaused,
  writeProofs,
} from "./desired.ts";
export { type ArrivalRow, type Arrived, countRefused, type DoorRow, findAgents, noteArrivals, retiredAgents } from "./door.ts";
export {
  auditEnrolRefusal,
  createEnrolmentTokens,
  type Enrolled,
  type Enrolling,
  type EnrolRefusal,
  enrolAgent,
  listEnrolmentTokens,
  revokeEnrolmentToken,
} from "./enrol.ts";
export { deleteEventsBefore, type EventRow, noteEvent, writeEvents } from "./events.ts";
export { FleetError, type FleetErrorCode } from "./fleet_error.ts";
export { importPlacement, type PlacementImported, readPlacement } from "./placement.ts";
export { type PlacedRig, type PlacementLine, planPlacement } from "./placement_plan.ts";
export { changeMembers, changePlace, createPlace, listPlaces, placeRig, removePlace, retireRig } from "./places.ts";
export { completeUpTo, MISSING_RANGES_MAX, type Range, type ReportNumbers, takeNumber } from "./report_numbers.ts";
export { type AgentRow, DEFAULT_SITE, knownAgents, type ReportRow, type Taken, writeFleet, writeReports } from "./reports.ts";
export { nearestAssignment, type RigPlace, workerUser } from "./resolve.ts";
export { type DeviceSample, deleteSamplesBefore, type FleetSample, sampleOf, writeSamples } from "./samples.ts";
export { blastRadius, selectionConditions } from "./selection.ts";
export { archiveSheet, changeSheet, createSheet, diffSheet, getSheet, listSheets, undoSheet } from "./sheets.ts";
export { type FleetDatabase, type Transaction, transaction } from "./transaction.ts";
