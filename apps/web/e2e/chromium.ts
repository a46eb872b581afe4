/** Chromium from an npm package: nothing to install by hand. It unpacks itself into the temporary folder once. */
export async function chromium(): Promise<{ executablePath: string; args: string[] }> {
  // Makes the package use the libraries that it carries instead of the system's.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= "nodejs20.x";
  const { default: packed } = await import("@sparticuz/chromium");
  return {
    executablePath: await packed.executablePath(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  };
}
