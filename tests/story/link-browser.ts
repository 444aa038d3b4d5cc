/** A browser without script: keeps cookies, shows pages, sends their forms, follows nothing by itself. */
export function openBrowser(baseUrl: string) {
  const jar = new Map<string, string>();
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const send = async (method: string, address: string, init: RequestInit = {}) => {
    const url = new URL(address, baseUrl);
    const headers = new Headers(init.headers);
    if (url.origin === baseUrl && jar.size > 0) headers.set("cookie", cookies());
    const response = await fetch(url, { ...init, method, headers, redirect: "manual" });
    if (url.origin === baseUrl)
      for (const line of response.headers.getSetCookie()) {
        const [pair = ""] = line.split(";");
        const at = pair.indexOf("=");
        jar.set(pair.slice(0, at), pair.slice(at + 1));
      }
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return {
    cookies,
    show: (address: string, headers: Readonly<Record<string, string>> = {}) => send("GET", address, { headers }),
    send,
    submit: (address: string, fields: Readonly<Record<string, string>> = {}, origin = baseUrl) =>
      send("POST", address, {
        headers: { "content-type": "application/x-www-form-urlencoded", origin },
        body: new URLSearchParams(fields).toString(),
      }),
    /** Agrees on the platform's own page, where the address of a page leads, and comes back here. */
    async agree(page: { readonly text: string }, choices: Readonly<Record<string, string>> = {}) {
      const authUrl = /<a href="([^"]+)">Go on<\/a>/.exec(page.text)?.[1]?.replaceAll("&amp;", "&");
      if (authUrl === undefined) throw new Error(`the page does not lead to the platform: ${page.text}`);
      const agreed = await send("POST", authUrl, {
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ decision: "continue", ...choices }).toString(),
      });
      return agreed.headers.get("location") ?? "";
    },
  };
}
export type Browser = ReturnType<typeof openBrowser>;
