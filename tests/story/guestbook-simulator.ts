import { secret } from "@postd/connector-kit";
import {
  hmacSha256Hex,
  type SimAnswer,
  type SimRequest,
  type SimulatorDefinition,
} from "@postd/connector-kit/simulator";
import { z } from "zod";
import { guestbookHost } from "./guestbook-provider.ts";

const signingSecret = "guestbook-signs-with-this";
/** So short that a talk of a few entries takes several pages. */
const pageSize = 3;

interface Post {
  readonly id: string;
  readonly account: string;
  readonly text: string;
  readonly createdAt: string;
}
interface Comment extends Post {
  readonly post: string;
  readonly parent?: string;
  readonly author?: string;
  readonly own: boolean;
  hidden: boolean;
  liked: boolean;
  /** Nobody may answer it. */
  readonly closed: boolean;
  /** It is not hidden or liked for anybody. */
  readonly locked: boolean;
}
interface Review extends Post {
  readonly stars: number;
  answer?: { readonly id: string; readonly text: string; readonly createdAt: string };
}

const About = z.object({
  account: z.string().default(""),
  post: z.string().default(""),
  parent: z.string().optional(),
  author: z.string().optional(),
  text: z.string().default(""),
  stars: z.number().default(5),
  closed: z.boolean().default(false),
  locked: z.boolean().default(false),
  id: z.string().default(""),
  address: z.string().default(""),
  type: z.string().default(""),
  platform: z.string().default(""),
});

/** The platform of `guestbook-provider.ts`: acts `comment`, `review`, `remove` and `emit` are what other people do there. */
export const guestbookSimulator: SimulatorDefinition = {
  id: "guestbook",
  platforms: ["guestbook", "stars"],
  hosts: [guestbookHost],
  appCredentials: { guestbook: { client_id: "guestbook-app", client_secret: signingSecret } },
  create(env) {
    const posts: Post[] = [];
    let comments: Comment[] = [];
    let reviews: Review[] = [];
    const json = (status: number, body: object): SimAnswer => ({ status, json: body });
    const gone = json(404, { error: "gone" });
    const made = (account: string, text: string): Post => ({
      ...{ id: env.randomId(), account, text, createdAt: env.now().toISOString() },
    });
    /** What an audience sees is done, and the answer may be lost. */
    const seen = (request: SimRequest, answer: SimAnswer): SimAnswer =>
      env.fault("dropAfterAccept", request) ? "drop" : answer;
    const page = (all: readonly object[], { query }: SimRequest): SimAnswer => {
      const from = Number(query.get("cursor") ?? 0);
      const next = from + pageSize < all.length ? { next: String(from + pageSize) } : {};
      return json(200, { entries: all.slice(from, from + pageSize), ...next });
    };

    function answer(
      request: SimRequest,
      account: string,
      body: { readonly text?: string; readonly value?: boolean },
    ): SimAnswer {
      const [, kind = "", id = "", part = ""] = request.path.split("/");
      const comment = comments.find((it) => it.id === id && it.account === account);
      const review = reviews.find((it) => it.id === id && it.account === account);
      switch (`${request.method} ${kind} ${part}`.trim()) {
        case "GET posts":
          return json(200, posts.filter((it) => it.account === account).toReversed());
        case "POST posts":
          posts.push(made(account, body.text ?? ""));
          return seen(request, json(201, { id: posts.at(-1)?.id }));
        case "GET posts comments":
          if (!posts.some((it) => it.id === id && it.account === account)) return gone;
          // Lists that lack an answer lack it everywhere.
          return page(
            comments
              .filter((it) => it.post === id && !(it.parent !== undefined && env.fault("hideFromLists", request)))
              .toReversed(),
            request,
          );
        case "GET comments replies":
          if (env.fault("hideFromLists", request)) return json(200, []);
          return json(
            200,
            comments.filter((it) => it.parent === id),
          );
        case "POST comments replies": {
          if (!comment) return gone;
          const own = {
            post: comment.post,
            parent: id,
            own: true,
            hidden: false,
            liked: false,
            closed: false,
            locked: false,
          };
          comments.push({ ...made(account, body.text ?? ""), ...own });
          return seen(request, json(201, { id: comments.at(-1)?.id }));
        }
        case "PUT comments hidden":
        case "PUT comments liked": {
          if (!comment) return gone;
          if (comment.locked) return json(403, { error: "locked" });
          comment[part === "hidden" ? "hidden" : "liked"] = body.value === true;
          return json(200, {});
        }
        case "GET reviews":
          return page(
            reviews
              .filter((it) => it.account === account)
              .map(({ answer: given, ...it }) => ({ ...it, ...(given && { answer: given.text }) }))
              .toReversed(),
            request,
          );
        case "GET reviews answer":
          return json(200, review?.answer ? [review.answer] : []);
        case "PUT reviews answer": {
          if (!review) return gone;
          review.answer = made(account, body.text ?? "");
          return seen(request, json(200, { id: review.answer.id }));
        }
        default:
          return gone;
      }
    }

    return {
      async handle(request) {
        const key = request.headers.authorization?.replace("Bearer ", "") ?? "";
        if (!key.startsWith("key-")) return json(401, { error: "ended" });
        const text = new TextDecoder().decode(request.rawBody);
        return answer(request, key.replace("key-", ""), text === "" ? {} : JSON.parse(text));
      },
      posts: () => [
        ...posts.map(({ id, account, text, createdAt }) => ({
          ...{
            id,
            platform: "guestbook",
            accountId: account,
            accountName: account,
            text,
            createdAt,
            kind: "text",
            media: [],
          },
          replies: comments.filter((it) => it.post === id && it.own).map((it) => it.text),
        })),
        ...reviews.flatMap(({ account, answer: given }) =>
          given
            ? [{ ...given, platform: "stars", accountId: account, accountName: account, kind: "answer", media: [] }]
            : [],
        ),
      ],
      orphans: () => 0,
      createAccount({ name = "visitor" }) {
        const id = `${name.toLowerCase().replaceAll(/\W/g, "")}${env.randomId()}`;
        return { platform: "guestbook", id, kind: "profile", name, accessToken: `key-${id}` };
      },
      accountsOf: (token) => [token.replace("key-", "")],
      reset: () => {},
      async act(action, input) {
        const about = About.parse(input);
        if (action === "comment") {
          const account = posts.find(({ id }) => id === about.post)?.account ?? "";
          const { post, parent, author = "Ida Holm", closed, locked, text } = about;
          const more = { own: false, hidden: false, liked: false, closed, locked, author };
          comments.push({ ...made(account, text), post, ...(parent !== undefined && { parent }), ...more });
          return { id: comments.at(-1)?.id ?? "" };
        }
        if (action === "review") {
          reviews.push({ ...made(about.account, about.text), stars: about.stars });
          return { id: reviews.at(-1)?.id ?? "" };
        }
        if (action === "remove") {
          comments = comments.filter(({ id }) => id !== about.id);
          reviews = reviews.filter(({ id }) => id !== about.id);
          return {};
        }
        const { account, type, platform } = about;
        const body = JSON.stringify({ key: env.randomId(), account, type, platform });
        const signature = hmacSha256Hex(secret(signingSecret), body);
        const headers = { "content-type": "application/json", "x-guestbook-signature": signature };
        return { status: await env.deliver(about.address, { headers, body }) };
      },
    };
  },
};
