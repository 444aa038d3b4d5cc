import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { buildConnector } from "undici";

/** A refusal of our own; nothing left the machine. */
export class EgressRefused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "EgressRefused";
    this.code = code;
  }
}

/** Resolves a name to every address it has. */
export type Lookup = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

const resolveAll: Lookup = (hostname, done) => {
  systemLookup(hostname, { all: true }, (error, addresses) => done(error, addresses ?? []));
};

// Public by their range, and yet the way to a cloud's metadata: Azure's wire server.
const publicMetadata = new Set(["168.63.129.16"]);
const globalUnicast6 = ipaddr.IPv6.parseCIDR("2000::/3");
const nat64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");

/**
 * Whether an address is on the public internet. Private, loopback, link-local (metadata services among them),
 * multicast, carrier-grade NAT, reserved and documentation ranges are not; IPv4 inside IPv6 is judged as IPv4.
 */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, "").split("%", 1)[0] ?? "";
  if (!isIP(bare)) return false;
  const parsed = ipaddr.parse(bare);
  if (parsed.kind() === "ipv4") return parsed.range() === "unicast" && !publicMetadata.has(parsed.toString());
  const six = parsed as ipaddr.IPv6;
  if (six.isIPv4MappedAddress()) return isPublicAddress(six.toIPv4Address().toString());
  if (six.match(nat64)) return isPublicAddress(six.toByteArray().slice(12).join("."));
  return six.match(globalUnicast6) && six.range() === "unicast";
}

const refusal = (host: string) =>
  new EgressRefused(
    "private_address",
    `${host} is on a private network. An operator can open it with POSTD_EGRESS_ALLOW.`,
  );

/** The lookup a guarded socket uses: the very addresses it checks are the ones connected to, so a name cannot change between. */
export function guardedLookup(resolve: Lookup = resolveAll) {
  return (
    hostname: string,
    options: { readonly all?: boolean | undefined },
    done: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
  ): void => {
    resolve(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error || !first) return done(error ?? new Error("no address"), []);
      // One private answer among public ones is an attempt at rebinding: the whole name is refused.
      if (addresses.some(({ address }) => !isPublicAddress(address))) return done(refusal(hostname), []);
      if (options.all) return done(null, [...addresses]);
      return done(null, first.address, first.family);
    });
  };
}

/** Opens sockets to public addresses only; for addresses written as numbers too, which are never looked up. */
export function guardedConnector(options: {
  readonly connectTimeoutMs: number;
  readonly lookup?: Lookup | undefined;
}): buildConnector.connector {
  const connect = buildConnector({
    timeout: options.connectTimeoutMs,
    lookup: guardedLookup(options.lookup),
  });
  return (target, done) => {
    const host = target.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) && !isPublicAddress(host)) return done(refusal(host), null);
    connect(target, done);
  };
}
