import type { ReactNode } from "react";
import { Mark } from "@/components/frame/mark.tsx";

export default function AuthLayout({ children }: { readonly children: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-[26rem] flex-col justify-center gap-6 px-4 py-10">
      <p className="flex items-center gap-2.5 text-lg font-semibold">
        <Mark className="size-7 text-ink-2" />
        Otedama
      </p>
      {children}
    </main>
  );
}
