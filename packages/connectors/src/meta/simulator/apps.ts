import { hmacSha256Hex, type SignDelivery } from "@postd/connector-kit/simulator";

/**
 * The made-up Meta app. The Instagram product of the same app has its own id and secret (meta.md §2). None of these
 * values opens anything outside the simulator.
 */
export const appCredentials = {
  meta: {
    app_id: "1029384756102938",
    app_secret: "5f1d7a84c0b3926e4d8a17f0c2b9e635",
    webhook_verify_token: "simulated-verify-token",
  },
  instagram: {
    app_id: "2938475610293847",
    app_secret: "8c20e5b7419fd3a6027be81c94d5f3a0",
  },
} as const;

export const metaApp = appCredentials.meta;
export const instagramApp = appCredentials.instagram;
export const appName = "POSTD (simulated)";

/** X-Hub-Signature-256 over the raw body, keyed with the app secret (meta.md §11); callbacks are signed inside their form. */
export const signEvent: SignDelivery = ({ body, secret }) =>
  body.startsWith("signed_request=") ? {} : { "x-hub-signature-256": `sha256=${hmacSha256Hex(secret, body)}` };

/** A saved Facebook Login for Business configuration: a permission list under an id, passed as `config_id` (§2). */
export const loginConfigurationId = "771122334455667";

/** Permissions the Facebook dialog knows (§3a, scopes by feature). */
export const facebookPermissions: Readonly<Record<string, string>> = {
  public_profile: "Your name and profile picture",
  pages_show_list: "See the Pages you manage",
  business_management: "See your businesses",
  pages_manage_posts: "Create, edit and delete posts on your Pages",
  pages_read_engagement: "Read what your Pages posted and how people reacted",
  pages_manage_engagement: "Write and remove comments on your Pages",
  pages_read_user_content: "Read what people wrote on your Pages",
  pages_manage_metadata: "Receive events of your Pages",
  pages_messaging: "Answer people in Messenger",
  publish_video: "Publish videos",
  read_insights: "Read the numbers of your Pages",
  instagram_basic: "See your Instagram account",
  instagram_content_publish: "Post to your Instagram account",
  instagram_manage_comments: "Read and answer comments on Instagram",
  instagram_manage_insights: "Read the numbers of your Instagram account",
  instagram_manage_contents: "Delete posts on Instagram",
  instagram_manage_messages: "Answer people on Instagram",
  ads_management: "Manage ads",
  ads_read: "Read ads",
};

/** Permissions the Instagram dialog knows (§3a, last column); the older business_* names ended on 2025-01-27. */
export const instagramPermissions: Readonly<Record<string, string>> = {
  instagram_business_basic: "See your profile and posts",
  instagram_business_content_publish: "Post for you",
  instagram_business_manage_comments: "Read and answer comments",
  instagram_business_manage_insights: "Read your numbers",
  instagram_business_manage_messages: "Answer messages",
};

/** What the saved configuration asks for: everything POSTD can use. */
export const configuredPermissions: readonly string[] = Object.keys(facebookPermissions).filter(
  (name) => !["ads_management", "ads_read", "publish_video"].includes(name),
);
