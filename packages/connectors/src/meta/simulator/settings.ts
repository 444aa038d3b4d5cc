/** Changes from outside the API, in force until reset. */
export interface Settings {
  /** POST /{post} is_published is refused, to test the one-step way (meta.md §15 says its behaviour is unverified). */
  refuseTwoStep: { readonly code: number; readonly subcode?: number } | undefined;
  /** The same text twice on a Page within ten minutes answers 506 (§12). */
  duplicateCheck: boolean;
  /** appsecret_proof is mandatory, as an app setting can make it (§3a.7). */
  requireAppsecretProof: boolean;
  /** Answer the Instagram code exchange as `{data:[{...}]}` (§3b.2 names both shapes). */
  wrapInstagramExchange: boolean;
  /** Give `permissions` of the Instagram exchange as an array (§3b.2 names both). */
  permissionsAsList: boolean;
  /** Pictures are measured as their pixels lie, not as EXIF has them shown (§14: unverified). */
  ignoreOrientation: boolean;
  imageProcessingMs: number;
  videoProcessingMs: number;
  /** Posts per 24 hours and Instagram account (§13: the guide says 100). */
  igQuotaTotal: number;
  /** Reported in the usage headers, percent (§13). */
  usagePercent: number;
  /** Where webhooks go; absent: nowhere. */
  webhookUrl: string | undefined;
  deauthorizeUrl: string | undefined;
  /** Fewer than five viewers make insights of a medium answer code 10 (§10). */
  readonly viewers: Map<string, number>;
}

export const defaultSettings = (): Settings => ({
  refuseTwoStep: undefined,
  duplicateCheck: false,
  requireAppsecretProof: false,
  wrapInstagramExchange: false,
  permissionsAsList: false,
  ignoreOrientation: false,
  imageProcessingMs: 0,
  videoProcessingMs: 300,
  igQuotaTotal: 100,
  usagePercent: 2,
  webhookUrl: undefined,
  deauthorizeUrl: undefined,
  viewers: new Map(),
});
