import {
  type ConnectorContext,
  defaultFingerprint,
  formatByMedia,
  grantHealth,
  type HealthAnswer,
  type PlatformResult,
  type PublishingPlatform,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { HANDLE, personUrn } from "./api.ts";
import { budgets } from "./budgets.ts";
import { commentText } from "./first-comment.ts";
import { linkedinInbox } from "./inbox.ts";
import { editText, removePost } from "./manage.ts";
import { linkedinNumbers } from "./numbers.ts";
import { altLimit, cardRule, LinkedinOptions, textLimit, validate } from "./options.ts";
import { lookUp } from "./posts.ts";
import { formats } from "./publish.ts";
import { memberScopes, pagePermissions, pageRoles, pageScopes, readMember, readPage } from "./sign-in.ts";

/** The sign-in works and belongs to this account: the member itself, or an administrator of the page. */
async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const { account, credentials } = ctx;
  if (account.kind !== "page") {
    const me = await readMember(ctx, credentials);
    if (!me.ok) return me;
    const { sub, name, picture } = me.value;
    if (personUrn(sub) !== account.externalId)
      return fail({ kind: "auth_revoked", message: "The sign-in belongs to another LinkedIn member. Connect again." });
    return ok({
      ...grantHealth(credentials, memberScopes.required),
      ...(name && { name }),
      ...(picture && { pictureUrl: picture }),
    });
  }
  const needed = pageScopes.required;
  const roles = await pageRoles(ctx, credentials);
  if (!roles.ok) return roles;
  const own = roles.value.filter(({ page }) => page === account.externalId);
  if (own.length === 0)
    return fail({
      kind: "scope_missing",
      scopes: needed,
      message: "The person who connected this page no longer administers it. An administrator has to connect it again.",
    });
  const page = await readPage(ctx, account.externalId, credentials);
  if (!page.ok) return page;
  const { localizedName: name, vanityName: handle } = page.value;
  const extras = { roles: own.map(({ role }) => role) };
  return ok({ ...grantHealth(credentials, needed), extras, ...(name && { name }), ...(handle && { handle }) });
}

const all = Object.keys(formats);
const byMedia = formatByMedia({
  text: "text",
  link: "article",
  image: "image",
  images: "images",
  video: "video",
  document: "document",
});

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
  impossible: [
    {
      what: "Events as posts",
      why: "The Posts API makes no events; they are made at LinkedIn itself.",
      checkedOn: "2026-11-20",
    },
  ],
  permissions: pagePermissions,
  budgets,
  publishing: {
    formats,
    options: LinkedinOptions,
    limits: { text: textLimit, altText: altLimit },
    defaultFormat: (post) => (post.options.poll === undefined ? byMedia(post) : "poll"),
    optionFormats: { poll: ["poll"], title: ["video", "document"], thumbnailAltText: ["article"] },
    validate,
    fingerprint: defaultFingerprint,
    link: cardRule,
    mentions: { handle: { form: HANDLE, like: "urn:li:organization:1 or urn:li:person:abc" } },
    hashtags: {},
    firstComment: { text: commentText },
    edit: { formats: all, run: editText },
    remove: { formats: all, run: removePost },
    lookUp,
  },
  numbers: linkedinNumbers,
  inbox: linkedinInbox,
  health,
};
