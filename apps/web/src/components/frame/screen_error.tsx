"use client";
import { Problem } from "@/components/ui/problem.tsx";

type ScreenErrorProps = {
  /** What could not be shown, with a capital letter: "The workers". */
  readonly what: string;
  readonly error: Error & { readonly digest?: string };
  readonly retry: () => void;
};

/** What a screen becomes when its data could not be had. The frame around it stays. */
export function ScreenError({ what, error, retry }: ScreenErrorProps) {
  return (
    <div className="mx-auto w-full max-w-3xl px-3 py-6 sm:px-5">
      <Problem title={`${what} could not be loaded`} onRetry={retry} reference={error.digest}>
        Most often the database does not answer. Miners are not affected: shares are kept by the pool and counted later. Try again
        in a moment; if it stays, look at the control plane&apos;s log.
      </Problem>
    </div>
  );
}
