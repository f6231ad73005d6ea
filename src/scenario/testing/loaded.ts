import { type LoadedScenario, scenarioSchema } from '../schema.ts';

/** A scenario as if it were read from a file that names no other, in `/`, with nothing on the command line. */
export function loadedScenario(scenario: object, file = 'example.yaml'): LoadedScenario {
  return {
    scenario: scenarioSchema.parse(scenario),
    file,
    profile: undefined,
    meshFiles: [],
    changeFiles: [],
    directory: '/',
    locate: ({ path, message, hint }) => ({ file, path: path.join('.'), message, ...(hint && { hint }) }),
    isGiven: () => false,
  };
}
