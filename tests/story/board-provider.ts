import {
  apiClient,
  type ConnectorContext,
  clientFields,
  countGraphemes,
  defaultFingerprint,
  defineProvider,
  type Format,
  failureTable,
  jsonIn,
  type OAuthAt,
  oauth2,
  ownAccounts,
  type Platform,
  type PublishingPlatform,
  probeRecent,
  secret,
  signedRequests,
  unlessGone,
  type Webhooks,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";

/**
 * A provider to throw away, with what the first two platforms have not: a host a person types, a pushed authorisation
 * request, a callback with more than its code, rotating tokens, an upload address that is a secret, places below an
 * account, limits of the account, and webhooks signed with a secret of the subscription. `board` is posted to, `shelf` is a source and nothing else.
 */
const failures = failureTable({
  name: "Board",
  read: (res) => {
    const said = z.object({ error: z.string() }).safeParse(res.json);
    return said.success ? { codes: [said.data.error] } : undefined;
  },
  codes: { ended: { kind: "auth_expired" }, gone: { kind: "missing" }, unknown_board: { kind: "content_rejected" } },
});
const Extras = z.object({ instance: z.string() });
const homeOf = (instance = "") => `https://${instance}.board.example`;
const api = apiClient<ConnectorContext>({
  base: ({ account }) => homeOf(Extras.parse(account.extras).instance),
  failures,
});

const at =
  (path: string) =>
  ({ fields }: OAuthAt) =>
    homeOf(fields.instance) + path;
const User = z.object({ id: z.string(), name: z.string() });
const signIn = oauth2({
  id: "board_login",
  label: "Board",
  app: "board",
  scopes: { required: ["post"], optional: [] },
  fields: [{ name: "instance", label: "Instance", secret: false, required: true }],
  checkFields: ({ instance = "" }) =>
    /^[a-z]+$/.test(instance)
      ? { instance }
      : { kind: "content_rejected", field: "instance", reason: "invalid", message: "This is no instance." },
  authorizeAt: at("/authorize"),
  tokenAt: at("/token"),
  pushAt: at("/par"),
  authorizeParams: ({ locale }) => ({ ui_locales: locale }),
  pkce: "S256",
  checkCallback: ({ region }) =>
    region === "eu" ? undefined : { kind: "auth_revoked", message: "The answer does not say where the account lives." },
  subject: async ({ rest }, { fields }) => {
    const { id, name } = User.parse(rest.user);
    return ok({ externalId: id, name, extras: { instance: fields.instance ?? "" } });
  },
  accounts: ownAccounts("profile", "board", "shelf"),
  refresh: "rotates",
});

type PostState = { readonly hasSlot?: boolean; readonly postId?: string };
const posted = (postId: string): PostState => ({ hasSlot: true, postId });
const Post = z
  .object({ id: z.string(), text: z.string(), createdAt: z.coerce.date() })
  .transform(({ id, ...rest }) => ({ externalId: id, ...rest }));
const Made = z.object({ id: z.string() }).transform(({ id }) => ({ state: posted(id), published: { externalId: id } }));
const Slot = z
  .object({ slot: z.string() })
  .transform(({ slot }) => ({ state: { hasSlot: true }, sealed: { slot: secret(slot) } }));

const text: Format<PostState> = {
  label: "Text",
  media: { min: 0, max: 0 },
  start: () => ({}),
  steps: [
    {
      name: "reserve",
      effect: "invisible",
      repeatable: true,
      done: ({ hasSlot }) => hasSlot === true,
      run: (_input, ctx) => api.read(ctx, { method: "POST", path: ["slots"] }, Slot),
    },
    {
      name: "send",
      effect: "visible",
      repeatable: false,
      done: ({ postId }) => postId !== undefined,
      async run({ post, sealed = {} }, ctx) {
        if (!sealed.slot) return ok({ state: {} });
        const json = { text: post.text, board: post.destination, slot: sealed.slot };
        return api.read(ctx, { method: "POST", path: ["posts"], json }, Made);
      },
      probe: probeRecent({
        list: (ctx) => api.get(ctx, ["posts"], z.array(Post)),
        state: ({ externalId }) => posted(externalId),
        looked: "all posts",
      }),
    },
  ],
};

const common = {
  provider: "board",
  icon: "<svg/>",
  color: "#123456",
  previewKind: "short",
  accountKinds: [{ id: "profile", label: "Profile" }],
  extras: Extras,
  async health(ctx: ConnectorContext) {
    const me = await api.send(ctx, { method: "GET", path: ["me"] });
    return me.ok ? ok({ missingScopes: [] }) : me;
  },
} satisfies Partial<Platform>;

const board: PublishingPlatform = {
  ...common,
  id: "board",
  name: "Board",
  publishing: {
    formats: { text },
    aliases: { post: "text" },
    options: z.strictObject({}),
    limits: { text: { max: 500, unit: "graphemes", rule: "graphemes", count: countGraphemes } },
    defaultFormat: () => "text",
    fingerprint: defaultFingerprint,
    destinations: {
      label: "Board",
      required: true,
      list: (query, ctx) => api.get(ctx, ["boards"], z.array(User), { query: { query } }),
    },
    accountLimits: (ctx) => api.get(ctx, ["limits"], z.object({ textMax: z.number() })),
  },
};

const Things = z.array(z.object({ id: z.string(), title: z.string() })).transform((things) => ({
  entries: things.map((thing) => ({ ...thing, kind: "text" as const })),
}));
const shelf: Platform = {
  ...common,
  id: "shelf",
  name: "Shelf",
  source: { browse: (_input, ctx) => api.get(ctx, ["things"], Things), read: async () => ok(undefined) },
};

const Hook = z.object({ id: z.string(), secret: z.string().transform(secret), expiresAt: z.coerce.date() });
const Events = z.array(
  z.object({ key: z.string(), account: z.string(), type: z.string() }).transform(({ key, account, type }) => ({
    ...{ type, platform: "board", accountExternalId: account, dedupeKey: key, data: {} },
  })),
);
const Changes = z.object({ events: Events, cursor: z.string(), more: z.boolean() });

const webhooks: Webhooks = {
  verify: signedRequests({
    header: "x-board-signature",
    form: /^t=(?<t>\d+),v1=(?<digest>[0-9a-f]{64})$/,
    encoding: "hex",
    prefix: (at) => `${at}.`,
  }),
  parse: ({ rawBody }) => Events.safeParse(jsonIn(rawBody)).data ?? [],
  subscribe: async (ctx, { address }) =>
    ctx.account.name === "Unheard"
      ? fail({ kind: "unavailable", message: "No events today." })
      : api.read(ctx, { method: "POST", path: ["hooks"], json: { address } }, Hook),
  renew: (ctx, { id }) => api.read(ctx, { method: "POST", path: ["hooks", id], json: {}, about: "object" }, Hook),
  unsubscribe: async (ctx, { id = "" }) => unlessGone(await api.send(ctx, { method: "DELETE", path: ["hooks", id] })),
  pull: (ctx, cursor) => api.get(ctx, ["changes"], Changes, { query: { cursor } }),
};

export const boardProvider = defineProvider({
  id: "board",
  name: "Board",
  hosts: ["*.board.example"],
  apiVersion: { current: "1" },
  apps: [{ id: "board", fields: clientFields({ id: "the app's", secret: "the app's" }) }],
  signIns: [signIn],
  webhooks,
  platforms: [board, shelf],
});
