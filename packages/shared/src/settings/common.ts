import { z } from "zod";

export const LogLevel = z.enum(["debug", "info", "warn", "error"]);
export type LogLevel = z.infer<typeof LogLevel>;

export const Network = z.enum(["main", "test", "signet", "regtest"]);
export type Network = z.infer<typeof Network>;

/** Where a server listens. Port 0 takes a free one. */
export const ListenAddress = z.strictObject({
  host: z.string().min(1).max(255),
  port: z.int().min(0).max(65535),
});
export type ListenAddress = z.infer<typeof ListenAddress>;

const NETWORK_FORMS = [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()];

/** An address or a network in CIDR notation; an address alone is a network of one. */
export const NetworkRange = z
  .string()
  .max(64)
  .refine(
    (text) => NETWORK_FORMS.some((form) => form.safeParse(text).success),
    "must be a network such as 10.0.0.0/8 or 2001:db8::/32, or one address",
  );
export type NetworkRange = z.infer<typeof NetworkRange>;

/** A PostgreSQL address as `pg` and Prisma take it. */
export const DatabaseUrl = z.string().regex(/^postgres(ql)?:\/\//, "must begin with postgresql://");

/** How a pool or an agent reaches the control plane. */
export const HubLink = z.strictObject({ url: z.url(), token: z.string().min(16).max(256) });
export type HubLink = z.infer<typeof HubLink>;
