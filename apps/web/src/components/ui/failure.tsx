import { Problem } from "./problem.tsx";

type Failed = { readonly message: string; readonly data?: { readonly code: string } | null | undefined };

/** What a mutation was refused with; without the server's own words the server did not answer, and nothing is known to have changed. */
export function Failure({ title, error }: { readonly title: string; readonly error: Failed | null }) {
  if (error === null) return null;
  return (
    <Problem title={title}>
      {error.data === undefined || error.data === null
        ? "The server did not answer. Look whether it was done before you try again."
        : error.data.code === "BAD_REQUEST"
          ? error.message.replace(/^[\w.]+: /, (field) => `${field.slice(0, -2).replaceAll(/[._]/g, " ")} `)
          : error.message}
    </Problem>
  );
}
