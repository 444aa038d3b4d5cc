import { defineProvider } from "@postd/connector-kit";
import { facebook } from "./facebook/platform.ts";
import { instagram } from "./instagram/platform.ts";
import { facebookLogin, metaApp } from "./login-facebook.ts";
import { instagramApp, instagramLogin } from "./login-instagram.ts";
import { metaWebhooks } from "./webhooks.ts";

export const provider = defineProvider({
  id: "meta",
  name: "Meta",
  hosts: [
    "graph.facebook.com",
    "rupload.facebook.com",
    "www.facebook.com",
    "graph.instagram.com",
    "api.instagram.com",
    "www.instagram.com",
  ],
  /** One version for every address of both platforms. @source platforms/meta.md section 1, changelog read 2026-11 */
  apiVersion: { current: "v25.0", env: "POSTD_META_GRAPH_VERSION", sunsetAt: "2028-07-29" },
  apps: [metaApp, instagramApp],
  signIns: [facebookLogin, instagramLogin],
  webhooks: metaWebhooks,
  platforms: [facebook, instagram],
});
