/** The JSON of dashboards has what Grafana's own builders write. */
import test from 'ava';
import { panelsOf } from '../../../helpers/dashboard-json.js';
import { fetchedPackages } from '../../../helpers/fetched-packages.js';
import { dashboards, objectiveGroup } from '../../../helpers/sample-dashboards.js';

interface PanelBuilder {
  min(value: number): PanelBuilder;
  max(value: number): PanelBuilder;
  build(): { readonly type: string };
}
type Builder = new (name: string) => { build(): unknown };

const load = await fetchedPackages('grafana');

function panelOf(kind: string): PanelBuilder {
  const { PanelBuilder } = load(`@grafana/grafana-foundation-sdk/${kind}`) as {
    PanelBuilder: new () => PanelBuilder;
  };
  return new PanelBuilder();
}

function built(builder: string, name: string): unknown {
  const builders = load('@grafana/grafana-foundation-sdk/dashboard') as Record<string, Builder>;
  const Named = builders[builder];
  if (Named === undefined) throw new Error(`Grafana has no ${builder}.`);
  return new Named(name).build();
}

/** The fields of some JSON, as paths, without those of lists. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => fieldsOf(inner, `${path}/${key}`));
}

test('panels, variables and links have every field that Grafana’s own builders write by default', async (t) => {
  const { boards } = await dashboards({ runbookUrl: 'https://runbooks.example' }, [objectiveGroup]);
  const all = boards.flatMap(panelsOf);
  for (const builder of [
    panelOf('timeseries'),
    panelOf('stat'),
    panelOf('gauge'),
    panelOf('heatmap'),
    panelOf('table'),
  ]) {
    const built = builder.min(0).max(1).build();
    const written = new Set(
      all.filter(({ type }) => type === built.type).flatMap((panel) => fieldsOf(panel)),
    );
    t.true(written.size > 0, built.type);
    const expected = fieldsOf(JSON.parse(JSON.stringify(built))).filter((path) => !/\/(min|max)$/.test(path));
    t.deepEqual(
      expected.filter((path) => !written.has(path)),
      [],
      built.type,
    );
  }
  const [board] = boards;
  const parts = [
    [built('QueryVariableBuilder', 'job'), board?.templating.list.find(({ type }) => type === 'query')],
    [built('DatasourceVariableBuilder', 'datasource'), board?.templating.list[0]],
    [built('RowBuilder', 'Alerts'), board?.panels.find(({ type }) => type === 'row')],
    [built('DashboardLinkBuilder', 'Dashboards'), board?.links[0]],
  ];
  for (const [built, written] of parts) {
    const has = fieldsOf(written);
    // A menu of the newest Grafana in which links and annotations are hidden.
    const expected = fieldsOf(JSON.parse(JSON.stringify(built))).filter((path) => path !== '/placement');
    t.deepEqual(
      expected.filter((path) => !has.some((each) => each === path || each.startsWith(`${path}/`))),
      [],
    );
  }
});
