// SPDX-License-Identifier: MIT
// The server between two files, which epoll takes neither of: what a script does that keeps a conversation.
'use strict';
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { Wire } = require('./wire.js');

function files(build, folder) {
  fs.mkdirSync(folder, { recursive: true });
  const messages = [
    { id: 1, method: 'initialize', params: { capabilities: {} } }, { method: 'initialized', params: {} },
    ...Array.from({ length: 3000 }, (_, i) => ({ id: `q${i}`, method: 'no/such/method' })),
    { id: 2, method: 'shutdown' }, { method: 'exit' }];
  fs.writeFileSync(path.join(folder, 'in'), Buffer.concat(messages.map((m) => Wire.frame(JSON.stringify({ jsonrpc: '2.0', ...m })))));
  const env = { ...process.env, HOME: folder };
  for (const kind of ['CONFIG', 'STATE', 'CACHE', 'DATA']) env[`XDG_${kind}_HOME`] = path.join(folder, kind.toLowerCase());
  const run = spawnSync(path.join(build, 'bin/switchyard'), ['lsp'],
    { env, timeout: 20000, stdio: [fs.openSync(path.join(folder, 'in'), 'r'), fs.openSync(path.join(folder, 'out'), 'w'), 'pipe'] });
  const answers = fs.readFileSync(path.join(folder, 'out'), 'utf8').split(/Content-Length: \d+\r\n\r\n/).slice(1).map((text) => JSON.parse(text));
  if (run.status !== 0) throw new Error(`the server ended with ${run.status} ${run.signal} ${run.error || ''} ${run.stderr}`);
  if (answers.length !== 3002) throw new Error(`${answers.length} answers, expected 3002`);
  if (answers[0].id !== 1 || answers[1].id !== 'q0' || answers[3001].result !== null) throw new Error('the answers are out of order');
  return 'standard input and output may be files';
}

module.exports = { files };
