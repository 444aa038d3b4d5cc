import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type AuthContext,
  type Credentials,
  type PlatformFailure,
  type PlatformResult,
  type Provider,
  secret,
} from "@postd/connector-kit";
import { barePlatform, bareProvider } from "@postd/connector-kit/conformance";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import type { RefreshCall } from "./watch-refreshes.ts";

const Pair = z.object({ access: z.string(), refresh: z.string(), lifeMs: z.number() });

/** A provider whose refresh tokens are good once, asked over HTTP from as many processes as there are. */
export async function startRotatingProvider() {
  let count = 0;
  let live = "";
  /** Takes the token before the last one too, as providers do that know lost answers. */
  let isLenient = false;
  let before = "";
  const calls: RefreshCall[] = [];
  const issue = () => {
    before = live;
    count += 1;
    live = `refresh-${count}-of-the-rotating-provider`;
    return { access: `access-${count}-of-the-rotating-provider`, refresh: live, lifeMs: 60 * 60_000 };
  };
  const server = createServer((request, response) => {
    const token = new URL(request.url ?? "/", "http://x").searchParams.get("token");
    const isGood = token === null || token === live || (isLenient && token === before);
    const issued = isGood ? issue() : undefined;
    if (token !== null) calls.push({ given: token, issued: issued?.access });
    response.writeHead(isGood ? 200 : 400, { "content-type": "application/json" });
    response.end(JSON.stringify(issued ?? { error: "invalid_grant" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    /** In order. */
    calls,
    beLenient: (is: boolean) => {
      isLenient = is;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** What POSTD knows of it: one sign-in opens three accounts that all act with its tokens. */
export function rotatingProvider(url: string): Provider {
  async function ask(query: string, ctx: Pick<AuthContext, "clock">): PlatformResult<Credentials> {
    const answer = await fetch(`${url}${query}`);
    if (!answer.ok)
      return fail<PlatformFailure>({ kind: "auth_revoked", message: "The refresh token was used before." });
    const { access, refresh, lifeMs } = Pair.parse(await answer.json());
    const expiresAt = new Date(ctx.clock.now().getTime() + lifeMs);
    return ok({ accessToken: secret(access), refreshToken: secret(refresh), expiresAt });
  }
  return bareProvider([barePlatform({ id: "rotating" })], {
    signIns: [
      {
        id: "key",
        kind: "keys",
        label: "Key",
        fields: [],
        scopes: { required: [], optional: [] },
        async connect(_keys, ctx) {
          const credentials = await ask("", ctx);
          if (!credentials.ok) return credentials;
          return ok({
            subject: { externalId: "person-1", name: "Ida Holm" },
            credentials: credentials.value,
            scopes: [],
          });
        },
        accounts: async ({ credentials }) =>
          ok(
            ["channel", "map", "numbers"].map((externalId) => ({
              platform: "rotating",
              externalId,
              kind: "page",
              name: externalId,
              extras: {},
              credentials,
              missingScopes: [],
            })),
          ),
        refresh: (ctx) => ask(`?token=${ctx.credentials.refreshToken?.reveal()}`, ctx),
      },
    ],
  });
}
