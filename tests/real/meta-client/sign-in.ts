import { z } from "zod";
import { appCredentials } from "../../../packages/connectors/src/meta/simulator/apps.ts";

const { app_id: client_id, app_secret: client_secret } = appCredentials.meta;
const redirect_uri = "https://publisher.example/callback";
const scopes = [
  "pages_show_list",
  "pages_manage_posts",
  "pages_read_engagement",
  "pages_manage_engagement",
  "pages_read_user_content",
  "pages_manage_metadata",
  "read_insights",
  "instagram_basic",
  "instagram_content_publish",
  "instagram_manage_comments",
  "instagram_manage_insights",
  "instagram_manage_contents",
];
const Token = z.object({ access_token: z.string() });
const Pages = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      access_token: z.string(),
      instagram_business_account: z.object({ id: z.string() }).optional(),
    }),
  ),
});

/** Signs the simulator's ready-made person in, which the client cannot do: tokens of the person and of the first Page, and their ids. */
export async function signInAtMeta({
  url,
}: {
  url(host: string, path: string): string;
}): Promise<Record<string, string>> {
  const query = { client_id, redirect_uri, response_type: "code", scope: scopes.join(","), state: "s" };
  const consent = await fetch(url("www.facebook.com", `/v25.0/dialog/oauth?${new URLSearchParams(query)}`), {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ decision: "continue" }),
  });
  const code = new URL(consent.headers.get("location") ?? "").searchParams.get("code") ?? "";
  const read = async <T extends z.ZodType>(path: string, params: Record<string, string>, schema: T) => {
    const answer = await fetch(url("graph.facebook.com", `/v25.0/${path}?${new URLSearchParams(params)}`));
    return schema.parse(await answer.json());
  };
  const app = { client_id, client_secret };
  const short = await read("oauth/access_token", { ...app, redirect_uri, code }, Token);
  const exchange = { ...app, grant_type: "fb_exchange_token", fb_exchange_token: short.access_token };
  const { access_token } = await read("oauth/access_token", exchange, Token);
  const person = await read("me", { fields: "id", access_token }, z.object({ id: z.string() }));
  const fields = "id,access_token,instagram_business_account";
  const [page] = (await read("me/accounts", { fields, access_token }, Pages)).data;
  if (page?.instagram_business_account === undefined) throw new Error("the first Page has no Instagram account");
  return {
    userToken: access_token,
    personId: person.id,
    pageId: page.id,
    pageToken: page.access_token,
    igId: page.instagram_business_account.id,
  };
}
