/** Permissions by what they are for. @source platforms/meta.md section 3a, "Scopes by feature" */
export const pageScopes = {
  required: ["pages_show_list", "pages_read_engagement", "pages_manage_posts"],
  optional: ["read_insights", "pages_manage_metadata", "pages_manage_engagement", "pages_read_user_content"],
} as const;

export const linkedInstagramScopes = {
  required: ["pages_show_list", "pages_read_engagement", "instagram_basic", "instagram_content_publish"],
  optional: [
    "instagram_manage_insights",
    "instagram_manage_comments",
    "instagram_manage_contents",
    "pages_manage_metadata",
  ],
} as const;

/** Pages that a person reaches through a business are listed only with it. */
export const businessScope = "business_management";

export const instagramScopes = {
  required: ["instagram_business_basic", "instagram_business_content_publish"],
  optional: ["instagram_business_manage_insights", "instagram_business_manage_comments"],
} as const;

export const missing = (needed: readonly string[], granted: readonly string[]): readonly string[] =>
  needed.filter((scope) => !granted.includes(scope));

/** The permission an Instagram call needs, which differs by login. */
export const instagramNeeds = (authKind: string, feature: "publish" | "insights" | "comments" | "basic"): string[] => {
  const own = authKind === "instagram_login";
  if (feature === "publish") return [own ? "instagram_business_content_publish" : "instagram_content_publish"];
  if (feature === "insights") return [own ? "instagram_business_manage_insights" : "instagram_manage_insights"];
  if (feature === "comments") return [own ? "instagram_business_manage_comments" : "instagram_manage_comments"];
  return [own ? "instagram_business_basic" : "instagram_basic"];
};
