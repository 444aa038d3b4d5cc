export { plannedPlatforms } from "./planned.ts";
export { allProviders } from "./registry.gen.ts";
