/**
 * What a person prefers on this device. It is kept in cookies rather than in local storage, so that the server renders the
 * page as it will be and nothing jumps.
 */
export const DENSITIES = ["compact", "comfortable"] as const;
export type Density = (typeof DENSITIES)[number];
export const DENSITY_COOKIE = "otedama_density";
export const RAIL_COOKIE = "otedama_rail";

const YEAR_S = 31_536_000;

export const parseDensity = (text: string | undefined): Density => (text === "comfortable" ? "comfortable" : "compact");

export function rememberPreference(cookie: typeof DENSITY_COOKIE | typeof RAIL_COOKIE, value: string): void {
  const secure = location.protocol === "https:" ? "; secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API needs HTTPS, which a rig's LAN may not have
  document.cookie = `${cookie}=${value}; path=/; max-age=${YEAR_S}; samesite=lax${secure}`;
}
