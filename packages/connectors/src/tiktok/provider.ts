import { defineProvider } from "@postd/connector-kit";
import { tiktok } from "./platform.ts";
import { tiktokApp, tiktokSignIn } from "./sign-in.ts";
import { tiktokWebhooks } from "./webhooks.ts";

export const provider = defineProvider({
  id: "tiktok",
  name: "TikTok",
  // Upload addresses name a host of their region; which one, only the answers say.
  hosts: ["www.tiktok.com", "open.tiktokapis.com", "*.tiktokapis.com"],
  apiVersion: { current: "v2" },
  apps: [tiktokApp],
  signIns: [tiktokSignIn],
  webhooks: tiktokWebhooks,
  platforms: [tiktok],
});
