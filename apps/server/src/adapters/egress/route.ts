import { EgressRefused } from "./guard.ts";
import { findMapping, type HostMapEntry, hostMatches, mappedUrl } from "./host-map.ts";

/** What a connection may reach. */
export interface Reach {
  /** Fixed when connecting: such a connection reaches simulators and nothing else. */
  readonly simulated: boolean;
  /** Hosts the connector declares; `*.` prefix for wildcards. */
  readonly hosts: readonly string[];
  /** Whether a host a person typed may be reached too. */
  readonly customHosts: boolean;
}

export interface Route {
  readonly target: URL;
  /** The declared host or pattern, `custom` for a typed one: few values, so that metrics stay small. */
  readonly label: string;
  /** `guarded`: public addresses only. `trusted`: named by the operator. */
  readonly via: "guarded" | "trusted";
  readonly simulator: boolean;
}

export interface RouteTable {
  readonly hostMap: readonly HostMapEntry[];
  /** Hosts on a LAN the operator opened: `nas.lan`, `nas.lan:8080`, `*.lan`. */
  readonly allowHosts: readonly string[];
}

/** Decides where a URL is really sent, or refuses it. Pure: addresses are checked later, when connecting. */
export function routeFor(table: RouteTable, url: URL, reach: Reach): Route | EgressRefused {
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return new EgressRefused("scheme", `${url.protocol} addresses are not reached. Use https.`);
  if (url.username || url.password)
    return new EgressRefused("userinfo", "An address may not carry a user name or password.");
  const declared = reach.hosts.find((pattern) => hostMatches(pattern, url.hostname));
  if (!declared && !reach.customHosts)
    return new EgressRefused(
      "undeclared_host",
      `${url.hostname} is not among the hosts this platform is known to use.`,
    );
  const label = declared ?? "custom";

  const kind = reach.simulated ? "simulator" : "override";
  const mapping = findMapping(table.hostMap, url, kind);
  if (mapping) return { target: mappedUrl(mapping, url), label, via: "trusted", simulator: reach.simulated };
  if (reach.simulated)
    return new EgressRefused(
      "simulated_only",
      `${url.hostname} has no simulator, and a simulated connection reaches nothing else. Connect a real account.`,
    );

  if (table.allowHosts.some((pattern) => hostMatches(pattern, url.hostname) || hostMatches(pattern, url.host)))
    return { target: url, label, via: "trusted", simulator: false };
  if (!declared && url.protocol !== "https:")
    return new EgressRefused("https_only", `${url.hostname} must be reached by https. Put https:// before it.`);
  if (url.port !== "")
    return new EgressRefused(
      "port",
      `Port ${url.port} of ${url.hostname} is not reached. An operator can open it with POSTD_EGRESS_ALLOW.`,
    );
  return { target: url, label, via: "guarded", simulator: false };
}
