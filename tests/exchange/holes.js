// SPDX-License-Identifier: MIT
// Holes in a file, asked for with `switchyard complete` in each protocol that has an endpoint for them and that no
// third-party mock speaks. The service writes down what came: prefix and suffix must be whole, and what streams back is
// what is suggested.
'use strict';
const assert = require('assert');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { run, configure, hasPlugin, home } = require('./program.js');

const BEFORE = 'int add(int a, int b)\n{\n    return ';
const AFTER = '\n}\n';
const sse = (list) => list.map((v) => `data: ${typeof v === 'string' ? v : JSON.stringify(v)}\n\n`);
const lines = (list) => list.map((v) => `${JSON.stringify(v)}\n`);
const choice = (member, text, finish = null) => ({ id: 'c-1', model: 'm', choices: [{ index: 0, ...member(text), finish_reason: finish }] });
const plain = (text) => ({ text });
const delta = (content) => ({ delta: { content } });

const SERVICES = {
  openai: { url: '/v1/completions', base: '/v1', type: 'text/event-stream',
    answer: sse([choice(plain, 'a +'), choice(plain, ' b;'), choice(plain, '', 'stop'), '[DONE]']),
    parts: (b) => [b.prompt, b.suffix] },
  mistral: { url: '/v1/fim/completions', base: '/v1', type: 'text/event-stream',
    answer: sse([choice(delta, 'a +'), choice(delta, ' b;'), choice(delta, '', 'stop'), '[DONE]']),
    parts: (b) => [b.prompt, b.suffix] },
  ollama: { url: '/api/generate', base: '', type: 'application/x-ndjson',
    answer: lines([{ model: 'm', response: 'a +', done: false }, { model: 'm', response: ' b;', done: false },
      { model: 'm', response: '', done: true, done_reason: 'stop', prompt_eval_count: 9, eval_count: 4 }]),
    parts: (b) => [b.prompt, b.suffix] },
  llamacpp: { url: '/infill', base: '', type: 'text/event-stream',
    answer: sse([{ index: 0, content: 'a +', stop: false }, { index: 0, content: ' b;', stop: false },
      { index: 0, content: '', stop: true, stop_type: 'eos', tokens_evaluated: 9, tokens_predicted: 4 }]),
    parts: (b) => [b.input_prefix, b.input_suffix].map((s, i) => (i === 0 ? s + (b.prompt || '') : s)) },
};

function serve(log) {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => (body += bytes)).on('end', async () => {
      const [, name] = request.url.split('/');
      const service = SERVICES[name];
      log.push({ name, url: request.url.slice(name.length + 1), body: JSON.parse(body || '{}') });
      response.writeHead(200, { 'content-type': service.type });
      for (const part of service.answer) {
        response.write(part);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      response.end();
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

exports.holes = async (test) => {
  const log = [];
  const server = await serve(log);
  fs.mkdirSync(path.join(home, 'hole'), { recursive: true });
  fs.writeFileSync(path.join(home, 'hole/add.c'), BEFORE + AFTER);
  for (const [name, service] of Object.entries(SERVICES)) {
    if (!hasPlugin(name)) continue;
    configure({
      providers: { it: { plugin: name, base_url: `http://127.0.0.1:${server.address().port}/${name}${service.base}`, key: { env: 'HOLE_KEY' } } },
      targets: { it: { provider: 'it', model: 'm', tier: 'small' } },
      routes: { complete: ['it'] },
    });
    await test(`hole: ${name}`, async () => {
      const r = await run(['complete', 'hole/add.c:3:12', '--verbose'], { env: { HOLE_KEY: 'sk-hole' } });
      assert.equal(r.out, 'a + b;\n', r.err);
      assert.match(r.err, /target it/);
      const sent = log.filter((one) => one.name === name && one.url === service.url).pop();
      assert.ok(sent, JSON.stringify(log.map((one) => one.url)));
      const [before, after] = service.parts(sent.body);
      assert.ok(before.endsWith(BEFORE), JSON.stringify(before));
      assert.ok(after.startsWith(AFTER.slice(0, 2)), JSON.stringify(after));
    });
  }
  server.closeAllConnections();
  server.close();
};
