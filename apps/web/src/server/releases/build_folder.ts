import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { AgentBuild, type BuildFolderDto } from "@otedama/shared";

/** What `npm run build:agent` left in the folder: `<platform>/build.json` beside each executable. Reads no executable. */
export function lookAtBuilds(folder: string): BuildFolderDto {
  const builds: AgentBuild[] = [];
  const problem = (text: string): BuildFolderDto => ({ folder, builds, problem: text });
  let platforms: string[];
  try {
    platforms = readdirSync(folder).filter((name) => name.startsWith("linux-"));
  } catch {
    return problem(`There is no folder ${folder}: run \`npm run build:agent\`, or name another with releases.build_folder.`);
  }
  for (const platform of platforms.sort()) {
    const path = join(folder, platform, "build.json");
    try {
      const build = AgentBuild.parse(JSON.parse(readFileSync(path, "utf8")));
      if (build.platform !== platform) return problem(`${path} says that it is of ${build.platform}.`);
      if (statSync(join(folder, platform, build.name)).size !== build.bytes) {
        return problem(`${join(folder, platform, build.name)} is not as long as ${path} says: build it again.`);
      }
      builds.push(build);
    } catch (error) {
      return problem(
        `${path} cannot be used (${error instanceof Error ? (error.message.split("\n")[0] ?? "") : error}): build it again.`,
      );
    }
  }
  const [first] = builds;
  if (!first) return problem(`${folder} holds no build: run \`npm run build:agent\`.`);
  if (builds.some((build) => build.version !== first.version)) {
    return problem(`The builds in ${folder} are of different versions: build every platform again.`);
  }
  return { folder, builds, problem: null };
}
