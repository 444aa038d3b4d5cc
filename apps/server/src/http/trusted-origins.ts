const loopback = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Origins whose pages may use a session. An instance on this machine answers under every loopback name, and whoever can
 * serve a page on its port is that instance, so all of them count.
 */
export function trustedOriginsOf(publicUrl: string, others: readonly string[]): readonly string[] {
  const own = new URL(publicUrl);
  const aliases = loopback.includes(own.hostname)
    ? loopback.map((name) => new URL(`${own.protocol}//${name}${own.port === "" ? "" : `:${own.port}`}`).origin)
    : [];
  return [...new Set([own.origin, ...aliases, ...others])];
}
