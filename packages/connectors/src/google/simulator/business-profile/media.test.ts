import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apis, day, photo, setUp, v4Error } from "../client-harness.ts";

function withMedia() {
  const all = setUp();
  const media = `${apis.v4}/${all.location}/media`;
  const create = (body: object) => all.send("POST", media, body);
  const place = async () => (await all.send("POST", `${media}:startUpload`, {})).json.resourceName;
  const put = (name: string, bytes: Uint8Array, query = "?upload_type=media") =>
    all.ask({ url: `https://mybusiness.googleapis.com/upload/v1/media/${name}${query}`, token: all.token(), bytes });
  return { ...all, media, create, place, put };
}
const exterior = { mediaFormat: "PHOTO", locationAssociation: { category: "EXTERIOR" } };

describe("media of a profile", () => {
  it("is sent to a place first, used once, and seen a day later", async () => {
    const { create, place, put, get, later, simulator } = withMedia();
    const resourceName = await place();
    const of = (name: string) => create({ ...exterior, dataRef: { resourceName: name } });
    assert.equal(v4Error(await of(resourceName)), "400 1001 data_ref");
    assert.equal((await put(resourceName, photo(), "")).status, 400);
    assert.equal((await put("nowhere", photo())).status, 404);
    assert.equal((await put(resourceName, photo())).status, 200);
    assert.equal(simulator.orphans(), 1);
    const { status, json } = await of(resourceName);
    assert.deepEqual([status, json.googleUrl, json.dimensions.widthPixels], [200, undefined, 2400]);
    assert.equal(simulator.orphans(), 0);
    assert.equal(v4Error(await of(resourceName)), "400 1001 data_ref");
    await later(day);
    assert.ok((await get(`${apis.v4}/${json.name}`)).json.googleUrl);
  });

  it("is fetched from an address as well, with one cover and one profile photo, and deleted", async () => {
    const { create, host, get, media, send, simulator } = withMedia();
    const sourceUrl = host("a.jpg", photo(), "image/jpeg");
    const names = [];
    for (const category of ["COVER", "COVER", "INTERIOR", "INTERIOR"])
      names.push((await create({ mediaFormat: "PHOTO", locationAssociation: { category }, sourceUrl })).json.name);
    const { mediaItems, totalMediaItemCount } = (await get(media)).json;
    assert.equal(totalMediaItemCount, 3);
    assert.deepEqual(
      mediaItems.map(({ name }: { name: string }) => name),
      names.slice(1).reverse(),
    );
    assert.equal((await send("DELETE", `${apis.v4}/${names[1]}`)).status, 200);
    assert.equal((await send("DELETE", `${apis.v4}/${names[0]}`)).status, 404);
    assert.deepEqual(
      simulator.posts().map(({ details }) => details?.category),
      ["INTERIOR", "INTERIOR"],
    );
  });

  it("is refused without a category, with two sources, and by its size", async () => {
    const { create, host } = withMedia();
    const sourceUrl = host("a.jpg", photo(), "image/jpeg");
    assert.equal(v4Error(await create({ mediaFormat: "PHOTO", sourceUrl })), "400 2 location_association");
    assert.equal(v4Error(await create(exterior)), "400 2 source_url");
    assert.equal(v4Error(await create({ ...exterior, sourceUrl: "https://media.example/no" })), "400 1000 source_url");
  });
});
