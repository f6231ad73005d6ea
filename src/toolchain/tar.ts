/** What is used of tar-stream, which brings seven megabytes for other runtimes along: the package has it in this file (build.ts). */
export { extract, pack } from 'tar-stream';
