/**
 * Live metric names (meta.md §10, September 2026). Anything else, dead names included, answers 100 "must be a valid
 * insights metric"; the stored enums still list dead ones and are not used.
 */
const reactions = ["like", "love", "wow", "haha", "sorry", "anger"];

export const pageMetrics: readonly string[] = [
  "page_media_view",
  "page_total_media_view_unique",
  "page_post_engagements",
  "page_follows",
  "page_daily_follows",
  "page_daily_follows_unique",
  "page_daily_unfollows_unique",
  "page_views_total",
  "page_total_actions",
  "page_actions_post_reactions_total",
  ...reactions.map((name) => `page_actions_post_reactions_${name}_total`),
  "page_video_views",
  "page_video_views_paid",
  "page_video_views_organic",
  "page_video_view_time",
  "page_fan_adds_by_paid_non_paid_unique",
];

export const postMetrics: readonly string[] = [
  "post_media_view",
  "post_total_media_view_unique",
  "post_clicks",
  "post_clicks_by_type",
  "post_reactions_by_type_total",
  ...reactions.map((name) => `post_reactions_${name}_total`),
  "post_video_views",
  "post_video_avg_time_watched",
  "post_video_length",
  "post_video_complete_views_organic",
  "post_video_complete_views_paid",
  "post_video_retention_graph",
  "post_video_views_15s",
  "post_video_views_60s_excludes_shorter",
];

/** Metrics whose value is an object by kind (§10). */
export const objectMetrics: Readonly<Record<string, readonly string[]>> = {
  post_clicks_by_type: ["photo view", "link clicks", "other clicks"],
  post_reactions_by_type_total: reactions,
  page_actions_post_reactions_total: reactions,
  page_fan_adds_by_paid_non_paid_unique: ["paid", "unpaid", "total"],
};

const everywhere = ["views", "reach", "likes", "comments", "saved", "shares", "total_interactions", "reposts"];
const facebookLoginOnly = ["total_likes", "total_comments", "total_views"];

export type MediaInsightKind = "feed" | "reel" | "story";

/** Metrics of one Instagram media kind; some exist with Facebook Login only (§10). */
export function mediaMetrics(kind: MediaInsightKind, viaFacebook: boolean): readonly string[] {
  const extra = viaFacebook && kind !== "story" ? facebookLoginOnly : [];
  switch (kind) {
    case "feed":
      return [...everywhere, "follows", "profile_visits", "profile_activity", ...extra];
    case "reel":
      return [
        ...everywhere,
        "ig_reels_avg_watch_time",
        "ig_reels_video_view_total_time",
        "reels_skip_rate",
        "crossposted_views",
        "facebook_views",
        ...extra,
      ];
    case "story":
      return [
        "views",
        "reach",
        "replies",
        "shares",
        "total_interactions",
        "follows",
        "profile_visits",
        "profile_activity",
        "navigation",
        "link_clicks",
      ];
  }
}

/** Account metrics with period=day and metric_type=total_value (§10). */
export const accountTotals: readonly string[] = [
  "accounts_engaged",
  "comments",
  "follows_and_unfollows",
  "likes",
  "profile_links_taps",
  "reach",
  "replies",
  "reposts",
  "saves",
  "shares",
  "total_interactions",
  "views",
];

/** Breakdown each metric takes (§10). */
export const breakdowns: Readonly<Record<string, readonly string[]>> = {
  follows_and_unfollows: ["follow_type"],
  profile_links_taps: ["contact_button_type"],
  profile_activity: ["action_type"],
  navigation: ["story_navigation_action_type"],
  page_media_view: ["is_from_ads", "is_from_followers"],
};

export const demographicMetrics: readonly string[] = ["follower_demographics", "engaged_audience_demographics"];
export const demographicBreakdowns = ["age", "city", "country", "gender"] as const;
export const timeframes = [
  "last_14_days",
  "last_30_days",
  "last_90_days",
  "prev_month",
  "this_month",
  "this_week",
] as const;
