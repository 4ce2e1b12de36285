/**
 * A CPU profile of requests with `requestMetrics()`: the time in each function of this package. Runs in a process of its own
 * (`koa-profile.js REQUESTS`), and sends its result to the parent.
 */
import { Session } from 'node:inspector/promises';
import { pathToFileURL } from 'node:url';
import { compiledTree } from '../helpers/package-root.js';
import { ladders } from './ladder.js';
import { koaStep } from './ladder-koa.js';

/** A function, and the microseconds per request that it took itself, without the functions that it called. */
export interface ProfiledFunction {
  readonly name: string;
  readonly file: string;
  readonly microseconds: number;
}

const requests = Number(process.argv[2]);
const { run } = await koaStep(ladders.koa.indexOf('requestMetrics()'));
await run(Math.min(20_000, requests));
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 100 });
await session.post('Profiler.start');
await run(requests);
const { profile } = await session.post('Profiler.stop');

const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
const root = pathToFileURL(compiledTree).href;
const found = new Map<string, ProfiledFunction>();
for (const [at, id] of (profile.samples ?? []).entries()) {
  const { functionName, url } = nodes.get(id)?.callFrame ?? { functionName: '', url: '' };
  if (!url.startsWith(root) || url.startsWith(`${root}test/`)) continue;
  const file = url.slice(root.length);
  const key = `${file} ${functionName}`;
  const before = found.get(key)?.microseconds ?? 0;
  const microseconds = before + (profile.timeDeltas?.[at] ?? 0) / requests;
  found.set(key, { name: functionName || '(anonymous)', file, microseconds });
}
process.send?.([...found.values()].sort((a, b) => b.microseconds - a.microseconds));
