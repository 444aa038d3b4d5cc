import { defineProvider } from "@postd/connector-kit";
import { businessProfile } from "./business-profile/platform.ts";
import { businessSignIn } from "./business-profile/sign-in.ts";
import { businessWebhooks } from "./business-profile/webhooks.ts";
import { googleApp } from "./sign-in.ts";

export const provider = defineProvider({
  id: "google",
  name: "Google",
  hosts: [
    "accounts.google.com",
    "oauth2.googleapis.com",
    "www.googleapis.com",
    "mybusiness.googleapis.com",
    "mybusinessaccountmanagement.googleapis.com",
    "mybusinessbusinessinformation.googleapis.com",
    "mybusinessnotifications.googleapis.com",
    "mybusinessverifications.googleapis.com",
    "businessprofileperformance.googleapis.com",
  ],
  /** Of posts, reviews and photos; Google's newer APIs have their own v1 in their addresses. */
  apiVersion: { current: "v4" },
  apps: [googleApp],
  signIns: [businessSignIn],
  webhooks: businessWebhooks,
  platforms: [businessProfile],
});
