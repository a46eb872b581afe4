import type { IncomingMessage } from "node:http";

export class BodyTooLargeError extends Error {
  constructor(bytes_max: number) {
    super(`the body may have ${bytes_max} bytes at most`);
  }
}

/** Reads a request's body, up to a bound. */
export async function readBody(request: IncomingMessage, bytes_max: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > bytes_max) throw new BodyTooLargeError(bytes_max);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytes_max) throw new BodyTooLargeError(bytes_max);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
