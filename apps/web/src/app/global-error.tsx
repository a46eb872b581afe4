"use client";

/** The last resort, when not even the frame could be drawn: no component of ours, no style sheet. */
export default function GlobalError({
  error,
  retry,
}: {
  readonly error: Error & { digest?: string };
  readonly retry: () => void;
}) {
  return (
    <html lang="en">
      <body
        style={{
          fontFamily: "system-ui, sans-serif",
          maxWidth: "36rem",
          margin: "15vh auto",
          padding: "0 1rem",
          lineHeight: 1.5,
        }}
      >
        <h1 style={{ fontSize: "1.25rem" }}>This page could not be drawn</h1>
        <p>
          Mining is not touched by this. Try again; if it stays, look into the control plane&apos;s log
          {error.digest === undefined ? "" : ` for ${error.digest}`}.
        </p>
        <button type="button" onClick={() => retry()}>
          Try again
        </button>
      </body>
    </html>
  );
}
