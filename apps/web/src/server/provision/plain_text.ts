/**
 * What a rig says, made harmless: terminal escapes, control characters, line breaks and the invisible characters that turn a line
 * round (Unicode bidirectional controls) go; markup stays what it is, text, since screens write text only.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const INVISIBLE = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g;

export function plainText(text: string, length_max: number): string {
  const plain = text
    .slice(0, length_max * 8)
    .toWellFormed()
    .replace(ESCAPES, "")
    .replace(INVISIBLE, " ")
    .trim();
  return plain.length > length_max ? `${plain.slice(0, length_max - 1)}…` : plain;
}
