#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// A chat service on the loopback whose words are known: runs a command with a configuration that names it, ends with
// the command's status. It knows one request, POST …/chat/completions, and no model.
//
// usage: service.js WORDS|STATUS COMMAND...
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const { spawn } = require('child_process');

const [words, ...command] = process.argv.slice(2);

function answer(request, response) {
  request.resume();
  if (/^\d{3}$/.test(words)) {
    response.writeHead(Number(words), { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ error: { message: 'as the test wants it', type: 'test' } }));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunk = (delta, finish) => `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  response.end(chunk({ role: 'assistant', content: words }, null) + chunk({}, 'stop') + 'data: [DONE]\n\n');
}

const server = http.createServer(answer).listen(0, '127.0.0.1', () => {
  const config = path.join(process.env.XDG_CONFIG_HOME, 'switchyard/config.json');
  fs.mkdirSync(path.dirname(config), { recursive: true });
  fs.writeFileSync(config, JSON.stringify({
    providers: { test: { plugin: 'openai', base_url: `http://127.0.0.1:${server.address().port}/v1` } },
    targets: { words: { provider: 'test', model: 'words', tier: 'large' } },
    routes: { edit: ['words'] },
  }));
  spawn(command[0], command.slice(1), { stdio: 'inherit' }).on('exit', (status) => {
    fs.unlinkSync(config);
    process.exit(status === null ? 1 : status);
  });
});
