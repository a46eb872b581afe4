export interface StratumAddress {
  host: string;
  port: number;
  tls: boolean;
}

/** `stratum+tcp://HOST:PORT` or `stratum+ssl://HOST:PORT`, IPv6 in brackets. Throws a sentence for anything else. */
export function parseStratumUrl(url: string): StratumAddress {
  const match = /^stratum\+(tcp|ssl):\/\/(\[[0-9a-fA-F:.]+\]|[^/:@\s]+):(\d{1,5})$/.exec(url);
  const port = Number(match?.[3]);
  if (!match?.[2] || port < 1 || port > 65535) {
    throw new Error(`"${url}" is not a pool address: it must look like stratum+tcp://HOST:PORT`);
  }
  return { host: match[2].replace(/^\[|\]$/g, ""), port, tls: match[1] === "ssl" };
}

export function formatStratumUrl(address: StratumAddress): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `stratum+${address.tls ? "ssl" : "tcp"}://${host}:${address.port}`;
}
