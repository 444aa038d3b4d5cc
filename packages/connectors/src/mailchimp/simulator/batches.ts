import type { Call, Route, SimAnswer } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { accountOf, answer, api, done, fieldQuery, own, page, pageQuery, route, success, textOf } from "./call.ts";
import type { Batch } from "./model.ts";
import { badField } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, "Lists / audiences": at most 1000 operations, 500 open batches, 20 batch webhooks.

const most = { operations: 1000, open: 500, hooks: 20 };
const stepMs = 2_000;

const Operation = z.strictObject({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
  path: z.string().regex(/^\/[a-z]/, "must be a path of the API"),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  body: z.string().optional(),
  operation_id: z.string().optional(),
});

function run(call: Call<World>, { method, path, params, body }: z.output<typeof Operation>): Promise<SimAnswer> {
  const query = new URLSearchParams(
    Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name, String(value)])),
  );
  return call.answer({
    method,
    host: call.request.host,
    path: `/3.0${path}`,
    query,
    headers: { authorization: call.request.headers.authorization, "content-type": "application/json" },
    rawBody: Buffer.from(body ?? ""),
  });
}

function batchJson({ id, total, errored, at, endsAt }: Batch, now: number) {
  const isOver = endsAt <= now;
  const status = isOver ? "finished" : now - at < stepMs ? "pending" : "started";
  return {
    id,
    status,
    total_operations: total,
    finished_operations: isOver ? total : 0,
    errored_operations: isOver ? errored : 0,
    submitted_at: textOf(at),
    completed_at: isOver ? textOf(endsAt) : undefined,
    // The results themselves, a packed archive at another host, are read by nobody here.
    response_body_url: isOver ? `https://mailchimp-api-batch.s3.amazonaws.com/${id}-response.tar.gz` : "",
    _links: [],
  };
}

const batches = api("batches");
const hooks = api("batch-webhooks");

export const batchRoutes: readonly Route<World>[] = [
  route("POST", batches, {
    body: z.strictObject({ operations: z.array(Operation).min(1).max(most.operations) }),
    async handle(call) {
      const { world, body, now } = call;
      const account = accountOf(call);
      const at = now.getTime();
      const open = world.batches.all((batch) => batch.account === account && batch.endsAt > at);
      if (open.length >= most.open) throw badField("operations", "There are 500 open batches already");
      let errored = 0;
      // In turn, as one batch runs at a time.
      for (const operation of body.operations) {
        const answered = await run(call, operation);
        if (typeof answered === "string" || answered.status >= 400) errored += 1;
      }
      const total = body.operations.length;
      const batch = {
        id: world.newId(),
        account,
        total,
        errored,
        at,
        endsAt: at + call.workMs(stepMs * 2),
        isTold: false,
      };
      return success(batchJson(world.batches.put(batch), at));
    },
  }),
  route("GET", batches, {
    query: z.strictObject(pageQuery),
    handle(call) {
      const account = accountOf(call);
      const all = call.world.batches.all((batch) => batch.account === account);
      return page(call, "batches", all, (batch) => batchJson(batch, call.now.getTime()));
    },
  }),
  route("GET", `${batches}/:batch`, {
    query: z.strictObject(fieldQuery),
    handle: (call) =>
      answer(call.query, batchJson(own(call, call.world.batches.get(call.params.batch ?? "")), call.now.getTime())),
  }),
  route("DELETE", `${batches}/:batch`, {
    handle(call) {
      call.world.batches.remove(own(call, call.world.batches.get(call.params.batch ?? "")).id);
      return done;
    },
  }),
  route("GET", hooks, {
    query: z.strictObject(pageQuery),
    handle(call) {
      const account = accountOf(call);
      const all = call.world.batchHooks.all((hook) => hook.account === account);
      return page(call, "webhooks", all, ({ id, url, enabled }) => ({ id, url, enabled, _links: [] }));
    },
  }),
  route("POST", hooks, {
    body: z.strictObject({ url: z.url(), enabled: z.boolean().optional() }),
    handle(call) {
      const { world, body } = call;
      const account = accountOf(call);
      if (world.batchHooks.all((hook) => hook.account === account).length >= most.hooks)
        throw badField("url", "There are 20 batch webhooks already");
      const { id, url, enabled } = world.batchHooks.put({
        id: world.newId(),
        account,
        url: body.url,
        enabled: body.enabled !== false,
      });
      return success({ id, url, enabled, _links: [] });
    },
  }),
  route("DELETE", `${hooks}/:hook`, {
    handle(call) {
      call.world.batchHooks.remove(own(call, call.world.batchHooks.get(call.params.hook ?? "")).id);
      return done;
    },
  }),
];
