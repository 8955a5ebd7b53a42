// SPDX-License-Identifier: MIT
// An HTTP/2 server over TLS for test_http_tls: node h2_server.js KEY CERT. It prints what it sees, one line each: the port, then
// "session", "stream PATH", "closed PATH CODE", "end". It ends with its standard input.
'use strict';
const fs = require('fs');
const http2 = require('http2');

const say = (line) => fs.writeSync(1, line + '\n');
const server = http2.createSecureServer({
  key: fs.readFileSync(process.argv[2]),
  cert: fs.readFileSync(process.argv[3]),
  allowHTTP1: false,
});
server.on('session', (session) => {
  say('session');
  session.on('close', () => say('end'));
  session.on('error', () => {});
});
server.on('stream', (stream, headers) => {
  const path = headers[':path'];
  say(`stream ${path}`);
  stream.on('error', () => {});
  stream.on('close', () => say(`closed ${path} ${stream.rstCode}`));
  stream.respond({ ':status': 200, 'content-type': 'text/plain', 'x-name': 'two' });
  if (path === '/ok') stream.end('hello');
  else stream.write('half');
  if (path === '/drip') {
    const timer = setInterval(() => stream.write('.'), 20);
    stream.on('close', () => clearInterval(timer));
  }
});
server.listen(0, '127.0.0.1', () => say(String(server.address().port)));
process.stdin.on('end', () => process.exit(0)).resume();
