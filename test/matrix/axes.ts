/**
 * The versions that the packed package is tested with. Each axis is varied on its own, from `base`. `npm run test:matrix` runs
 * all rows; `promises.test.ts` compares the versions with package.json and README.
 */

export type Smoke =
  | 'decorators'
  | 'requests'
  | 'pipelines'
  | 'application'
  | 'prom-client'
  | 'prometheus-io'
  | 'bundle';

/** A project that uses the package. */
export interface Project {
  readonly node: string;
  /** The `type` of its package.json: the module format of its compiled files. */
  readonly type: 'module' | 'commonjs';
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  /** The router package of its own routes. */
  readonly router: '@koa/router' | 'koa-router';
  /** Packages that are installed in addition to the tarball. */
  readonly packages: Readonly<Record<string, string>>;
  readonly smokes: readonly Smoke[];
}

/** The changes of a row to the base project. Packages and compiler options are added to those of the base. */
export type Change = Partial<Project>;

export interface Variant {
  readonly name: string;
  readonly change: Change;
  /** The versions of the axis that it runs with. Default: all. */
  readonly versions?: readonly string[];
}

export interface Axis {
  /** `node`, or the package whose version varies. */
  readonly name: string;
  readonly versions: readonly string[];
  readonly change?: Change;
  /** Additional packages that certain versions need, such as types. */
  readonly companions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly variants: readonly Variant[];
}

export const base: Project = {
  node: '20',
  type: 'module',
  compilerOptions: {
    target: 'ES2022',
    module: 'nodenext',
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    rootDir: 'src',
    outDir: 'out',
  },
  router: '@koa/router',
  packages: {
    typescript: '7',
    'prom-client': '15',
    koa: '3',
    '@koa/router': '15',
    '@types/koa': '3',
    '@types/node': '20',
  },
  smokes: ['decorators', 'requests', 'application', 'prom-client'],
};

const modules: readonly Variant[] = [
  { name: 'ES modules', change: { type: 'module' } },
  { name: 'CommonJS', change: { type: 'commonjs' } },
];

const plain: readonly Variant[] = [{ name: '', change: {} }];

const koas = (two: readonly string[], three: readonly string[]): readonly Variant[] => [
  { name: 'Koa 2', change: { packages: { koa: '2' } }, versions: two },
  { name: 'Koa 3', change: { packages: { koa: '3' } }, versions: three },
];

/** Packages that only the monitoring bundle needs. */
const ofBundle: Change = {
  smokes: ['bundle'],
  packages: {
    '@grafana/grafana-foundation-sdk': '0.0.21',
    '@prometheus-io/codemirror-promql': '0',
    '@codemirror/language': '6',
    '@codemirror/state': '6',
  },
};

const typesOfRouter = { '@types/koa__router': '12' };
const typesOfUnscopedRouter = { '@types/koa-router': '7' };

export const axes: readonly Axis[] = [
  {
    name: 'node',
    versions: ['20.19.0', '20', '22.12.0', '22', '24', '26'],
    variants: [...modules, { name: 'pipelined requests', change: { smokes: ['pipelines'] } }],
  },
  {
    name: 'typescript',
    versions: ['5.0', '5.4', '5.9', '6', '7'],
    variants: [
      { name: 'standard decorators', change: {} },
      { name: 'legacy decorators', change: { compilerOptions: { experimentalDecorators: true } } },
      { name: '`module` node16', change: { compilerOptions: { module: 'node16' } } },
      {
        name: '`module` esnext, `moduleResolution` bundler',
        change: { compilerOptions: { module: 'esnext', moduleResolution: 'bundler' } },
      },
      {
        name: '`module` preserve',
        change: { compilerOptions: { module: 'preserve' } },
        versions: ['5.4', '5.9', '6', '7'],
      },
      { name: '`module` nodenext in a CommonJS package', change: { type: 'commonjs' } },
      {
        name: '`module` commonjs',
        change: { type: 'commonjs', compilerOptions: { module: 'commonjs', esModuleInterop: true } },
      },
      {
        name: 'legacy decorators, `target` esnext, `useDefineForClassFields`',
        change: {
          compilerOptions: { experimentalDecorators: true, target: 'esnext', useDefineForClassFields: true },
        },
      },
    ],
  },
  { name: 'prom-client', versions: ['15.0.0', '15'], variants: plain },
  {
    name: '@prometheus-io/client',
    versions: ['0.16.0', '0.16'],
    // Its `engines` start there.
    variants: [{ name: 'Node 22', change: { node: '22', smokes: ['prometheus-io'] } }],
  },
  {
    name: 'koa',
    versions: ['2.14.0', '2', '3.0.0', '3'],
    variants: modules,
  },
  {
    name: '@koa/router',
    versions: ['10.0.0', '10', '11', '12', '13', '14', '15'],
    change: { smokes: ['requests', 'application'] },
    companions: {
      '10.0.0': typesOfRouter,
      '10': typesOfRouter,
      '11': typesOfRouter,
      '12': typesOfRouter,
      '13': typesOfRouter,
      '14': typesOfRouter,
    },
    variants: koas(['10.0.0', '10', '11', '12', '15'], ['12', '13', '14', '15']),
  },
  {
    name: 'koa-router',
    versions: ['7', '8', '9', '10', '11', '12', '13', '14'],
    change: { router: 'koa-router', smokes: ['requests'], packages: typesOfUnscopedRouter },
    variants: koas(['7', '8', '9', '10', '11', '12'], ['12', '13', '14']),
  },
  { name: '@prometheus-io/codemirror-promql', versions: ['0.314.0', '0'], change: ofBundle, variants: plain },
  { name: '@codemirror/language', versions: ['6.3.0', '6'], change: ofBundle, variants: plain },
  { name: '@codemirror/state', versions: ['6.1.1', '6'], change: ofBundle, variants: plain },
];

/** Combinations that do not work or are not run, with the reason. The table shows them, because they are not supported. */
export const notRun: readonly { readonly what: string; readonly why: string }[] = [
  {
    what: 'esbuild, to an ES module without a `require` of the banner',
    why: 'prom-client, for `defaultMetrics`, and Koa are CommonJS, which needs one; code that uses neither works',
  },
  {
    what: 'prom-client external by its exact name',
    why: 'the package loads `prom-client/lib/registry.js`, which must be external too, or there are two registries',
  },
];
