import { type FailureRule, failureTable, fieldByPlace, type HttpResponse } from "@postd/connector-kit";
import { errorMetadata, readGoogleError } from "../error-body.ts";
import { editsOfProfile } from "./limits.ts";

/** Google's places in the body of a post, and ours. */
const fieldAt = fieldByPlace({
  summary: "text",
  comment: "text",
  media: "media.0",
  source_url: "media.0",
  data_ref: "media.0",
  location_association: "options.category",
  "event.title": "options.title",
  "event.schedule.start_date": "options.startDate",
  "event.schedule.start_time": "options.startTime",
  "event.schedule.end_date": "options.endDate",
  "event.schedule.end_time": "options.endTime",
  event: "options.startDate",
  call_to_action: "options.button",
  "call_to_action.url": "options.buttonUrl",
  "offer.coupon_code": "options.couponCode",
  "offer.redeem_online_url": "options.redeemUrl",
  "offer.terms_conditions": "options.terms",
  offer: "options.couponCode",
  language_code: "options.language",
  scheduled_time: "scheduledFor",
});
/** What only a fault of ours gets wrong. */
const OURS = /^(?:local_post\.)?(?:topic_type|name|update_mask|media_format)/;

const CONSOLE = "https://console.cloud.google.com/apis";
const hostIn = (text: string): string | undefined => /\b[a-z]+\.googleapis\.com\b/.exec(text)?.[0];
const apiNames: Readonly<Record<string, string>> = {
  "mybusiness.googleapis.com": "Google My Business API (v4)",
  "mybusinessaccountmanagement.googleapis.com": "My Business Account Management API",
  "mybusinessbusinessinformation.googleapis.com": "My Business Business Information API",
  "mybusinessnotifications.googleapis.com": "My Business Notifications API",
  "mybusinessverifications.googleapis.com": "My Business Verifications API",
  "businessprofileperformance.googleapis.com": "Business Profile Performance API",
};
const nameOf = (host: string | undefined): string =>
  host === undefined
    ? "one of its Business Profile APIs, mostly the old Google My Business API (v4)"
    : (apiNames[host] ?? host);

/** Each API of the product is switched on by itself, and the old one is easily forgotten. */
function notEnabled(res: HttpResponse): FailureRule {
  const { service } = errorMetadata(res);
  const host = service ?? hostIn(res.text);
  return {
    kind: "operator_must_act",
    what: `enable ${nameOf(host)} in the Google Cloud project`,
    link: host === undefined ? `${CONSOLE}/dashboard` : `${CONSOLE}/library/${host}`,
    say: `The Google Cloud project of this server has not enabled ${nameOf(host)}. Whoever runs the server does that in Google's console; nobody has to sign in again.`,
  };
}

/** Without approval nothing is allowed, and how to ask for it stands in NOTES.md. */
export const notApproved = (host: string | undefined) => ({
  what: "Google's approval for its Business Profile APIs: the project's allowance is 0",
  link: host === undefined ? `${CONSOLE}/dashboard` : `${CONSOLE}/api/${host}/quotas`,
  say: "Google has not approved the Google Cloud project of this server for its Business Profile APIs, so its allowance is 0 calls. Whoever runs the server applies for Basic API Access.",
});

/** A project without approval has an allowance of nothing, and every call is one too many. */
function tooMany(res: HttpResponse): FailureRule {
  const { quota_limit_value: allowed, service } = errorMetadata(res);
  const host = service ?? hostIn(res.text);
  if (allowed === "0") return { kind: "operator_must_act", ...notApproved(host) };
  return {
    kind: "rate_limited",
    waitMs: editsOfProfile.perMs,
    say: `Google asks us to slow down; a profile takes ${editsOfProfile.count} changes a minute. Where that never ends, the Google Cloud project has not been approved for the Business Profile APIs.`,
  };
}

const rejected = (reason: string, field?: string): FailureRule => ({
  kind: "content_rejected",
  reason,
  ...(field && { field }),
  say: (words) => `Google refused it: ${words || reason}`,
});
const ours: FailureRule = {
  kind: "unexpected_response",
  say: "Google did not accept how POSTD sent this; the content is not at fault. The operator finds the reason in the log.",
};
export const UNFETCHED = "unfetched";
/** One post's photo stops no other post: whether this server or the file is at fault Google does not say. */
const unfetched: FailureRule = {
  kind: "content_rejected",
  field: "media.0",
  reason: UNFETCHED,
  say: "Google could not fetch the photo from this server. Whoever runs the server looks whether its public address is reachable from the internet; where other photos arrive, take another file.",
};
const restricted: FailureRule = {
  kind: "account_blocked",
  say: "Google has not verified this location, or restricts or suspends its profile. Its owner finds what to do at https://business.google.com/locations; signing in again does not help.",
};
const noPosts: FailureRule = {
  kind: "scope_missing",
  say: "Google takes no posts through apps for this location, as it counts it as part of a chain. That does not change by signing in again.",
};
const open: FailureRule = { kind: "outcome_unknown" };

/** @source platforms/google-business-profile.md "Errors" */
export const failures = failureTable({
  name: "Google Business Profile",
  read(res) {
    const said = readGoogleError(res);
    if (!said) return undefined;
    const { place, codes, ...rest } = said;
    const field = place === undefined ? undefined : fieldAt(place.replace(/^local_post\./, ""));
    return { ...rest, field, codes: place !== undefined && OURS.test(place) ? ["OURS", ...codes] : codes };
  },
  codes: {
    OURS: ours,
    NO_SUCH_PATH: ours,
    SERVICE_DISABLED: notEnabled,
    accessNotConfigured: notEnabled,
    RESOURCE_EXHAUSTED: tooMany,
    LOCATION_DISABLED_FOR_LOCAL_POST_API: noPosts,
    1301: restricted,
    OPERATION_UNSUPPORTED_UNDER_ACCOUNT_CONDITION: restricted,
    OPERATION_EXECUTION_ERROR: open,
    1000: unfetched,
    PHOTO_FETCH_FAILED: unfetched,
    PHOTO_UPLOAD_FAILED: unfetched,
    UNAUTHENTICATED: { kind: "auth_expired", say: "Google no longer takes this access token." },
    ACCESS_TOKEN_SCOPE_INSUFFICIENT: {
      kind: "scope_missing",
      say: "Google's consent page was not ticked for managing business profiles. Connect again and tick it.",
    },
    PERMISSION_DENIED: {
      kind: "scope_missing",
      say: "The person who connected this location may not do that there. Its owner gives them a role at Google.",
    },
    NOT_FOUND: {
      kind: "missing",
      say: "Google does not have it, or not under the account it was connected through.",
    },
    // Google names no duplicates of posts, so both leave open what became of this one.
    ABORTED: open,
    ALREADY_EXISTS: open,
    INVALID_ARGUMENT: [
      { ...unfetched, words: /PHOTO_(?:FETCH|UPLOAD)_FAILED|fetching image failed/i },
      { ...noPosts, words: /LOCATION_DISABLED_FOR_LOCAL_POST_API/ },
      { ...restricted, words: /OPERATION_UNSUPPORTED_UNDER_ACCOUNT_CONDITION/ },
      { ...open, words: /OPERATION_EXECUTION_ERROR/ },
      { ...ours, words: /^Invalid JSON payload received\. Unknown name/ },
      rejected("invalid"),
    ],
    // Of the token address.
    invalid_client: {
      kind: "operator_must_act",
      what: "the OAuth client at Google: its id, secret and redirect address",
      link: `${CONSOLE}/credentials`,
    },
    invalid_grant: { kind: "auth_revoked", say: "Google's sign-in has ended. Connect again." },
  },
});
