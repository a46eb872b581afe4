export { MessageSignatureError } from "./reader.ts";
export { SIGNATURE_LENGTH_MAX, verifyMessage } from "./verify.ts";
export { messageHash, toSignTxid, toSpendTxid } from "./virtual_transactions.ts";
