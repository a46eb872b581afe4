import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { RigScreen } from "@/features/fleet/rig_screen.tsx";
import { openPage, orNotFound, type SearchParams } from "@/lib/server.ts";
import { parseAsRigWindow } from "@/lib/window.ts";

export const metadata: Metadata = { title: "Rig" };

const load = createLoader({ window: parseAsRigWindow });

type Props = { readonly params: Promise<{ id: string }>; readonly searchParams: SearchParams };

export default async function RigPage({ params, searchParams }: Props) {
  const { id } = await params;
  const { api } = await openPage(`/rigs/${id}`);
  const { window } = await load(searchParams);
  return <RigScreen initial={await orNotFound(api.rigs.get({ id, window }))} />;
}
