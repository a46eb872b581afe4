"use client";
import type { LucideIcon } from "lucide-react";
import { X } from "lucide-react";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import { Button } from "./button.tsx";
import { Status, type Tone } from "./status.tsx";

export type Toast = {
  readonly tone: Tone;
  readonly icon: LucideIcon;
  readonly word: string;
  readonly text: string;
  readonly action?: ReactNode;
};

const SHOWN_MS = 8_000;
const AT_ONCE = 3;

const ToastContext = createContext<(toast: Toast) => void>(() => {});
export const useToast = () => useContext(ToastContext);

/** At most three notes at a time, at the foot of the page, read out politely and gone after a while. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly (Toast & { readonly key: number })[]>([]);
  const next = useRef(0);
  const dismiss = useCallback((key: number) => setToasts((all) => all.filter((one) => one.key !== key)), []);
  const show = useCallback(
    (toast: Toast) => {
      next.current += 1;
      const key = next.current;
      setToasts((all) => [...all.slice(1 - AT_ONCE), { ...toast, key }]);
      setTimeout(() => dismiss(key), SHOWN_MS);
    },
    [dismiss],
  );
  const list = useMemo(
    () =>
      toasts.map((toast) => (
        <li
          key={toast.key}
          className="pointer-events-auto flex w-full items-center gap-3 rounded-md border border-line bg-raised py-2 pr-2 pl-3 text-sm shadow-pop animate-slide-in"
        >
          <Status tone={toast.tone} icon={toast.icon} word={toast.word} />
          <span className="min-w-0 grow truncate text-ink-2">{toast.text}</span>
          {toast.action}
          <Button variant="ghost" size="icon-sm" aria-label="Dismiss" onClick={() => dismiss(toast.key)}>
            <X />
          </Button>
        </li>
      )),
    [toasts, dismiss],
  );
  return (
    <ToastContext.Provider value={show}>
      {children}
      <ol
        aria-live="polite"
        aria-label="Notes"
        className="pointer-events-none fixed right-3 bottom-[calc(var(--foot-height)+12px)] z-50 flex w-[min(26rem,calc(100vw-24px))] flex-col gap-2 md:bottom-4"
      >
        {list}
      </ol>
    </ToastContext.Provider>
  );
}
