import type { IncomingMessage } from "node:http";

/** The part of a request's headers that says who sent it. */
export function cookieHeaders(request: IncomingMessage): Headers {
  return new Headers({ cookie: request.headers.cookie ?? "" });
}
