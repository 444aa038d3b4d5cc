export * from "./audience.ts";
export * from "./check-media.ts";
export { checkMentions } from "./check-parts.ts";
export * from "./check-post.ts";
export * from "./check-reply.ts";
export * from "./client/api-client.ts";
export * from "./client/await-step.ts";
export * from "./client/exact-json.ts";
export { type FailureHint, type FailureRule, type Rules, type Said, unsure } from "./client/failure-rule.ts";
export * from "./client/failure-table.ts";
export * from "./client/field-by-place.ts";
export * from "./client/file-steps.ts";
export * from "./client/first-comment.ts";
export * from "./client/graph-api.ts";
export * from "./client/graph-error.ts";
export * from "./client/graph-insights.ts";
export * from "./client/graph-token.ts";
export * from "./client/graph-usage.ts";
export * from "./client/graph-values.ts";
export * from "./client/graph-webhooks.ts";
export * from "./client/match-recent.ts";
export * from "./client/metrics.ts";
export * from "./client/plan-parts.ts";
export * from "./client/platform-words.ts";
export * from "./client/poll-until.ts";
export * from "./client/remakes.ts";
export * from "./client/reply-steps.ts";
export * from "./client/rows.ts";
export * from "./client/sender-token.ts";
export * from "./client/upload-parts.ts";
export * from "./client/upload-whole.ts";
export * from "./client/waits.ts";
export * from "./client/webhook-challenge.ts";
export * from "./client/webhook-events.ts";
export * from "./client/webhook-signature.ts";
export * from "./context.ts";
export * from "./crypto.ts";
export * from "./encode-request.ts";
export * from "./failure.ts";
export * from "./find-urls.ts";
export * from "./fingerprint.ts";
export * from "./fit-picture.ts";
export * from "./fit-post.ts";
export * from "./format-by-media.ts";
export * from "./http.ts";
export * from "./inbox.ts";
export * from "./link-preview.ts";
export { inWords, nameOfMedium } from "./media-words.ts";
export * from "./multipart.ts";
export * from "./no-format.ts";
export * from "./numbers.ts";
export type {
  OAuth2Facts,
  OAuthAt,
  OAuthFinish,
  OAuthStart,
  OAuthSubject,
  TokenAnswer,
} from "./oauth/facts.ts";
export { oauth2 } from "./oauth/oauth2.ts";
export * from "./option-media.ts";
export * from "./own-limits.ts";
export * from "./picture-change.ts";
export { placeWords } from "./place-words.ts";
export * from "./planned.ts";
export * from "./platform.ts";
export * from "./price.ts";
export * from "./provider.ts";
export * from "./publish.ts";
export * from "./publishing.ts";
export * from "./registry.ts";
export * from "./secret.ts";
export * from "./server-failure.ts";
export * from "./sign-in.ts";
export * from "./source.ts";
export * from "./text.ts";
export * from "./tid.ts";
export * from "./try-out.ts";
export * from "./webhooks.ts";
