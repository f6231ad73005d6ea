import type { Progress } from '../kit/terminal.ts';
import { envoyBootstrapTemplate, type OfMesh, type Program, reportTo, resolveToolchain } from './index.ts';

/** Programs and the data files that go with them, as an environment on this host needs them. */
export interface HostPrograms {
  /** Program → absolute path. */
  readonly paths: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  /** Data file → absolute path. */
  readonly files: Readonly<Record<string, string>>;
}

/** Resolves programs of a mesh, telling how far a download or build is. */
export async function fetchPrograms(
  programs: readonly Program[],
  progress: Progress,
  signal: AbortSignal,
  mesh: OfMesh,
): Promise<HostPrograms> {
  const options = { mesh, signal, onProgress: reportTo(progress) };
  const resolved = Object.values(await resolveToolchain(programs, options));
  return {
    paths: Object.fromEntries(resolved.map(({ program, path }) => [program, path])),
    versions: Object.fromEntries(resolved.map(({ program, version }) => [program, version])),
    files: programs.includes('pilot-agent')
      ? { 'envoy-bootstrap': await envoyBootstrapTemplate(options) }
      : {},
  };
}
