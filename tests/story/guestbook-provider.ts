import {
  apiClient,
  type ConnectorContext,
  clientFields,
  type Format,
  failureTable,
  type Inbox,
  jsonIn,
  type Platform,
  probeRecent,
  type Step,
  secret,
  signedRequests,
  type Webhooks,
} from "@postd/connector-kit";
import { barePlatform, bareProvider, barePublishing } from "@postd/connector-kit/conformance";
import { ok } from "@postd/contracts";
import { z } from "zod";

/**
 * A provider to throw away, to whose accounts people write: at `guestbook` comments below a post, listed post by post, which may
 * be answered, hidden and liked; at `stars` reviews, listed by account, with one answer kept beside each.
 */
export const guestbookHost = "api.guestbook.example";
const failures = failureTable({
  name: "Guestbook",
  read: (res) => {
    const said = z.object({ error: z.string() }).safeParse(res.json);
    return said.success ? { codes: [said.data.error] } : undefined;
  },
  codes: {
    ended: { kind: "auth_revoked" },
    gone: { kind: "missing" },
    locked: { kind: "content_rejected", say: "Guestbook keeps this comment as it is." },
  },
});
const api = apiClient<ConnectorContext>({ base: `https://${guestbookHost}`, failures });

type PostState = { readonly postId?: string };
const Shown = z.object({ id: z.string(), text: z.string(), createdAt: z.coerce.date() });
const Recent = z.array(Shown.transform(({ id, ...rest }) => ({ externalId: id, ...rest })));
const Made = z
  .object({ id: z.string() })
  .transform(({ id }) => ({ state: { postId: id }, published: { externalId: id } }));

const format = (label: string, step: Pick<Step<PostState>, "run" | "probe">): Format<PostState> => ({
  label,
  media: { min: 0, max: 0 },
  start: () => ({}),
  steps: [
    {
      name: "send",
      effect: "visible",
      repeatable: false,
      done: ({ postId }) => postId !== undefined,
      ...step,
    },
  ],
});

const text = format("Text", {
  run: ({ post }, ctx) => api.read(ctx, { method: "POST", path: ["posts"], json: { text: post.text } }, Made),
  probe: probeRecent({
    list: (ctx) => api.get(ctx, ["posts"], Recent),
    state: ({ externalId }) => ({ postId: externalId }),
    looked: "all posts",
  }),
});

const Entry = z
  .object({
    id: z.string(),
    text: z.string(),
    createdAt: z.coerce.date(),
    parent: z.string().optional(),
    author: z.string().optional(),
    own: z.boolean(),
    hidden: z.boolean(),
    liked: z.boolean(),
    closed: z.boolean(),
  })
  .transform(({ id, parent, author, own, hidden, liked, closed, ...rest }) => ({
    ...rest,
    externalId: id,
    kind: "comment" as const,
    isOwn: own,
    isHidden: hidden,
    isLiked: liked,
    ...(parent !== undefined && { parentId: parent }),
    ...(author !== undefined && { author: { externalId: author.toLowerCase(), name: author } }),
    ...(closed && { cannot: ["reply" as const] }),
  }));
const pageOf = <T extends z.ZodType>(entry: T) =>
  z
    .object({ entries: z.array(entry), next: z.string().optional() })
    .transform(({ entries, next }) => ({ entries, ...(next !== undefined && { cursor: next }) }));

const comments: Inbox = {
  lists: "post",
  list: ({ postId = "", cursor }, ctx) =>
    api.get(ctx, ["posts", postId, "comments"], pageOf(Entry), { query: { cursor }, about: "object" }),
  reply: format("Reply", {
    run: ({ post }, ctx) =>
      api.read(
        ctx,
        {
          method: "POST",
          path: ["comments", post.destination ?? "", "replies"],
          json: { text: post.text },
          about: "object",
        },
        Made,
      ),
    probe: async (input, ctx) =>
      probeRecent<PostState>({
        list: (at) => api.get(at, ["comments", input.post.destination ?? "", "replies"], Recent),
        state: ({ externalId }) => ({ postId: externalId }),
        looked: "all answers to the comment",
      })(input, ctx),
  }),
  async hide({ externalId, isHidden }, ctx) {
    const path = ["comments", externalId, "hidden"];
    const done = await api.send(ctx, { method: "PUT", path, json: { value: isHidden }, about: "object" });
    return done.ok ? ok(undefined) : done;
  },
  async like({ externalId, isLiked }, ctx) {
    const path = ["comments", externalId, "liked"];
    const done = await api.send(ctx, { method: "PUT", path, json: { value: isLiked }, about: "object" });
    return done.ok ? ok(undefined) : done;
  },
};

const Review = z
  .object({
    id: z.string(),
    text: z.string(),
    createdAt: z.coerce.date(),
    stars: z.number(),
    answer: z.string().optional(),
  })
  .transform(({ id, stars, answer, ...rest }) => ({
    ...rest,
    externalId: id,
    kind: "review" as const,
    rating: stars,
    ...(answer !== undefined && { answer: { text: answer } }),
  }));

const reviews: Inbox = {
  lists: "account",
  keepsMs: 48 * 3_600_000,
  list: ({ cursor }, ctx) => api.get(ctx, ["reviews"], pageOf(Review), { query: { cursor } }),
  reply: format("Answer", {
    run: ({ post }, ctx) =>
      api.read(
        ctx,
        {
          method: "PUT",
          path: ["reviews", post.destination ?? "", "answer"],
          json: { text: post.text },
          about: "object",
        },
        Made,
      ),
    probe: async (input, ctx) =>
      probeRecent<PostState>({
        list: (at) => api.get(at, ["reviews", input.post.destination ?? "", "answer"], Recent),
        state: ({ externalId }) => ({ postId: externalId }),
        looked: "the answer of the review",
      })(input, ctx),
  }),
};

const place = (id: string, inbox: Inbox): Platform =>
  barePlatform({ id, provider: "guestbook", publishing: barePublishing({ text }), inbox });

const Event = z.object({ key: z.string(), account: z.string(), type: z.string(), platform: z.string() });
const webhooks: Webhooks = {
  verify: signedRequests({ header: "x-guestbook-signature", encoding: "hex" }),
  parse({ rawBody }) {
    const { key, account, type, platform } = Event.parse(jsonIn(rawBody));
    return [{ type, platform, accountExternalId: account, dedupeKey: key, data: {} }];
  },
};

export const guestbookProvider = bareProvider([place("guestbook", comments), place("stars", reviews)], {
  hosts: [guestbookHost],
  apps: [{ id: "guestbook", fields: clientFields({ id: "the app's", secret: "the app's" }, { signs: true }) }],
  signIns: [
    {
      kind: "keys",
      id: "key",
      label: "Key",
      scopes: { required: [], optional: [] },
      fields: [{ name: "key", label: "Key", secret: true, required: true }],
      connect: async ({ key = secret("") }) => {
        const id = key.reveal().replace("key-", "");
        return ok({
          subject: { externalId: id, name: id },
          credentials: { accessToken: key, tokenType: "bearer" },
          scopes: [],
        });
      },
      accounts: async ({ subject, credentials }, _ctx, wanted = "guestbook") =>
        ok([{ ...subject, platform: wanted, kind: "profile", extras: {}, credentials, missingScopes: [] }]),
    },
  ],
  webhooks,
});
