import { defineProvider } from "@postd/connector-kit";
import { threads } from "./platform.ts";
import { threadsApp, threadsSignIn } from "./sign-in.ts";
import { threadsWebhooks } from "./webhooks.ts";

/** Meta's, with an app, hosts and errors of its own: it follows none of the Graph's versions. */
export const provider = defineProvider({
  id: "threads",
  name: "Threads",
  hosts: ["graph.threads.net", "threads.net", "www.threads.net"],
  apiVersion: { current: "v1.0" },
  apps: [threadsApp],
  signIns: [threadsSignIn],
  webhooks: threadsWebhooks,
  platforms: [threads],
});
