/**
 * Where to go after signing in. Only paths of this site are followed: an address from the URL must never lead elsewhere
 * ("//other.example", "/\other.example").
 */
export function whereTo(next: string | null | undefined): string {
  if (typeof next !== "string" || !next.startsWith("/") || next.startsWith("//")) return "/";
  for (const character of next) {
    const code = character.charCodeAt(0);
    if (character === "\\" || code < 0x20 || code === 0x7f) return "/";
  }
  return next;
}
