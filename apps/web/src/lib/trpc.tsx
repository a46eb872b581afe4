"use client";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { type ReactNode, useState } from "react";
import type { AppRouter } from "@/server/trpc/router.ts";

const context = createTRPCContext<AppRouter>();
export const { useTRPC, useTRPCClient } = context;

/** Lists are kept fresh by pushes, not by age; a failed read is tried twice more before it is told. */
const STALE_MS = 300_000;

/** An answer that was cut off, or is a proxy's own page, is told as that and not as what a parser thinks of it. */
const ask = async (input: RequestInfo | URL, init?: unknown): Promise<Response> => {
  const answer = await fetch(input, init as RequestInit);
  if (answer.headers.get("content-type")?.includes("json")) return answer;
  throw new Error("The server's answer did not arrive. Reload the page to see what was done before you try again.");
};

export function ApiProvider({ children }: { readonly children: ReactNode }) {
  const [queryClient] = useState(
    () =>
      new QueryClient({
        defaultOptions: { queries: { staleTime: STALE_MS, refetchOnWindowFocus: false, retry: 2 } },
      }),
  );
  const [trpcClient] = useState(() =>
    createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: "/api/trpc", maxURLLength: 2_000, fetch: ask })] }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <context.TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {children}
      </context.TRPCProvider>
    </QueryClientProvider>
  );
}
