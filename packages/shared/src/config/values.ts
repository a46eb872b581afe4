/** What several settings are bounded by. */
import { z } from "zod";
import { NetworkRange } from "../settings/common.ts";

export const Port = z.int().min(1).max(65535);
export const PortOrAny = z.int().min(0).max(65535);
export const Host = z.string().min(1).max(255);
export const Difficulty = z.number().positive().max(1e15);
export const Percentage = z.number().min(0).max(100);
/** Satoshis a virtual byte. */
export const FeeRate = z.number().min(0).max(10_000);
export const Sats = z.int().min(0).max(2_100_000_000_000_000);
export const Networks = z.array(NetworkRange).max(1000).default([]);

/** Shown instead of a default that depends on the machine. */
export interface KeyMeta {
  /** A part that is not built yet: any value but the default is refused with this sentence. */
  not_built?: string;
  /** Said after the choices when another one is asked for. */
  choices_note?: string;
  /** Stands in the reference page for the default. */
  default_text?: string;
}

/** A part that is to come: any value but the default is refused with the sentence. */
export const notBuilt = (default_value: boolean, sentence: string) =>
  z.boolean().default(default_value).meta({ not_built: sentence });
