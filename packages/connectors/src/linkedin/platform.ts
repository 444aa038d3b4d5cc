import {
  type ConnectorContext,
  defaultFingerprint,
  type HealthAnswer,
  type OutgoingPost,
  type PlatformResult,
  type PublishingPlatform,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, personUrn, V2 } from "./api.ts";
import { editText, lookUp, removePost } from "./manage.ts";
import { linkedinNumbers } from "./numbers.ts";
import { LinkedinOptions, textLimit, thumbRule, validate } from "./options.ts";
import { formats } from "./publish.ts";
import { memberScopes, pageRoles, pageScopes, readPage, UserInfo } from "./sign-in.ts";

function formatOf({ media, options, link }: Pick<OutgoingPost, "media" | "options" | "link">): string | undefined {
  if (options.poll !== undefined) return "poll";
  if (media.length === 0) return link ? "article" : "text";
  const kinds = new Set(media.map(({ kind }) => (kind === "gif" ? "image" : kind)));
  if (kinds.size !== 1) return undefined;
  if (kinds.has("image")) return media.length === 1 ? "image" : "images";
  if (media.length > 1) return undefined;
  return kinds.has("video") ? "video" : "document";
}

/** The sign-in works and belongs to this account: the member itself, or an administrator of the page. */
async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const isPage = ctx.account.kind === "page";
  const needed = (isPage ? pageScopes : memberScopes).required;
  const { scopes } = ctx.credentials;
  const common = {
    ...(scopes && { scopes }),
    missingScopes: scopes ? needed.filter((scope) => !scopes.includes(scope)) : [],
    ...(ctx.credentials.expiresAt && { expiresAt: ctx.credentials.expiresAt }),
  };
  if (isPage) {
    const roles = await pageRoles(ctx, ctx.credentials);
    if (!roles.ok) return roles;
    const mine = roles.value.some(
      ({ organization, organizationTarget }) => (organization ?? organizationTarget) === ctx.account.externalId,
    );
    if (!mine)
      return fail({
        kind: "scope_missing",
        scopes: needed,
        message:
          "The person who connected this page no longer administers it. An administrator has to connect it again.",
      });
    const page = await readPage(ctx, ctx.account.externalId, ctx.credentials);
    if (!page.ok) return page;
    const { localizedName, vanityName } = page.value;
    return ok({ ...common, ...(localizedName && { name: localizedName }), ...(vanityName && { handle: vanityName }) });
  }
  const me = await api.read(ctx, { method: "GET", base: V2, path: "userinfo", about: "account" }, UserInfo);
  if (!me.ok) return me;
  if (personUrn(me.value.sub) !== ctx.account.externalId)
    return fail({ kind: "auth_revoked", message: "The sign-in belongs to another LinkedIn member. Connect again." });
  const { name, picture } = me.value;
  return ok({ ...common, ...(name && { name }), ...(picture && { pictureUrl: picture }) });
}

const all = Object.keys(formats);

export const linkedin: PublishingPlatform = {
  id: "linkedin",
  provider: "linkedin",
  name: "LinkedIn",
  icon: "icon.svg",
  color: "#0A66C2",
  previewKind: "linkedin",
  accountKinds: [
    { id: "member", label: "Profile" },
    { id: "page", label: "Page" },
  ],
  extras: z.object({ administrator: z.string().optional() }).catchall(z.json()),
  publishing: {
    formats,
    options: LinkedinOptions,
    limits: { text: textLimit },
    defaultFormat: formatOf,
    validate,
    fingerprint: defaultFingerprint,
    link: { formats: ["article"], thumb: { mimeTypes: thumbRule.mimeTypes, maxBytes: thumbRule.maxBytes } },
    mentions: {},
    hashtags: {},
    edit: { formats: all, run: editText },
    remove: { formats: all, run: removePost },
    lookUp,
  },
  numbers: linkedinNumbers,
  health,
};
