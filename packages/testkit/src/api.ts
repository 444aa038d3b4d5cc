import { randomBytes } from "node:crypto";

/** An answer of the API as it came: status, parsed body, headers. */
export interface ApiAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests and demos read bodies freely; the schemas are checked where answers are made.
  readonly body: any;
  readonly headers: Headers;
}

export interface ApiSession {
  readonly baseUrl: string;
  /** Sends JSON (or a form) with the session's cookies or its key. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  /** The same, but anything but a 2xx throws with the problem's own words. */
  // biome-ignore lint/suspicious/noExplicitAny: see ApiAnswer.
  must(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<any>;
  upload(
    bytes: Uint8Array,
    fileName: string,
    altText?: string,
  ): Promise<{ readonly id: string; readonly sha256: string }>;
  cookies(): string;
}

/** A browser's or program's side of the API; keeps cookies like a browser, follows nothing by itself. */
export function openSession(baseUrl: string, options: { readonly apiKey?: string } = {}): ApiSession {
  const jar = new Map<string, string>();
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const send = async (
    method: string,
    path: string,
    init: { body?: string | FormData; headers?: Readonly<Record<string, string>> },
  ) => {
    const headers = new Headers(init.headers);
    if (options.apiKey) headers.set("authorization", `Bearer ${options.apiKey}`);
    else {
      if (jar.size > 0) headers.set("cookie", cookies());
      headers.set("origin", baseUrl);
    }
    const response = await fetch(new URL(path, baseUrl), {
      method,
      headers,
      redirect: "manual",
      ...(init.body === undefined ? {} : { body: init.body }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  };
  const session: ApiSession = {
    baseUrl,
    cookies,
    call: (method, path, body, headers) =>
      body === undefined
        ? send(method, path, { ...(headers ? { headers } : {}) })
        : send(method, path, {
            body: JSON.stringify(body),
            headers: { "content-type": "application/json", ...headers },
          }),
    async must(method, path, body, headers) {
      const answer = await session.call(method, path, body, headers);
      if (answer.status >= 300)
        throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    async upload(bytes, fileName, altText) {
      const form = new FormData();
      if (altText) form.set("altText", altText);
      form.set("file", new Blob([Uint8Array.from(bytes)]), fileName);
      const answer = await send("POST", "/api/media", { body: form });
      if (answer.status >= 300) throw new Error(`upload answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
  };
  return session;
}

/** Nobody else knows it: a person of a test or demo on a reachable server must not be everybody's way in. */
export const randomPassword = (): string => randomBytes(15).toString("base64url");

/** Makes a person with a workspace and signs in. `link`: the secret of an invitation or of the operator's link. */
export async function signUp(
  baseUrl: string,
  person: {
    readonly name?: string;
    readonly email?: string;
    readonly password?: string;
    readonly link?: string;
  } = {},
): Promise<ApiSession> {
  const session = openSession(baseUrl);
  const email = person.email ?? `person-${Math.random().toString(36).slice(2)}@example.com`;
  await session.must("POST", "/api/auth/sign-up/email", {
    name: person.name ?? "Ida Holm",
    email,
    password: person.password ?? randomPassword(),
    ...(person.link === undefined ? {} : { link: person.link }),
  });
  return session;
}

/** Walks the browser's part of an authorisation: asks for the address, agrees on the (simulated) page, comes back. */
export async function grantThroughBrowser(
  session: ApiSession,
  platform: string,
  authKind?: string,
  /** Fields of the consent form beside the button, such as which person agrees. */
  choices: Readonly<Record<string, string>> = {},
): Promise<{ readonly grantId: string }> {
  const started = await session.must("POST", `/api/oauth/${platform}/start`, authKind ? { authKind } : {});
  const agreed = await fetch(started.authUrl, {
    method: "POST",
    redirect: "manual",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ ...choices, decision: "continue" }).toString(),
  });
  const back = agreed.headers.get("location");
  if (!back)
    throw new Error(`the platform's page did not lead back: ${agreed.status} ${(await agreed.text()).slice(0, 300)}`);
  const url = new URL(back);
  const finished = await session.call("GET", `${url.pathname}${url.search}`, undefined, { accept: "application/json" });
  const grantId =
    finished.body?.grantId ??
    new URL(finished.headers.get("location") ?? "/", session.baseUrl).searchParams.get("grant");
  if (typeof grantId !== "string")
    throw new Error(
      `the callback answered ${finished.status}: ${JSON.stringify(finished.body)} ${finished.headers.get("location")}`,
    );
  return { grantId };
}

// biome-ignore lint/suspicious/noExplicitAny: see ApiAnswer.
function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
