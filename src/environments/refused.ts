import { type Problem, ProblemsError } from '../kit/problems.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { RunContext } from '../model/evidence.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';

/**
 * The error of configuration under test that a sidecar did not take, with all that the first of the sidecars says.
 * It is the configuration's: the sidecar had taken everything before it came.
 */
export function refusedConfiguration(
  rejections: RunContext['rejections'],
  resources: readonly MeshResource[],
  mesh: Pick<Mesh, 'originsOfRejection'>,
): ProblemsError {
  const own = rejections.filter(({ instance }) => instance === rejections[0]?.instance);
  const problems = own.flatMap(({ instance, reason }): Problem[] => {
    const message = `the sidecar of ${instance} rejected its configuration: ${reason}`;
    const origins = mesh.originsOfRejection(reason, resources);
    if (origins.length === 0) return [{ file: 'the mesh configuration under test', message }];
    return origins.map(({ resource, path }) => ({
      file: resource.file,
      line: resource.lineOf(path),
      path: [`${resource.kind}/${resource.name}`, pathText(path)].filter(Boolean).join(' '),
      message: origins.length === 1 ? message : `this may be why ${message}`,
    }));
  });
  return new ProblemsError(problems, "the words after the colon are the sidecar's own");
}

/** "spec.configPatches[0]". */
const pathText = (path: readonly (string | number)[]) =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
