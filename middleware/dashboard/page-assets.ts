/** The files of the page: HTML that is checked at every visit, and files with a hash in their name that browsers keep. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsGzip } from '../../lib/exposition/negotiate.js';
import type { EndpointAnswer, EndpointRequest } from '../endpoint.js';
import pageFiles from './page-files.cjs';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/**
 * Headers of every response. Only the page's own files run, and nothing else may embed it: label values may come from
 * requests of anyone.
 */
export const safeHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

interface Asset {
  readonly text: string;
  readonly zipped: Buffer;
  readonly tag: string;
  readonly type: string;
}

/** Answers with a file of the page; `undefined` if there is none of that name. The page itself is `index.html`. */
export type PageAssets = (name: string, request: EndpointRequest) => Promise<EndpointAnswer | undefined>;

export function pageAssets(): PageAssets {
  const texts = pageFiles.readPageFiles();
  const loaded = new Map<string, Promise<Asset>>();
  return async (name, request) => {
    if (!Object.hasOwn(texts, name)) return undefined;
    const asset = loaded.get(name) ?? loadedAsset(name, texts[name] ?? '');
    loaded.set(name, asset);
    return answerOf(await asset, name, request);
  };
}

async function loadedAsset(name: string, text: string): Promise<Asset> {
  return {
    text,
    zipped: await promisify(gzip)(text, { level: 9 }),
    tag: createHash('sha256').update(text).digest('base64url').slice(0, 22),
    type: types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
  };
}

function answerOf(
  { text, zipped, tag, type }: Asset,
  name: string,
  request: EndpointRequest,
): EndpointAnswer {
  const isZipped = acceptsGzip(request.header('accept-encoding'));
  const etag = `"${tag}${isZipped ? '-gzip' : ''}"`;
  const headers = {
    ...safeHeaders,
    'Cache-Control': name === 'index.html' ? 'no-cache' : 'public, max-age=31536000, immutable',
    ETag: etag,
    Vary: 'Accept-Encoding',
  };
  const known = (request.header('if-none-match') ?? '').split(',').map((each) => each.trim());
  if (known.includes(etag) || known.includes(`W/${etag}`)) return { status: 304, headers };
  const own = { ...headers, 'Content-Type': type };
  if (!isZipped) return { status: 200, headers: own, body: text };
  return {
    status: 200,
    headers: { ...own, 'Content-Encoding': 'gzip', 'Content-Length': String(zipped.length) },
    body: request.method === 'HEAD' ? undefined : Readable.from([zipped]),
  };
}
