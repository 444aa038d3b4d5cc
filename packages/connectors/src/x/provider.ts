import { defineProvider } from "@postd/connector-kit";
import { x } from "./platform.ts";
import { xApp, xSignIn } from "./sign-in.ts";
import { xWebhooks } from "./webhooks.ts";

export const provider = defineProvider({
  id: "x",
  name: "X",
  hosts: ["x.com", "api.x.com"],
  apiVersion: { current: "2" },
  apps: [xApp],
  signIns: [xSignIn],
  webhooks: xWebhooks,
  platforms: [x],
});
