/**
 * bcoin's storage hands LevelDB null for the range bounds it does not mean. The LevelDB binding it was written for ignored those; the
 * one that installs without a compiler reads null as a bound that no key is beyond, so that every scan on disk came back empty.
 */
export async function dropNullBounds(): Promise<void> {
  const { default: leveldown } = await import("leveldown");
  const { iterator } = leveldown.prototype;
  leveldown.prototype.iterator = function (options = {}) {
    return iterator.call(this, Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)));
  };
}
