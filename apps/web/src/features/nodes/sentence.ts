import type { NodeReport, NodesDto } from "@otedama/shared";
import { groupedCount } from "@otedama/shared/units";

export const isFit = ({ state }: NodeReport): boolean => state === "serving" || state === "ready";

/** How the nodes stand, in words; of several pool instances, the one that is worst off. */
export function nodesSentence(nodes: NodesDto): string {
  const [worst] = [...nodes.instances].sort((a, b) => fitPart(a.nodes) - fitPart(b.nodes));
  if (worst === undefined) return "No pool is connected, so nothing is known of its chain nodes.";
  const name = nodes.instances.length === 1 ? "" : ` of ${worst.instance_id}`;
  const fit = worst.nodes.filter(isFit).length;
  const all = worst.nodes.length;
  const height = worst.job === null ? "" : ` block ${groupedCount(worst.job.height)}`;
  if (fit === 0) {
    return all === 1
      ? `The chain node${name} cannot be mined on: miners stay on their last work.`
      : `None of the ${all} chain nodes${name} can be mined on: miners stay on their last work.`;
  }
  const serving = worst.nodes.find(({ state }) => state === "serving")?.name;
  const mining = `mining${height}${serving === undefined ? "" : ` with ${serving}`}`;
  if (fit === all)
    return all === 1 ? `The chain node${name} is fit, ${mining}.` : `All ${all} chain nodes${name} are fit, ${mining}.`;
  return `${all - fit} of ${all} chain nodes${name} cannot be mined on; ${mining}.`;
}

const fitPart = (nodes: readonly NodeReport[]): number => nodes.filter(isFit).length / Math.max(1, nodes.length);
