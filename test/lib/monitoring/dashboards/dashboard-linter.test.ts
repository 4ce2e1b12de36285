/**
 * The rules of grafana/dashboard-linter (https://github.com/grafana/dashboard-linter/tree/main/docs), applied to the dashboards of the
 * examples. Its rules for Loki do not apply.
 */
import test from 'ava';
import { bundle as platform } from '../../../../examples/monitoring/bundle.config.js';
import { bundle as shop } from '../../../../examples/shop/bundle.config.js';
import { generateBundle } from '../../../../lib/monitoring/bundle.js';
import { type PromqlNode, promqlParser } from '../../../../lib/monitoring/promql/promql.js';
import { calleeOf, type Selector, selectorOf } from '../../../../lib/monitoring/promql/promql-parts.js';
import type { BundleOptions } from '../../../../lib/monitoring/settings.js';
import {
  boardsIn,
  type DashboardJson,
  type PanelJson,
  panelsOf,
  type VariableJson,
} from '../../../helpers/dashboard-json.js';

const parse = promqlParser();

/** A finding of a rule, with its place. */
interface Finding {
  readonly board: string;
  readonly message: string;
  readonly row?: string;
  readonly panel?: string;
  /** The series that a query selects. */
  readonly series?: string;
}

type Found = Omit<Finding, 'board'>;

/** Every panel, with the row that it belongs to. */
function placedPanels(board: DashboardJson): { readonly panel: PanelJson; readonly row: string }[] {
  let row = '';
  return board.panels.flatMap((each) => {
    if (each.type === 'row') row = each.title;
    const panels = each.type === 'row' ? (each.panels ?? []) : [each];
    return panels.map((panel) => ({ panel, row }));
  });
}

/** Durations as the linter replaces variables: no query has such a window itself. */
const rateInterval = '8869990787ms';

function parsed(expression: string) {
  return parse(
    expression.replaceAll('$__rate_interval', rateInterval).replaceAll('$__range', '6069770749ms'),
  );
}

interface Selected {
  readonly selector: Selector;
  /** Names of the functions and ranges around it, the innermost last. */
  readonly within: readonly string[];
  readonly range: string | undefined;
}

function selectorsIn(node: PromqlNode, within: readonly string[] = [], range?: string): Selected[] {
  if (node.name === 'VectorSelector') return [{ selector: selectorOf(node), within, range }];
  const name = node.name === 'FunctionCall' ? calleeOf(node) : node.name;
  const window = node.name === 'MatrixSelector' ? /\[([^\]]*)\]$/.exec(node.text)?.[1] : range;
  const around = /^(FunctionCallBody|ParenExpr)$/.test(name) ? within : [...within, name];
  return node.children.flatMap((child) => selectorsIn(child, around, window));
}

function eachPanel(board: DashboardJson, messages: (panel: PanelJson) => readonly string[]): Found[] {
  return placedPanels(board).flatMap(({ panel, row }) =>
    messages(panel).map((message) => ({ row, panel: panel.title, message })),
  );
}

function eachSelector(board: DashboardJson, messageOf: (selected: Selected) => string | undefined): Found[] {
  return placedPanels(board).flatMap(({ panel, row }) =>
    panel.targets.flatMap(({ expr }) => {
      const { root } = parsed(expr);
      return (root === undefined ? [] : selectorsIn(root)).flatMap((selected) => {
        const message = messageOf(selected);
        const { name: series = '' } = selected.selector;
        return message === undefined
          ? []
          : [{ row, panel: panel.title, series, message: `${message}: ${expr}` }];
      });
    }),
  );
}

function needsMatcher(label: string) {
  return (board: DashboardJson): Found[] =>
    eachSelector(board, ({ selector: { matchers } }) =>
      matchers.some((each) => each.label === label && each.operator === '=~' && each.value === `$${label}`)
        ? undefined
        : `no ${label}=~"$${label}"`,
    );
}

function needsVariable(name: string, label: string) {
  return ({ templating: { list } }: DashboardJson): Found[] => {
    const found = list.find((variable) => variable.name === name);
    if (found === undefined) return [{ message: `no variable ${name}` }];
    const expected: Partial<VariableJson> = { type: 'query', label, multi: true, allValue: '.+' };
    return [
      ...Object.entries(expected)
        .filter(([key, value]) => found[key as keyof VariableJson] !== value)
        .map(([key, value]) => ({ message: `${name}: expected ${key} ${JSON.stringify(value)}` })),
      ...(found.datasource?.uid === `$${'{datasource}'}`
        ? []
        : [{ message: `${name}: another data source` }]),
    ];
  };
}

const messageIf = (isWrong: boolean, message: string): readonly string[] => (isWrong ? [message] : []);
const isQuery = ({ type }: VariableJson): boolean => type === 'query';

/** Units of the linter's list that the dashboards use. */
const units = ['short', 'percentunit', 's', 'h', 'bytes', 'Bps', 'cps', 'reqps', 'currencyUSD'];

const rules: Readonly<Record<string, (board: DashboardJson) => readonly Found[]>> = {
  'template-datasource-rule': ({ templating: { list } }) => {
    const sources = list.filter(({ type }) => type === 'datasource');
    const [source] = sources;
    const isRight = source?.name === 'datasource' && source.label === 'Data source';
    return isRight && sources.length === 1 ? [] : [{ message: 'expected one variable datasource' }];
  },
  'template-job-rule': needsVariable('job', 'Job'),
  'template-instance-rule': needsVariable('instance', 'Instance'),
  'template-label-promql-rule': ({ templating: { list } }) =>
    list.filter(isQuery).flatMap(({ name, query }) => {
      const text = (query as { readonly query: string }).query;
      const [, selected = ''] = /^label_values\((.*), \w+\)$/.exec(text) ?? [];
      return parsed(selected).problems.map((problem) => ({ message: `${name}: ${problem}` }));
    }),
  'template-on-time-change-reload-rule': ({ templating: { list } }) =>
    list.filter((each) => isQuery(each) && each.refresh !== 2).map(({ name }) => ({ message: name })),
  'panel-datasource-rule': (board) =>
    eachPanel(board, ({ datasource, targets }) => {
      const uids = [datasource?.uid, ...targets.map((target) => target.datasource.uid)];
      return messageIf(
        uids.some((uid) => uid !== `$${'{datasource}'}`),
        `data sources ${uids.join(', ')}`,
      );
    }),
  'panel-title-description-rule': (board) =>
    eachPanel(board, ({ title, description }) =>
      messageIf(!title || !description, 'no title or description'),
    ),
  'panel-units-rule': (board) =>
    eachPanel(board, ({ fieldConfig: { defaults } }) =>
      messageIf(!units.includes(defaults.unit ?? ''), `unit ${defaults.unit}`),
    ),
  'panel-no-targets-rule': (board) =>
    eachPanel(board, ({ targets }) => messageIf(targets.length === 0, 'no targets')),
  'target-promql-rule': (board) =>
    eachPanel(board, ({ targets }) => targets.flatMap(({ expr }) => parsed(expr).problems)),
  'target-rate-interval-rule': (board) =>
    eachSelector(board, ({ within, range }) =>
      /^i?rate$/.test(within.at(-2) ?? '') && range !== rateInterval ? 'another interval' : undefined,
    ),
  'target-job-rule': needsMatcher('job'),
  'target-instance-rule': needsMatcher('instance'),
  'target-counter-agg-rule': (board) =>
    eachSelector(board, ({ selector: { name = '' }, within }) => {
      const [callee = '', range] = within.slice(-2);
      const isCounted = range === 'MatrixSelector' && /^(i?rate|increase)$/.test(callee);
      return name.endsWith('_total') && !isCounted ? 'not in rate, irate or increase' : undefined;
    }),
  'uneditable-dashboard': ({ editable }) => (editable ? [{ message: 'editable' }] : []),
  'one id per panel and one refId per target': (board) => {
    const ids = [...board.panels, ...panelsOf(board)].map(({ id, title }) => `${id} ${title}`);
    return [
      ...messageIf(
        new Set(ids.map((id) => id.split(' ')[0])).size !== new Set(ids).size,
        'the same id twice',
      ).map((message) => ({ message })),
      ...eachPanel(board, ({ targets }) =>
        messageIf(new Set(targets.map(({ refId }) => refId)).size !== targets.length, 'the same refId twice'),
      ),
    ];
  },
};

const isOfAlert = ({ row }: Finding): boolean => row === 'Queries of the alerts';
const isRecord = ({ series = '' }: Finding): boolean => series.includes(':');
const isAlertState = ({ series }: Finding): boolean => series === 'ALERTS';
const isOfMonitoring = ({ row }: Finding): boolean => row === 'Prometheus and Alertmanager';

const runbookReason =
  'they are the queries of the runbooks, with the job, the windows and the thresholds of the alerts';
const exceptions: readonly (readonly [
  rule: string,
  isExcepted: (finding: Finding) => boolean,
  reason: string,
])[] = [
  ['target-job-rule', isOfAlert, runbookReason],
  ['target-job-rule', isAlertState, 'ALERTS has the job in the label service: not every alert has a job'],
  ['target-job-rule', isOfMonitoring, 'Prometheus and Alertmanager serve all jobs'],
  ['target-instance-rule', isOfAlert, runbookReason],
  ['target-instance-rule', isAlertState, 'not every alert is about one instance'],
  ['target-instance-rule', isOfMonitoring, 'the variable lists the instances of the job'],
  ['target-instance-rule', isRecord, 'a record is of the whole job'],
  [
    'template-instance-rule',
    ({ board, message }) => /-slo$/.test(board) && message === 'no variable instance',
    'objectives apply to the whole job',
  ],
  [
    'template-instance-rule',
    ({ message }) => message === 'instance: expected allValue ".+"',
    'series of a Pushgateway may have no instance',
  ],
  ['target-rate-interval-rule', isOfAlert, runbookReason],
];

async function boardsOf(options: Partial<BundleOptions>): Promise<DashboardJson[]> {
  const { config, include, definitions, slos, alerts } = options;
  const given = Object.entries({ config, include, definitions, slos, alerts });
  const { files } = await generateBundle(
    Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  );
  return boardsIn(files);
}

const boards = Promise.all([platform, shop].map(boardsOf)).then((all) => all.flat());

for (const [name, rule] of Object.entries(rules)) {
  test(`the dashboards pass ${name}`, async (t) => {
    const findings = (await boards).flatMap((board) =>
      rule(board).map((found): Finding => ({ ...found, board: board.uid })),
    );
    const own = exceptions.filter(([of]) => of === name);
    t.deepEqual(
      findings.filter((finding) => !own.some(([, isExcepted]) => isExcepted(finding))),
      [],
    );
    for (const [, isExcepted, reason] of own)
      t.true(findings.some(isExcepted), `an exception that nothing needs: ${reason}`);
  });
}

test('every rule reports a violation', (t) => {
  const source = { type: 'prometheus', uid: 'fixed' };
  const targets = ['jobs_total + rate(jobs_total[5m])', 'sum('].map((expr) => ({
    refId: 'A',
    expr,
    datasource: source,
  }));
  const panel = { id: 1, type: 'timeseries', title: '', description: '', datasource: source, targets };
  const variable = { name: 'x', type: 'query', query: { query: 'label_values(sum(, a)' }, refresh: 1 };
  const bad = {
    editable: true,
    templating: { list: [variable] },
    panels: [
      { ...panel, fieldConfig: { defaults: { unit: 'apples' } } },
      { ...panel, title: 'Nothing', targets: [], fieldConfig: { defaults: {} } },
    ],
  } as unknown as DashboardJson;
  for (const [name, rule] of Object.entries(rules)) t.not(rule(bad).length, 0, name);
});
