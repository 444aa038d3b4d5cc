/**
 * A host that is reached somewhere else. `simulator`: for simulated connections only. `override`: an operator's own
 * choice (POSTD_HOST_MAP), for real connections only. `base` may hold `{host}`, which becomes the real host name.
 */
export interface HostMapEntry {
  /** Host name, or a `*.` pattern for everything below it. */
  readonly host: string;
  readonly base: string;
  readonly kind: "simulator" | "override";
}

/** Whether a host name is `pattern`, or below it where the pattern starts with `*.`. */
export function hostMatches(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase();
  const name = host.toLowerCase();
  return wanted.startsWith("*.") ? name.endsWith(wanted.slice(1)) && name.length > wanted.length - 1 : name === wanted;
}

/** The entry for a host: an exact one before a wildcard, a longer wildcard before a shorter one. */
export function findMapping(
  map: readonly HostMapEntry[],
  url: URL,
  kind: HostMapEntry["kind"],
): HostMapEntry | undefined {
  const rank = (entry: HostMapEntry) => (entry.host.startsWith("*.") ? entry.host.length : 1000 + entry.host.length);
  return map
    .filter((entry) => entry.kind === kind)
    .filter((entry) => hostMatches(entry.host, url.host) || hostMatches(entry.host, url.hostname))
    .toSorted((a, b) => rank(b) - rank(a))[0];
}

/** The mapped URL: the entry's base, then the real path and query. */
export function mappedUrl(entry: HostMapEntry, url: URL): URL {
  const target = new URL(entry.base.replaceAll("{host}", url.hostname));
  const prefix = target.pathname.replace(/\/$/, "");
  target.pathname = `${prefix}${url.pathname}`;
  target.search = url.search;
  target.hash = url.hash;
  return target;
}

/** Entries that lead every host of the simulators to the simulator host's `/<real host>/<real path>`. */
export function simulatorHostMap(hosts: readonly string[], simulatorUrl: string): readonly HostMapEntry[] {
  const base = `${simulatorUrl.replace(/\/$/, "")}/{host}`;
  return hosts.map((host) => ({ host, base, kind: "simulator" }));
}
