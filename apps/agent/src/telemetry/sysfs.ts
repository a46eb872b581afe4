/** Linux's sysfs and proc: what is not there, or not for this user, is null and no error. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export const folders = (folder: string): string[] => names(folder).map((name) => join(folder, name));

export function text(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

export function number(path: string): number | null {
  const value = text(path);
  return value !== null && /^-?\d+$/.test(value) ? Number(value) : null;
}

/** `divisor` brings the kernel's unit to ours. */
export function scaled(path: string, divisor: number): number | null {
  const value = number(path);
  return value === null ? null : value / divisor;
}
