// SPDX-License-Identifier: MIT
// The program against @copilotkit/aimock, which somebody else wrote: each plugin whose protocol that mock serves rightly
// streams, is refused, is cut off, and is told nonsense. Faults of the mock that the pages of its own protocol contradict
// are not asked about. It needs Node 20.15; an older one skips these tests.
'use strict';
const assert = require('assert');
const fs = require('fs');
const http = require('http');
const net = require('net');
const path = require('path');
const { spawn } = require('child_process');
const { run, configure, hasPlugin, home } = require('./program.js');

const CLI = path.join(__dirname, '../node_modules/@copilotkit/aimock/dist/cli.js');
const NEEDS = [20, 15];

const NEVER_WHOLE = 'This answer is never whole. '.repeat(12);
const FIXTURES = { fixtures: [
  { match: { userMessage: 'hello' }, response: { content: 'Hello from the mock, in several pieces.' } },
  { match: { userMessage: 'busy' }, response: { error: { message: 'Slow down', type: 'rate_limit_error', code: 'rate_limit_exceeded' }, status: 429, retryAfter: 7 } },
  { match: { userMessage: 'cut' }, response: { content: NEVER_WHOLE }, truncateAfterChunks: 5 },
  { match: { userMessage: 'gone' }, response: { content: NEVER_WHOLE }, disconnectAfterMs: 300 },
  { match: { userMessage: 'long' }, response: { content: 'word '.repeat(400) } },
] };

// What a provider section needs to reach the mock, and what it lets us ask. The path is that of the service itself.
const PLUGINS = [
  { name: 'openai', path: '/v1', model: 'gpt-4o-mini', sent: '/v1/chat/completions' },
  { name: 'anthropic', path: '/v1', model: 'claude-sonnet-4-5', sent: '/v1/messages' },
  { name: 'gemini', path: '/v1beta', model: 'gemini-2.0-flash', sent: '/v1beta/models/gemini-2.0-flash:streamGenerateContent' },
  { name: 'ollama', path: '', model: 'llama3.2', sent: '/api/chat' },
  { name: 'mistral', path: '/v1', model: 'mistral-small', sent: '/v1/chat/completions', tokens: /not told/ }, // the mock wants to be asked for them, the service does not
  { name: 'bedrock', path: '', model: 'anthropic.claude-3-5-haiku-20241022-v1:0', sent: '/converse-stream', options: { region: 'us-east-1' } },
];

function tooOld() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major < NEEDS[0] || (major === NEEDS[0] && minor < NEEDS[1]);
}

function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const get = (port, where) => new Promise((resolve, reject) => {
  http.get({ host: '127.0.0.1', port, path: where, headers: { authorization: 'Bearer right-key' } }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => resolve(text));
  }).on('error', reject);
});

async function start(name, args) {
  const port = await freePort();
  const fixtures = path.join(home, name);
  fs.mkdirSync(fixtures, { recursive: true });
  fs.writeFileSync(path.join(fixtures, 'all.json'), JSON.stringify(FIXTURES));
  const child = spawn(process.execPath, [CLI, '-p', String(port), '-f', fixtures, '-c', '8', '-l', '25', '--log-level', 'silent', ...args],
    { env: { ...process.env, AIMOCK_API_KEYS: 'right-key' }, stdio: 'ignore' });
  for (let i = 0; i < 100; i++) {
    const up = await get(port, '/health').then(() => true, () => false);
    if (up) return { port, stop: () => child.kill() };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill();
  throw new Error('aimock does not start');
}

function config(plugins, mocks) {
  const providers = {}, targets = {};
  for (const p of plugins)
    for (const [kind, { port }] of Object.entries(mocks)) {
      const name = `${p.name}-${kind}`;
      providers[name] = { plugin: p.name, key: { env: 'MOCK_KEY' }, base_url: `http://127.0.0.1:${port}${p.path}`, ...p.options };
      targets[name] = { provider: name, model: p.model, tier: 'large' };
    }
  return { providers, targets, routes: {} };
}

const ask = (target, prompt, options = {}) => run(['ask', '--target', target, prompt], { env: { MOCK_KEY: 'right-key' }, ...options });

async function one(test, p, mock) {
  const whole = `${p.name}-good`, broken = `${p.name}-nonsense`;
  await test(`aimock: ${p.name} streams`, async () => {
    const r = await ask(whole, 'hello');
    assert.equal(r.out, 'Hello from the mock, in several pieces.\n', r.err);
    assert.ok(r.pieces.length > 1, `${r.pieces.length} pieces`);
    assert.match(/\ntokens   (.*)\n/.exec(r.err)[1], p.tokens || /^\d+ in, \d+ out/);
    assert.equal(r.status, 0);
    const journal = JSON.parse(await get(mock.port, '/__aimock/journal'));
    const paths = (Array.isArray(journal) ? journal : journal.entries || journal.requests).map((entry) => entry.path);
    assert.ok(paths.some((at) => at.includes(p.sent)), `${p.sent} is not in ${paths}`);
  });
  await test(`aimock: ${p.name} is told to wait`, async () => {
    const r = await ask(whole, 'busy');
    assert.match(r.err, /answered 429: Slow down; ask again in 7 s\n$/);
    assert.equal(r.status, 75);
  });
  for (const word of ['cut', 'gone'])
    await test(`aimock: ${p.name} is cut off (${word})`, async () => {
      const r = await ask(whole, word);
      const came = r.out.replace(/\n$/, ''); // how much is a matter of speed
      assert.ok(NEVER_WHOLE.startsWith(came) && came.length < NEVER_WHOLE.length, came);
      assert.match(r.err, /^switchyard: '[a-z-]+'.* (closed the connection|broke off) .*\n$/);
      assert.match(String(r.status), /^(74|76)$/);
    });
  await test(`aimock: ${p.name} is cancelled in mid-stream`, async () => {
    let sent = false; // a second one would end the program the hard way
    const interrupt = (out, child) => { if (!sent) sent = child.kill('SIGINT'); };
    const r = await ask(whole, 'long', { env: { MOCK_KEY: 'right-key' }, on: { text: interrupt } });
    assert.equal(r.status, 130);
    assert.ok(r.out.length < 1000);
  });
  await test(`aimock: ${p.name} has the wrong key`, async () => {
    const r = await ask(whole, 'hello', { env: { MOCK_KEY: 'wrong' } });
    assert.match(r.err, /answered 401: .*; check the key in MOCK_KEY/);
    assert.equal(r.status, 77);
  });
  await test(`aimock: ${p.name} is told nonsense`, async () => {
    const r = await ask(broken, 'hello');
    assert.match(r.err, /^switchyard: '[a-z-]+-nonsense'.*\n$/);
    assert.match(String(r.status), /^(74|76)$/);
  });
}

exports.aimock = async (test) => {
  if (tooOld()) return console.log(`skip - aimock needs Node ${NEEDS.join('.')}, this is ${process.versions.node}`);
  const plugins = PLUGINS.filter((p) => hasPlugin(p.name));
  const mocks = { good: await start('good', []), nonsense: await start('nonsense', ['--chaos-malformed', '1']) };
  try {
    configure(config(plugins, mocks));
    await Promise.all(plugins.map((p) => one(test, p, mocks.good))); // they mostly wait
  } finally {
    for (const mock of Object.values(mocks)) mock.stop();
  }
};
