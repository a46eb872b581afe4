"use client";
import { createContext, type ReactNode, useContext, useMemo, useRef } from "react";
import { signOut } from "./auth.ts";

type Session = {
  /** Signs out and goes to the sign-in page; false when the server did not answer, and nothing has changed. */
  readonly leave: () => Promise<boolean>;
  /** The server no longer knows the session: somebody signed out elsewhere, or it ran out. */
  readonly ended: () => void;
};

const SessionContext = createContext<Session>({ leave: async () => false, ended: () => {} });
export const useSession = () => useContext(SessionContext);

/** Both ways out load the next page anew, so that nothing that was fetched stays in memory. */
export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const leaving = useRef(false);
  const session = useMemo<Session>(
    () => ({
      async leave() {
        leaving.current = true;
        leaving.current = await signOut();
        if (leaving.current) location.replace("/sign-in");
        return leaving.current;
      },
      ended() {
        // Who signs out here is on the way already, and does not want to come back to where they were.
        if (!leaving.current) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
      },
    }),
    [],
  );
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}
