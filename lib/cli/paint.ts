/** Colours of the output, on a terminal only, and not if NO_COLOR is set (https://no-color.org). */

/** Functions that colour a text. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

export function paintFor(
  stream: { readonly isTTY?: boolean | undefined },
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const isColored = env.NO_COLOR ? false : env.FORCE_COLOR ? env.FORCE_COLOR !== '0' : stream.isTTY === true;
  const wrap = (open: number, close: number) => (text: string) =>
    isColored ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: wrap(1, 22), green: wrap(32, 39), yellow: wrap(33, 39) };
}

/** Escapes control characters of third-party text, so that an endpoint cannot control the terminal. */
export function printable(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
