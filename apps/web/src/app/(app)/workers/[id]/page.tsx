import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { WorkerScreen } from "@/features/pool/worker_screen.tsx";
import { openPage, orNotFound, type SearchParams } from "@/lib/server.ts";
import { parseAsWindow } from "@/lib/window.ts";

export const metadata: Metadata = { title: "Worker" };

const load = createLoader({ window: parseAsWindow });

type Props = { readonly params: Promise<{ id: string }>; readonly searchParams: SearchParams };

export default async function WorkerPage({ params, searchParams }: Props) {
  const { id } = await params;
  const { api } = await openPage(`/workers/${id}`);
  const { window } = await load(searchParams);
  return <WorkerScreen initial={await orNotFound(api.workers.get({ id: Number(id), window }))} />;
}
