export { allProviders } from "./registry.gen.ts";
