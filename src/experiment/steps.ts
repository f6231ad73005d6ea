import { suggest } from '../kit/nearest.ts';
import { ProblemsError } from '../kit/problems.ts';
import type { Mesh } from '../meshes/contract.ts';
import {
  describeResource,
  type MeshConfiguration,
  type MeshResource,
  type ResourceName,
} from '../model/mesh-configuration.ts';
import { configurationContext } from '../plan/configuration-context.ts';
import type { Plan } from '../plan/contract.ts';
import type { LoadedScenario } from '../scenario/schema.ts';

/**
 * The mesh configuration after each change of a plan, in their order; throws one ProblemsError with what is wrong with
 * it, or with all changes that do nothing or take out what is not there.
 */
export function readSteps(
  plan: Plan,
  mesh: Pick<Mesh, 'readChanges'>,
  locate: LoadedScenario['locate'],
): readonly MeshConfiguration[] {
  const { configuration, changes } = plan.trial;
  if (changes.length === 0) return [];
  const steps = mesh.readChanges(configuration, changes, configurationContext(plan));
  const { namespace } = plan.topology;
  const problems = steps.flatMap(({ resources, before, missing, isSame }, index) => {
    const { name = '', deletes = [], files = [] } = changes[index] ?? {};
    const put = new Set(
      resources.filter((each) => files.some(({ file }) => file === each.file)).map(describeResource),
    );
    const both = deletes.filter((each) => put.has(describeResource(each)));
    if (both.length > 0) {
      return both.map((each) =>
        locate({
          path: ['changes', index, 'delete', deletes.indexOf(each)],
          at: 'value',
          message: `${describeResource(each)} is put in by the same change`,
          hint: 'make it two changes, or leave one out',
        }),
      );
    }
    const gone = missing.map((each) =>
      locate({
        path: ['changes', index, 'delete', deletes.indexOf(each)],
        at: 'value',
        message: `there is no ${describeResource(each)} in the configuration before this change`,
        hint: suggest(
          asWritten(each, namespace),
          before.map((other) => asWritten(other, namespace)),
        ),
      }),
    );
    if (!isSame || gone.length > 0) return gone;
    const message = `${name} changes nothing: the configuration says just this before it`;
    return [locate({ path: ['changes', index], at: 'value', message })];
  });
  if (problems.length > 0) throw new ProblemsError(problems);
  return steps.map(({ resources }, index) => ({
    files: [...configuration, ...changes.slice(0, index + 1).flatMap(({ files }) => files)],
    resources,
  }));
}

/** "VirtualService/edge-app-vs", and with the namespace where that is another than the topology's. */
const asWritten = ({ kind, namespace, name }: ResourceName, usual: string) =>
  [kind, ...(namespace === usual ? [] : [namespace]), name].join('/');

/** Everything that is in effect at some time, each resource once. */
export function everWritten(configurations: readonly MeshConfiguration[]): MeshConfiguration {
  const files = new Map(configurations.flatMap((each) => each.files.map((file) => [file.path, file])));
  const idOf = ({ file, line }: MeshResource) => `${file}:${line}`;
  const resources = new Map(
    configurations.flatMap((each) => each.resources.map((resource) => [idOf(resource), resource])),
  );
  return { files: [...files.values()], resources: [...resources.values()] };
}
