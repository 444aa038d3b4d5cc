import { randomDigits, type SimAccount } from "@postd/connector-kit/simulator";
import { facebookPermissions, instagramApp, instagramPermissions, metaApp } from "./apps.ts";
import type { IgAccount, Page } from "./model.ts";
import { allTasks } from "./seed.ts";
import { longSeconds, pageToken } from "./tokens.ts";
import type { World } from "./world.ts";

/** Names a caller may use for the three kinds of accounts. */
const kinds = {
  page: "page",
  facebook: "page",
  instagram: "instagram_facebook",
  instagram_facebook: "instagram_facebook",
  facebook_login: "instagram_facebook",
  professional: "instagram_facebook",
  instagram_login: "instagram_login",
} as const;

/**
 * Makes a person with one Page or Instagram account and ready tokens. `kind`: page (default), instagram or
 * facebook_login (through a Page, used on graph.facebook.com), instagram_login (graph.instagram.com). Throws a
 * RangeError on an unknown kind.
 */
export function createAccount(
  world: World,
  {
    kind: given = "page",
    name = "Made-up Bakery",
    scopes,
  }: { kind?: string; name?: string; scopes?: readonly string[] },
): SimAccount {
  const [, kind] = Object.entries(kinds).find(([known]) => known === given) ?? [];
  if (kind === undefined) throw new RangeError(`kind must be one of ${Object.keys(kinds).join(", ")}`);
  const { data, tokens } = world;
  const word =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, ".")
      .replace(/^\.|\.$/g, "") || "account";
  const handle = `${word}.${randomDigits(4)}`;
  const personId = `102${randomDigits(14)}`;
  const pageId = world.newId("10");
  data.people.put({ id: personId, name: `Owner of ${name}` });
  const account: IgAccount | undefined =
    kind === "page"
      ? undefined
      : {
          id: world.newId("178414"),
          appScopedId: world.newId("2"),
          username: handle,
          name,
          accountType: "BUSINESS",
          personId,
          followers: 240,
          ...(kind === "instagram_login" ? {} : { pageId }),
        };
  if (account) data.igAccounts.put(account);
  if (kind === "instagram_login" && account) {
    const signedIn = tokens.signedIn({
      subject: account.id,
      app: instagramApp.app_id,
      scopes: scopes ?? Object.keys(instagramPermissions),
      accessSeconds: longSeconds,
      prefix: "IGAA",
    });
    const extra = { authKind: kind, host: "graph.instagram.com", appScopedId: account.appScopedId, personId };
    const appSecret = instagramApp.app_secret;
    return { platform: "instagram", id: account.id, kind, name, handle, ...signedIn, appSecret, extra };
  }
  const page: Page = {
    id: pageId,
    name,
    username: handle.replaceAll(".", ""),
    category: "Local business",
    personId,
    ...(account && { igId: account.id }),
    fans: 240,
    tasks: [...allTasks],
    roleLost: false,
  };
  data.pages.put(page);
  const { accessToken: userToken, ...signedIn } = tokens.signedIn({
    subject: personId,
    app: metaApp.app_id,
    scopes: scopes ?? Object.keys(facebookPermissions),
    accounts: [pageId, ...(account ? [account.id] : [])],
    accessSeconds: longSeconds,
    prefix: "EAA",
  });
  const user = tokens.find(userToken);
  return {
    platform: account ? "instagram" : "facebook",
    id: account?.id ?? pageId,
    kind,
    name,
    handle,
    ...signedIn,
    accessToken: user ? pageToken(world, user, pageId).value : "",
    appSecret: metaApp.app_secret,
    extra: { authKind: "facebook_login", host: "graph.facebook.com", pageId, personId, userToken },
  };
}
