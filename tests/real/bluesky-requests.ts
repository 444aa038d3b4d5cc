/** Requests a client of Bluesky may make of its account's server, for asking two servers the same. Methods of the AppView are not here. */

/** What earlier requests brought, by name: `{did}` in a later one stands for it. */
export type Known = Record<string, unknown>;

export interface Asking {
  readonly title: string;
  /** Method of XRPC with its query; `{name}` is filled in, URL-encoded. A path from the root if it begins with a slash. */
  readonly to: string;
  readonly method?: "GET" | "POST" | "OPTIONS" | "PUT";
  /** Name of a known token, or the token itself with `raw:` before it. */
  readonly token?: string;
  readonly json?: unknown;
  /** Bytes to send, with their content type. */
  readonly bytes?: Uint8Array;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Names of parts of the answer to keep, by path. */
  readonly keep?: Readonly<Record<string, readonly (string | number)[]>>;
  /** Something done to the account first, by whoever runs the server. */
  readonly state?: "active" | "deactivated" | "takendown" | "revoked";
}

export const post = "app.bsky.feed.post";
const createdAt = "2026-11-21T09:00:00.000Z";
const record = (fields: Record<string, unknown> = {}) => ({ $type: post, text: "Hello", createdAt, ...fields });
const png = Uint8Array.from(
  Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  ),
);
const facet = (feature: Record<string, unknown>, byteStart = 0, byteEnd = 5) => ({
  facets: [{ index: { byteStart, byteEnd }, features: [feature] }],
});
const link = (uri: string) => facet({ $type: "app.bsky.richtext.facet#link", uri });
const image = (more: Record<string, unknown> = {}) => ({
  embed: { $type: "app.bsky.embed.images", images: [{ image: "{blob}", alt: "A dot", ...more }] },
});
const unknownCid = `bafkrei${"a".repeat(52)}`;
const family = "\u{1F469}\u200D\u{1F469}\u200D\u{1F467}";

const create = (title: string, input: Record<string, unknown>, more: Partial<Asking> = {}): Asking => ({
  title: `createRecord: ${title}`,
  to: "com.atproto.repo.createRecord",
  token: "access",
  json: { repo: "{did}", collection: post, record: record(), ...input },
  ...more,
});
const put = (title: string, rkey: string, input: Record<string, unknown>, more: Partial<Asking> = {}): Asking => ({
  title: `putRecord: ${title}`,
  to: "com.atproto.repo.putRecord",
  token: "access",
  json: { repo: "{did}", collection: post, rkey, record: record(), ...input },
  ...more,
});
const remove = (title: string, rkey: string, input: Record<string, unknown> = {}): Asking => ({
  title: `deleteRecord: ${title}`,
  to: "com.atproto.repo.deleteRecord",
  token: "access",
  json: { repo: "{did}", collection: post, rkey, ...input },
});
const batch = (title: string, writes: readonly unknown[], input: Record<string, unknown> = {}): Asking => ({
  title: `applyWrites: ${title}`,
  to: "com.atproto.repo.applyWrites",
  token: "access",
  json: { repo: "{did}", writes, ...input },
});
const write = (kind: string, fields: Record<string, unknown>) => ({
  $type: `com.atproto.repo.applyWrites#${kind}`,
  collection: post,
  ...fields,
});
const login = (title: string, json: unknown, more: Partial<Asking> = {}): Asking => ({
  title: `createSession: ${title}`,
  to: "com.atproto.server.createSession",
  json,
  ...more,
});
const read = (title: string, query: string): Asking => ({
  title: `getRecord: ${title}`,
  to: `com.atproto.repo.getRecord?repo={did}&collection=${post}&${query}`,
});
const list = (title: string, query: string, more: Partial<Asking> = {}): Asking => ({
  title: `listRecords: ${title}`,
  to: `com.atproto.repo.listRecords?repo={did}&collection=${post}${query}`,
  ...more,
});
const upload = (title: string, bytes: Uint8Array, type: string | undefined, more: Partial<Asking> = {}): Asking => ({
  title: `uploadBlob: ${title}`,
  to: "com.atproto.repo.uploadBlob",
  token: "access",
  bytes,
  ...(type === undefined ? {} : { type }),
  ...more,
});
const session = (title: string, token: string | undefined, more: Partial<Asking> = {}): Asking => ({
  title: `getSession: ${title}`,
  to: "com.atproto.server.getSession",
  ...(token === undefined ? {} : { token }),
  ...more,
});
const refresh = (title: string, token: string, more: Partial<Asking> = {}): Asking => ({
  title: `refreshSession: ${title}`,
  to: "com.atproto.server.refreshSession",
  method: "POST",
  token,
  ...more,
});
const credentials = { identifier: "{handle}", password: "{password}" };
const pair = { access: ["accessJwt"], refresh: ["refreshJwt"] };

export const requests: readonly Asking[] = [
  login("right", credentials, { keep: pair }),
  login("by DID", { identifier: "{did}", password: "{password}" }),
  login("in capitals", { identifier: "{HANDLE}", password: "{password}" }),
  login("wrong password", { identifier: "{handle}", password: "no" }),
  login("nobody", { identifier: "nobody.test", password: "no" }),
  login("no password", { identifier: "{handle}" }),
  login("a number", { identifier: 7, password: "no" }),
  login("more fields", { ...credentials, colour: "red" }),
  login("as GET", undefined, { method: "GET" }),
  login("a form", undefined, {
    method: "POST",
    bytes: Buffer.from("identifier=a"),
    type: "application/x-www-form-urlencoded",
  }),
  login("not JSON", undefined, { method: "POST", bytes: Buffer.from("{"), type: "application/json" }),
  login("no body", undefined, { method: "POST" }),
  session("right", "access"),
  session("no token", undefined),
  session("garbage", "raw:garbage"),
  session("a refresh token", "refresh"),
  session("an empty token", "raw:"),
  { ...session("Basic", undefined), headers: { authorization: "Basic YTpi" } },
  refresh("an access token", "access"),
  refresh("garbage", "raw:garbage"),
  { ...refresh("no token", ""), token: undefined as never },
  refresh("with a body", "refresh", { json: {} }),
  refresh("right", "refresh", { keep: { access: ["accessJwt"], next: ["refreshJwt"] } }),
  refresh("the old one again", "refresh"),
  { title: "describeServer", to: "com.atproto.server.describeServer" },
  { title: "an unknown method", to: "com.atproto.server.madeUp" },
  { title: "an unknown method as POST", to: "com.atproto.server.madeUp", method: "POST" },
  { title: "no method", to: "/xrpc/" },
  { title: "no name of a method", to: "/xrpc/hello" },
  { title: "health", to: "/xrpc/_health" },
  {
    title: "preflight",
    to: "com.atproto.repo.createRecord",
    method: "OPTIONS",
    headers: {
      origin: "https://a.test",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  },
  { title: "resolveHandle: right", to: "com.atproto.identity.resolveHandle?handle={handle}" },
  { title: "resolveHandle: nobody", to: "com.atproto.identity.resolveHandle?handle=nobody.test" },
  { title: "resolveHandle: no handle", to: "com.atproto.identity.resolveHandle?handle=_" },
  { title: "resolveHandle: nothing", to: "com.atproto.identity.resolveHandle" },

  create("right", {}, { keep: { uri: ["uri"], cid: ["cid"], commit: ["commit", "cid"] } }),
  create("under a key", { rkey: "3mabcdefghi22", record: record({ text: "First" }) }, { keep: { first: ["cid"] } }),
  create("the key again", { rkey: "3mabcdefghi22" }),
  create("by handle", { repo: "{handle}" }),
  create("a neighbour's repo", { repo: "{neighbour}" }),
  create("nobody's repo", { repo: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa" }),
  create("no repo", { repo: undefined }),
  create("no record", { record: undefined }),
  create("a text as record", { record: "text" }),
  create("a field the method lacks", { colour: "red" }),
  create("no token", {}, { token: undefined as never }),
  create("a refresh token", {}, { token: "next" }),
  create("a key that is no TID", { rkey: "my-post" }),
  create("a key that is no key", { rkey: "a/b" }),
  create("a key of 600", { rkey: "a".repeat(600) }),
  create("no name as collection", { collection: "posts", record: { ...record(), $type: "posts" } }),
  create("another $type", { record: record({ $type: "app.bsky.feed.like" }) }),
  create("no $type", { record: { text: "Hello", createdAt } }),
  create("an unknown collection", { collection: "com.example.note", record: { $type: "com.example.note", a: 1 } }),
  create("an unknown collection, validated", {
    collection: "com.example.note",
    validate: true,
    record: { $type: "com.example.note" },
  }),
  create("a stale commit", { swapCommit: "{commit}" }),
  create("300 characters", { record: record({ text: "x".repeat(300) }) }),
  create("301 characters", { record: record({ text: "x".repeat(301) }) }),
  create("few characters of too many bytes", { record: record({ text: family.repeat(167) }) }),
  create("no text", { record: { $type: post, createdAt } }),
  create("a number as text", { record: record({ text: 7 }) }),
  create("no createdAt", { record: { $type: post, text: "a" } }),
  create("createdAt without zone", { record: record({ createdAt: "2026-11-21T09:00:00" }) }),
  create("createdAt of another form", { record: record({ createdAt: "yesterday" }) }),
  create("a fraction", { record: record({ likes: 1.5 }) }),
  create("a field the record lacks", { record: record({ colour: "red" }) }),
  create("languages", { record: record({ langs: ["en", "en-GB", "zh-Hant"] }) }),
  create("EN", { record: record({ langs: ["EN"] }) }),
  create("no language", { record: record({ langs: ["nothing at all"] }) }),
  create("four languages", { record: record({ langs: ["en", "de", "fr", "it"] }) }),
  create("nine tags", { record: record({ tags: [..."abcdefghi"] }) }),
  create("a tag of 65", { record: record({ tags: ["x".repeat(65)] }) }),
  create("a link", { record: record(link("https://example.com/a")) }),
  create("a link without scheme", { record: record(link("example.com")) }),
  create("a mention", { record: record(facet({ $type: "app.bsky.richtext.facet#mention", did: "{did}" })) }),
  create("a mention of a handle", {
    record: record(facet({ $type: "app.bsky.richtext.facet#mention", did: "someone.test" })),
  }),
  create("an unknown facet", { record: record(facet({ $type: "com.example.facet#bold" })) }),
  create("a facet without index", { record: record({ facets: [{ features: [] }] }) }),
  create("a facet from below 0", { record: record(facet({ $type: "app.bsky.richtext.facet#tag", tag: "a" }, -1)) }),
  create("labels", {
    record: record({ labels: { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "nudity" }] } }),
  }),
  create("an unknown embed", { record: record({ embed: { $type: "com.example.embed", a: 1 } }) }),
  create("an embed without $type", { record: record({ embed: { a: 1 } }) }),
  create("a card", {
    record: record({
      embed: {
        $type: "app.bsky.embed.external",
        external: { uri: "https://example.com/", title: "T", description: "" },
      },
    }),
  }),
  create("a card without title", {
    record: record({
      embed: { $type: "app.bsky.embed.external", external: { uri: "https://example.com/", description: "" } },
    }),
  }),
  create("a reply", {
    record: record({ reply: { root: { uri: "{uri}", cid: "{cid}" }, parent: { uri: "{uri}", cid: "{cid}" } } }),
  }),
  create("a reply to no address", {
    record: record({ reply: { root: { uri: "x", cid: "{cid}" }, parent: { uri: "{uri}", cid: "{cid}" } } }),
  }),
  create("a reply to no cid", {
    record: record({ reply: { root: { uri: "{uri}", cid: "x" }, parent: { uri: "{uri}", cid: "{cid}" } } }),
  }),
  create("a quote", {
    record: record({ embed: { $type: "app.bsky.embed.record", record: { uri: "{uri}", cid: "{cid}" } } }),
  }),
  create(
    "a like",
    {
      collection: "app.bsky.feed.like",
      record: { $type: "app.bsky.feed.like", subject: { uri: "{uri}", cid: "{cid}" }, createdAt },
    },
    { keep: { like: ["uri"] } },
  ),
  create("a like without subject", {
    collection: "app.bsky.feed.like",
    record: { $type: "app.bsky.feed.like", createdAt },
  }),
  create("a repost", {
    collection: "app.bsky.feed.repost",
    record: { $type: "app.bsky.feed.repost", subject: { uri: "{uri}", cid: "{cid}" }, createdAt },
  }),
  create("a gate", {
    collection: "app.bsky.feed.threadgate",
    rkey: "3mabcdefghi22",
    record: { $type: "app.bsky.feed.threadgate", post: `at://{did}/${post}/3mabcdefghi22`, createdAt, allow: [] },
  }),

  upload("a picture", png, "image/png", { keep: { blob: ["blob"] } }),
  upload("a picture called something else", png, "video/mp4"),
  upload("text", Buffer.from("hello"), "text/plain"),
  upload("anything", Buffer.from("hello"), "*/*"),
  upload("no type", png, undefined),
  upload("nothing", new Uint8Array(), "image/png", { keep: { empty: ["blob"] } }),
  upload("no token", png, "image/png", { token: undefined as never }),
  create("an unused image that says another type", {
    record: record(image({ image: { $type: "blob", ref: "{blob.ref}", mimeType: "image/jpeg", size: 70 } })),
  }),
  create("an unused image that says another size", {
    record: record(image({ image: { $type: "blob", ref: "{blob.ref}", mimeType: "image/png", size: 71 } })),
  }),
  create("an image", { rkey: "3mabcdefghi24", record: record(image()) }, { keep: { image: ["cid"] } }),
  create("an image without alt", { record: record(image({ alt: undefined })) }),
  create("an image without size", { record: record(image({ aspectRatio: { width: 0, height: 1 } })) }),
  create("five images", {
    record: record({ embed: { $type: "app.bsky.embed.images", images: Array(5).fill({ image: "{blob}", alt: "" }) } }),
  }),
  create("an image nobody sent", {
    record: record(image({ image: { $type: "blob", ref: { $link: unknownCid }, mimeType: "image/png", size: 3 } })),
  }),
  create("an image that is none", {
    record: record(image({ image: { $type: "blob", ref: { $link: unknownCid }, mimeType: "text/plain", size: 3 } })),
  }),
  create("an image too large", {
    record: record(
      image({ image: { $type: "blob", ref: { $link: unknownCid }, mimeType: "image/png", size: 2_000_001 } }),
    ),
  }),
  create("an image that is no blob", { record: record(image({ image: "x" })) }),
  create("an image that says another type", {
    record: record(image({ image: { $type: "blob", ref: "{blob.ref}", mimeType: "image/jpeg", size: 70 } })),
  }),
  create("an image that says another size", {
    record: record(image({ image: { $type: "blob", ref: "{blob.ref}", mimeType: "image/png", size: 71 } })),
  }),
  create("an empty image", { record: record(image({ image: "{empty}" })) }),
  { title: "getBlob: right", to: "com.atproto.sync.getBlob?did={did}&cid={blob.ref.$link}" },
  { title: "getBlob: none", to: `com.atproto.sync.getBlob?did={did}&cid=${unknownCid}` },
  { title: "getBlob: no cid", to: "com.atproto.sync.getBlob?did={did}&cid=x" },
  { title: "getBlob: nobody", to: `com.atproto.sync.getBlob?did=did:plc:aaaaaaaaaaaaaaaaaaaaaaaa&cid=${unknownCid}` },

  read("right", "rkey=3mabcdefghi22"),
  read("by cid", "rkey=3mabcdefghi22&cid={first}"),
  read("by another cid", `rkey=3mabcdefghi22&cid=${unknownCid}`),
  read("none", "rkey=3mabcdefghi77"),
  read("no key", ""),
  { title: "getRecord: nobody", to: `com.atproto.repo.getRecord?repo=nobody.test&collection=${post}&rkey=a` },
  list("two", "&limit=2", { keep: { cursor: ["cursor"] } }),
  list("one more", "&limit=1&cursor={cursor}"),
  list("the other way", "&limit=1&reverse=true"),
  list("none of a kind", "", { to: "com.atproto.repo.listRecords?repo={did}&collection=app.bsky.feed.generator" }),
  list("101", "&limit=101"),
  list("no number", "&limit=many"),
  list("nobody", "", { to: `com.atproto.repo.listRecords?repo=nobody.test&collection=${post}` }),

  put("new", "3mabcdefghi25", {}),
  put("the same", "3mabcdefghi25", {}),
  put("another text", "3mabcdefghi25", { record: record({ text: "Else" }) }),
  put("where there must be none", "3mabcdefghi25", { swapRecord: null }),
  put("where another must be", "3mabcdefghi25", { swapRecord: "{cid}" }),
  put("new where one must be", "3mabcdefghi26", { swapRecord: "{cid}" }),
  put("a bad record", "3mabcdefghi27", { record: record({ text: 7 }) }),
  put("no key", "3mabcdefghi27", { rkey: undefined }),
  put("a stale commit", "3mabcdefghi2a", { swapCommit: "{commit}" }),
  remove("there", "3mabcdefghi25"),
  remove("gone", "3mabcdefghi25"),
  remove("another than there", "3mabcdefghi22", { swapRecord: "{cid}" }),
  remove("the one that is there", "3mabcdefghi24", { swapRecord: "{image}" }),
  create("an image again", { rkey: "3mabcdefghi24", record: record(image()) }),
  remove("a key that is no key", "a/b"),
  batch("two", [write("create", { value: record() }), write("create", { value: record({ text: "Two" }) })]),
  batch("one bad", [write("create", { value: record() }), write("create", { value: record({ text: 7 }) })]),
  batch("a change", [write("update", { rkey: "3mabcdefghi22", value: record({ text: "New" }) })]),
  batch("a change of nothing", [write("update", { rkey: "3mabcdefghi7z", value: record() })]),
  batch("a removal", [write("delete", { rkey: "3mabcdefghi22" })]),
  batch("a removal of nothing", [write("delete", { rkey: "3mabcdefghi7z" })]),
  batch("none", []),
  batch("201", Array(201).fill(write("delete", { rkey: "3mabcdefghi7z" }))),
  batch("an unknown kind", [write("dance", {})]),
  {
    title: "getServiceAuth: right",
    to: "com.atproto.server.getServiceAuth?aud=did:web:video.test&lxm=com.atproto.repo.uploadBlob",
    token: "access",
  },
  { title: "getServiceAuth: no aud", to: "com.atproto.server.getServiceAuth", token: "access" },
  {
    title: "getServiceAuth: over",
    to: "com.atproto.server.getServiceAuth?aud=did:web:video.test&exp=1",
    token: "access",
  },

  session("deactivated", "access", { state: "deactivated" }),
  login("deactivated", credentials),
  refresh("deactivated", "next"),
  create("deactivated", {}),
  upload("deactivated", png, "image/png"),
  read("deactivated", "rkey=3mabcdefghi24"),
  list("deactivated", "&limit=1"),
  { title: "getBlob: deactivated", to: "com.atproto.sync.getBlob?did={did}&cid={blob.ref.$link}" },
  session("taken down", "access", { state: "takendown" }),
  login("taken down", credentials),
  refresh("taken down", "next"),
  create("taken down", {}),
  upload("taken down", png, "image/png"),
  read("taken down", "rkey=3mabcdefghi24"),
  list("taken down", "&limit=1"),
  { title: "getBlob: taken down", to: "com.atproto.sync.getBlob?did={did}&cid={blob.ref.$link}" },
  session("active again", "access", { state: "active" }),
  login("logging out", credentials, { keep: { second: ["refreshJwt"] } }),
  { title: "deleteSession: an access token", to: "com.atproto.server.deleteSession", method: "POST", token: "access" },
  { title: "deleteSession: right", to: "com.atproto.server.deleteSession", method: "POST", token: "second" },
  refresh("logged out", "second"),
  login("once more", credentials, { keep: { access: ["accessJwt"], third: ["refreshJwt"] } }),
  session("app password revoked", "access", { state: "revoked" }),
  create("app password revoked", {}),
  refresh("app password revoked", "third"),
  login("app password revoked", credentials),
];
