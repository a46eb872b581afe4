import type { ServerResponse } from "node:http";

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "content-length": text.length, ...headers });
  response.end(text);
}

export function sendText(response: ServerResponse, status: number, body: string, headers: Record<string, string>): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = Buffer.from(body);
  response.writeHead(status, { "content-length": text.length, ...headers });
  response.end(text);
}

/** Every error of the server's own: a code for programs and a sentence for people. */
export function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  sendJson(response, status, { code, message }, { "cache-control": "no-store", ...headers });
}
