import {
  type AdmitInput,
  admit,
  type Circuit,
  type JobPatch,
  type Ledger,
  type LockedJob,
  type PublishingStore,
  type TenantPublishing,
} from "@postd/core";
import type { Mutation } from "./mutation.ts";

type Act = Parameters<TenantPublishing["act"]>[0];
/** A circuit of which a probe was once taken stays as it is. */
const stuck = ({ now, circuits: { platform, connection } = {} }: AdmitInput): NonNullable<AdmitInput["circuits"]> => {
  const later = new Date(now.getTime() + 60 * 60_000);
  const held = (circuit: Circuit) => (circuit.state === "half_open" ? { ...circuit, probeUntil: later } : circuit);
  return { ...(platform && { platform: held(platform) }), ...(connection && { connection: held(connection) }) };
};

type Change = Parameters<TenantPublishing["change"]>[0];

/** A store whose locked jobs, or what is decided of them, are seen through something. */
function storeThrough(
  store: PublishingStore,
  through: {
    readonly locked?: (locked: LockedJob) => LockedJob;
    readonly patch?: (patch: JobPatch, locked: LockedJob) => JobPatch;
  },
): PublishingStore {
  const { locked: see = (locked) => locked, patch: turn = (patch) => patch } = through;
  return {
    forTenant(tenantId) {
      const tenant = store.forTenant(tenantId);
      return {
        ...tenant,
        act: (input: Act) =>
          tenant.act({
            ...input,
            decide: (locked) => {
              const { patch } = input.decide(see(locked));
              return patch ? { patch: turn(patch, locked) } : {};
            },
          }),
        change: (input: Change) =>
          tenant.change({
            ...input,
            decide: (jobs) => {
              const answer = input.decide(jobs.map(see));
              const decided = answer.decided.map((one) => {
                const { patch } = one.meeting;
                const locked = jobs.find(({ job }) => job.id === one.jobId);
                return patch && locked ? { ...one, meeting: { ...one.meeting, patch: turn(patch, locked) } } : one;
              });
              return { ...answer, decided };
            },
          }),
      };
    },
  };
}

const claiming = (
  ledger: Ledger,
  turn: (claimed: Exclude<Awaited<ReturnType<Ledger["claim"]>>, { refused: string }>) => object,
) => ({
  ...ledger,
  claim: async (input: Parameters<Ledger["claim"]>[0]) => {
    const claimed = await ledger.claim(input);
    return "refused" in claimed ? claimed : { ...claimed, ...turn(claimed) };
  },
});

/** Every guard of "a wish meets a post that may be live", switched off by itself. */
export const mutations: readonly Mutation[] = [
  { name: "a visible intent does not say that it may be live", memory: { marksDoubt: false } },
  { name: "a wish is not looked at where a visible call is intended", memory: { checksWish: false } },
  {
    name: "what a failure means forgets the earlier call that is open",
    ledger: (ledger) => claiming(ledger, () => ({ mayBeLive: false })),
    memory: { checksTruth: false },
  },
  { name: "a refusal is believed from a bare status", believesAll: true },
  {
    name: "a post is adopted whoever owns it",
    ledger: (ledger) => ({
      ...ledger,
      owners: async (input) => ({ ...(await ledger.owners(input)), owned: new Set<string>() }),
    }),
  },
  {
    name: "a post is adopted though a rival sent the same",
    ledger: (ledger) => ({
      ...ledger,
      owners: async (input) => ({ ...(await ledger.owners(input)), hasRival: false }),
    }),
  },
  {
    name: "a look comes before the lease's end and the settle time",
    memory: {
      admit: (input) => {
        const admission = admit(input);
        return admission.go === "look_later" ? { go: "probe" } : admission;
      },
    },
  },
  {
    name: "a later word makes it forgotten that parts were taken down",
    store: (store) =>
      storeThrough(store, { locked: (locked) => ({ ...locked, job: { ...locked.job, partsGone: false } }) }),
  },
  {
    name: "what is in doubt is held",
    memory: { admit: (input) => admit({ ...input, mayBeLive: false, visible: undefined }), checksTruth: false },
  },
  {
    name: "the look for a twin and the accept are two",
    store: (store, gate) => ({
      forTenant(tenantId) {
        const tenant = store.forTenant(tenantId);
        return {
          ...tenant,
          accept: async (input) => {
            for (const job of input.refuseTwins ? input.jobs : []) {
              const { rows } = await tenant.jobs({ limit: 100, connectionId: job.connectionId });
              const twin = rows.find(
                (row) => row.post.text === job.post.text && row.state !== "canceled" && row.state !== "failed",
              );
              if (twin)
                return { kind: "twin", jobId: twin.id, connectionId: twin.connectionId, createdAt: twin.createdAt };
            }
            await gate("between look and accept");
            return tenant.accept({ ...input, refuseTwins: false });
          },
        };
      },
    }),
  },
  {
    name: "approving does not look at the jobs there are",
    store: (store) => ({
      forTenant: (tenantId) => {
        const one = store.forTenant(tenantId);
        const blind = (input: Parameters<typeof one.change>[0]) =>
          one.change({ ...input, decide: (jobs) => input.decide(input.decide(jobs).decision ? [] : jobs) });
        return { ...one, change: blind };
      },
    }),
  },
  {
    name: "a removal that nobody answered looks at the first part alone",
    connector: (connector) => {
      const { remove } = connector.publishing;
      if (!remove) throw new Error("the model takes nothing down");
      const { parts: _none, ...blind } = remove;
      return { ...connector, publishing: { ...connector.publishing, remove: blind } };
    },
  },
  { name: "a key is freed with its post", memory: { keepsKeys: false } },
  {
    name: "a wish raises the fence of what may be live",
    store: (store) => storeThrough(store, { patch: (patch) => (patch.wish ? { ...patch, raiseFence: true } : patch) }),
  },
  {
    name: "not live is taken before the call has ended",
    store: (store) =>
      storeThrough(store, {
        locked: ({ job, facts }) => {
          const { visible: _none, ...rest } = job;
          const state = facts.state === "publishing" ? "unknown" : facts.state;
          return { job: { ...rest, visible: undefined }, facts: { ...facts, state } };
        },
      }),
  },
  {
    name: "a probe that never came back is waited for",
    memory: { admit: (input) => admit({ ...input, circuits: stuck(input) }) },
  },
  {
    name: "a job that is moved keeps the wake-up of its wait",
    store: (store) =>
      storeThrough(store, {
        patch: ({ wakeAt, ...patch }, { facts }) =>
          patch.scheduledFor && facts.state === "held"
            ? patch
            : { ...patch, ...(wakeAt === undefined ? {} : { wakeAt }) },
      }),
  },
  { name: "what is thrown is not settled", ignoresThrows: true },
  { name: "disconnecting does not look first", holds: (holds) => ({ ...holds, inDoubt: async () => 0 }) },
  {
    name: "canceling goes by the state's name",
    memory: { checksTruth: false },
    store: (store) =>
      storeThrough(store, {
        locked: ({ job, facts }) => {
          const isNamed = facts.state === "retrying" || facts.state === "publishing" || facts.state === "processing";
          return isNamed ? { job, facts: { ...facts, mayBeLive: false } } : { job, facts };
        },
        patch: (patch) => (patch.state === "canceled" ? { ...patch, mayBeLive: false } : patch),
      }),
  },
  {
    name: "an answer that tells nothing counts as the platform's yes",
    ledger: (ledger) => ({
      ...ledger,
      settle: (input) => {
        const { answer } = input;
        return ledger.settle(
          answer?.outcome === "unknown" ? { ...input, answer: { ...answer, outcome: "ok" } } : input,
        );
      },
    }),
  },
  { name: "a renewed lease leaves the end of the open call where it was", memory: { movesEnd: false } },
];
