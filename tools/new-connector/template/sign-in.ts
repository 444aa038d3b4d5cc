import { type KeysSignIn, ownAccounts } from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { whoAmI } from "./api.ts";

/** A token the owner copies from the platform's settings. A platform with a sign-in page has an `OAuth2SignIn` instead. */
export const accessToken: KeysSignIn = {
  kind: "keys",
  id: "access_token",
  label: "Access token",
  scopes: { required: [], optional: [] },
  fields: [{ name: "accessToken", label: "Access token", secret: true, required: true }],
  async connect({ accessToken: token }, ctx) {
    if (!token) {
      const message = "Paste an access token from the platform's settings.";
      return fail({ kind: "content_rejected", field: "accessToken", reason: "required", message });
    }
    const me = await whoAmI({ ...ctx, credentials: { accessToken: token } });
    if (!me.ok) return me;
    return ok({
      subject: { externalId: me.value.id, name: me.value.name },
      credentials: { accessToken: token },
      scopes: [],
    });
  },
  accounts: ownAccounts("profile", "sample_platform"),
};
