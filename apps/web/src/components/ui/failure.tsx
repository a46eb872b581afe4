import { Problem } from "./problem.tsx";

type Failed = { readonly message: string; readonly data?: { readonly code: string } | null | undefined };

/** "destination.url: must …" as "The url must …" */
const inWords = (message: string): string =>
  message.replace(/^(?:\w+\.)*(\w+): /, (_, field: string) => `The ${field.replaceAll("_", " ")} `);

/** What a mutation was refused with; without the server's own words the server did not answer, and nothing is known to have changed. */
export function Failure({ title, error }: { readonly title: string; readonly error: Failed | null }) {
  if (error === null) return null;
  return (
    <Problem title={title}>
      {error.data === undefined || error.data === null
        ? "The server did not answer. Look whether it was done before you try again."
        : error.data.code === "BAD_REQUEST"
          ? inWords(error.message)
          : error.message}
    </Problem>
  );
}
