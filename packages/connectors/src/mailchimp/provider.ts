import { defineProvider } from "@postd/connector-kit";
import { mailchimp } from "./platform.ts";
import { apiKey, mailchimpApp, mailchimpSignIn } from "./sign-in.ts";
import { mailchimpWebhooks } from "./webhooks.ts";

export const provider = defineProvider({
  id: "mailchimp",
  name: "Mailchimp",
  // Every account lives in a data centre of its own: us19.api.mailchimp.com.
  hosts: ["login.mailchimp.com", "*.api.mailchimp.com"],
  apiVersion: { current: "3.0" },
  apps: [mailchimpApp],
  signIns: [mailchimpSignIn, apiKey],
  webhooks: mailchimpWebhooks,
  platforms: [mailchimp],
});
