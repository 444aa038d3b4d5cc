import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type System, startSystem } from "@postd/testkit/system";
import { parse } from "csv-parse/sync";
import { makeTenant, type Tenant } from "./tenant-requests.ts";

const zones = [
  ...[
    "+05:30",
    "-0500",
    "UTC+3",
    "EST5EDT",
    "Etc/GMT+5",
    "posix/UTC",
    "right/UTC",
    "localtime",
    "Factory",
    "utc",
    "zulu",
    "gb-eire",
  ],
  ...[
    "europe/oslo",
    "SystemV/EST5",
    "../../etc/passwd",
    "Europe/Oslo\n",
    "Europe/Oslo'; select 1; --",
    "𝟘",
    "",
    "UTC\u0000",
  ],
  ...[
    "Antarctica/Troll",
    "Pacific/Kiritimati",
    "America/Coyhaique",
    "Asia/Calcutta",
    "US/Pacific-New",
    "MST7MDT",
    "WET",
    "PST8PDT",
    "ROC",
  ],
];
const times = [
  ...[
    "2026-02-30",
    "0000-01-01",
    "9999-12-31",
    "2026-11-27T24:00:00Z",
    "2026-11-27T00:00:00+14:00",
    "-infinity",
    "infinity",
    "now",
  ],
  ...[
    "tomorrow",
    "2026-W01",
    "2026-11-27T00:00:00",
    "1e9",
    "20261127",
    "2026-11-27 00:00:00Z",
    "2026-13-01",
    "1999-12-31",
    "2100-01-01",
  ],
  ...["2099-12-31", "2000-01-01", "2026-11-27T23:59:60Z", "2026-11-27T00:00:00.123456789Z", "२०२६-११-२७", ""],
];
const cursor = (text: string) => Buffer.from(text).toString("base64url");

describe("numbers asked for by somebody hostile", () => {
  let system: System;
  let ada: Tenant;
  let bob: Tenant;
  before(async () => {
    system = await startSystem({ logLevel: "warn", worker: false });
    ada = await makeTenant(system, "Ada");
    bob = await makeTenant(system, "Bob");
  });
  after(() => system?.close());

  const ask = async (query: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`${system.url}/api/analytics?${query}`, {
      headers: { authorization: `Bearer ${ada.key}`, ...headers },
    });
    const text = await answer.text();
    return { status: answer.status, type: answer.headers.get("content-type") ?? "", text };
  };
  /** Refused with a name and a way out, or answered; never our fault. */
  const asked = async (query: string): Promise<number> => {
    const { status, text } = await ask(query);
    assert.ok(status === 200 || status === 400 || status === 404, `${query}: ${status} ${text.slice(0, 300)}`);
    if (status === 400) {
      const { field, detail } = JSON.parse(text);
      assert.ok(field && detail, `${query}: ${text}`);
    }
    return status;
  };

  it("odd zones and odd times are refused by name, or mean one thing", async (t) => {
    const queries = [
      ...zones.map((zone) => `by=day&timeZone=${encodeURIComponent(zone)}`),
      ...times.flatMap((time) => ["from", "to"].map((name) => `by=week&${name}=${encodeURIComponent(time)}`)),
    ];
    const told: string[] = [];
    const left = [...queries];
    const sender = async () => {
      for (let query = left.pop(); query !== undefined; query = left.pop()) told.push(`${query} ${await asked(query)}`);
    };
    await Promise.all(Array.from({ length: 6 }, sender));
    const refused = told.filter((line) => line.endsWith(" 400")).length;
    t.diagnostic(`${told.length} requests, ${refused} refused`);
  });

  it("huge, empty and backward times are refused, and so is what is said twice", async () => {
    for (const query of [
      ...[
        "from=2000-01-01&to=2099-12-31",
        "from=2026-01-02&to=2026-01-01",
        "from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
      ],
      ...[
        "by=day&from=2025-01-01&to=2026-06-01",
        "by=day&by=week",
        "timeZone=UTC&timeZone=UTC",
        "from=2026-01-01&from=2026-01-02",
      ],
      ...[
        "limit=0",
        "limit=-1",
        "limit=1e9",
        "limit=NaN",
        "by=year",
        "by=__proto__",
        "sort=likes",
        "by=post&sort=__proto__%27",
        "nonsense=1",
      ],
      ...[
        "by=post&cursor=%00",
        `by=post&cursor=${cursor("NaN acp_1")}`,
        `by=post&cursor=${cursor("1e999999 acp_1")}`,
        "by=day&cursor=abc",
      ],
      ...[
        `by=post&cursor=${cursor("1 con_1")}`,
        "by=account&cursor=acp_1",
        "by=account&cursor=con_1%27",
        "compare=maybe",
        "format=xml",
      ],
      ...["platform=../x", "connectionId=con_", "madeElsewhere=1", "from[]=2026-01-01", "by[]=day"],
    ])
      assert.notEqual(await asked(query), 200, query);
    for (const query of [
      ...[
        `by=post&cursor=${cursor("-Infinity acp_1")}&sort=likes`,
        `by=post&cursor=${cursor("1e300 acp_zzz")}&sort=views`,
      ],
      ...[
        "by=account&cursor=con_zzzz",
        "by=post&sort=constructor",
        "by=post&sort=newest",
        "platform=nowhere",
        "by=month&from=2024-01-01&to=2026-11-30",
      ],
    ])
      assert.equal(await asked(query), 200, query);
  });
  it("nothing of another workspace is told, nor that it is there", async () => {
    const post = await bob.session.must("POST", "/api/posts", {
      content: "Beans",
      mode: "draft",
      targets: [{ connectionId: bob.connectionId }],
    });
    const unknown = "con_000000000000000000000000000000ff";
    for (const path of [
      `/api/analytics?connectionId=ID`,
      `/api/analytics?connectionId=ID&format=csv`,
      `/api/connections/ID/posts`,
    ]) {
      const call = async (id: string) => {
        const { status, text } = await fetchAs(path.replace("ID", id));
        return [status, text.replace(/req_[0-9a-f]+/, "").replaceAll(id, "")];
      };
      assert.deepEqual(await call(bob.connectionId), await call(unknown), path);
      assert.equal((await call(unknown))[0], 404);
    }
    assert.equal((await fetchAs(`/api/analytics/${post.id}`)).status, 404);
    for (const by of ["account", "platform", "post", "day"]) {
      const { text } = await ask(`by=${by}&from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z`);
      assert.ok(!text.includes(bob.connectionId));
    }
  });
  const fetchAs = async (path: string) => {
    const answer = await fetch(`${system.url}${path}`, { headers: { authorization: `Bearer ${ada.key}` } });
    return { status: answer.status, text: await answer.text() };
  };

  it("a table of 10,000 posts with hostile texts comes whole, in bounded memory, and runs nothing in a spreadsheet", async (t) => {
    const texts = [
      '=HYPERLINK("http://x")',
      "+1",
      "-1+1",
      "@SUM(1)",
      "\t=1",
      "\r\n=1",
      " =1",
      "＝1",
      'a"b,c\r\nd',
      "👩‍👩‍👧 ١٢٣",
      "",
      "'x",
    ];
    await system.query(
      `insert into account_posts (id, tenant_id, connection_id, external_id, format, text, made_at, seen_at)
       select 'acp_' || lpad(to_hex(n), 32, '0'), $1, $2, n::text, 'text', ($3::text[])[n % ${texts.length} + 1], domain_now() - n * interval '1 minute', domain_now()
       from generate_series(1, 10000) n`,
      [ada.id, ada.connectionId, texts],
    );
    await system.query(
      `insert into account_post_numbers (tenant_id, account_post_id, fetched_at, metrics)
       select $1, 'acp_' || lpad(to_hex(n), 32, '0'), domain_now(), jsonb_build_array(jsonb_build_object('name', '=likes', 'platformName', '@likes', 'value', -n, 'at', '2026-11-01T00:00:00.000Z'))
       from generate_series(1, 10000) n`,
      [ada.id],
    );
    const begun = performance.now();
    const before = process.memoryUsage().rss;
    const { status, type, text } = await ask("by=post", { accept: "text/csv" });
    assert.deepEqual([status, type], [200, "text/csv; charset=utf-8; header=present"]);
    const grownMb = (process.memoryUsage().rss - before) / 1e6;
    t.diagnostic(
      `${Math.round(text.length / 1000)} kB in ${Math.round(performance.now() - begun)} ms, ${Math.round(grownMb)} MB more`,
    );
    const rows: Record<string, string>[] = parse(text, { columns: true, bom: true });
    assert.equal(rows.length, 10_000);
    assert.equal(new Set(rows.map((row) => row.account_post_id)).size, 10_000);
    for (const row of rows)
      for (const [name, value] of Object.entries(row)) {
        const isNumber = name === "value" && /^-\d+$/.test(value);
        assert.ok(isNumber || !/^\s*[=+\-@＝＋－＠\t\r]/.test(value), `${name}: ${JSON.stringify(value)}`);
      }
    const json = await ask("by=post", { accept: "application/json" });
    assert.equal(JSON.parse(json.text).rows.length, 50);
    for (const accept of ["text/csv;q=0", "text/csvx", "*/*", "application/json,text/csv"]) {
      const { type: other } = await ask("by=post&limit=1", { accept });
      assert.match(other, /application\/json/, accept);
    }
  });

  it("asking for a reading again and again costs one a minute", async () => {
    for (let turn = 0; turn < 20; turn += 1)
      await ada.session.must("POST", `/api/connections/${ada.connectionId}/numbers`, {});
    const [row] = await system.query<{ n: number }>("select count(*)::int as n from number_readings where asked");
    assert.equal(row?.n, 1);
  });
});
