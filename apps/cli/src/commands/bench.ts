import { benchDatabase, DatabaseBenchOptionError, databaseTable, NotEmptyError, parseDatabaseBench } from "@otedama/db/bench";
import { migrate } from "@otedama/db/embedded";
import {
  BenchOptionError,
  benchKernels,
  benchStratum,
  kernelTable,
  parseStratumBench,
  stratumTable,
} from "@otedama/native/bench";
import { ArgumentError } from "../arguments/parse.ts";

/** `otedama bench stratum`, `kernels` and `database`: a table and, last, one line of JSON on standard output. */
export async function bench([what, ...words]: string[]): Promise<number> {
  if (what === "kernels") return print(await kernels(words));
  if (what === "stratum") return print(await stratum(words));
  if (what === "database") return print(await database(words));
  throw new ArgumentError(`otedama bench takes stratum, kernels or database, not “${what}”: see \`otedama help bench\``);
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

/** Only a database that is named for it: never the one that is at hand. */
async function database(words: string[]): Promise<[string, unknown]> {
  const url = process.env.DATABASE_URL;
  if (!url) {
    throw new ArgumentError("otedama bench database fills a database: name an empty one, made for this, in DATABASE_URL");
  }
  try {
    const options = parseDatabaseBench(words);
    const began_ms = Date.now();
    const progress = (line: string) =>
      process.stderr.write(`${((Date.now() - began_ms) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);
    await migrate(url);
    const result = await benchDatabase(options, { url, progress, now_ms: began_ms });
    return [databaseTable(result), result];
  } catch (error) {
    if (error instanceof DatabaseBenchOptionError) throw new ArgumentError(`${error.message}; see \`otedama help bench\``);
    if (error instanceof NotEmptyError) throw new Error(`otedama bench database: ${error.message}`);
    throw error;
  }
}

function print([table, result]: [string, unknown]): number {
  process.stdout.write(`${table}\n${JSON.stringify(result)}\n`);
  return 0;
}
