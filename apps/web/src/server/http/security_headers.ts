import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";

export function newNonce(): string {
  return randomBytes(16).toString("base64");
}

/**
 * Scripts run only with the nonce of their own response, and what such a script loads. Styles may be inline: charts, virtual lists and
 * pop-overs place themselves with style attributes. Sockets go to the own host only.
 */
export function contentSecurityPolicy(nonce: string, https: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    ...(https ? ["upgrade-insecure-requests"] : []),
  ].join("; ");
}

export function setSecurityHeaders(response: ServerResponse, policy: string, https: boolean): void {
  response.setHeader("content-security-policy", policy);
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("x-frame-options", "DENY");
  response.setHeader("referrer-policy", "same-origin");
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("permissions-policy", "camera=(), microphone=(), geolocation=()");
  if (https) response.setHeader("strict-transport-security", "max-age=31536000");
}
