import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ResolveOptions, toolContext } from '../context.ts';
import { ensureTool } from '../ensure.ts';
import type { ToolProgress } from '../progress.ts';
import { temporaryDirectory, tinyTool } from '../testing.ts';
import type { Tool } from '../tools.ts';
import { type ImageParts, RegistryContent, type RegistryOptions, serveRegistry } from './testing.ts';

export const IMAGE = 'tiny/tool:1.2.3';
export const PROGRAM = '#!/bin/sh\necho tiny v1.2.3\n';
/** Istio's images look so: a system, then one file a layer. */
export const LAYERS = [
  { 'etc/os-release': 'a system', 'usr/local/bin/tinyd': 'an older one' },
  { 'etc/tiny.txt': 'data\n' },
  { './usr/local/bin/tinyd': PROGRAM, 'usr/local/bin/other': 'x'.repeat(300_000) },
  { 'var/lib/notes': 'nothing of interest' },
];

/** A tool, an image with it at a registry on loopback, and an empty cache in a home of its own. */
export async function setUp(parts: Partial<ImageParts> = {}, options: RegistryOptions = {}) {
  const temporary = await temporaryDirectory();
  const built = await tinyTool(temporary.path);
  const tool: Tool = {
    ...built,
    images: [
      {
        repository: 'tiny/tool',
        tag: '1.2.3',
        files: { tinyd: 'usr/local/bin/tinyd', 'tiny.txt': 'etc/tiny.txt' },
      },
    ],
  };
  const content = new RegistryContent();
  const image = await content.add(IMAGE, { layers: LAYERS, ...parts });
  const registry = await serveRegistry(content, options);
  const cacheDir = join(temporary.path, 'cache');
  const home = join(temporary.path, 'home');
  const imagePins = join(temporary.path, 'images.txt');
  await mkdir(join(home, '.docker'), { recursive: true });
  await writeFile(imagePins, `${IMAGE}@${image.digest}\n`);
  const events: ToolProgress[] = [];
  const env = { PATH: '', HOME: home, BREAKWATER_TOOLS_REGISTRY: registry.host };
  const base: ResolveOptions = {
    cacheDir,
    env,
    imagePins,
    tools: [tool],
    onProgress: (event) => events.push(event),
  };
  const ensure = (more: ResolveOptions = {}) => ensureTool(tool, toolContext({ ...base, ...more }));
  const kept = () => readdir(join(cacheDir, 'tools'));
  const login = (config: object) => writeFile(join(home, '.docker/config.json'), JSON.stringify(config));
  const dispose = async () => {
    await registry[Symbol.asyncDispose]();
    await temporary[Symbol.asyncDispose]();
  };
  return {
    ...temporary,
    tool,
    content,
    image,
    registry,
    cacheDir,
    home,
    imagePins,
    events,
    env,
    base,
    ensure,
    kept,
    login,
    [Symbol.asyncDispose]: dispose,
  };
}

export type Setting = Awaited<ReturnType<typeof setUp>>;
