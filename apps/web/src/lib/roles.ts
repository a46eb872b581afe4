import type { MeDto } from "@otedama/shared";

type Role = MeDto["role"];

export const ROLE_CHOICES = [
  { value: "owner", label: "Owner" },
  { value: "operator", label: "Operator" },
  { value: "accountant", label: "Accountant" },
  { value: "viewer", label: "Viewer" },
] as const satisfies readonly { value: Role; label: string }[];

export const ROLE_MEANINGS: Readonly<Record<Role, string>> = {
  owner: "Owner: sees and may change everything",
  operator: "Operator: runs rigs and the pool",
  accountant: "Accountant: sees and approves payouts",
  viewer: "Viewer: sees, changes nothing",
};
