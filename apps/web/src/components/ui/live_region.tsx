"use client";
import { useEffect, useRef, useState } from "react";

/** Screens change twice a second; nobody wants that read out. A change is spoken at most this often. */
const SPOKEN_EVERY_MS = 20_000;

/** Speaks a sentence politely when it has changed, throttled. */
export function LiveRegion({ text }: { readonly text: string }) {
  const [spoken, setSpoken] = useState("");
  const last_ms = useRef(0);
  useEffect(() => {
    const wait_ms = Math.max(1_000, last_ms.current + SPOKEN_EVERY_MS - Date.now());
    const timer = setTimeout(() => {
      last_ms.current = Date.now();
      setSpoken(text);
    }, wait_ms);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p aria-live="polite" className="sr-only">
      {spoken}
    </p>
  );
}
