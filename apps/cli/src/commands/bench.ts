import {
  BenchOptionError,
  benchKernels,
  benchStratum,
  kernelTable,
  parseStratumBench,
  stratumTable,
} from "@otedama/native/bench";
import { ArgumentError } from "../arguments/parse.ts";

/** `otedama bench stratum` and `otedama bench kernels`: a table and, last, one line of JSON on standard output. */
export async function bench([what, ...words]: string[]): Promise<number> {
  if (what === "kernels") return print(await kernels(words));
  if (what === "stratum") return print(await stratum(words));
  throw new ArgumentError(`otedama bench takes stratum or kernels, not “${what}”: see \`otedama help bench\``);
}

async function kernels(words: string[]): Promise<[string, unknown]> {
  const other = words.find((word) => !/^--?quick$/.test(word));
  if (other !== undefined) throw new ArgumentError(`otedama bench kernels takes -quick alone, not “${other}”`);
  const result = await benchKernels({ quick: words.length > 0 });
  return [kernelTable(result), result];
}

async function stratum(words: string[]): Promise<[string, unknown]> {
  try {
    const options = parseStratumBench(words);
    const result = await benchStratum(options, { progress: (line) => process.stderr.write(`${line}\n`) });
    return [stratumTable(result), result];
  } catch (error) {
    if (error instanceof BenchOptionError) throw new ArgumentError(`${error.message}; see \`otedama help bench\``);
    throw error;
  }
}

function print([table, result]: [string, unknown]): number {
  process.stdout.write(`${table}\n${JSON.stringify(result)}\n`);
  return 0;
}
