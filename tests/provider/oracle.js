#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The vendor's own Node client as a judge of the openai plugin. Both write the same requests, which are compared
// member by member; both read the same recorded answers, and must find the same text, end, usage and failures.
'use strict';
require('./fetch.js');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { spawn, spawnSync } = require('child_process');

const root = process.env.ROOT || path.join(__dirname, '../..');
const build = process.env.B || path.join(root, 'build');
const OpenAI = require(path.join(root, 'tests/node_modules/openai'));
const driver = path.join(build, 'tests/provider/driver');
const plugin = path.join(build, 'lib/switchyard/plugins/openai.so');
const cases = path.join(root, 'tests/provider/cases');

function report(name, problem) {
  console.log(`${problem ? 'not ' : ''}ok - oracle: ${name}`);
  if (problem) {
    console.log(problem);
    process.exitCode = 1;
  }
}

// Sorted members, so that two objects can be compared as text.
function canonical(v) {
  if (Array.isArray(v)) return v.map(canonical);
  if (v && typeof v === 'object') return Object.fromEntries(Object.keys(v).sort().map((k) => [k, canonical(v[k])]));
  return v;
}

// ---- a server that stores what it got and answers with what it is told -------------------------------------------

let captured = null;
let answer = null; // Buffer with status line, headers, body

const server = http.createServer((req, res) => {
  const chunks = [];
  req.on('data', (c) => chunks.push(c));
  req.on('end', () => {
    captured = { method: req.method, url: req.url, headers: req.headers, body: Buffer.concat(chunks).toString() };
    const text = answer || Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: [DONE]\n\n');
    res.socket.end(Buffer.concat([head(text), text.subarray(bodyStart(text))]));
  });
});

function bodyStart(bytes) {
  const crlf = bytes.indexOf('\r\n\r\n');
  const lf = bytes.indexOf('\n\n');
  return crlf >= 0 && (lf < 0 || crlf < lf) ? crlf + 4 : lf + 2;
}

function head(bytes) {
  const lines = bytes.subarray(0, bodyStart(bytes)).toString().split(/\r?\n/).filter(Boolean);
  return Buffer.from([...lines, 'Connection: close', '', ''].join('\r\n'));
}

function client(options, key = 'k-123') {
  const o = { apiKey: key, baseURL: `http://127.0.0.1:${server.address().port}/v1`, maxRetries: 0, timeout: 5000 };
  return new OpenAI({ ...o, ...options });
}

// ---- requests ------------------------------------------------------------------------------------------------------

// What a user of the client would write for our request. The server is not the vendor's, so the older field names.
const asMessages = (r) => [
  ...(r.system ? [{ role: 'system', content: r.system }] : []),
  ...r.messages.map((m) => ({ role: m.role, content: m.text })),
];
const common = (r) => ({
  model: r.model,
  stream: true,
  stream_options: { include_usage: true },
  ...(r.max_tokens && { max_tokens: r.max_tokens }),
  ...(r.temperature !== undefined && { temperature: r.temperature }),
  ...(r.stop && { stop: r.stop }),
});
const write = {
  chat: (c, r, extra) => c.chat.completions.create({ ...common(r), messages: asMessages(r), ...extra }),
  responses: (c, r, extra) => c.responses.create({
    model: r.model, stream: true, store: false,
    input: r.messages.map((m) => ({ role: m.role, content: m.text })),
    ...(r.system && { instructions: r.system }),
    ...(r.max_tokens && { max_output_tokens: r.max_tokens }),
    ...(r.temperature !== undefined && { temperature: r.temperature }),
    ...extra,
  }),
  fim: (c, r, extra) => c.completions.create({ ...common(r), prompt: r.prefix, ...(r.suffix && { suffix: r.suffix }), ...extra }),
};

async function compareRequest(name, request, options, extra, clientOptions) {
  const spec = path.join(process.env.TMPDIR || '/tmp', `oracle-${process.pid}.json`);
  const c = client(clientOptions);
  fs.writeFileSync(spec, JSON.stringify({ options: { base_url: c.baseURL, ...options }, request }));
  const r = spawnSync(driver, ['-x', plugin, spec], { encoding: 'utf8' });
  fs.unlinkSync(spec);
  if (r.status !== 0) return report(name, r.stderr);
  const ours = JSON.parse(r.stdout);
  answer = null;
  const form = options?.api || request.kind;
  for await (const chunk of await write[form](c, request, extra)) void chunk;
  const problems = [];
  const differ = (what, a, b) => a === b || problems.push(`${what}: ours ${a}, theirs ${b}`);
  differ('method', ours.method, captured.method);
  differ('path', new URL(ours.url).pathname, captured.url);
  differ('body', JSON.stringify(canonical(JSON.parse(ours.body))), JSON.stringify(canonical(JSON.parse(captured.body))));
  differ('key', ours.auth.split(' ')[0] === 'bearer' ? 'Bearer k-123' : ours.auth, captured.headers.authorization);
  for (const [key, value] of ours.headers) differ(key, value, captured.headers[key.toLowerCase()]);
  for (const key of ['openai-organization', 'openai-project'])
    differ(key, ours.headers.some(([k]) => k.toLowerCase() === key), key in captured.headers);
  report(name, problems.join('\n'));
}

async function requests() {
  const chat = { kind: 'chat', model: 'm', messages: [{ role: 'user', text: 'Grün? "x"\n\u0001' }] };
  const fim = { kind: 'fim', model: 'm', prefix: 'a\t(', suffix: ')\n', max_tokens: 7, temperature: 0 };
  await compareRequest('a chat request', chat);
  await compareRequest('a chat request with all members', {
    ...chat, system: 'Be brief.', max_tokens: 9, temperature: 0.7, stop: ['\n', 'END'],
    messages: [...chat.messages, { role: 'assistant', text: 'a' }, { role: 'user', text: '' }],
  });
  await compareRequest('a chat request with extra members', { ...chat, params: { top_p: 0.25, reasoning_effort: 'low' } }, {},
    { top_p: 0.25, reasoning_effort: 'low' });
  await compareRequest('a Responses request', { ...chat, system: 'Be brief.', max_tokens: 9, temperature: 0.7 }, { api: 'responses' });
  await compareRequest('a Responses request with extra members', { ...chat, params: { reasoning: { effort: 'low' }, text: { verbosity: 'low' } } },
    { api: 'responses' }, { reasoning: { effort: 'low' }, text: { verbosity: 'low' } });
  await compareRequest('max_completion_tokens', { ...chat, max_tokens: 5 }, { max_tokens_field: 'max_completion_tokens' },
    { max_tokens: undefined, max_completion_tokens: 5 });
  await compareRequest('organization and project', chat, { organization: 'org-1', project: 'proj-2' }, {},
    { organization: 'org-1', project: 'proj-2' });
  await compareRequest('a text request', { ...fim, suffix: '' });
  await compareRequest('a text request with a suffix', fim);
}

// ---- answers -------------------------------------------------------------------------------------------------------

async function theirReading(kind) {
  const seen = { text: '', finish: '', in: 0, out: 0, failed: false };
  try {
    const stream = await write[kind](client(), { kind, model: 'm', prefix: 'x', messages: [{ role: 'user', text: 'x' }] });
    for await (const chunk of stream) {
      const choice = chunk.choices?.find((c) => c.index === 0);
      const content = choice?.text ?? choice?.delta?.content;
      if (typeof content === 'string') seen.text += content;
      if (choice?.finish_reason) seen.finish = choice.finish_reason;
      const end = chunk.response;
      if (chunk.type === 'response.output_text.delta') seen.text += chunk.delta;
      if (end?.status === 'failed') throw new Error(end.error.message);
      if (end && end.status !== 'in_progress') {
        seen.finish = end.incomplete_details?.reason ?? end.status;
        [seen.in, seen.out] = [end.usage.input_tokens, end.usage.output_tokens];
      }
      if (chunk.usage) [seen.in, seen.out] = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens];
    }
  } catch (e) {
    seen.failed = true;
    seen.status = e.status;
    seen.message = e.message;
  }
  return seen;
}

function ourReading(file) {
  const seen = { text: '', finish: '', in: 0, out: 0, failed: false };
  for (const e of fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l))) {
    if (e.ev === 'text') seen.text += e.text;
    if (e.ev === 'stop') seen.finish = e.text || '';
    if (e.ev === 'usage') [seen.in, seen.out] = [e.in + e.cache_read + e.cache_write, e.out];
    if (e.ev === 'error') Object.assign(seen, { failed: true, status: e.status || undefined, words: e.text });
  }
  return seen;
}

// Where the client knows less than we do: it reads no document when it asked for a stream, gives up on one bad chunk,
// has no notion of a refusal as a failure, of typed parts, of llama.cpp's timings, of an error under another name or in another shape, or of a
// blank before the first field.
const APART = /document|blank-first|bad-event|last-event|content-(parts|filter)|refusal|error-event|web-page|fim-llama-server|fim-chat|301|responses-hole|responses-filtered|error-flat/;

async function answers() {
  for (const name of fs.readdirSync(cases)) {
    const dir = path.join(cases, name);
    const spec = JSON.parse(fs.readFileSync(path.join(dir, 'request.json'), 'utf8'));
    const file = ['reply.http', 'reply.sse'].map((f) => path.join(dir, f)).find(fs.existsSync);
    if (!file || spec.plugin !== 'openai' || spec.call || APART.test(name)) continue;
    answer = fs.readFileSync(file);
    if (file.endsWith('.sse')) answer = Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'), answer]);
    const kind = spec.options?.api || spec.request.kind;
    const ours = ourReading(path.join(dir, 'events.golden'));
    const theirs = await theirReading(kind);
    const problems = [];
    for (const key of ['text', 'failed', ...(ours.failed ? [] : ['finish', 'in', 'out'])])
      if (ours[key] !== theirs[key]) problems.push(`${key}: ours ${ours[key]}, theirs ${theirs[key]}`);
    if (name.startsWith('error-') && ours.status !== theirs.status) problems.push(`status: ours ${ours.status}, theirs ${theirs.status}`);
    report(`reading ${name}`, problems.join('\n'));
  }
}

// ---- the mock that other tests and the benchmarks take for a service ----------------------------------------------

async function mock() {
  const text = 'if (a < b)\n\treturn "é";';
  const child = spawn(path.join(build, 'tests/mockprov'), ['--text', text, '--key', 'k-123', '--tps', '2000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve) => child.stdout.once('data', (d) => resolve(Number(String(d).split(' ')[1]))));
  const options = { baseURL: `http://127.0.0.1:${port}/v1` };
  const c = client(options);
  const ask = { model: 'm', messages: [{ role: 'user', content: 'x' }], stream_options: { include_usage: true } };
  const problems = [];
  const want = (what, got, wanted) => got === wanted || problems.push(`${what}: ${got}, not ${wanted}`);
  const seen = { chat: '', text: '' };
  let usage = null;
  for await (const chunk of await c.chat.completions.create({ ...ask, stream: true })) {
    seen.chat += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  for await (const chunk of await c.completions.create({ model: 'm', prompt: 'x', stream: true })) seen.text += chunk.choices[0].text;
  want('chat stream', seen.chat, text);
  want('text stream', seen.text, text);
  want('usage', usage?.completion_tokens, 6);
  want('chat document', (await c.chat.completions.create({ ...ask, stream_options: undefined })).choices[0].message.content, text);
  want('models', (await c.models.list()).data[0].id, 'mock');
  want('wrong key', await client(options, 'other').completions.create({ model: 'm', prompt: 'x' }).catch((e) => e.status), 401);
  await fetch(`http://127.0.0.1:${port}/__set?status=429`);
  want('status', await c.completions.create({ model: 'm', prompt: 'x' }).catch((e) => e.status), 429);
  child.kill();
  report('the mock service', problems.join('\n'));
}

server.listen(0, '127.0.0.1', async () => {
  await requests();
  await answers();
  await mock();
  server.close();
});
