/** The service at an origin. */
import test from 'ava';
import { type HostTarget, knownHosts, targetFinder } from '../../../lib/outbound/hosts.js';

const hosts: Record<string, HostTarget> = {
  'git.acme.com': { service: 'acme-git', platform: 'gitlab' },
  'GIT.Acme.org:8443': { service: 'acme-org' },
  '127.0.0.1:8080': { service: 'local' },
  '[::1]:9000': { service: 'local-6' },
  '*.models.acme.com': { service: 'models', provider: 'acme' },
  'big.models.acme.com': { service: 'big-models' },
  'explicit.acme.com:443': { service: 'explicit' },
  'api.openai.com': { service: 'openai-proxy', provider: 'proxy' },
};

const cases: readonly (readonly [origin: string, service: string])[] = [
  ['https://api.github.com', 'github'],
  ['https://api.github.com:443', 'github'],
  ['https://api.github.com:8443', 'other'],
  ['https://gitlab.com', 'gitlab'],
  ['https://api.anthropic.com', 'anthropic'],
  ['https://acme.openai.azure.com', 'azure-openai'],
  ['https://openai.azure.com', 'other'],
  ['https://api.openai.com', 'openai-proxy'],
  ['https://git.acme.com', 'acme-git'],
  ['http://git.acme.com', 'acme-git'],
  ['https://git.acme.org:8443', 'acme-org'],
  ['https://git.acme.org', 'other'],
  ['http://127.0.0.1:8080', 'local'],
  ['http://127.0.0.1:8081', 'other'],
  ['http://[::1]:9000', 'local-6'],
  ['https://small.models.acme.com', 'models'],
  ['https://a.b.models.acme.com', 'models'],
  ['https://big.models.acme.com', 'big-models'],
  ['https://explicit.acme.com', 'explicit'],
  ['https://api.github.com.evil.com', 'other'],
  ['not a URL', 'other'],
];

for (const [origin, service] of cases) {
  test(`${origin} is ${service}`, (t) => {
    const find = targetFinder(hosts);
    t.is(find(origin).service, service);
    t.is(find(origin).service, service, 'and again');
  });
}

test('every known host names a service, and a platform or a provider', (t) => {
  for (const [host, target] of Object.entries(knownHosts))
    t.true(target.service !== '' && (target.platform ?? target.provider) !== undefined, host);
});
