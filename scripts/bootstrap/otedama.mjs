import { CLI, handOver } from "./hand_over.mjs";
import { installPackages } from "./steps.mjs";

/** `otedama …`: installs the packages where they are missing, then runs the command line, which builds what the command needs. */
export async function otedama(words) {
  await installPackages();
  return handOver(["--disable-warning=ExperimentalWarning", CLI, ...words]);
}
