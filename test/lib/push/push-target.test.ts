import test from 'ava';
import { groupingPath, type PushTargetOptions, pushTarget } from '../../../lib/push/push-target.js';

const target = (options: Partial<PushTargetOptions>): ReturnType<typeof pushTarget> =>
  pushTarget({ url: 'http://gateway:9091', job: 'a', grouping: {}, ...options });
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

for (const [what, grouping, path] of [
  ['only the job', {}, '/job/nightly'],
  ['plain values, in their order', { b: '1', a: 'host:12.x_y~-' }, '/job/nightly/b/1/a/host:12.x_y~-'],
  ['a slash', { path: '/var/tmp' }, '/job/nightly/path@base64/L3Zhci90bXA'],
  ['an empty value', { shard: '' }, '/job/nightly/shard@base64/='],
  ['values that a path would resolve', { a: '..', b: '.' }, '/job/nightly/a@base64/Li4/b@base64/Lg'],
  ['bytes whose base64 contains `+` and `/`', { a: '>>>???' }, '/job/nightly/a@base64/Pj4-Pz8_'],
  ['other than ASCII', { name: 'Προμηθεύς' }, '/job/nightly/name@base64/zqDPgc6_zrzOt864zrXPjc-C'],
] as const) {
  test(`grouping path: ${what}`, (t) => {
    t.is(groupingPath('nightly', grouping), path);
  });
}

test('a job is encoded as base64 as well', (t) => {
  t.is(groupingPath('a/b', {}), '/job@base64/YS9i');
});

test('the target is identified by scheme, host and path', (t) => {
  for (const [url, name, address] of [
    ['http://gateway:9091', 'http://gateway:9091', 'http://gateway:9091/metrics/job/a'],
    ['http://gateway:9091/', 'http://gateway:9091', 'http://gateway:9091/metrics/job/a'],
    ['https://me:pw@gateway/push//', 'https://gateway/push', 'https://gateway/push/metrics/job/a'],
  ] as const) {
    const made = target({ url });
    t.is(made.name, name);
    t.is(made.url.href, address);
  }
});

test('credentials come from the URL, from `basicAuth` or from `token`', (t) => {
  t.is(target({}).authorization, undefined);
  t.is(target({ url: 'http://me:p%40ss%@gateway' }).authorization, basic('me:p%40ss%'));
  t.is(target({ url: 'http://me%40home:p%2Fss@gateway' }).authorization, basic('me@home:p/ss'));
  t.is(target({ basicAuth: { username: 'me', password: 'pä:ss' } }).authorization, basic('me:pä:ss'));
  t.is(target({ token: 'abc.def' }).authorization, 'Bearer abc.def');
});

test('a URL object keeps its credentials', (t) => {
  const url = new URL('http://me:pw@gateway');
  target({ url });
  t.is(url.password, 'pw');
});

for (const [what, options, message] of [
  ['no URL', { url: 'gateway:9091/x' }, /received a URL with `gateway:`/],
  ['no text', { url: 5 as never }, /expected the http or https URL of a Pushgateway.*received 5\.$/],
  ['another protocol', { url: 'ftp://me:secret@gateway' }, /received a URL with `ftp:`/],
  ['unreadable, with a password', { url: 'http//me:secret@gateway' }, /received an invalid URL/],
  ['a query', { url: 'http://gateway?token=secret' }, /received a URL with a query or a fragment/],
  ['a grouping key', { url: 'http://gateway/metrics/job/secret' }, /use `job` and `grouping`/],
  ['two credentials', { url: 'http://me:secret@gateway', token: 'secret' }, /expected one of `basicAuth`/],
  ['a token of two lines', { token: 'secret\r\nx: y' }, /Invalid `token`.*a value that is not shown/],
  ['a user name with a colon', { basicAuth: { username: 'a:b', password: 'secret' } }, /without `:`/],
  ['basicAuth without password', { basicAuth: { username: 'secret' } as never }, /Invalid `basicAuth`/],
  ['basicAuth of null', { basicAuth: null as never }, /Invalid `basicAuth`/],
] as const) {
  test(`refused without showing a secret: ${what}`, (t) => {
    const error = t.throws(() => target(options), { code: 'ERR_METRICS_INVALID_OPTION', message });
    t.notRegex(error?.message ?? '', /secret/);
  });
}
