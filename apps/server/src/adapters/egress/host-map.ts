/**
 * A host that is reached somewhere else. `simulator`: for simulated connections only. `override`: an operator's own
 * choice (POSTD_HOST_MAP), for real connections only. `base` may hold `{host}`, which becomes the real host name.
 */
export interface HostMapEntry {
  /** Host name, or a `*.` pattern for everything below it. */
  readonly host: string;
  readonly base: string;
  /** Where a browser reaches it, if that differs from `base`. */
  readonly browserBase?: string;
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
export function mappedUrl(entry: HostMapEntry, url: URL, base = entry.base): URL {
  const target = new URL(base.replaceAll("{host}", url.hostname));
  const prefix = target.pathname.replace(/\/$/, "");
  target.pathname = `${prefix}${url.pathname}`;
  target.search = url.search;
  target.hash = url.hash;
  return target;
}

/** Entries that lead every host of the simulators to the simulator host's `/<real host>/<real path>`. */
export function simulatorHostMap(
  hosts: readonly string[],
  simulatorUrl: string,
  browserUrl?: string,
): readonly HostMapEntry[] {
  const under = (url: string) => `${url.replace(/\/$/, "")}/{host}`;
  return hosts.map((host) => ({
    host,
    base: under(simulatorUrl),
    ...(browserUrl && { browserBase: under(browserUrl) }),
    kind: "simulator",
  }));
}

/** Reads POSTD_HOST_MAP, `host=url,host=url`. Throws an error that names the entry and the right form. */
export function parseHostMap(text: string): readonly HostMapEntry[] {
  const entries = text.split(",").map((entry) => entry.trim());
  return entries
    .filter((entry) => entry !== "")
    .map((entry) => {
      const at = entry.indexOf("=");
      const host = entry.slice(0, Math.max(0, at)).trim().toLowerCase();
      const base = entry.slice(at + 1).trim();
      const goodHost = /^(\*\.)?[a-z0-9.-]+(:\d+)?$/.test(host);
      if (!goodHost || !URL.canParse(base) || !/^https?:/.test(base))
        throw new Error(
          `POSTD_HOST_MAP: "${entry}" is not host=url. Write for instance bsky.social=http://127.0.0.1:2583.`,
        );
      return { host, base, kind: "override" };
    });
}
