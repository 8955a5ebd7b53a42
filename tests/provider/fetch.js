// SPDX-License-Identifier: MIT
// A fault of Node 18's own fetch: when a client has closed an answer's stream in the same moment in which the last bytes
// arrive, it throws outside of any promise. The client has its result by then, so that one error is passed over; every
// other one ends the process as it would have.
'use strict';
process.on('uncaughtException', (e) => {
  if (e.code === 'ERR_INVALID_STATE' && /Controller is already closed/.test(e.message)) return;
  console.error(e);
  process.exit(1);
});
