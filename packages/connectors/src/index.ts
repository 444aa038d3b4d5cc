export { createRegistry, type Registry } from "./create-registry.ts";
export { allConnectors } from "./registry.gen.ts";
