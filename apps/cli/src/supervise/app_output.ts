/** What a supervised app writes: its first line when it is ready, and its last words when it ends. */

/** What an app says on its first line: `{"ready":true,"app":"pool",...}` and the ports it bound. */
export type ReadyLine = Record<string, unknown>;

export function readyLine(line: string): ReadyLine | null {
  if (!line.startsWith("{")) return null;
  try {
    const parsed = JSON.parse(line) as ReadyLine;
    return parsed.ready === true ? parsed : null;
  } catch {
    return null;
  }
}

export function explainExit(name: string, last_words: string[], code: number | null, signal: NodeJS.Signals | null): string {
  const said = last_words.map(sentenceOf).findLast((line) => line !== null);
  const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
  return `The ${name} ${how}${said ? `: ${said}` : ""}`;
}

/** What a person wants to read of a log line: the message of a JSON error, a plain sentence, but no stack. */
function sentenceOf(line: string): string | null {
  if (line.startsWith("{")) {
    try {
      const { level, msg, err } = JSON.parse(line) as { level?: unknown; msg?: string; err?: { message?: string } };
      const bad = level === "error" || level === "fatal" || (typeof level === "number" && level >= 50);
      return bad ? [msg, err?.message].filter(Boolean).join(": ") || null : null;
    } catch {
      return null;
    }
  }
  return /^\s|^Node\.js v|^node:|^\^|^}$|Warning:|^\(Use /.test(line) ? null : line.trim().slice(0, 400);
}
