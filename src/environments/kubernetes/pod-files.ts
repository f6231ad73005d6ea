import { environmentError } from '../../kit/errors.ts';
import type { ClusterApi } from './api.ts';

/** What one argument of a command may have, with room to spare. */
const mostBytesAtOnce = 60_000;

/** A container of a pod; it has a shell. */
export interface ContainerOfPod {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Makes a folder of a container anew, with these files in it. */
export async function writeFiles(
  api: ClusterApi,
  at: ContainerOfPod,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const { namespace, pod, container } = at;
  await api.output(namespace, pod, container, ['sh', '-c', `rm -rf ${folder} && mkdir -p ${folder}`]);
  for (const [name, content] of Object.entries(files)) await writeFile(api, at, `${folder}/${name}`, content);
}

/** Writes a file of a container, in the place of one that is there. */
export async function writeFile(
  api: ClusterApi,
  { namespace, pod, container }: ContainerOfPod,
  path: string,
  content: string,
): Promise<void> {
  const bytes = Buffer.from(content);
  for (let at = 0; at === 0 || at < bytes.length; at += mostBytesAtOnce) {
    const part = bytes.subarray(at, at + mostBytesAtOnce).toString('base64');
    const into = at === 0 ? '>' : '>>';
    const { code, output } = await api.output(namespace, pod, container, [
      'sh',
      '-c',
      `printf %s "$2" | base64 -d ${into} "$1"`,
      'sh',
      path,
      part,
    ]);
    if (code !== 0) throw environmentError(`cannot write ${path} into ${pod}: ${output.trim()}`);
  }
}
