import { badParam } from "./call.ts";
import { refuse } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, sections 2 and 13.

const loopback = ["localhost", "127.0.0.1"];
const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.startsWith("[");

/**
 * Throws unless TikTok would pull from there: https, a host with a name, below a verified domain or prefix. A server on this
 * machine stands for the one people will run, so it needs neither https nor a name.
 */
export function refuseForeignUrl({ verified }: Pick<World, "verified">, address: string): void {
  const url = URL.parse(address);
  if (url === null) throw badParam("The URL is invalid");
  const host = url.hostname;
  const isLocal = loopback.includes(host);
  if (!isLocal && (url.protocol !== "https:" || isAddress(host) || url.username !== ""))
    throw badParam("The URL is invalid: it must begin with https and a host name");
  const isOwned = [...verified].some((one) =>
    one.endsWith("/") ? url.href.startsWith(one) : host === one || host.endsWith(`.${one}`),
  );
  if (!isOwned)
    throw refuse(
      "url_ownership_unverified",
      "Please review our URL ownership verification rules: the domain or URL prefix is not verified.",
    );
}
