/**
 * Measures one section of the benchmark in a process of its own (`section-app.js NAME quick|full`), and sends the result: what a section
 * leaves behind, such as tracked promises, disabled registries and optimized code, would change the others.
 */
import { sendResult } from './child.js';
import { type SectionName, sections } from './sections.js';

const [name, accuracy] = process.argv.slice(2) as [SectionName, string];
sendResult(await sections[name].measure(accuracy === 'quick'));
