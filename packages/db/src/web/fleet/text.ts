/** PostgreSQL stores neither NUL nor half a surrogate pair; what a machine calls itself may hold either. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => (typeof field === "string" ? storable(field) : field));
}
