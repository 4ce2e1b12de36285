/** Debian's Chromium, driven by Playwright. One browser per process, closed when the tests end. */

import test, { type ExecutionContext } from 'ava';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { until } from './until.js';

let browser: Promise<Browser> | undefined;

test.after.always('the browser is closed', async () => {
  await (await browser)?.close();
});

/** Tests of a file start together; more pages at a time only make each of them slower. */
const pagesAtOnce = 2;
const waiting: (() => void)[] = [];
let openPages = 0;

async function turn(): Promise<void> {
  if (openPages >= pagesAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  openPages++;
}

function nextTurn(): void {
  openPages--;
  waiting.shift()?.();
}

/** A page, and what its console said. */
export interface OpenPage {
  readonly page: Page;
  /** Errors and warnings of the console, errors of scripts, and violations of the content security policy. */
  readonly complaints: string[];
}

/** @param executable the path of Chromium */
export async function openPage(
  t: ExecutionContext,
  executable: string,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  await turn();
  t.teardown(nextTurn);
  // Chromium's sandbox needs user namespaces, which containers lack.
  browser ??= chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 }, ...options });
  // A watchdog: a busy machine is slow.
  context.setDefaultTimeout(90_000);
  t.teardown(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    // The tests themselves read the pixels of canvases.
    const isOurs = message.text().startsWith('Canvas2D: Multiple readback');
    if (['error', 'warning'].includes(message.type()) && !isOurs) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI));",
  );
  await page.goto(url);
  return { page, complaints };
}

/** Waits until an expression is truthy in the page. Not with `waitForFunction`, which the content security policy forbids. */
export async function waitUntil(page: Page, expression: string): Promise<void> {
  await until(expression, async () => ((await page.evaluate(expression)) ? true : undefined), 90_000);
}

/** For each canvas, the number of different colours: 1 if nothing is drawn, 2 or 3 if there is only an axis. */
export async function colorsIn(page: Page, selector: string): Promise<number[]> {
  return page.evaluate(`[...document.querySelectorAll(${JSON.stringify(`${selector} canvas`)})].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  })`);
}

/** The pixels of a canvas whose colour is this one (`#rrggbb`), or close to it. */
export async function pixelsOf(page: Page, selector: string, color: string): Promise<number> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector(${JSON.stringify(`${selector} canvas`)});
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const wanted = [1, 3, 5].map((at) => Number.parseInt('${color}'.slice(at, at + 2), 16));
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at + 3] > 128 && wanted.every((part, index) => Math.abs(part - data[at + index]) < 24)) count++;
    return count;
  })()`);
}

/** What axe-core finds: serious and critical violations, with the elements. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations: { readonly id: string; readonly impact: string; readonly nodes: readonly string[] }[] =
    await page.evaluate(
      'axe.run(document).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => html.slice(0, 200)) })))',
    );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.join('\n')}`);
}

/** Whether the page can be scrolled sideways. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}
