import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

export interface RealAccount {
  readonly did: string;
  readonly handle: string;
  readonly appPassword: string;
}

export interface LiveRecord {
  readonly uri: string;
  readonly cid: string;
  readonly value: z.output<typeof PostValue>;
}

/** Where the server believes to be, and where the documents of its accounts say that they live. */
export const pdsHost = "pds.postd.test";

export interface RealPds {
  readonly url: string;
  /** The identity directory its accounts are registered in. */
  readonly plcUrl: string;
  createAccount(name: string): Promise<RealAccount>;
  /** Everything in the account's feed, asked from the server itself. */
  posts(account: RealAccount): Promise<readonly LiveRecord[]>;
  /** Bytes the server holds, by the link a record names. */
  blob(account: RealAccount, cid: string): Promise<Uint8Array>;
  /** What the owner (deactivated, revoked: the app password) or whoever runs the server (takendown) makes of an account. */
  setState(account: RealAccount, state: "active" | "deactivated" | "takendown" | "revoked"): Promise<void>;
  stop(): Promise<void>;
}

const Ready = z.object({ url: z.url(), plcUrl: z.url(), adminPassword: z.string() });
const mainPassword = "the main password";
const Session = z.object({ did: z.string(), handle: z.string(), accessJwt: z.string() });
const AppPassword = z.object({ password: z.string() });
const Blob = z.looseObject({ ref: z.object({ $link: z.string() }), mimeType: z.string(), size: z.number() });
const PostValue = z.looseObject({
  text: z.string(),
  createdAt: z.iso.datetime(),
  facets: z
    .array(z.looseObject({ features: z.array(z.looseObject({ $type: z.string(), uri: z.string().optional() })) }))
    .optional(),
  embed: z
    .looseObject({ $type: z.string(), images: z.array(z.looseObject({ alt: z.string(), image: Blob })).optional() })
    .optional(),
});
const Records = z.object({ records: z.array(z.object({ uri: z.string(), cid: z.string(), value: PostValue })) });

const startMs = 60_000;

/** Starts a PDS and its identity directory on free loopback ports, in a process of their own. */
export async function startPds(): Promise<RealPds> {
  const child = fork(fileURLToPath(new URL("./pds-server.mjs", import.meta.url)), {
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { PATH: process.env.PATH, NODE_ENV: "test", LOG_ENABLED: "false" },
  });
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`the PDS ended (${code ?? signal}). Is it installed? node tests/real/install.ts`);
  });
  ended.catch(() => undefined); // Only an end before it is ready is a failure of ours.
  const [message] = await Promise.race([once(child, "message", { signal: AbortSignal.timeout(startMs) }), ended]);
  const { url, plcUrl, adminPassword } = Ready.parse(message);

  async function call<T extends z.ZodType>(
    nsid: string,
    schema: T,
    init: { json?: unknown; bearer?: string; query?: Record<string, string> },
  ) {
    const response = await fetch(`${url}/xrpc/${nsid}?${new URLSearchParams(init.query)}`, {
      method: init.json === undefined ? "GET" : "POST",
      headers: {
        ...(init.json === undefined ? {} : { "content-type": "application/json" }),
        ...(init.bearer === undefined ? {} : { authorization: `Bearer ${init.bearer}` }),
      },
      ...(init.json === undefined ? {} : { body: JSON.stringify(init.json) }),
    });
    if (!response.ok) throw new Error(`${nsid} answered ${response.status}: ${await response.text()}`);
    return schema.parse(await response.json());
  }

  return {
    url,
    plcUrl,
    async createAccount(name) {
      const person = { handle: `${name}.test`, email: `${name}@example.com`, password: mainPassword };
      const session = await call("com.atproto.server.createAccount", Session, { json: person });
      const app = await call("com.atproto.server.createAppPassword", AppPassword, {
        json: { name: "postd" },
        bearer: session.accessJwt,
      });
      return { did: session.did, handle: session.handle, appPassword: app.password };
    },
    async posts({ did }) {
      const query = { repo: did, collection: "app.bsky.feed.post", limit: "100" };
      return (await call("com.atproto.repo.listRecords", Records, { query })).records;
    },
    async blob({ did }, cid) {
      const response = await fetch(`${url}/xrpc/com.atproto.sync.getBlob?${new URLSearchParams({ did, cid })}`);
      if (!response.ok) throw new Error(`getBlob answered ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    },
    async setState({ did, handle }, state) {
      const send = async (nsid: string, authorization: string, json?: unknown) => {
        const body = json === undefined ? {} : { body: JSON.stringify(json) };
        const headers = { authorization, ...(json === undefined ? {} : { "content-type": "application/json" }) };
        const response = await fetch(`${url}/xrpc/${nsid}`, { method: "POST", headers, ...body });
        if (!response.ok) throw new Error(`${nsid} answered ${response.status}: ${await response.text()}`);
      };
      const asOwner = async (nsid: string, json?: unknown) => {
        const main = { identifier: handle, password: mainPassword };
        const { accessJwt } = await call("com.atproto.server.createSession", Session, { json: main });
        await send(nsid, `Bearer ${accessJwt}`, json);
      };
      const takeDown = (applied: boolean) => {
        const admin = `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}`;
        const subject = { $type: "com.atproto.admin.defs#repoRef", did };
        return send("com.atproto.admin.updateSubjectStatus", admin, { subject, takedown: { applied } });
      };
      switch (state) {
        case "takendown":
          return takeDown(true);
        case "active":
          await takeDown(false);
          return asOwner("com.atproto.server.activateAccount");
        case "deactivated":
          return asOwner("com.atproto.server.deactivateAccount", {});
        case "revoked":
          return asOwner("com.atproto.server.revokeAppPassword", { name: "postd" });
        default:
          return state satisfies never;
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}
