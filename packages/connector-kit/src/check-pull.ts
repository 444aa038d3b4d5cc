import type { PublishingPlatform } from "./platform.ts";
import type { OutgoingPost, PostProblem } from "./publish.ts";

/** Where files are fetched from here, and what the operator said was verified for the app; undefined: nothing said. */
export interface PullPlace {
  /** Address files are below, with its "/" at the end. */
  readonly address: string;
  /** Hosts, which stand for what is below them too, and addresses ending in "/", with commas between. */
  readonly verified: string | undefined;
}

/**
 * What stands in the way of a platform that fetches files itself, told while there is time: an address that is none it
 * fetches from, or one that is not among those verified for the app. Where nobody said which are, that is a warning.
 */
export function checkPull(
  { name, publishing }: Pick<PublishingPlatform, "name" | "publishing">,
  post: OutgoingPost,
  { address, verified }: PullPlace,
): readonly PostProblem[] {
  const { pulls } = publishing;
  if (!pulls?.when(post)) return [];
  const url = new URL(address);
  const tell = (code: string, message: string, severity: PostProblem["severity"]): readonly PostProblem[] => [
    { field: "media", code, message, severity },
  ];
  if (url.protocol !== "https:" || !url.hostname.includes(".") || isAddress(url.hostname))
    return tell(
      "not_fetchable",
      `${name} fetches these files itself, over https and from a host with a name; this server is at ${url.origin}. The operator sets POSTD_PUBLIC_URL to its public address.`,
      "error",
    );
  const known = verified
    ?.split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  if (!known || known.length === 0)
    return tell(
      "fetch_unverified",
      `${name} fetches these files itself, and only from addresses verified for the app. The operator verifies ${url.hostname} ${pulls.shownAt} and names it in the app's ${pulls.verified}.`,
      "warning",
    );
  if (known.some((one) => covers(one, url))) return [];
  return tell(
    "fetch_unverified",
    `${name} fetches these files itself, and ${url.hostname} is not among the addresses verified for the app (${known.join(", ")}). The operator verifies it ${pulls.shownAt} and adds it to the app's ${pulls.verified}.`,
    "error",
  );
}

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.startsWith("[");

function covers(one: string, url: URL): boolean {
  if (one.endsWith("/")) return url.href.startsWith(one.includes("://") ? one : `https://${one}`);
  const host = one.toLowerCase();
  return url.hostname === host || url.hostname.endsWith(`.${host}`);
}
