import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

/** What a platform held when the fixture was made. */
export interface Held {
  readonly meta: readonly { readonly id: string; readonly accountId: string; readonly text: string }[];
  readonly bluesky: readonly { readonly id: string; readonly text: string; readonly details: unknown }[];
  /** Posts of Pages nobody sees yet; `publishAt` in seconds where the platform shows them itself. */
  readonly unseen: readonly {
    readonly id: string;
    readonly accountId: string;
    readonly text: string;
    readonly publishAt?: number;
    /** It shows the card of a link. */
    readonly hasCard?: boolean;
  }[];
}

interface Node {
  readonly accountId: string;
  readonly text: string;
  readonly createdAt: Date;
  isShown: boolean;
  readonly publishAt?: number;
  readonly hasCard?: boolean;
}

const Named = z.object({ details: z.object({ record: z.record(z.string(), z.unknown()) }) });
const Written = z.object({ repo: z.string(), rkey: z.string(), record: z.looseObject({ text: z.string() }) });

/**
 * Facebook and Bluesky with the memory of another process: simulators make their accounts and ids anew, and this fixture's
 * rows name those of the one it was made with. Answers only what continuing these jobs asks, as the fact sheets have it.
 */
export async function startHeldPlatforms(held: Held, now: () => Date) {
  const nodes = new Map<string, Node>();
  const records = new Map<string, { readonly value: Readonly<Record<string, unknown>>; writes: number }>();
  const spent = new Set<string>();
  let made = 0;
  let renewals = 0;
  for (const { id, accountId, text } of held.meta) nodes.set(id, { accountId, text, createdAt: now(), isShown: true });
  for (const { id, ...unseen } of held.unseen) nodes.set(id, { ...unseen, createdAt: now(), isShown: false });
  for (const post of held.bluesky) records.set(post.id, { value: Named.parse(post).details.record, writes: 1 });

  const isShown = ({ isShown: shown, publishAt }: Node) =>
    shown || (publishAt !== undefined && publishAt * 1_000 <= now().getTime());
  const view = ([id, node]: [string, Node]) => ({
    id,
    message: node.text,
    created_time: node.createdAt.toISOString(),
    is_published: isShown(node),
    permalink_url: `https://www.facebook.com/${id}`,
    permalink: `https://www.instagram.com/p/${id}/`,
    ...(node.hasCard ? { attachments: { data: [{ media_type: "link" }] } } : {}),
    ...(node.publishAt === undefined ? {} : { scheduled_publish_time: node.publishAt }),
  });

  function graph(method: string, [id = "", edge]: readonly string[], form: URLSearchParams): unknown {
    if (method === "POST" && edge === "feed") {
      const newId = `${id}_${900 + ++made}`;
      const isDraft = form.get("published") === "false";
      const post = { accountId: id, text: form.get("message") ?? "", hasCard: form.has("link") };
      nodes.set(newId, { ...post, createdAt: now(), isShown: !isDraft });
      return { id: newId };
    }
    if (method === "POST" && edge === "media_publish") {
      const mediaId = `${17_900_000_000 + ++made}`;
      nodes.set(mediaId, { accountId: id, text: "Processing before", createdAt: now(), isShown: true });
      return { id: mediaId };
    }
    if (edge === "content_publishing_limit") return { data: [{ quota_usage: 1, config: { quota_total: 100 } }] };
    if (edge) {
      const wanted = (node: Node) =>
        node.accountId === id && isShown(node) === !["promotable_posts", "scheduled_posts"].includes(edge);
      return { data: [...nodes].filter(([, node]) => wanted(node)).map(view) };
    }
    const node = nodes.get(id);
    if (method === "POST" && node) node.isShown = true;
    if (method === "POST") return { success: true };
    if (node) return view([id, node]);
    return { id, status_code: "FINISHED", status: "Finished" };
  }

  function xrpc(name: string, query: URLSearchParams, bearer: string, body: string): { status: number; json: unknown } {
    if (name === "com.atproto.repo.putRecord") {
      const { repo, rkey, record } = Written.parse(JSON.parse(body));
      const uri = `at://${repo}/app.bsky.feed.post/${rkey}`;
      records.set(uri, { value: record, writes: (records.get(uri)?.writes ?? 0) + 1 });
      return { status: 200, json: { uri, cid: cidOf(rkey) } };
    }
    if (name === "com.atproto.repo.getRecord") {
      const uri = `at://${query.get("repo")}/${query.get("collection")}/${query.get("rkey")}`;
      const found = records.get(uri);
      if (!found) return { status: 400, json: { error: "RecordNotFound", message: "Could not locate record" } };
      return { status: 200, json: { uri, cid: cidOf(query.get("rkey") ?? ""), value: found.value } };
    }
    if (bearer === "") return { status: 501, json: { error: "MethodNotImplemented", message: name } };
    const did = subjectOf(bearer);
    const session = { did, handle: "fixture.bsky.social", active: true };
    if (name === "com.atproto.server.getSession") return { status: 200, json: session };
    if (name === "com.atproto.server.refreshSession") {
      // Good once; the one whose answer was lost before the fixture was made goes on for a while.
      if (spent.has(bearer)) return { status: 400, json: { error: "ExpiredToken", message: "Token has been revoked" } };
      spent.add(bearer);
      renewals += 1;
      return {
        status: 200,
        json: { ...session, accessJwt: tokenFor(did, `a${renewals}`), refreshJwt: tokenFor(did, `r${renewals}`) },
      };
    }
    return { status: 501, json: { error: "MethodNotImplemented", message: name } };
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://x");
    const [, host = "", ...path] = url.pathname.split("/");
    const body = await text(request);
    const answer = (status: number, json: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    if (host === "__sim") return answer(200, {});
    if (host === "graph.facebook.com") {
      const form = new URLSearchParams(body);
      return answer(
        200,
        graph(
          request.method ?? "GET",
          path.filter((part) => !/^v\d/.test(part)),
          form,
        ),
      );
    }
    const bearer = (request.headers.authorization ?? "").replace("Bearer ", "");
    const { status, json } = xrpc(path[1] ?? "", url.searchParams, bearer, body);
    return answer(status, json);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How often each text is seen by the public. */
    shown(): Readonly<Record<string, number>> {
      const texts = [...nodes.values()].filter(isShown).map((node) => node.text);
      for (const { value } of records.values()) texts.push(String(value.text));
      return Object.fromEntries([...Map.groupBy(texts, (it) => it)].map(([it, all]) => [it, all.length]));
    },
    renewals: () => renewals,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

const tokenFor = (did: string, id: string) =>
  `fake.${Buffer.from(JSON.stringify({ sub: did })).toString("base64url")}.${id}`;
const subjectOf = (token: string): string =>
  z.object({ sub: z.string() }).parse(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())).sub;
const cidOf = (rkey: string) => `bafyreifixture${rkey}`;
