import assert from "node:assert/strict";
import { test } from "node:test";
import { EgressRefused } from "./guard.ts";
import { type HostMapEntry, simulatorHostMap } from "./host-map.ts";
import { type Reach, routeFor } from "./route.ts";

const override = (host: string, base: string): HostMapEntry => ({ host, base, kind: "override" });
const table = {
  hostMap: [
    ...simulatorHostMap(["graph.facebook.com", "*.api.mailchimp.com"], "http://127.0.0.1:4100"),
    override("bsky.social", "http://127.0.0.1:2583"),
    override("*.host.bsky.network", "http://127.0.0.1:2583/pds"),
  ],
  allowHosts: ["nas.lan:8080", "*.home"],
};
const hosts = ["graph.facebook.com", "*.api.mailchimp.com", "bsky.social", "*.host.bsky.network"];
const real: Reach = { simulated: false, hosts, customHosts: false };
const simulated: Reach = { ...real, simulated: true };
const custom: Reach = { ...real, customHosts: true };

function to(url: string, reach: Reach): string {
  const route = routeFor(table, new URL(url), reach);
  return route instanceof EgressRefused ? `refused ${route.code}` : `${route.target.href} ${route.via} ${route.label}`;
}

const cases: [what: string, url: string, reach: Reach, expected: string][] = [
  [
    "a simulated call goes to the simulator with the real host in its path",
    "https://graph.facebook.com/v25.0/me?fields=id",
    simulated,
    "http://127.0.0.1:4100/graph.facebook.com/v25.0/me?fields=id trusted graph.facebook.com",
  ],
  [
    "a wildcard keeps the name that was meant",
    "https://us6.api.mailchimp.com/3.0/",
    simulated,
    "http://127.0.0.1:4100/us6.api.mailchimp.com/3.0/ trusted *.api.mailchimp.com",
  ],
  [
    "a simulated connection never reaches a real host",
    "https://bsky.social/xrpc/x",
    simulated,
    "refused simulated_only",
  ],
  [
    "a simulated connection never reaches an opened host",
    "https://a.home/x",
    { ...custom, simulated: true },
    "refused simulated_only",
  ],
  [
    "a real connection never reaches a simulator",
    "https://graph.facebook.com/v25.0/me",
    real,
    "https://graph.facebook.com/v25.0/me guarded graph.facebook.com",
  ],
  [
    "an override leads a real connection elsewhere",
    "https://bsky.social/xrpc/x?a=1",
    real,
    "http://127.0.0.1:2583/xrpc/x?a=1 trusted bsky.social",
  ],
  [
    "an override's path is put before the real one",
    "https://m.host.bsky.network/xrpc/x",
    real,
    "http://127.0.0.1:2583/pds/xrpc/x trusted *.host.bsky.network",
  ],
  ["a host nobody declared is refused", "https://evil.example/", real, "refused undeclared_host"],
  ["a name that only ends like a declared one is refused", "https://notbsky.social/", real, "refused undeclared_host"],
  ["a wildcard does not match its own parent", "https://api.mailchimp.com/", real, "refused undeclared_host"],
  ["a typed host is reached by https", "https://pds.example/xrpc", custom, "https://pds.example/xrpc guarded custom"],
  ["a typed host is not reached by http", "http://pds.example/xrpc", custom, "refused https_only"],
  ["another port is not reached", "https://pds.example:8443/", custom, "refused port"],
  [
    "an opened host is reached on its port and by http",
    "http://nas.lan:8080/x",
    custom,
    "http://nas.lan:8080/x trusted custom",
  ],
  ["an opened host is not open on other ports", "http://nas.lan:22/", custom, "refused https_only"],
  ["an opened wildcard", "http://pds.home:2583/", custom, "http://pds.home:2583/ trusted custom"],
  ["no other scheme leaves", "file:///etc/passwd", custom, "refused scheme"],
  ["an address with a password is refused", "https://u:p@pds.example/", custom, "refused userinfo"],
];

for (const [what, url, reach, expected] of cases) test(what, () => assert.equal(to(url, reach), expected));
