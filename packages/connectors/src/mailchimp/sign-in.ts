import {
  type ApiContext,
  type AppCredentialsSet,
  type AuthContext,
  type Credentials,
  clientFields,
  type FoundAccount,
  type Granted,
  type KeysSignIn,
  type OAuth2SignIn,
  oauth2,
  type PlatformResult,
  type Secret,
  type SignInContext,
  secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, dataCentreOf, endpointOf, Id, isDataCentre, livingAt } from "./api.ts";

export const mailchimpApp: AppCredentialsSet = {
  id: "mailchimp",
  fields: clientFields({
    id: "Client id of the app, from Account, Extras, Registered apps.",
    secret: "Client secret of the app, shown once when it is made.",
  }),
};

const Account = z.object({
  account_id: Id,
  login_id: Id.optional(),
  account_name: z.string().default(""),
  username: z.string().optional(),
  pricing_plan_type: z.string().optional(),
  account_timezone: z.string().optional(),
  total_subscribers: z.number().optional(),
});
export type Account = z.output<typeof Account>;

/** @source platforms/mailchimp.md "Accounts" */
const accountFields = "account_id,login_id,account_name,username,pricing_plan_type,account_timezone,total_subscribers";
export const readAccount = (ctx: ApiContext): PlatformResult<Account> =>
  api.get(ctx, "", Account, { query: { fields: accountFields }, about: "account" });

/** What is kept of the account beside its name. */
export const extrasOf = (
  { pricing_plan_type: plan, account_timezone: timezone }: Account,
  credentials: Credentials,
) => ({
  dc: /^https:\/\/([^.]+)\./.exec(endpointOf(credentials))?.[1] ?? "",
  ...(plan && { plan }),
  ...(timezone && { timezone }),
});

/** A sign-in opens the one account it was made in. */
async function accounts({ credentials }: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]> {
  const read = await readAccount({ ...ctx, credentials });
  if (!read.ok) return read;
  const { account_id, account_name } = read.value;
  return ok([
    {
      platform: "mailchimp",
      externalId: account_id,
      kind: "account",
      name: account_name || account_id,
      extras: extrasOf(read.value, credentials),
      credentials,
      missingScopes: [],
    },
  ]);
}

const Metadata = z.object({
  dc: z.string(),
  accountname: z.string().optional(),
  user_id: Id.optional(),
  login: z.object({ login_id: Id.optional(), login_name: z.string().optional() }).nullish(),
});
type Metadata = z.output<typeof Metadata>;

/** Which data centre a token is good for. @source platforms/mailchimp.md "OAuth and API key" */
async function discover(ctx: AuthContext, token: Secret): PlatformResult<Metadata> {
  const read = await api.get(ctx, "metadata", Metadata, {
    base: "https://login.mailchimp.com/oauth2",
    unsigned: true,
    headers: { authorization: secret(`OAuth ${token.reveal()}`) },
    about: "account",
  });
  if (!read.ok || isDataCentre(read.value.dc)) return read;
  const message = "Mailchimp names a data centre nobody can call. Start again.";
  return fail({ kind: "unexpected_response", status: 200, message });
}

/**
 * Nothing of Mailchimp's ends by itself, so a sign-in it refuses is asked for once more: the same words stand for a dead
 * key and for a wrong data centre. One that is refused again is dead.
 */
async function askAgain(ctx: SignInContext, dc: PlatformResult<string>): PlatformResult<Credentials> {
  const found = await dc;
  const credentials = found.ok ? livingAt(ctx.credentials, found.value) : ctx.credentials;
  const asked = found.ok ? await api.get({ ...ctx, credentials }, "ping", z.unknown()) : found;
  if (asked.ok) return ok(credentials);
  const isDead = asked.error.kind === "auth_expired";
  return isDead ? fail({ ...asked.error, kind: "auth_revoked" }) : asked;
}

const wrongKey = (message: string) =>
  fail({ kind: "content_rejected" as const, field: "apiKey", reason: "invalid", message });
const keyForm = "A Mailchimp API key ends with its data centre, such as -us19. Copy the whole of it.";

export const apiKey: KeysSignIn = {
  kind: "keys",
  id: "api_key",
  label: "API key",
  scopes: { required: [], optional: [] },
  fields: [
    {
      name: "apiKey",
      label: "API key",
      secret: true,
      required: true,
      help: "Make one in Mailchimp under Account, Extras, API keys. It may do all that its user may.",
    },
  ],
  async connect({ apiKey: typed }, ctx) {
    const key = secret(typed?.reveal().trim() ?? "");
    const dc = dataCentreOf(key);
    if (dc === undefined) return wrongKey(keyForm);
    const credentials = livingAt({ accessToken: key }, dc);
    const read = await readAccount({ ...ctx, credentials });
    if (!read.ok)
      return read.error.kind === "auth_expired"
        ? wrongKey("Mailchimp does not know this API key. It may have been removed; make a new one.")
        : read;
    const { login_id, account_id, username, account_name } = read.value;
    const subject = { externalId: login_id ?? account_id, name: username || account_name };
    return ok({ subject, credentials, scopes: [] });
  },
  accounts,
  refresh: (ctx) => {
    const dc = dataCentreOf(ctx.credentials.accessToken);
    return askAgain(ctx, Promise.resolve(dc === undefined ? wrongKey(keyForm) : ok(dc)));
  },
};

/** No scopes, no PKCE, and a token that lasts: `expires_in` is 0 and `scope` null. */
const facts = oauth2({
  id: "mailchimp",
  label: "Mailchimp",
  app: mailchimpApp.id,
  scopes: { required: [], optional: [] },
  pkce: "none",
  authorizeAt: "https://login.mailchimp.com/oauth2/authorize",
  tokenAt: "https://login.mailchimp.com/oauth2/token",
  async subject({ accessToken }, _at, ctx) {
    const read = await discover(ctx, accessToken);
    if (!read.ok) return read;
    const { dc, login, user_id, accountname = "" } = read.value;
    const externalId = login?.login_id ?? user_id;
    if (externalId === undefined)
      return fail({ kind: "unexpected_response", status: 200, message: "Mailchimp does not say who signed in." });
    return ok({ externalId, name: login?.login_name || accountname, extras: { dc } });
  },
  accounts,
});

export const mailchimpSignIn: OAuth2SignIn = {
  ...facts,
  async finish(input, ctx) {
    const granted = await facts.finish(input, ctx);
    if (!granted.ok) return granted;
    const dc = String(granted.value.extras?.dc ?? "");
    return ok({ ...granted.value, credentials: livingAt(granted.value.credentials, dc) });
  },
  async refresh(ctx) {
    const read = await discover(ctx, ctx.credentials.accessToken);
    return askAgain(ctx, Promise.resolve(read.ok ? ok(read.value.dc) : read));
  },
};
