import type { MeDto } from "@otedama/shared";
import {
  Bell,
  Blocks,
  Cable,
  ChartSpline,
  Gauge,
  type LucideIcon,
  Network,
  NotebookText,
  PackageCheck,
  ScrollText,
  Send,
  Server,
  Settings,
  SlidersHorizontal,
  UserCog,
  Users,
  Wallet,
} from "lucide-react";

type Role = MeDto["role"];
export type Place = {
  readonly href: string;
  readonly word: string;
  readonly icon: LucideIcon;
  /** Who may go there; everybody when absent. */
  readonly roles?: readonly Role[];
  /** Lies under the thumb on phones; the others are behind "More". At most four. */
  readonly thumb?: true;
};
export type PlaceGroup = { readonly name: string | null; readonly places: readonly Place[] };

/** The rail, from top to bottom. */
const PLACES: readonly PlaceGroup[] = [
  { name: null, places: [{ href: "/", word: "Overview", icon: Gauge, thumb: true }] },
  {
    name: "Fleet",
    places: [
      { href: "/rigs", word: "Rigs", icon: Server },
      { href: "/releases", word: "Releases", icon: PackageCheck },
      { href: "/provision", word: "Provision", icon: Cable, roles: ["owner", "operator"] },
    ],
  },
  {
    name: "Pool",
    places: [
      { href: "/workers", word: "Workers", icon: Users, thumb: true },
      { href: "/blocks", word: "Blocks", icon: Blocks, thumb: true },
      { href: "/statistics", word: "Statistics", icon: ChartSpline },
      { href: "/policy", word: "Pool settings", icon: SlidersHorizontal },
      { href: "/nodes", word: "Nodes", icon: Network },
    ],
  },
  {
    name: "Payouts",
    places: [
      { href: "/payouts", word: "Payouts", icon: Send },
      { href: "/balances", word: "Balances", icon: Wallet, thumb: true },
      { href: "/ledger", word: "Ledger", icon: NotebookText },
    ],
  },
  {
    name: "Administration",
    places: [
      { href: "/people", word: "People", icon: UserCog, roles: ["owner"] },
      { href: "/notices", word: "Notices", icon: Bell, roles: ["owner", "operator"] },
      { href: "/audit", word: "Audit", icon: ScrollText, roles: ["owner", "accountant"] },
    ],
  },
];
export const SETTINGS: Place = { href: "/settings", word: "Settings", icon: Settings };

/** What a person of this role finds in the rail; a group without a place is left out. */
export function placesFor(role: Role): readonly PlaceGroup[] {
  return PLACES.map((group) => ({
    name: group.name,
    places: group.places.filter((place) => place.roles === undefined || place.roles.includes(role)),
  })).filter((group) => group.places.length > 0);
}

export const isHere = (path: string, href: string): boolean =>
  href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
