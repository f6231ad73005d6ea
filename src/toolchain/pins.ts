import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { usageError } from '../kit/errors.ts';
import { makeFolder } from '../kit/folder.ts';
import { type ToolContext, toolsDirectory } from './context.ts';
import { imagePinsFile } from './tools.ts';

export const IMAGES_VARIABLE = 'BREAKWATER_TOOLS_IMAGES';

/** Image with its tag, or archive → digest. One a line: `grafana/k6:1.8.1@sha256:…` */
type ImagePins = ReadonlyMap<string, string>;

/** How an image or archive came to its digest. */
export type PinnedBy = 'operator' | 'breakwater' | 'first use';

/**
 * The digest that an image or archive has to have: the operator's (BREAKWATER_TOOLS_IMAGES, which then has to name it), the one
 * that comes with Breakwater, or the one that its tag had when it was fetched first.
 */
export async function pinOf(
  image: string,
  registry: string,
  context: ToolContext,
): Promise<{ readonly digest: string; readonly by: PinnedBy } | 'not allowed' | undefined> {
  const path = context.env[IMAGES_VARIABLE];
  if (path) {
    const digest = (await readPins(path)).get(image);
    return digest === undefined ? 'not allowed' : { digest, by: 'operator' };
  }
  const known = (await readPins(context.imagePins ?? imagePinsFile())).get(image);
  if (known !== undefined) return { digest: known, by: 'breakwater' };
  const seen = (await readSeen(context)).get(`${registry}/${image}`);
  return seen === undefined ? undefined : { digest: seen, by: 'first use' };
}

/** Keeps what a tag led to, so that it leads nowhere else from now on. */
export async function rememberDigest(
  image: string,
  registry: string,
  digest: string,
  context: ToolContext,
): Promise<void> {
  const path = seenFile(context);
  await makeFolder(toolsDirectory(context));
  const lines = [...new Map([...(await readSeen(context)), [`${registry}/${image}`, digest]])]
    .map(([name, value]) => `${name}@${value}\n`)
    .sort();
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, `# What these tags led to when Breakwater fetched them first.\n${lines.join('')}`);
  await rename(partial, path);
}

/** Where what tags have led to is kept. */
function seenFile(context: Pick<ToolContext, 'cacheDir'>): string {
  return join(toolsDirectory(context), 'images.txt');
}

async function readSeen(context: ToolContext): Promise<ImagePins> {
  const path = seenFile(context);
  return parsePins(await readFile(path, 'utf8').catch(() => ''), path);
}

async function readPins(path: string): Promise<ImagePins> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw usageError(
      `${IMAGES_VARIABLE}: ${(error as Error).message}`,
      'It names a list of images, one a line: istio/pilot:1.29.1@sha256:…',
    );
  });
  return parsePins(text, path);
}

function parsePins(text: string, path: string): ImagePins {
  const pins = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, image, digest] =
      /^([^\s@]+(?::[\w.-]+|\.tar\.gz))@(sha256:[0-9a-f]{64})$/.exec(line.trim()) ?? [];
    if (image === undefined || digest === undefined) {
      throw usageError(
        `${path}:${index + 1}: no image with tag and digest, and no archive with one: ${line}`,
        'such as istio/pilot:1.29.1@sha256:…',
      );
    }
    pins.set(image, digest);
  }
  return pins;
}
