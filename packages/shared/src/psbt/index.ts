export { type AcceptOptions, acceptSignedPsbt, type SignedTransaction } from "./accept.ts";
export {
  type BuiltPsbt,
  buildPsbt,
  outpointName,
  type PaidOutput,
  SEQUENCE_REPLACEABLE,
  type SpendableOutput,
  spentOutput,
  unsignedTxid,
} from "./build.ts";
export { differences } from "./compare.ts";
export { resolveDescriptor } from "./descriptor.ts";
export { PsbtError, type PsbtErrorCode } from "./errors.ts";
export { convertPsbt, encodePsbt, readPsbt } from "./read.ts";
export { dustLimit, outputWeight, type ScriptKind, scriptKind, scriptName } from "./scripts.ts";
export { inputWeight, transactionVsize } from "./weight.ts";
