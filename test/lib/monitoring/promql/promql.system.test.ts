/** The offline checks compared with promtool. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { withoutGrafanaVariables } from '../../../../lib/monitoring/promql/grafana-variables.js';
import { testWithBoth } from '../../../helpers/programs.js';
import { validExpressions } from '../../../helpers/promql-expressions.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

testWithBoth(
  ['promtool'],
  'promtool accepts every expression that the offline checks accept',
  async (t, { promtool }) => {
    const file = join(await temporaryFolder(t), 'rules.yml');
    const rules = validExpressions.map((expression, index) => ({
      record: `checked:${index}`,
      expr: withoutGrafanaVariables(expression),
    }));
    await writeFile(file, stringify({ groups: [{ name: 'valid', rules }] }));
    await t.notThrowsAsync(promisify(execFile)(promtool, ['check', 'rules', file]));
  },
);
