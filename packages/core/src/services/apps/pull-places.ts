import type { ConnectorSettings } from "../../ports/egress.ts";
import type { PullPlaces } from "../../ports/pull-places.ts";
import { instanceApp } from "../../ports/sign-ins.ts";
import type { OpenTenantApp } from "../../ports/tenant-apps.ts";

/** Files are below this server's public address; what is verified of it stands with the app. */
export const pullPlaces = (deps: {
  readonly publicUrl: string;
  readonly settings: Pick<ConnectorSettings, "appCredentials">;
  readonly tenantApp?: OpenTenantApp;
}): PullPlaces => ({
  address: `${deps.publicUrl}/media/`,
  async appField({ tenantId, appId }, { app, field }) {
    const used =
      appId === instanceApp
        ? deps.settings.appCredentials({ setId: app, simulated: false })
        : (await deps.tenantApp?.(tenantId, appId))?.credentials;
    return used?.value(field);
  },
});
