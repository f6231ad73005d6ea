import v8 from 'node:v8';

// The watcher must be small and take little CPU: objects that die young need no 64 MB to do so, its heap is too
// small to be worth four threads that wake up for it, and one that grows slowly needs no mark and sweep for that.
const flags = ['--semi-space-growth-factor=1', '--single-threaded-gc', '--heap-growing-percent=60'];
// An older V8 does not know it, and says so to the user.
if (Number.parseInt(process.versions.node, 10) >= 26) flags.push('--no-scavenger-updates-allocation-limit');
for (const flag of flags) v8.setFlagsFromString(flag);
