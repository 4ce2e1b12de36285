/** The client address of a request, as far as proxies can be trusted. */
import type { EndpointRequest } from './endpoint.js';

/**
 * The address of the client behind a number of trusted proxies; empty if it is not known. Each proxy appends the address
 * that connected to it to `X-Forwarded-For`, so only the last entries were written by trusted proxies; the client can choose
 * all earlier ones.
 */
export function clientAddress({ address, header }: EndpointRequest, trustedProxies: number): string {
  const connection = address ?? '';
  if (trustedProxies === 0) return connection;
  const forwarded = (header('x-forwarded-for') ?? '').split(',').map((entry) => withoutPort(entry.trim()));
  const addresses = [...forwarded.filter((entry) => entry !== ''), connection];
  return addresses[Math.max(0, addresses.length - 1 - trustedProxies)] ?? connection;
}

/** Some load balancers add the port: `10.0.0.1:4711`, `[::1]:4711`. */
function withoutPort(entry: string): string {
  const [, bracketed, plain] = /^(?:\[(.+)\](?::\d+)?|([\d.]+):\d+)$/.exec(entry) ?? [];
  return bracketed ?? plain ?? entry;
}
