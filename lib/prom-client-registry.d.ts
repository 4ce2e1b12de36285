/**
 * prom-client's registry on its own. The whole of prom-client loads OpenTelemetry's API, Node's performance hooks and cluster,
 * which takes six times as long; this is the same class and the same default registry.
 */
declare module 'prom-client/lib/registry.js' {
  import type { Registry as PromClientRegistry } from 'prom-client';

  const Registry: typeof PromClientRegistry & { readonly globalRegistry: PromClientRegistry };
  export = Registry;
}
