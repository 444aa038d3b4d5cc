/**
 * Keeps cookies of one server between calls, for programs that sign in like a person. Browsers need none of this.
 * `send` is the fetch to use underneath.
 */
export function memoryCookies(
  send: (request: Request) => Promise<Response> = (request) => fetch(request),
): (request: Request) => Promise<Response> {
  const jar = new Map<string, string>();
  return async (request) => {
    const headers = new Headers(request.headers);
    // Signing in is refused to requests that do not say which page they come from.
    if (!headers.has("origin")) headers.set("origin", new URL(request.url).origin);
    if (jar.size > 0) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await send(new Request(request, { headers }));
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = cookie.split(";");
      const at = pair.indexOf("=");
      const name = pair.slice(0, at).trim();
      const value = pair.slice(at + 1).trim();
      const ended = value === "" || attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute));
      if (ended) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  };
}
