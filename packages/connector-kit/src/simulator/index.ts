export {
  base64Encode,
  base64UrlDecode,
  base64UrlEncode,
  constantTimeEqual,
  hmacSha256,
  hmacSha256Hex,
  md5Hex,
  sha256,
  sha256Hex,
} from "../crypto.ts";
export { type Act, type Acts, actsOf } from "./act.ts";
export * from "./body.ts";
export { type Choice, type ChoiceGroup, consentPage, refusalPage } from "./consent-page.ts";
export { answerControl } from "./control.ts";
export type { ControlPanel, HeldRequest } from "./control-panel.ts";
export { basicPair, credentialFor } from "./credential.ts";
export type { FaultInput } from "./fault.ts";
export type { TransportFault } from "./fault-common.ts";
export { createSimulatorHost, type SimulatorHost, type SimulatorHostOptions } from "./host.ts";
export { escapeHtml, htmlPage, pageHeaders } from "./html.ts";
export { simJwts } from "./jwt.ts";
export * from "./limits.ts";
export * from "./media.ts";
export { describeMedia, type MediaHeader } from "./media-header.ts";
export {
  type MountedSimulator,
  type MountOptions,
  mountInProcess,
  type RecordedFetch,
  type RecordedRequest,
} from "./mount.ts";
export type { OAuthApp, OAuthFacts, OAuthPerson } from "./oauth-facts.ts";
export { platformErrors } from "./platform-error.ts";
export * from "./random.ts";
export { pathText, type Refusal, type Refuse, SimRefusal, valueAt } from "./refusal.ts";
export { type Call, type Route, type RouteOptions, routesOf } from "./route.ts";
export { type SimRsaKeys, simRsaKeys } from "./rsa-keys.ts";
export { type Ground, type SimulatorFacts, simulator } from "./simulator.ts";
export * from "./store.ts";
export { type Answered, type TestCall, type TestClient, testClient } from "./test-client.ts";
export type { Caller, SimGrant, SimToken, SimTokens, TokenProblem } from "./tokens.ts";
export * from "./types.ts";
export * from "./upload.ts";
export * from "./webhook.ts";
