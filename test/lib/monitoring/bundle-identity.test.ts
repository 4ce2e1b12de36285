/** Names in a bundle, from the name of the service. */
import test from 'ava';
import { dashboardUid, identityOf } from '../../../lib/monitoring/bundle-identity.js';
import { dashboardNames } from '../../../lib/monitoring/model.js';

test('a simple service name is the prefix', (t) => {
  t.deepEqual(identityOf('tamma'), { prefix: 'tamma', title: 'Tamma' });
  t.deepEqual(identityOf('orders-api2'), { prefix: 'orders-api2', title: 'Orders-api2' });
});

test('names that only differ in invalid characters get different hashes', (t) => {
  const services = [
    'my-agent',
    'My Agent',
    'my_agent',
    'my agent',
    'My-Agent',
    '--',
    'été',
    '9lives',
    'a'.repeat(30),
    'a'.repeat(31),
  ];
  const prefixes = services.map((service) => identityOf(service).prefix);
  t.is(new Set(prefixes).size, services.length);
  t.is(prefixes[0], 'my-agent');
  t.regex(prefixes[1] ?? '', /^my-agent-[0-9a-f]{8}$/);
  for (const prefix of prefixes) t.regex(prefix, /^[a-z][a-z0-9-]*$/);
});

test("no uid is longer than 40 characters, Grafana's maximum", (t) => {
  for (const service of ['a'.repeat(29), 'b'.repeat(200)]) {
    const identity = identityOf(service);
    for (const name of dashboardNames) t.true(dashboardUid(identity, name).length <= 40);
    t.true(`${identity.prefix}-prometheus`.length <= 40);
  }
});
