import { randomDigits, type SimAccount } from "@postd/connector-kit/simulator";
import { facebookPermissions, instagramApp, instagramPermissions, metaApp } from "./apps.ts";
import { recordGrant } from "./grants.ts";
import type { IgAccount, Page } from "./model.ts";
import { allTasks } from "./seed.ts";
import { issueToken, longLivedMs, pageToken } from "./tokens.ts";
import type { World } from "./world.ts";

type Kind = "page" | "instagram_facebook" | "instagram_login";

/** Names a caller may use for the three kinds of accounts. */
const kinds: Readonly<Record<string, Kind>> = {
  page: "page",
  facebook: "page",
  instagram: "instagram_facebook",
  instagram_facebook: "instagram_facebook",
  facebook_login: "instagram_facebook",
  professional: "instagram_facebook",
  instagram_login: "instagram_login",
};

/**
 * Makes a person with one Page or Instagram account and ready tokens. `kind`: page (default), instagram or
 * facebook_login (through a Page, used on graph.facebook.com), instagram_login (graph.instagram.com). Throws a
 * RangeError on an unknown kind.
 */
export function createAccount(
  world: World,
  input: { readonly kind?: string; readonly name?: string; readonly scopes?: readonly string[] },
): SimAccount {
  const kind = kinds[input.kind ?? "page"];
  if (kind === undefined) throw new RangeError(`kind must be one of ${Object.keys(kinds).join(", ")}`);
  const name = input.name ?? "Made-up Bakery";
  const personId = `102${randomDigits(14)}`;
  world.data.people.set(personId, { id: personId, name: `Owner of ${name}` });
  const handle = `${
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, ".")
      .replace(/^\.|\.$/g, "") || "account"
  }.${randomDigits(4)}`;
  const ig =
    kind === "page"
      ? undefined
      : makeInstagram(world, { name, handle, personId, hasPage: kind === "instagram_facebook" });
  if (kind === "instagram_login" && ig) return instagramLoginAccount(world, ig, input.scopes);
  const page = makePage(world, {
    name,
    handle,
    personId,
    ...(ig?.pageId === undefined ? {} : { id: ig.pageId, igId: ig.id }),
  });
  const scopes = input.scopes ?? Object.keys(facebookPermissions);
  const grant = recordGrant(world, {
    login: "facebook",
    personId,
    asked: scopes,
    granted: scopes,
    pageIds: [page.id],
    igIds: ig ? [ig.id] : [],
    isSeparate: true,
  });
  const user = issueToken(world, { kind: "user", grant, lifeMs: longLivedMs, longLived: true });
  const token = pageToken(world, user, grant, page.id);
  return {
    platform: ig ? "instagram" : "facebook",
    id: ig?.id ?? page.id,
    kind,
    name,
    handle,
    accessToken: token.value,
    appId: metaApp.app_id,
    appSecret: metaApp.app_secret,
    extra: { authKind: "facebook_login", host: "graph.facebook.com", pageId: page.id, personId, userToken: user.value },
  };
}

function makePage(
  world: World,
  given: { name: string; handle: string; personId: string; id?: string; igId?: string },
): Page {
  const page: Page = {
    id: given.id ?? world.newId("10"),
    name: given.name,
    username: given.handle.replaceAll(".", ""),
    category: "Local business",
    personId: given.personId,
    ...(given.igId === undefined ? {} : { igId: given.igId }),
    fans: 240,
    tasks: [...allTasks],
    roleLost: false,
    subscribedFields: undefined,
  };
  world.data.pages.set(page.id, page);
  return page;
}

function makeInstagram(
  world: World,
  given: { name: string; handle: string; personId: string; hasPage: boolean },
): IgAccount {
  const account: IgAccount = {
    id: world.newId("178414"),
    appScopedId: world.newId("2"),
    username: given.handle,
    name: given.name,
    accountType: "BUSINESS",
    personId: given.personId,
    ...(given.hasPage ? { pageId: world.newId("10") } : {}),
    followers: 240,
    subscribedFields: undefined,
  };
  world.data.igAccounts.set(account.id, account);
  return account;
}

function instagramLoginAccount(world: World, ig: IgAccount, given: readonly string[] | undefined): SimAccount {
  const scopes = given ?? Object.keys(instagramPermissions);
  const grant = recordGrant(world, {
    login: "instagram",
    personId: ig.personId,
    asked: scopes,
    granted: scopes,
    pageIds: [],
    igIds: [ig.id],
    isSeparate: true,
  });
  const token = issueToken(world, { kind: "instagram", grant, lifeMs: longLivedMs, longLived: true });
  return {
    platform: "instagram",
    id: ig.id,
    kind: "instagram_login",
    name: ig.name,
    handle: ig.username,
    accessToken: token.value,
    appId: instagramApp.app_id,
    appSecret: instagramApp.app_secret,
    extra: {
      authKind: "instagram_login",
      host: "graph.instagram.com",
      appScopedId: ig.appScopedId,
      personId: ig.personId,
    },
  };
}
