import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { readTextFile } from '../kit/text-file.ts';
import type { MeshFile } from '../model/mesh-configuration.ts';

/** One path of mesh configuration: a file, or a directory whose files of configuration count, by name. */
export async function readMeshFiles(
  named: string,
  directory: string,
): Promise<{ readonly files: readonly MeshFile[] } | { readonly message: string; readonly hint?: string }> {
  const root = isAbsolute(named) ? named : join(directory, named);
  const isDirectory = await stat(root).then(
    (about) => about.isDirectory(),
    () => false,
  );
  if (!isDirectory) return readOne(named, root);
  const entries = await readdir(root, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return { message: 'the directory may not be read' };
  const names = entries
    .filter((entry) => !entry.isDirectory() && /\.(ya?ml|json|hcl)$/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  if (names.length === 0) return { message: 'the directory has no .yaml, .yml, .json or .hcl files' };
  const files: MeshFile[] = [];
  for (const name of names) {
    const read = await readOne(join(named, name), join(root, name));
    if ('message' in read) return { ...read, message: `${name}: ${read.message}` };
    files.push(...read.files);
  }
  return { files };
}

async function readOne(file: string, path: string) {
  const read = await readTextFile(path);
  return 'text' in read ? { files: [{ file, path, content: read.text }] } : read;
}
