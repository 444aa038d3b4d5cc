import type { AppCredentials, OAuth2SignIn, Provider } from "@postd/connector-kit";
import { fail, ok, type Result, type ServiceError } from "@postd/contracts";
import type { Caller } from "../../ports/services.ts";
import { instanceApp } from "../../ports/sign-ins.ts";
import type { TenantApp } from "../../ports/tenant-apps.ts";
import { ownApp } from "../apps/open-app.ts";
import type { ConnectionsDeps } from "./deps.ts";

export interface ChosenApp {
  readonly appId: string;
  /** Absent: this server's own. */
  readonly app?: AppCredentials;
}

/**
 * The app an authorisation is made with: the one that is named, or that the connection was made with; else the tenant's
 * newest for this sign-in, else this server's.
 */
export async function chooseApp(
  deps: ConnectionsDeps,
  { tenantId }: Pick<Caller, "tenantId">,
  wish: { readonly provider: Provider; readonly signIn: OAuth2SignIn; readonly appId: string | undefined },
): Promise<Result<ChosenApp, ServiceError>> {
  const { provider, signIn, appId } = wish;
  if (appId === instanceApp) return ok({ appId });
  const fits = (it: TenantApp) => it.provider === provider.id && it.setId === signIn.app;
  const apps = await deps.apps.forTenant(tenantId).list();
  const chosen = apps.find((it) => (appId === undefined ? fits(it) : it.id === appId));
  if (!chosen) return appId === undefined ? ok({ appId: instanceApp }) : fail(noSuchApp);
  if (!fits(chosen))
    return fail({
      code: "invalid_input",
      field: "appId",
      detail: `This app is not one for ${signIn.label} at ${provider.name}.`,
      next: "GET /api/apps lists what each is for.",
    });
  const app = await ownApp(deps.context, { tenantId, appId: chosen.id });
  return app === undefined || app === "gone" ? fail(noSuchApp) : ok({ appId: chosen.id, app });
}

const noSuchApp: ServiceError = {
  code: "not_found",
  field: "appId",
  detail: "There is no such app in this workspace.",
  next: "GET /api/apps lists them.",
};
