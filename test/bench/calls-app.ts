/** Measures calls in a process of its own (`calls-app.js SUBJECTS ROUNDS MILLISECONDS`), and sends the result. */
import type { CallSubjects } from './calls.js';
import { sendResult } from './child.js';
import { contenders } from './contenders/all.js';
import { measureSideBySide } from './measure.js';
import { nativeCalls } from './native.js';

const [subjects, rounds, milliseconds] = process.argv.slice(2);
const measured = { all: { contenders }, native: nativeCalls }[subjects as CallSubjects];
const length = { rounds: Number(rounds), milliseconds: Number(milliseconds) };
sendResult(await measureSideBySide({ ...measured, ...length }));
