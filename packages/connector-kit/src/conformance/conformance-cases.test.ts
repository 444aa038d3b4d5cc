import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ok } from "@postd/contracts";
import type { Provider } from "../provider.ts";
import type { OutgoingPost, Step } from "../publish.ts";
import { secret } from "../secret.ts";
import { conformanceCases } from "./conformance-cases.ts";
import type { ConformanceSetup, SamplePost } from "./suite.ts";
import {
  appSecret,
  type ToyState,
  toy,
  toyAnswer,
  toyInbox,
  toyOpen,
  toyPictures,
  toyRemove,
  toyReply,
  toySend,
  toySetup,
  toySignIn,
  toySimulator,
  toyWebhooks,
} from "./toy-fixture.ts";

const casesOf = (provider: Provider, setup: ConformanceSetup = toySetup) =>
  conformanceCases({ provider, platformId: "toy", simulator: toySimulator, setup });

describe("a connector that keeps every promise", () => {
  for (const { title, run } of casesOf(toy())) test(title, async () => run());
});

/** Runs the cases up to the named one, as their order may matter, and gives back what that one said. */
async function brokenBy(title: RegExp, provider: Provider, setup?: ConformanceSetup): Promise<string> {
  const all = casesOf(provider, setup);
  const at = all.findIndex((one) => title.test(one.title));
  const meant = all[at];
  assert.ok(meant, `there is no case ${title}`);
  const told = async (run: () => void | Promise<void>) => {
    try {
      await run();
      return "kept";
    } catch (error) {
      return String(error);
    }
  };
  for (const before of all.slice(0, at)) await told(before.run);
  return told(meant.run);
}

const signIn = (over: Partial<typeof toySignIn>) => toy({ provider: { signIns: [{ ...toySignIn, ...over }] } });
const hooks = (over: Partial<typeof toyWebhooks>) => toy({ provider: { webhooks: { ...toyWebhooks, ...over } } });
const send = (over: Partial<Step<ToyState>>) => toy({ steps: [toyOpen, { ...toySend, ...over }] });
const talking = (over: Partial<typeof toyInbox>) => toy({ inbox: { ...toyInbox, ...over } });
const answering = (over: Partial<Step<ToyState>>) =>
  talking({ reply: { ...toyReply, steps: [{ ...toyAnswer, ...over }] } });
const blind: Step<ToyState>["probe"] = async () => ok({ kind: "not_seen", looked: "nothing" });
const reason = {
  step: "send",
  why: "The toy does not say what became of a post.",
  source: "docs/platforms/toy.md section 1",
};
const lateAnHour = (from: Date | undefined) => new Date((from?.getTime() ?? 0) + 3_600_000);

const wordless = (post: OutgoingPost): OutgoingPost => ({
  ...post,
  media: post.media.map(({ altText: _, ...one }) => one),
});

const appKey = secret(appSecret);
const single = (posts: ConformanceSetup["posts"][string] | undefined): SamplePost => {
  const [first] = [posts].flat();
  assert.ok(first);
  return first as SamplePost;
};

const renewing = /renewed credentials end later/;
const withdrawing = /after withdrawing/;
const hooking = /a signed event is taken/;
const losing = /^text: an answer lost after/;
const choosing = /^picture: the sample is right/;
const printing = /^picture: the same content/;

/** Each fault with the case that must see it, and words of what that case says. */
const faults: readonly (readonly [
  fault: string,
  seenBy: RegExp,
  says: RegExp,
  provider: Provider,
  setup?: Partial<ConformanceSetup>,
])[] = [
  [
    "renewing answers the old token with a later end",
    renewing,
    /kind":"auth_expired/,
    signIn({ refresh: async ({ credentials: c }) => ok({ ...c, expiresAt: lateAnHour(c.expiresAt) }) }),
  ],
  [
    "renewing loses the end of the token",
    renewing,
    /then undefined/,
    signIn({
      async refresh(ctx) {
        const renewed = await toySignIn.refresh?.(ctx);
        return renewed?.ok ? ok({ accessToken: renewed.value.accessToken }) : (renewed ?? ok(ctx.credentials));
      },
    }),
  ],
  ["withdrawing does nothing", withdrawing, /as good as before/, signIn({ revoke: async () => ok(undefined) })],
  [
    "a connection of another sign-in stands in",
    withdrawing,
    /another sign-in/,
    toy(),
    {
      async connect(world) {
        const { account, credentials } = await toySetup.connect(world, "toy_login");
        return { account: { ...account, authKind: "other" }, credentials };
      },
    },
  ],
  [
    "removing says done and does nothing",
    /^text: a removed post is gone/,
    /hello/,
    toy({ publishing: { remove: { ...toyRemove, run: async () => ok(undefined) } } }),
  ],
  [
    "a removal names a part nobody made",
    /^text: a removed post is gone/,
    /what stays when the post itself is deleted/,
    toy({ publishing: { remove: { ...toyRemove, parts: (ref) => [ref, { externalId: "0" }] } } }),
  ],
  [
    "an event is believed whatever it says",
    hooking,
    /a changed body/,
    hooks({
      verify: ({ request }) =>
        request.headers["x-toy-proof"] ? { kind: "accepted" } : { kind: "refused", status: 401, reason: "" },
    }),
  ],
  [
    "an unsigned event is believed",
    hooking,
    /without any signature/,
    hooks({
      verify: (input, ctx) =>
        input.request.headers["x-toy-proof"] ? toyWebhooks.verify(input, ctx) : { kind: "accepted" },
    }),
  ],
  [
    "an event is checked with a key of its own choice",
    hooking,
    /signed with another key/,
    hooks({ verify: (input, ctx) => toyWebhooks.verify({ ...input, keys: [appKey] }, ctx) }),
  ],
  [
    "without a key everything is believed",
    hooking,
    /no key is known/,
    hooks({
      verify: (input, ctx) => {
        if (input.keys.length > 0 || input.request.headers["x-toy-proof"] === undefined)
          return toyWebhooks.verify(input, ctx);
        return { kind: "accepted" };
      },
    }),
  ],
  [
    "only the newest key counts",
    hooking,
    /while a new key/,
    hooks({ verify: (input, ctx) => toyWebhooks.verify({ ...input, keys: input.keys.slice(0, 1) }, ctx) }),
  ],
  [
    "an event is not signed with the subscription's own key",
    hooking,
    /'refused'\n- 'accepted'/,
    toy(),
    {
      async webhook(world, connected) {
        const sample = await toySetup.webhook?.(world, connected);
        assert.ok(sample);
        return { ...sample, keys: [secret("the subscription's own")] };
      },
    },
  ],
  [
    "two events have one key",
    hooking,
    /two events have one key/,
    hooks({ parse: (request) => toyWebhooks.parse(request).map((event) => ({ ...event, dedupeKey: "k" })) }),
  ],
  [
    "an event has another key each time",
    hooking,
    /the same event/,
    hooks({ parse: (request) => toyWebhooks.parse(request).map((event) => ({ ...event, dedupeKey: nextKey() })) }),
  ],
  [
    "no format is ever chosen",
    choosing,
    /no format is chosen/,
    toy({ publishing: { defaultFormat: () => undefined } }),
  ],
  [
    "a format is chosen that does not take the post",
    choosing,
    /chosen: text/,
    toy({ publishing: { defaultFormat: () => "text" } }),
  ],
  [
    "a format is chosen though the setup says that it is had by name only",
    choosing,
    /chosen after all/,
    toy(),
    { posts: { ...toySetup.posts, picture: { ...single(toySetup.posts.picture), onlyByName: "it is a secret" } } },
  ],
  [
    "no size is said for the files it takes",
    /^picture: one medium too many/,
    /no size is said/,
    toy({ pictures: { min: 1, max: 2, video: { mimeTypes: ["image/png"], maxBytes: 1 } } }),
  ],
  [
    "files do not count for what is the same",
    printing,
    /another file/,
    toy({ publishing: { fingerprint: ({ text }) => text } }),
  ],
  [
    "words do not count for what is the same",
    printing,
    /other words/,
    toy({ publishing: { fingerprint: ({ media }) => String(media[0]?.sha256) } }),
  ],
  ["a lost answer is not looked for, and nobody says why", losing, /no reason is written/, send({ probe: blind })],
  [
    "a reason is given for another format",
    losing,
    /no reason is written/,
    send({ probe: blind }),
    { asksPerson: [{ ...reason, formats: ["picture"] }] },
  ],
  [
    "a reason names no source",
    /^send: the reason/,
    /no address and no section/,
    send({ probe: blind }),
    { asksPerson: [{ ...reason, source: "I remember" }] },
  ],
  [
    "a reason is no sentence",
    /^send: the reason/,
    /no sentence/,
    send({ probe: blind }),
    { asksPerson: [{ ...reason, why: "unknown" }] },
  ],
  ["a reason is not needed", /^send: the reason/, /not needed/, toy(), { asksPerson: [reason] }],
  [
    "a lost answer is sent again on a false word of its absence",
    losing,
    /2 posts instead of 1/,
    send({ probe: async () => ok({ kind: "absent_authoritative", because: "so it says" }) }),
  ],
  [
    "nobody can write to the account",
    /^inbox: somebody can write/,
    /the setup has no comment/,
    toy(),
    { comment: undefined },
  ],
  [
    "what people write is not listed",
    /^inbox: what somebody wrote/,
    /is not listed/,
    talking({ list: async () => ok({ entries: [] }) }),
  ],
  [
    "a list has no end",
    /^inbox: what somebody wrote/,
    /has no end/,
    talking({ list: async () => ok({ entries: [], cursor: "on" }) }),
  ],
  [
    "hiding does nothing",
    /^inbox: hide is done/,
    /isHidden is false after/,
    talking({ hide: async () => ok(undefined) }),
  ],
  [
    "an answer is lost and given again on a false word of its absence",
    /^reply: an answer lost after/,
    /2 posts instead of 1/,
    answering({ probe: async () => ok({ kind: "absent_authoritative", because: "so it says" }) }),
  ],
  [
    "a lost answer is not looked for, and nobody says why",
    /^reply: an answer lost after/,
    /no reason is written/,
    answering({ probe: blind }),
  ],
  [
    "an answer is told to be live and is not",
    /^reply: an answer lost after/,
    /seen neither among/,
    answering({ run: async () => ok({ state: { id: "1" }, published: { externalId: "1" } }) }),
  ],
  [
    "one run shows two posts",
    /^text: goes out as one post/,
    /after its visible call/,
    send({
      async run(input, ctx) {
        await toySend.run(input, ctx);
        return toySend.run(input, ctx);
      },
    }),
  ],
  ...(
    [
      ["parts", { parts: {} }],
      ["link", { link: {} }],
      ["mentions", { mentions: {} }],
      ["hashtags", { hashtags: { apart: true } }],
      ["productTags", { productTags: {} }],
      ["firstComment", { firstComment: {} }],
      ["destination", { destinations: { label: "Shelf", required: false, list: async () => ok([]) } }],
    ] as const
  ).map(
    ([word, publishing]) =>
      [
        `${word} are taken and dropped in silence`,
        /^text: every shared word/,
        new RegExp(`'${word} dropped: `),
        toy({ publishing }),
      ] as const,
  ),
  [
    "a first comment is refused under another name",
    /^text: every shared word/,
    /'firstComment refused under the name of options'/,
    toy({
      publishing: {
        firstComment: {},
        validate: ({ firstComment }) =>
          firstComment ? [{ field: "options", code: "no", message: "No.", severity: "error" }] : [],
      },
    }),
  ],
  [
    "the words of a picture are dropped in silence",
    /^picture: every file is shown/,
    /dropped in silence/,
    send({ run: (input, ctx) => toySend.run({ ...input, post: wordless(input.post) }, ctx) }),
  ],
  [
    "a post is told that its words are dropped, and they are not",
    /^picture: every file is shown/,
    /though a post is told/,
    toy({ pictures: { ...toyPictures, altText: [] } }),
  ],
  [
    "another picture is shown",
    /^picture: every file is shown/,
    /Expected values to be strictly deep-equal/,
    send({
      run: (input, ctx) => toySend.run({ ...input, post: { ...input.post, media: [] } }, ctx),
    }),
  ],
  [
    "a kind of file is taken of which there is no sample",
    /^a video is shown/,
    /picture: give a sample with a video/,
    toy({ pictures: { ...toyPictures, video: { mimeTypes: ["video/mp4"], maxBytes: 1 } } }),
  ],
  [
    "an upload address stands in the state",
    /^text: goes out as one post/,
    /secret number/,
    toy({
      steps: [
        {
          ...toyOpen,
          async run(input, ctx) {
            const made = await toyOpen.run(input, ctx);
            if (!made.ok) return made;
            const address = made.value.sealed?.address?.reveal() ?? "";
            return ok({ ...made.value, state: { ...made.value.state, address } });
          },
        },
        toySend,
      ],
    }),
  ],
];

let keys = 0;
const nextKey = () => {
  keys += 1;
  return String(keys);
};

describe("a connector with a fault", () => {
  for (const [fault, seenBy, says, provider, setup] of faults)
    test(`${fault}: seen`, async () => {
      assert.match(await brokenBy(seenBy, provider, { ...toySetup, ...setup }), says);
    });
});
