import { InvalidArgumentError, Option } from 'commander';

/** `--mesh-version 1.28.3`. */
export function meshVersionOption(): Option {
  return new Option(
    '--mesh-version <x.y.z>',
    "version of the mesh; the scenario's, or the one that Breakwater is made for, unless given",
  ).argParser((text: string) => {
    if (/^\d+\.\d+\.\d+$/.test(text)) return text;
    throw new InvalidArgumentError('A version has three numbers, such as 1.28.3.');
  });
}

/** `--mesh consul`. */
export function meshOption(meshes: readonly string[]): Option {
  return new Option('--mesh <kind>', "which mesh; the scenario's own unless given").choices(meshes);
}
