export { runsHtml } from './html.ts';
export { runsJson, runsJsonSchema } from './json.ts';
export { readRuns } from './read.ts';
export { runsTerminal } from './terminal.ts';
