import assert from "node:assert/strict";
import { test } from "node:test";
import { EgressRefused, guardedLookup, isPublicAddress } from "./guard.ts";

const refused = [
  ...[
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
  ],
  ...["100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "203.0.113.9"],
  ...["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
  ...["::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1"],
  ...["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"],
  ...["2002:7f00:1::", "2001::1", "100::1", "[::1]", "not an address", ""],
];
const allowed = ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"];

for (const address of refused)
  test(`egress refuses ${address || "an empty address"}`, () => assert.equal(isPublicAddress(address), false));
for (const address of allowed) test(`egress reaches ${address}`, () => assert.equal(isPublicAddress(address), true));

const resolveTo =
  (...addresses: string[]) =>
  (_: string, done: (error: null, found: { address: string; family: number }[]) => void) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );

test("a name with one private address among public ones is refused whole", () => {
  guardedLookup(resolveTo("1.1.1.1", "127.0.0.1"))("evil.example", { all: true }, (error, found) => {
    assert.ok(error instanceof EgressRefused && error.code === "private_address");
    assert.deepEqual(found, []);
  });
});

test("the addresses that were checked are the ones connected to", () => {
  guardedLookup(resolveTo("1.1.1.1", "2606:4700::1111"))("good.example", { all: true }, (error, found) => {
    assert.equal(error, null);
    assert.deepEqual(found, [
      { address: "1.1.1.1", family: 4 },
      { address: "2606:4700::1111", family: 6 },
    ]);
  });
  guardedLookup(resolveTo("1.1.1.1"))("good.example", {}, (_error, address, family) =>
    assert.deepEqual([address, family], ["1.1.1.1", 4]),
  );
});

test("a name without addresses is an error, not an empty success", () => {
  guardedLookup(resolveTo())("empty.example", { all: true }, (error) => assert.ok(error instanceof Error));
});
