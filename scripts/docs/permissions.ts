// Writes docs/permissions.md from the procedures and the REST routes themselves; with --check says whether it is up to date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KEYED_ROUTES, SCOPE_MEANINGS } from "../../apps/web/src/server/rest/keyed/routes.ts";
import { appRouter } from "../../apps/web/src/server/trpc/router.ts";
import { ROLES, type Role } from "../../packages/shared/src/index.ts";

const FILE = join(import.meta.dirname, "../../docs/permissions.md");

interface Procedure {
  _def: { type: "query" | "mutation"; meta?: { roles?: readonly Role[] | "public" } };
}

const INTRODUCTION = `# Who may do what

Generated from the procedures and routes by \`node scripts/docs/permissions.ts\`; \`npm run check\` fails when it is not up to date. Every procedure of the
dashboard says who may call it, and a test calls each of them as every role. "anybody" needs no sign-in. A person whose role needs a second factor
and has none may call \`me.*\` only.
`;

function rolesOf(path: string, roles: readonly Role[] | "public" | undefined): readonly string[] {
  if (roles === undefined) throw new Error(`${path} does not say who may call it`);
  return roles === "public" ? ["anybody"] : roles;
}

function page(): string {
  const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const lines = procedures.map(([path, { _def }]) => {
    const roles = rolesOf(path, _def.meta?.roles);
    const cells = roles[0] === "anybody" ? ROLES.map(() => "anybody") : ROLES.map((role) => (roles.includes(role) ? "yes" : ""));
    return `| \`${path}\` | ${_def.type === "query" ? "reads" : "changes"} | ${cells.join(" | ")} |`;
  });
  const routes = KEYED_ROUTES.map(
    ({ method, path, scope, summary }) => `| \`${method.toUpperCase()} ${path}\` | \`${scope}\` | ${summary} |`,
  );
  const scopes = Object.entries(SCOPE_MEANINGS).map(([scope, meaning]) => `- \`${scope}\`: ${meaning}`);
  return `${[
    INTRODUCTION,
    "## Procedures\n",
    `| procedure | | ${ROLES.join(" | ")} |`,
    `|---|---|${ROLES.map(() => "---").join("|")}|`,
    ...lines,
    "\n## API keys\n",
    "A key may do what its scopes and its person's role both allow. Other endpoints of `/api/v1` need no key.\n",
    ...scopes,
    "\n| endpoint | scope | |",
    "|---|---|---|",
    ...routes,
  ].join("\n")}\n`;
}

const wanted = page();
if (process.argv.includes("--check")) {
  if (existsSync(FILE) && readFileSync(FILE, "utf8") === wanted) process.exit(0);
  process.stderr.write("docs/permissions.md is not up to date: run `node scripts/docs/permissions.ts`\n");
  process.exit(1);
}
writeFileSync(FILE, wanted);
process.exit(0);
