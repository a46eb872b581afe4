import { Blocks, ChartSpline, Gauge, type LucideIcon, NotebookText, Server, Settings, Users, Wallet } from "lucide-react";

export type Place = { readonly href: string; readonly word: string; readonly icon: LucideIcon };
export type PlaceGroup = { readonly name: string | null; readonly places: readonly Place[] };

/** The rail, from top to bottom. */
export const PLACES: readonly PlaceGroup[] = [
  { name: null, places: [{ href: "/", word: "Overview", icon: Gauge }] },
  { name: "Fleet", places: [{ href: "/rigs", word: "Rigs", icon: Server }] },
  {
    name: "Pool",
    places: [
      { href: "/workers", word: "Workers", icon: Users },
      { href: "/blocks", word: "Blocks", icon: Blocks },
      { href: "/statistics", word: "Statistics", icon: ChartSpline },
    ],
  },
  {
    name: "Payouts",
    places: [
      { href: "/balances", word: "Balances", icon: Wallet },
      { href: "/ledger", word: "Ledger", icon: NotebookText },
    ],
  },
];
export const SETTINGS: Place = { href: "/settings", word: "Settings", icon: Settings };

export const isHere = (path: string, href: string): boolean =>
  href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
