import { defineProvider } from "@postd/connector-kit";
import { linkedin } from "./platform.ts";
import { memberApp, memberSignIn, pageApp, pageSignIn } from "./sign-in.ts";
import { linkedinWebhooks } from "./webhooks.ts";

export const provider = defineProvider({
  id: "linkedin",
  name: "LinkedIn",
  // Upload addresses are LinkedIn's own hosts; which one, only its answers say.
  hosts: ["api.linkedin.com", "www.linkedin.com", "*.linkedin.com"],
  /** One version for all calls under /rest; supported for twelve months at least. @source platforms/linkedin.md "Versioning" */
  apiVersion: { current: "202609", env: "POSTD_LINKEDIN_API_VERSION", sunsetAt: "2027-09-15" },
  apps: [memberApp, pageApp],
  signIns: [memberSignIn, pageSignIn],
  webhooks: linkedinWebhooks,
  platforms: [linkedin],
});
