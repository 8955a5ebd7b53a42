// SPDX-License-Identifier: MIT
// Replays the recorded answers of tests/provider over a real connection, in pieces: what the program prints must be what
// the plugin's events say, and a failure must end with the status of its class and one sentence. So every protocol comes by
// here, also those that no third-party mock speaks.
'use strict';
const assert = require('assert');
const fs = require('fs');
const net = require('net');
const path = require('path');
const { run, hasPlugin, home } = require('./program.js');

const CASES = path.join(__dirname, '../provider/cases');
const STATUS = { again: 75, auth: 77, rate: 75, request: 64, proto: 76, 'too big': 65, unsupported: 69, internal: 70, overloaded: 75,
  loading: 75, quota: 77, model: 66, refused: 64, truncated: 76, timeout: 75 };
const TYPES = { sse: 'text/event-stream', json: 'application/json', ndjson: 'application/x-ndjson' };
const AT_ONCE = 4;

function load(name) {
  const dir = path.join(CASES, name);
  const reply = fs.readdirSync(dir).find((f) => /^reply\./.test(f));
  const spec = JSON.parse(fs.readFileSync(path.join(dir, 'request.json'), 'utf8'));
  const golden = path.join(dir, 'events.golden');
  if (Object.keys(spec.place || {}).some((part) => !['now', 'key', 'env', 'files'].includes(part))) return null; // commands are stand-ins there
  if (!reply || spec.call || spec.request.kind !== 'chat' || !hasPlugin(spec.plugin) || !fs.existsSync(golden)) return null;
  const bytes = fs.readFileSync(path.join(dir, reply));
  const events = fs.readFileSync(golden, 'utf8').trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return { name, spec, events, ...parse(bytes, TYPES[reply.split('.')[1]]) };
}

// A recorded answer as head and body. Its length and framing are ours: the end of the connection ends the body.
function parse(bytes, type) {
  if (type) return { head: `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nConnection: close\r\n\r\n`, body: bytes };
  const end = /\r?\n\r?\n/.exec(bytes.toString('latin1'));
  const lines = bytes.subarray(0, end.index).toString('latin1').split(/\r?\n/)
    .filter((line) => !/^(content-length|transfer-encoding|connection):/i.test(line));
  return { head: [...lines, 'Connection: close', '', ''].join('\r\n'), body: bytes.subarray(end.index + end[0].length) };
}

function serve(cases) {
  const server = net.createServer((socket) => {
    let got = '';
    socket.on('error', () => {}).on('data', async (bytes) => {
      got += bytes.toString('latin1');
      const length = Number((/\r\ncontent-length: *(\d+)/i.exec(got) || [0, 0])[1]);
      const end = got.indexOf('\r\n\r\n');
      if (end < 0 || got.length < end + 4 + length || socket.answered) return;
      socket.answered = true;
      const one = cases.get(got.split(' ')[1].split(/[/?]/)[1]);
      if (!one) return socket.destroy();
      socket.setNoDelay(true);
      socket.write(one.head);
      const step = Math.ceil(one.body.length / 3) || 1;
      for (let at = 0; at < one.body.length; at += step) {
        socket.write(one.body.subarray(at, at + step));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      socket.end();
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

// The address of the case's own options with the host exchanged, since some plugins go by its path.
function address(port, one) {
  const own = new URL((one.spec.options || {}).base_url || 'http://x');
  return `http://127.0.0.1:${port}/${one.name}${own.pathname === '/' ? '' : own.pathname}${own.search}`;
}

function configure(port, one) {
  const key = !one.spec.place || one.spec.place.key ? { key: { env: 'REPLAY_KEY' } } : {};
  one.config = path.join(home, `${one.name}.json`);
  fs.writeFileSync(one.config, JSON.stringify({
    providers: { replay: { plugin: one.spec.plugin, ...key, ...one.spec.options, base_url: address(port, one) } },
    targets: { it: { provider: 'replay', model: one.spec.request.model || 'm', tier: 'large', params: one.spec.request.params || {} } },
    routes: {},
  }));
}

// What lies in a user's home for this case, and the environment.
function place(one) {
  const { files = {}, env = {} } = one.spec.place || {};
  const own = path.join(home, `home-${one.name}`);
  for (const [name, text] of Object.entries(files)) {
    const file = name.replace(/^~/, own);
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.writeFileSync(file, text, { mode: 0o600 });
  }
  return { REPLAY_KEY: 'sk-replay', HOME: own, ...env };
}

const harmless = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

async function play(one) {
  const text = harmless(one.events.filter((e) => e.ev === 'text').map((e) => e.text).join(''));
  const last = one.events.find((e) => e.ev === 'stop' || e.ev === 'error' || e.ev === 'failed') || { ev: 'error', class: 'truncated' };
  const r = await run(['ask', '--config', one.config, '--target', 'it', 'hello'], { env: place(one) });
  const said = `${r.err}\n${JSON.stringify(last)}`;
  assert.equal(r.out, text && !text.endsWith('\n') ? `${text}\n` : text, said);
  if (last.ev === 'stop') {
    assert.equal(r.status, 0, said);
    assert.equal(/^cut /.test(r.err), last.reason === 'length', said);
    const usage = one.events.filter((e) => e.ev === 'usage').pop();
    const tokens = /\ntokens   (.*)/.exec(r.err)[1];
    if (!usage) assert.equal(tokens, 'not told');
    else assert.ok(tokens.startsWith(`${usage.in + usage.cache_read + usage.cache_write} in, ${usage.out} out`), said);
    return;
  }
  // Asked again at once, a service that refuses the same again has refused the request, or another part of it.
  const refused = last.class === 'again' && last.retry_after === 1;
  if (refused) assert.ok([64, 75].includes(r.status), said);
  else assert.equal(r.status, STATUS[last.class || last.code], said);
  assert.match(r.err, /^switchyard: [^\n]+\n$/, said);
  if (last.text) assert.ok(r.err.includes(harmless(last.text).slice(0, 40)), said);
}

exports.replay = async (test) => {
  const cases = new Map(fs.readdirSync(CASES).map(load).filter(Boolean).map((one) => [one.name, one]));
  const server = await serve(cases);
  const byPlugin = new Map();
  for (const one of cases.values()) byPlugin.set(one.spec.plugin, [...(byPlugin.get(one.spec.plugin) || []), one]);
  for (const one of cases.values()) configure(server.address().port, one);
  for (const [plugin, list] of byPlugin)
    await test(`replay: ${plugin}, ${list.length} recorded answers`, async () => {
      const wrong = [];
      const queue = [...list];
      await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        for (let one = queue.shift(); one; one = queue.shift())
          await play(one).catch((error) => wrong.push(`${one.name}: ${error.message}`));
      }));
      assert.deepEqual(wrong, [], wrong.join('\n'));
    });
  server.close();
};
