import { readFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { ownFile } from '../../kit/own-file.ts';

const require = createRequire(import.meta.url);

export interface Assets {
  /** A classic script: it makes the global that the charts use. */
  readonly chartLibrary: string;
  readonly chartLibraryStyle: string;
  /** A module. */
  readonly charts: string;
}

/** What report.html carries inside so that it needs no network. */
export function readAssets(): Assets {
  return {
    chartLibrary: readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
    chartLibraryStyle: readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
    charts: readBrowserScript(new URL('./charts.browser.ts', import.meta.url)),
  };
}

/** A script of ours by its TypeScript in the repository: compiled beside it in the package, or as it stands there. */
export function readBrowserScript(typescript: URL): string {
  const file = ownFile(typescript);
  const text = readFileSync(file, 'utf8');
  return file.pathname.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
}
