import type { Database } from "@otedama/db/pool";

/** A database that dies at random queries, before or after they took effect, COMMIT included. */
export function dying(database: Database, probability: number): { database: Database; deaths: () => number } {
  let random = 12345;
  let deaths = 0;
  const dies = () => {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    const now = random / 2 ** 32 < probability;
    if (now) deaths += 1;
    return now;
  };
  const fragile = new Proxy(database, {
    get(target, key) {
      if (key !== "connect") {
        const value = Reflect.get(target, key) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async () => {
        const client = await target.connect();
        return new Proxy(client, {
          get(inner, name) {
            const value = Reflect.get(inner, name) as unknown;
            if (name !== "query") return typeof value === "function" ? value.bind(inner) : value;
            return async (...query: Parameters<typeof inner.query>) => {
              if (dies()) throw new Error("Connection terminated before the query");
              const result = await inner.query(...query);
              if (dies()) throw new Error("Connection terminated after the query");
              return result;
            };
          },
        });
      };
    },
  });
  return { database: fragile, deaths: () => deaths };
}
