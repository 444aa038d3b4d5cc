/** What acts change from outside the API, in force until reset. */
export const defaultSettings = () => ({
  /** POST /{post} is_published is refused, to test the one-step way (meta.md §15 says its behaviour is unverified). */
  refuseTwoStep: undefined as { readonly code: number; readonly subcode?: number } | undefined,
  /** The same text twice on a Page within ten minutes answers 506 (§12). */
  duplicateCheck: false,
  /** appsecret_proof is mandatory, as an app setting can make it (§3a.7). */
  requireAppsecretProof: false,
  /** Answer the Instagram code exchange as `{data:[{...}]}` (§3b.2 names both shapes). */
  wrapInstagramExchange: false,
  /** Give `permissions` of the Instagram exchange as an array (§3b.2 names both). */
  permissionsAsList: false,
  /** Pictures are measured as their pixels lie, not as EXIF has them shown (§14: unverified). */
  ignoreOrientation: false,
  /** Comments of Instagram media and answers to them come newest first (§9 names no order). */
  newestCommentsFirst: false,
  imageProcessingMs: 0,
  videoProcessingMs: 300,
  /** Posts per 24 hours and Instagram account (§13: the guide says 100). */
  igQuotaTotal: 100,
  /** Reported in the usage headers, percent (§13). */
  usagePercent: 2,
  /** Where webhooks go; absent: nowhere. */
  webhookUrl: undefined as string | undefined,
  deauthorizeUrl: undefined as string | undefined,
  /** Fewer than five viewers make insights of a medium answer code 10 (§10). */
  viewers: new Map<string, number>(),
});
export type Settings = ReturnType<typeof defaultSettings>;
