import assert from "node:assert/strict";
import { test } from "node:test";
import { secret } from "@postd/connector-kit";
import { asId } from "@postd/contracts";
import { createSignedPaths } from "./signed-path.ts";

const id = asId("media", "med_0190ab0190ab0190ab");
const hourMs = 3_600_000;

function signedPaths(instanceSecret = "one instance") {
  const time = { ms: Date.parse("2026-05-01T12:00:00.500Z") };
  const paths = createSignedPaths({
    instanceSecret: secret(instanceSecret),
    clock: { now: () => new Date(time.ms) },
    ttlMs: hourMs,
  });
  return { ...paths, time };
}

test("a signed path names its file and type until it ends, and not a second longer", () => {
  const { sign, verify, time } = signedPaths();
  const path = sign(id, "jpg");
  assert.match(path, /^\/media\/med_0190ab0190ab0190ab\/\d{10}\/[\w-]{43}\.jpg$/);
  const type = { mimeType: "image/jpeg", extension: "jpg", kind: "image", intake: "kept" };
  assert.deepEqual(verify(path), { id, type, isOriginal: false });
  time.ms += hourMs;
  assert.ok(verify(path));
  time.ms += 1_000;
  assert.equal(verify(path), undefined);
});

test("a path that has to last longer does, and one that could be shorter is as long as all", () => {
  const { sign, verify, time } = signedPaths();
  const [long, short] = [sign(id, "jpg", { lastsMs: 30 * hourMs }), sign(id, "jpg", { lastsMs: 1 })];
  time.ms += hourMs;
  assert.ok(verify(long) && verify(short));
  time.ms += 1_000;
  assert.deepEqual([verify(short), verify(long)?.id], [undefined, id]);
  time.ms += 29 * hourMs;
  assert.equal(verify(long), undefined);
});

test("no part of a path can be changed, and another instance's paths are worth nothing", () => {
  const { sign, verify } = signedPaths();
  const path = sign(id, "jpg");
  const [, , , expires = ""] = path.split("/");
  for (const forged of [
    path.replace("med_0190", "med_0191"),
    path.replace(expires, String(Number(expires) + 1)),
    path.replace(".jpg", ".pdf"),
    path.replace(".jpg", ".original.jpg"),
    sign(id, "jpg", { which: "original" }).replace(".original", ""),
    path.replace(/\/[\w-]{43}\./, `/${"A".repeat(43)}.`),
    path.replace(/\/[\w-]{43}\./, "/."),
    `${path}?download`,
    path.replace("/media/", "/media/../media/"),
    "",
    signedPaths("another instance").sign(id, "jpg"),
  ])
    assert.equal(verify(forged), undefined, forged);
});

test("the original has a path of its own", () => {
  const { sign, verify } = signedPaths();
  const path = sign(id, "tiff", { which: "original" });
  assert.match(path, /\.original\.tiff$/);
  const named = verify(path);
  assert.deepEqual([named?.id, named?.type.extension, named?.isOriginal], [id, "tiff", true]);
});
