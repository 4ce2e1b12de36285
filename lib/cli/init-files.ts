/** The files that `tamma-metrics init` writes, and what remains to be done by hand. */
import type { Project } from './init-project.js';

/** A file to be written. */
export interface InitFile {
  /** From the root of the project. */
  readonly path: string;
  readonly content: string;
}

/** Not 9090, the default, on which Prometheus itself listens on a developer's machine. */
const port = 9464;

/** The type of what is closed at the end, and how. */
const endings = {
  koa: { type: 'Server', from: 'node:http', drain: 'running' },
  node: { type: 'Server', from: 'node:http', drain: 'running' },
  nest: { type: 'INestApplication', from: '@nestjs/common', drain: 'running?.close()' },
} as const;

/** The set-up file, and the configuration of the bundle. */
export function initFiles(project: Project): readonly [InitFile, InitFile] {
  return [
    { path: setUpPath(project), content: setUp(project) },
    { path: configPath(project), content: bundleConfig(project) },
  ];
}

/** What the user has to do, after the files are written. */
export function nextSteps(project: Project): readonly string[] {
  const { framework, missing, isTypeScript, isEsModule } = project;
  // Nest starts in a function; other applications in a module, and CommonJS has no `await` there.
  const canAwait = isEsModule || framework === 'nest';
  const config = configPath(project);
  const loader = isTypeScript ? 'NODE_OPTIONS=--import=tsx ' : '';
  const tools = '@prometheus-io/codemirror-promql @codemirror/language @codemirror/state';
  return [
    ...(missing.length === 0 ? [] : [`Install: npm install ${missing.join(' ')}`]),
    'Add to the file that starts the application:',
    `  ${importOf(project, framework === 'koa' ? '{ metrics, startMetrics }' : '{ startMetrics }')}`,
    ...starts[framework].map((line) => `  ${canAwait ? line : line.replace(/^await /, '')}`),
    `Then http://localhost:${port}/metrics has the metrics.`,
    'Generate alerts and dashboards:',
    `  npm install --save-dev ${tools}${isTypeScript ? ' tsx' : ''}`,
    `  ${loader}npx tamma-metrics bundle --config ${config} --out monitoring`,
  ];
}

const starts = {
  koa: [
    'app.use(metrics.requestMetrics());       // before all other middleware',
    'await startMetrics(app.listen(3000));',
  ],
  nest: ['await app.listen(3000);', 'await startMetrics(app);'],
  node: ['await startMetrics(server.listen(3000));'],
} as const;

/** How the application loads the set-up file, which is beside it. */
function importOf(project: Project, names: string): string {
  const { isTypeScript, isEsModule, sources } = project;
  const path = `./${setUpPath(project).slice(sources.length).replace(/ts$/, 'js')}`;
  return isTypeScript || isEsModule
    ? `import ${names} from '${path}';`
    : `const ${names} = require('${path}');`;
}

function setUpPath({ sources, extensionStart, isTypeScript }: Project): string {
  return `${sources}metrics.${extensionStart}${isTypeScript ? 'ts' : 'js'}`;
}

/** An ES module in every project, since `tamma-metrics` imports it. */
function configPath({ isTypeScript }: Project): string {
  return isTypeScript ? 'bundle.config.mts' : 'bundle.config.mjs';
}

function setUp(project: Project): string {
  const { framework, isTypeScript, isEsModule, service } = project;
  const { type, from, drain } = endings[framework];
  const hasExports = isTypeScript || isEsModule;
  const typed = (text: string): string => (isTypeScript ? text : '');
  const exported = hasExports ? 'export ' : '';
  const names = '{ createMetrics, defineCounter, label, loadMetricsConfig }';
  return `/** The metrics of the service, and how they start. Environment variables such as METRICS_PORT override the settings. */
${typed(`import type { ${type} } from '${from}';\n`)}${
  hasExports
    ? `import ${names} from '@tamma/observability';`
    : `const ${names} = require('@tamma/observability');`
}

/** An example. Replace it by what the service counts: \`metrics.registry.counter(jobs).inc({ outcome: 'success' })\`. */
${exported}const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs, by outcome.',
  labels: { outcome: label('success', 'failure') },
});

/** The metrics for which dashboards are generated. */
${exported}const definitions = [jobs];

let running${typed(`: ${type} | undefined`)};

${exported}const metrics = createMetrics(
  loadMetricsConfig({ SERVICE_NAME: '${service}', METRICS_PORT: '${port}', ...process.env }),
  { drain: () => ${drain} },
);

/** Serves /metrics and health checks. SIGTERM and SIGINT finish the requests in progress, and then end the process. */
${exported}async function startMetrics(started${typed(`: ${type}`)})${typed(': Promise<void>')} {
  running = started;
  await metrics.start();
}
${hasExports ? '' : '\nmodule.exports = { jobs, definitions, metrics, startMetrics };\n'}`;
}

function bundleConfig(project: Project): string {
  const { isTypeScript, service } = project;
  const setUpModule = setUpPath(project).replace(/ts$/, 'js');
  return `/** Options of the monitoring: tamma-metrics bundle --config ${configPath(project)} --out monitoring */
import { ${isTypeScript ? 'type BundleOptions, ' : ''}defineSlo } from '@tamma/observability/monitoring';
import { definitions, jobs } from './${setUpModule}';

const jobsSucceed = defineSlo({
  name: 'jobs-succeed',
  description: 'Jobs succeed.',
  objective: 0.99,
  events: { bad: { metric: jobs, matches: { outcome: 'failure' } }, total: { metric: jobs } },
});

export const bundle${isTypeScript ? ': BundleOptions' : ''} = {
  config: { service: '${service}', port: ${port} },
  definitions,
  slos: [jobsSucceed],
};
`;
}
