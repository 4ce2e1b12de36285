/** Where an exposition comes from: an endpoint, a file, or the standard input. */
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';

/** Milliseconds after which an endpoint is given up. */
const longest = 30_000;

/**
 * @param source a URL, the path of a file, or `-`
 * @throws an Error that says what could not be read, and why
 */
export async function readSource(
  source: string,
  {
    headers = {},
    stdin,
  }: { readonly headers?: Readonly<Record<string, string>>; readonly stdin: NodeJS.ReadableStream },
): Promise<string> {
  if (source === '-') return textOf(stdin);
  if (!/^https?:\/\//.test(source)) {
    return readFile(source, 'utf8').catch((error: Error) => {
      throw new Error(`Cannot read \`${source}\`: expected a URL, a file or \`-\`: ${error.message}.`);
    });
  }
  const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=1';
  let response: Response;
  try {
    response = await fetch(source, { headers: { accept, ...headers }, signal: AbortSignal.timeout(longest) });
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error };
    throw new Error(
      `Cannot read \`${source}\`: expected an endpoint that answers: ${cause?.message ?? message}.`,
    );
  }
  if (response.ok) return response.text();
  throw new Error(
    `Cannot read \`${source}\`: expected status 200, received ${response.status} ${response.statusText}.`,
  );
}
