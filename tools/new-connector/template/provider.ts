import { defineProvider } from "@postd/connector-kit";
import { samplePlatform } from "./platform.ts";
import { accessToken } from "./sign-in.ts";

/** The company an app is registered at. More platforms of it go into this folder and into the list. */
export const provider = defineProvider({
  id: "sample_platform",
  name: "Sample platform",
  hosts: ["api.sample-platform.example"],
  apiVersion: { current: "v1" },
  apps: [],
  signIns: [accessToken],
  platforms: [samplePlatform],
});
