import {
  apiClient,
  type ConnectorContext,
  countGraphemes,
  defaultFingerprint,
  defineProvider,
  type Format,
  failureTable,
  matchRecent,
  oauth2,
  type Platform,
  type PublishingPlatform,
  secret,
  type Webhooks,
  webhookSignature,
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
const homeOf = (instance: string) => `https://${instance}.board.example`;
const api = apiClient<ConnectorContext>({
  base: ({ account }) => homeOf(Extras.parse(account.extras).instance),
  failures,
});

const signIn = oauth2({
  id: "board_login",
  label: "Board",
  app: "board",
  appFields: { id: "client_id", secret: "client_secret" },
  scopes: { required: ["post"], optional: [] },
  fields: [{ name: "instance", label: "Instance", secret: false, required: true }],
  checkFields: ({ instance = "" }) =>
    /^[a-z]+$/.test(instance)
      ? { instance }
      : { kind: "content_rejected", field: "instance", reason: "invalid", message: "This is no instance." },
  authorizeAt: ({ fields }) => `${homeOf(fields.instance ?? "")}/authorize`,
  tokenAt: ({ fields }) => `${homeOf(fields.instance ?? "")}/token`,
  pushAt: ({ fields }) => `${homeOf(fields.instance ?? "")}/par`,
  authorizeParams: ({ locale }) => ({ ui_locales: locale }),
  pkce: "S256",
  checkCallback: ({ region }) =>
    region === "eu" ? undefined : { kind: "auth_revoked", message: "The answer does not say where the account lives." },
  subject: async ({ rest }, { fields }) => {
    const user = z.object({ id: z.string(), name: z.string() }).parse(rest.user);
    return ok({ externalId: user.id, name: user.name, extras: { instance: fields.instance ?? "" } });
  },
  accounts: async ({ subject, credentials, extras = {} }) =>
    ok(
      ["board", "shelf"].map((platform) => ({
        platform,
        externalId: subject.externalId,
        kind: "profile",
        name: subject.name,
        extras,
        credentials,
        missingScopes: [],
      })),
    ),
  refresh: "rotates",
});

const Post = z.object({ id: z.string(), text: z.string(), createdAt: z.coerce.date() });
const text: Format<{ readonly hasSlot?: boolean; readonly postId?: string }> = {
  label: "Text",
  media: { min: 0, max: 0 },
  start: () => ({}),
  steps: [
    {
      name: "reserve",
      effect: "invisible",
      repeatable: true,
      done: ({ hasSlot }) => hasSlot === true,
      async run(_input, ctx) {
        const made = await api.read(ctx, { method: "POST", path: ["slots"] }, z.object({ slot: z.string() }));
        return made.ok ? ok({ state: { hasSlot: true }, sealed: { slot: secret(made.value.slot) } }) : made;
      },
    },
    {
      name: "send",
      effect: "visible",
      repeatable: false,
      done: ({ postId }) => postId !== undefined,
      async run({ post, sealed = {} }, ctx) {
        if (!sealed.slot) return ok({ state: {} });
        const json = { text: post.text, board: post.destination, slot: sealed.slot };
        const made = await api.read(ctx, { method: "POST", path: ["posts"], json }, Post);
        return made.ok
          ? ok({ state: { hasSlot: true, postId: made.value.id }, published: { externalId: made.value.id } })
          : made;
      },
      async probe({ post, intentAt }, ctx) {
        const list = await api.read(ctx, { method: "GET", path: ["posts"], effect: "none" }, z.array(Post));
        if (!list.ok) return list;
        const recent = list.value.map(({ id, ...rest }) => ({ externalId: id, ...rest }));
        const wanted = { text: post.text, since: intentAt };
        return ok(
          matchRecent({
            recent,
            wanted,
            state: ({ externalId }) => ({ hasSlot: true, postId: externalId }),
            looked: "all posts",
          }),
        );
      },
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
      list: (query, ctx) =>
        api.read(
          ctx,
          { method: "GET", path: ["boards"], query: { query }, effect: "none" },
          z.array(z.object({ id: z.string(), name: z.string() })),
        ),
    },
    accountLimits: (ctx) =>
      api.read(ctx, { method: "GET", path: ["limits"], effect: "none" }, z.object({ textMax: z.number() })),
  },
};

const shelf: Platform = {
  ...common,
  id: "shelf",
  name: "Shelf",
  source: {
    browse: async (_input, ctx) => {
      const List = z.array(z.object({ id: z.string(), title: z.string() }));
      const list = await api.read(ctx, { method: "GET", path: ["things"], effect: "none" }, List);
      return list.ok ? ok({ entries: list.value.map((it) => ({ ...it, kind: "text" as const })) }) : list;
    },
    read: async () => ok(undefined),
  },
};

const signature = webhookSignature({
  header: "x-board-signature",
  form: /^t=(?<t>\d+),v1=(?<digest>[0-9a-f]{64})$/,
  encoding: "hex",
  prefix: (at) => `${at}.`,
});
const Hook = z.object({ id: z.string(), secret: z.string(), expiresAt: z.coerce.date() });
const subscription = ({ id, secret: value, expiresAt }: z.output<typeof Hook>) =>
  ok({ id, secret: secret(value), expiresAt });
const Event = z.object({
  key: z.string(),
  account: z.string(),
  type: z.string(),
  platform: z.string().default("board"),
});
const eventOf = ({ key, account, type, platform }: z.output<typeof Event>) =>
  ({ type, platform, accountExternalId: account, dedupeKey: key, data: {} }) as const;

const webhooks: Webhooks = {
  verify({ request, keys, now }) {
    const verdict = signature(request, keys, now);
    return verdict === "genuine" ? { kind: "accepted" } : { kind: "refused", status: 401, reason: verdict };
  },
  parse({ rawBody }) {
    const events = z.array(Event).safeParse(JSON.parse(new TextDecoder().decode(rawBody)));
    return events.success ? events.data.map(eventOf) : [];
  },
  async subscribe(ctx, { address }) {
    if (ctx.account.name === "Unheard") return fail({ kind: "unavailable", message: "No events today." });
    const made = await api.read(ctx, { method: "POST", path: ["hooks"], json: { address } }, Hook);
    return made.ok ? subscription(made.value) : made;
  },
  async renew(ctx, { id }) {
    const again = await api.read(ctx, { method: "POST", path: ["hooks", id], json: {}, about: "object" }, Hook);
    return again.ok ? subscription(again.value) : again;
  },
  async unsubscribe(ctx, { id = "" }) {
    const ended = await api.send(ctx, { method: "DELETE", path: ["hooks", id] });
    return ended.ok ? ok(undefined) : ended;
  },
  async pull(ctx, cursor) {
    const Changes = z.object({ events: z.array(Event), cursor: z.string(), more: z.boolean() });
    const read = await api.read(ctx, { method: "GET", path: ["changes"], query: { cursor }, effect: "none" }, Changes);
    return read.ok ? ok({ ...read.value, events: read.value.events.map(eventOf) }) : read;
  },
};

export const boardProvider = defineProvider({
  id: "board",
  name: "Board",
  hosts: ["*.board.example"],
  apiVersion: { current: "1" },
  apps: [
    {
      id: "board",
      fields: [
        { name: "client_id", secret: false, required: true, help: "the app's" },
        { name: "client_secret", secret: true, required: true, help: "the app's" },
      ],
    },
  ],
  signIns: [signIn],
  webhooks,
  platforms: [board, shelf],
});
