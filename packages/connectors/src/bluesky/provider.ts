import { defineProvider } from "@postd/connector-kit";
import { bluesky } from "./platform.ts";
import { appPassword } from "./sign-in.ts";

export const provider = defineProvider({
  id: "bluesky",
  name: "Bluesky",
  hosts: ["bsky.social", "*.host.bsky.network", "public.api.bsky.app", "plc.directory"],
  customHosts: true,
  serverExtra: "pds",
  apiVersion: { current: "xrpc" },
  apps: [],
  signIns: [appPassword],
  platforms: [bluesky],
});
