import { z } from "zod";
import { type Acts, act } from "./act.ts";
import { instagramApp, metaApp } from "./apps.ts";
import { isTokenSubcode } from "./graph-error.ts";
import { endTokens } from "./tokens.ts";
import { callBack } from "./webhooks.ts";

/** What people do to their Pages, permissions and the app. */
export const personActs: Acts = {
  /** The person leaves or loses the Page: its tokens answer 190/492 (meta.md §12). */
  loseRole: act(z.strictObject({ pageId: z.string(), lost: z.boolean().default(true) }), (world, { pageId, lost }) => {
    const page = world.data.pages.get(pageId);
    if (page === undefined) throw new RangeError(`no Page ${pageId}`);
    page.roleLost = lost;
    return { pageId, lost };
  }),
  setTasks: act(z.strictObject({ pageId: z.string(), tasks: z.array(z.string()) }), (world, { pageId, tasks }) => {
    const page = world.data.pages.get(pageId);
    if (page === undefined) throw new RangeError(`no Page ${pageId}`);
    page.tasks = tasks;
    return { pageId, tasks };
  }),
  /** Ends tokens of a person, or one token, with a subcode of 190: 458, 460, 463 ... */
  endTokens: act(
    z.strictObject({
      personId: z.string().optional(),
      token: z.string().optional(),
      subcode: z.int().refine(isTokenSubcode, "must be a subcode of 190").default(460),
    }),
    (world, { personId, token, subcode }) => ({
      ended: endTokens(
        world,
        (each) =>
          each.value === token ||
          (personId !== undefined && world.data.grants.get(each.grantId)?.personId === personId),
        subcode,
      ),
    }),
  ),
  withdrawPermission: act(
    z.strictObject({ personId: z.string(), permission: z.string() }),
    (world, { personId, permission }) => {
      const grants = [...world.data.grants.values()].filter(
        (grant) => grant.personId === personId && grant.permissions.has(permission),
      );
      for (const grant of grants) grant.permissions.set(permission, "declined");
      return { changed: grants.length };
    },
  ),
  /** The person removes the app: tokens die with 458 and the deauthorize callback is called (§3b.5). */
  removeApp: act(
    z.strictObject({ personId: z.string(), login: z.enum(["facebook", "instagram"]).default("facebook") }),
    (world, { personId, login }) => {
      const grants = [...world.data.grants.values()].filter(
        (grant) => grant.personId === personId && grant.login === login,
      );
      const ended = endTokens(world, (token) => grants.some((grant) => grant.id === token.grantId), 458);
      const { deauthorizeUrl } = world.data.settings;
      const userIds = login === "facebook" ? [personId] : grants.flatMap((grant) => [...grant.igIds]);
      if (deauthorizeUrl !== undefined)
        for (const id of userIds) callBack(world, deauthorizeUrl, "deauthorize", id, secretOf(login));
      return { ended, userIds };
    },
  ),
  requestDeletion: act(
    z.strictObject({ userId: z.string(), login: z.enum(["facebook", "instagram"]).default("facebook") }),
    (world, { userId, login }) => {
      const { dataDeletionUrl } = world.data.settings;
      if (dataDeletionUrl === undefined) throw new RangeError("set an address with setDataDeletion first");
      callBack(world, dataDeletionUrl, "data_deletion", userId, secretOf(login));
      return { userId };
    },
  ),
};

const secretOf = (login: "facebook" | "instagram"): string =>
  login === "facebook" ? metaApp.app_secret : instagramApp.app_secret;
