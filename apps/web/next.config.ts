import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

/** The workspace's root, where the packages are that the screens import as sources. */
const root = fileURLToPath(new URL("../..", import.meta.url));

const config: NextConfig = {
  agentRules: false,
  poweredByHeader: false,
  reactStrictMode: true,
  transpilePackages: ["@otedama/shared"],
  turbopack: { root },
  outputFileTracingRoot: root,
  // Types are checked for the whole repository at once by `npm run check`; a start from a fresh clone need not wait for it.
  typescript: { ignoreBuildErrors: true },
  devIndicators: false,
};

export default config;
