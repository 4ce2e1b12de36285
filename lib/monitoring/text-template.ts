/** Fills in the `{{placeholders}}` of templates. */
import { isObject } from './checks.js';
import textFiles from './text-files.cjs';

/**
 * The text of a template, with its placeholders filled in.
 * @param file Path of the template in `lib/monitoring`.
 */
export function filledText(file: string, values: object): string {
  return String(filled(textFiles.readText(file), values));
}

/**
 * Data with the placeholders in its texts filled in. Keys and items whose value is `undefined` are left out, and so is an object whose
 * key `?` is empty or false, and a list without the items that are left out. An item `{{...list}}` becomes the items of a list.
 */
export function filled(node: unknown, values: object): unknown {
  if (typeof node === 'string') {
    const whole = /^\{\{([\w.]+)\}\}$/.exec(node)?.[1];
    if (whole !== undefined) return valueAt(whole, values);
    return node.replaceAll(/\{\{([\w.]+)\}\}/g, (_, path: string) => String(valueAt(path, values)));
  }
  if (Array.isArray(node)) {
    const items = node
      .flatMap((item) => {
        const list = /^\{\{\.\.\.([\w.]+)\}\}$/.exec(item)?.[1];
        return list === undefined ? [filled(item, values)] : (valueAt(list, values) as unknown[]);
      })
      .filter((item) => item !== undefined);
    return items.length === 0 && node.length > 0 ? undefined : items;
  }
  if (!isObject(node)) return node;
  const { '?': isIncluded = true, ...rest } = node as Readonly<Record<string, unknown>>;
  if (!filled(isIncluded, values)) return undefined;
  const entries = Object.entries(rest).map(([key, value]) => [key, filled(value, values)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function valueAt(path: string, values: object): unknown {
  return path
    .split('.')
    .reduce<unknown>((parent, key) => (parent as Readonly<Record<string, unknown>>)[key], values);
}
