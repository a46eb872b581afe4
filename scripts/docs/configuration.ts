// Writes docs/configuration.md from the schema; with --check says whether it is up to date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfigKey, configKeys, environmentName } from "../../packages/shared/src/config/index.ts";

const FILE = join(import.meta.dirname, "../../docs/configuration.md");

const INTRODUCTION = `# Configuration

Generated from \`packages/shared/src/config\` by \`node scripts/docs/configuration.ts\`; \`npm run check\` fails when it is not up to date.

Nothing has to be set: \`npm start\` runs with the defaults below. What you set comes from three places, each stronger than the one before:

1. \`config.yaml\` in the folder you start from, or the file that \`-config FILE\` or \`OTEDAMA_CONFIG\` names;
2. environment variables, named after the key: \`stratum.min_diff\` is \`${environmentName("stratum.min_diff")}\`. \`DATABASE_URL\` is \`database.url\`, \`OTEDAMA_HOME\` is \`data_dir\`;
3. options on the command line (\`otedama help\`).

A key that does not exist, a value that will not do and a part that is not built yet are refused with the line, the key and the nearest right one:

\`\`\`
config.yaml line 3: there is no setting stratum.min_dif, did you mean stratum.min_diff?
config.yaml line 7: mining.gpu: GPU mining is not built yet: leave it at false
\`\`\`

A pool for the miners of your network, on Bitcoin's main chain:

\`\`\`yaml
mode: pool
network:
  name: main
chain:
  nodes:
    - url: http://127.0.0.1:8332
      user: otedama
      password: from bitcoin.conf
p2p_pool:
  fee_percentage: 1.5
  payout_address: an address of your own wallet
stratum:
  host: 0.0.0.0
  initial_diff: 65536
\`\`\`
`;

function page(): string {
  const keys = configKeys();
  const parts = [
    INTRODUCTION,
    "## Top level\n",
    table(keys.filter(({ path, kind }) => !path.includes(".") && kind !== "section")),
  ];
  const sections = keys.filter(({ kind }) => kind === "section");
  for (const section of sections) {
    const inner = sections.filter(({ path }) => path.startsWith(`${section.path}.`));
    parts.push(`## ${section.path}\n\n${section.description}\n`);
    const own = keys.filter(
      ({ path }) => path.startsWith(`${section.path}.`) && !inner.some((other) => isWithin(path, other.path)),
    );
    parts.push(table(own));
  }
  return `${parts.join("\n").trimEnd()}\n`;
}

const isWithin = (path: string, section: string) => path === section || path.startsWith(`${section}.`);

function table(keys: ConfigKey[]): string {
  const rows = keys.map((key) => {
    const what = [
      key.description,
      key.not_built ? `*${key.not_built}: any other value is refused.*` : "",
      key.choices_note ? `(${key.choices_note})` : "",
    ];
    const takes =
      key.kind === "choice"
        ? key.allowed.replaceAll(", ", " \\| ")
        : [key.kind === "boolean" ? "true \\| false" : key.kind, key.allowed].filter(Boolean).join(", ");
    return `| \`${key.path}\` | ${takes} | ${key.default_text ?? "none"} | ${what.filter(Boolean).join(" ")} |`;
  });
  return ["| key | takes | default | what it is |", "|---|---|---|---|", ...rows, ""].join("\n");
}

const wanted = page();
if (process.argv.includes("--check")) {
  if (existsSync(FILE) && readFileSync(FILE, "utf8") === wanted) process.exit(0);
  process.stderr.write("docs/configuration.md is not up to date: run `node scripts/docs/configuration.ts`\n");
  process.exit(1);
}
writeFileSync(FILE, wanted);
