"use client";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { DENSITY_COOKIE, type Density, rememberPreference } from "./preferences.ts";

type DensityValue = { readonly density: Density; readonly setDensity: (density: Density) => void };
const DensityContext = createContext<DensityValue>({ density: "compact", setDensity: () => {} });
export const useDensity = () => useContext(DensityContext);

export function DensityProvider({ initial, children }: { readonly initial: Density; readonly children: ReactNode }) {
  const [density, set] = useState(initial);
  const setDensity = useCallback((next: Density) => {
    document.documentElement.dataset.density = next;
    rememberPreference(DENSITY_COOKIE, next);
    set(next);
  }, []);
  const value = useMemo(() => ({ density, setDensity }), [density, setDensity]);
  return <DensityContext.Provider value={value}>{children}</DensityContext.Provider>;
}
