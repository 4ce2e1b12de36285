/** Measures calls of all libraries in a process of its own (`calls-app.js ROUNDS MILLISECONDS`), and sends the result. */
import { sendResult } from './child.js';
import { contenders } from './contenders/all.js';
import { measureSideBySide } from './measure.js';

const [rounds, milliseconds] = process.argv.slice(2).map(Number) as [number, number];
sendResult(await measureSideBySide({ contenders, rounds, milliseconds }));
