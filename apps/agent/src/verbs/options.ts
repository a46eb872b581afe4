import { StartError } from "../settings_file.ts";

/** `--name VALUE` pairs. Throws a StartError for anything else. */
export function readOptions<Name extends string>(
  args: readonly string[],
  names: readonly Name[],
  usage: string,
): Partial<Record<Name, string>> {
  const options: Partial<Record<Name, string>> = {};
  for (let i = 0; i < args.length; i += 2) {
    const name = names.find((candidate) => args[i] === `--${candidate}`);
    const value = args[i + 1];
    if (name === undefined || value === undefined) throw new StartError(`${args[i]} is not understood.\n${usage}`);
    options[name] = value;
  }
  return options;
}
