import {
  type FailureRule,
  failureTable,
  type HttpResponse,
  type PlatformFailure,
  type Said,
} from "@postd/connector-kit";
import { z } from "zod";

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;

/** @source platforms/tiktok.md sections 3, 5 and 11 */
const Envelope = z.object({
  error: z.object({
    code: z.union([z.string(), z.number()]).transform(String),
    message: z.string().optional(),
    log_id: z.string().optional(),
  }),
});
const Flat = z.object({ error: z.string().min(1), log_id: z.string().optional() });

function read({ json }: HttpResponse): Said | undefined {
  const flat = Flat.safeParse(json).data;
  if (flat) return { codes: [flat.error], requestId: flat.log_id };
  const told = Envelope.safeParse(json).data?.error;
  if (!told || told.code === "ok") return undefined;
  return { codes: [told.code], words: told.message, requestId: told.log_id };
}

const ours: FailureRule = {
  kind: "unexpected_response",
  say: "TikTok did not accept how POSTD sent this; the post itself is not at fault. The operator finds the reason in the log.",
};
const rejected = (field: string, reason: string): FailureRule => ({
  kind: "content_rejected",
  field,
  reason,
  say: (words) => `TikTok refused the post: ${words || reason}`,
});
/** Which member a parameter's complaint is about only its words say. @source platforms/tiktok.md section 11 */
const parameter: readonly FailureRule[] = [
  { ...ours, words: /chunk|video_size|publish_id|json|content.?type|max_count|cursor|fields/i },
  { ...rejected("options.privacyLevel", "invalid_privacy"), words: /privacy/i },
  { ...rejected("options.brandedContent", "invalid_disclosure"), words: /brand/i },
  { ...rejected("text", "invalid_text"), words: /title|description|caption|hashtag|text/i },
  { ...rejected("media", "invalid_media"), words: /photo|image|video|cover|media|duration|picture/i },
  ours,
];
const newConsent: FailureRule = {
  kind: "scope_missing",
  say: "TikTok lets this sign-in not do that: a permission was not ticked on its consent page. Connect again and tick it.",
};
const banned: FailureRule = {
  kind: "account_blocked",
  say: "TikTok bars this account from posting. See the notices in the TikTok app.",
};
const tooMany: FailureRule = {
  kind: "rate_limited",
  quota: true,
  waitMs: DAY_MS,
  say: "This account has made as many posts today as TikTok takes through apps (about 15 in 24 hours). It goes on tomorrow.",
};
const expired: FailureRule = { kind: "auth_expired", say: "TikTok no longer takes this access token." };
const appAtFault: FailureRule = {
  kind: "operator_must_act",
  what: "the app registered at TikTok: its client key, secret, redirect address and products",
};

export const failures = failureTable({
  name: "TikTok",
  read,
  evenOn200: true,
  codes: {
    access_token_invalid: expired,
    access_token_expired: expired,
    scope_not_authorized: newConsent,
    scope_permission_missed: newConsent,
    token_not_authorized_for_specified_publish_id: {
      kind: "scope_missing",
      say: "This post was begun with another sign-in, which TikTok alone lets see it. Connect the account again.",
    },
    rate_limit_exceeded: { kind: "rate_limited", waitMs: 60_000, say: "TikTok asks us to slow down." },
    internal_error: { kind: "outcome_unknown" },
    invalid_param: parameter,
    invalid_params: parameter,
    invalid_file_upload: rejected("media", "invalid_file"),
    invalid_publish_id: ours,
    publish_not_cancellable: { kind: "unavailable" },
    privacy_level_option_mismatch: {
      kind: "content_rejected",
      field: "options.privacyLevel",
      reason: "privacy_not_allowed",
      say: "This account does not allow that choice of who can see the post. Choose one that TikTok offers for it.",
    },
    unaudited_client_can_only_post_to_private_accounts: {
      kind: "account_blocked",
      say: "TikTok has not audited the app of this server yet, so only private accounts can post through it. In the TikTok app, under Settings and privacy, Privacy, switch on Private account; who can see this one post is another setting and does not help. The operator ends this by passing TikTok's audit.",
    },
    url_ownership_unverified: {
      kind: "operator_must_act",
      what: "verify this server's public domain at TikTok",
      link: "https://developers.tiktok.com/apps",
      say: "TikTok fetches photos from this server and its domain is not verified at the app. The operator verifies it under URL properties.",
    },
    spam_risk_too_many_posts: tooMany,
    spam_risk_too_many_pending_share: {
      kind: "rate_limited",
      quota: true,
      waitMs: HOUR_MS,
      say: "The TikTok inbox of this account holds as many drafts as it may (5 in 24 hours). Post or discard some in the TikTok app.",
    },
    spam_risk_user_banned_from_posting: banned,
    reached_active_user_cap: {
      kind: "operator_must_act",
      what: "as many people as TikTok lets an app serve in a day have posted through it",
      waitMs: DAY_MS,
      say: "The app of this server has reached the number of people TikTok lets it post for in a day. It goes on tomorrow; connecting again does not help.",
    },
    app_version_check_failed: {
      kind: "account_blocked",
      say: "The TikTok app on this account's telephone is too old for this. Update it there.",
    },
    // Of the sign-in.
    access_denied: { kind: "auth_revoked", say: "TikTok was not allowed to sign in. Start again." },
    invalid_grant: { kind: "auth_revoked", say: "TikTok's sign-in has ended. Connect again." },
    invalid_client: appAtFault,
    invalid_request: appAtFault,
    invalid_scope: appAtFault,
    unauthorized_client: appAtFault,
    unsupported_grant_type: appAtFault,
    server_error: { kind: "outcome_unknown" },
  },
});

const FailedStatus = z.object({
  data: z.object({ status: z.literal("FAILED"), fail_reason: z.string().default("unknown") }),
  error: z.object({ log_id: z.string().optional() }).optional(),
});
const badFile = (reason: string, what: string): FailureRule => ({
  kind: "content_rejected",
  field: "media",
  reason,
  say: `TikTok refused the file: ${what} Change it and post again.`,
});
const unfetched: FailureRule = {
  kind: "operator_must_act",
  what: "this server's public address, from which TikTok could not fetch a file",
  say: "TikTok could not fetch the file from this server. Its public address has to answer by https, without redirects.",
};
const risky: FailureRule = {
  kind: "content_rejected",
  field: "text",
  reason: "spam_risk",
  say: "TikTok takes the post for spam or against its guidelines. Change its words or its media; the same again is refused too.",
};

/** What a publish that FAILED says of why; the answer that tells it is itself a success. @source platforms/tiktok.md section 5 */
export const failReasons = failureTable({
  name: "TikTok",
  evenOn200: true,
  read({ json }) {
    const told = FailedStatus.safeParse(json).data;
    return told && { codes: [told.data.fail_reason], requestId: told.error?.log_id };
  },
  codes: {
    file_format_check_failed: badFile("file_format", "its format is none it takes."),
    duration_check_failed: badFile("duration", "it is too long or too short for this account."),
    frame_rate_check_failed: badFile("frame_rate", "it takes 23 to 60 frames a second."),
    picture_size_check_failed: badFile("picture_size", "its width or height is not allowed."),
    video_pull_failed: unfetched,
    photo_pull_failed: unfetched,
    internal: {
      kind: "unavailable",
      waitMs: 30_000,
      say: "TikTok failed at the post by itself; nothing was published.",
    },
    publish_cancelled: {
      kind: "content_rejected",
      field: "post",
      reason: "cancelled",
      say: "The post was cancelled at TikTok before it was published. Send it again if it is still wanted.",
    },
    auth_removed: {
      kind: "auth_revoked",
      say: "This account withdrew its permission while the post was under way. Connect again.",
    },
    spam_risk_too_many_posts: tooMany,
    spam_risk_user_banned_from_posting: banned,
    spam_risk: risky,
    spam_risk_text: risky,
  },
});

/** The failure of a publish that FAILED for a reason nobody documents. */
export const unknownReason = (reason: string): PlatformFailure => ({
  kind: "unexpected_response",
  status: 400,
  message: "TikTok says that the post failed and gives a reason we do not know.",
  platformCode: reason.slice(0, 100),
});
