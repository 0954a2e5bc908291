// A process without any node. 'spin': says so, then does nothing else for as many ms.
process.on('message', ({ spin }) => {
  process.send('spinning', () => {
    const end = performance.now() + spin
    while (performance.now() < end);
  })
})
