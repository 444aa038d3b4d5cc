/** A request's address at this server. The request line may name another host; only its path and query count. Never throws. */
export function ownAddress({ url }: { readonly url: string }, publicUrl: string): URL {
  const [path = "", ...query] = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*/i, "").split("?");
  const address = new URL(publicUrl);
  address.pathname = path;
  address.search = query.join("?");
  return address;
}
