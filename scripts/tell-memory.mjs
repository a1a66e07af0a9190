// Preloaded (`node --expose-gc --import`) into a process that soak.mjs watches: tells over its channel how much memory it uses once
// what nobody needs is gone.
process.on('message', () => {
  globalThis.gc();
  process.send(process.memoryUsage());
});
// Being asked is no reason to stay.
process.channel.unref();
