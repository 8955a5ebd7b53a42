#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The vendors' own Node clients as judges of the plugins anthropic, gemini and mistral, as oracle.js has it for openai:
// both write the same requests, which are compared member by member; both read the recorded answers of the cases, and
// must find the same text, end, usage and failures. It knows no rule of a protocol beyond the names of these figures.
'use strict';
require('./fetch.js');
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');

const root = process.env.ROOT || path.join(__dirname, '../..');
const build = process.env.B || path.join(root, 'build');
const modules = path.join(root, 'tests/node_modules');
const Anthropic = require(path.join(modules, '@anthropic-ai/sdk'));
const { GoogleGenAI } = require(path.join(modules, '@google/genai'));
const { Mistral } = require(path.join(modules, '@mistralai/mistralai'));
const cases = path.join(root, 'tests/provider/cases');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'vendors-'));
const KEY = 'k-123';

function report(name, problem) {
  console.log(`${problem ? 'not ' : ''}ok - vendors: ${name}`);
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
let answer = '';

const server = http.createServer((req, res) => {
  let body = '';
  req.on('data', (d) => (body += d));
  req.on('end', () => {
    captured = { method: req.method, url: req.url, headers: req.headers, body };
    const [head, rest] = answer;
    res.socket.end(`${head.trim().replace(/\r?\n/g, '\r\n')}\r\nConnection: close\r\n\r\n${rest}`);
  });
});

const stream = (body) => ['HTTP/1.1 200 OK\nContent-Type: text/event-stream', body];
const base = () => `http://127.0.0.1:${server.address().port}`;

// ---- the clients: how a user would write our request, and what the client finds in the answer ---------------------

const cached = (text) => [{ type: 'text', text, cache_control: { type: 'ephemeral' } }];
const seen = () => ({ text: '', finish: '', in: 0, out: 0, failed: false });

const anthropic = {
  path: '/v1',
  empty: stream('event: message_stop\ndata: {"type":"message_stop"}\n\n'),
  open: () => new Anthropic({ apiKey: KEY, baseURL: base(), maxRetries: 0, timeout: 5000 }),
  ask: (c, r, extra) => c.messages.create({
    model: r.model, stream: true, max_tokens: r.max_tokens || 4096,
    messages: r.messages.map((m) => ({ role: m.role, content: [{ type: 'text', text: m.text }] })),
    ...(r.system && { system: cached(r.system) }),
    ...(r.stop && { stop_sequences: r.stop }),
    ...extra,
  }),
  read(s, e) {
    const usage = e.usage || e.message?.usage;
    if (e.type === 'content_block_delta' && e.delta.type === 'text_delta') s.text += e.delta.text;
    if (e.type === 'message_delta') s.finish = e.delta.stop_reason;
    if (!usage) return;
    s.parts = { ...s.parts, ...usage };
    s.in = s.parts.input_tokens + s.parts.cache_read_input_tokens + s.parts.cache_creation_input_tokens;
    s.out = s.parts.output_tokens;
  },
  // What ends without a failure for the client: a refusal, a context that is full. It reads no document,
  // no bad event, and takes off no fence.
  apart: /refusal|window|document|bad-event|forced-tool|starts-twice|hole/,
};

const gemini = {
  path: '/v1beta',
  empty: stream('data: {"candidates":[{"index":0,"finishReason":"STOP"}]}\n\n'),
  open: () => new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: base(), timeout: 5000 } }),
  ask: (c, r, extra) => c.models.generateContentStream({
    model: r.model,
    contents: r.messages.map((m) => ({ role: m.role === 'assistant' ? 'model' : 'user', parts: [{ text: m.text }] })),
    config: {
      ...(r.system && { systemInstruction: { parts: [{ text: r.system }] } }),
      ...(r.max_tokens && { maxOutputTokens: r.max_tokens }),
      ...(r.temperature !== undefined && { temperature: r.temperature }),
      ...(r.stop && { stopSequences: r.stop }),
      ...extra,
    },
  }),
  read(s, e) {
    const first = e.candidates?.find((c) => !c.index);
    for (const part of first?.content?.parts || []) if (!part.thought) s.text += part.text || '';
    if (first?.finishReason) s.finish = first.finishReason;
    s.in = e.usageMetadata?.promptTokenCount ?? s.in;
    s.out = (e.usageMetadata?.candidatesTokenCount ?? 0) + (e.usageMetadata?.thoughtsTokenCount ?? 0);
  },
  // The client takes a blocked prompt, an unsafe text and a broken call for answers, and reads no document.
  apart: /blocked|safety|malformed|list|document|error-in-stream|truncated/,
};

const mistral = {
  path: '/v1',
  empty: stream('data: [DONE]\n\n'),
  open: () => new Mistral({ apiKey: KEY, serverURL: base(), timeoutMs: 5000, retryConfig: { strategy: 'none' } }),
  ask: (c, r, extra) => {
    const common = {
      model: r.model,
      ...(r.max_tokens && { maxTokens: r.max_tokens }),
      ...(r.temperature !== undefined && { temperature: r.temperature }),
      ...(r.stop && { stop: r.stop }),
      ...extra,
    };
    if (r.kind === 'fim') return c.fim.stream({ ...common, prompt: r.prefix, ...(r.suffix && { suffix: r.suffix }) });
    return c.chat.stream({
      ...common,
      messages: [...(r.system ? [{ role: 'system', content: r.system }] : []), ...r.messages.map((m) => ({ role: m.role, content: m.text }))],
    });
  },
  read(s, { data: e }) {
    const content = e.choices[0]?.delta.content;
    s.text += Array.isArray(content) ? content.map((p) => p.text || '').join('') : content || '';
    s.finish = e.choices[0]?.finishReason || s.finish;
    if (e.usage) [s.in, s.out] = [e.usage.promptTokens, e.usage.completionTokens];
  },
  apart: /breaks|fim-chat|truncated/,
};

const vendors = { anthropic, gemini, mistral };

// ---- requests ------------------------------------------------------------------------------------------------------

function exchange(plugin, spec) {
  const file = path.join(scratch, 'request.json');
  fs.writeFileSync(file, JSON.stringify(spec));
  const r = spawnSync(path.join(build, 'tests/provider/driver'), ['-x', path.join(build, `lib/switchyard/plugins/${plugin}.so`), file], { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(r.stderr);
  return JSON.parse(r.stdout);
}

// Without what a client writes although it is the default.
function plain(plugin, body) {
  if (plugin === 'mistral' && body.top_p === 1) delete body.top_p;
  for (const m of (plugin === 'mistral' && body.messages) || []) if (m.prefix === false) delete m.prefix;
  return JSON.stringify(canonical(body));
}

async function compareRequest(plugin, name, request, extra = {}, options = {}) {
  const v = vendors[plugin];
  const ours = exchange(plugin, { options: { base_url: base() + v.path, ...options }, request });
  answer = v.empty;
  for await (const event of await v.ask(v.open(), request, extra)) void event;
  const problems = [];
  const differ = (what, a, b) => a === b || problems.push(`${what}: ours ${a}, theirs ${b}`);
  differ('method', ours.method, captured.method);
  differ('path', ours.url.slice(base().length), captured.url);
  differ('body', plain(plugin, JSON.parse(ours.body)), plain(plugin, JSON.parse(captured.body)));
  const where = ours.auth.startsWith('bearer') ? 'authorization' : ours.auth.split(' ')[1];
  const theirs = Object.keys(captured.headers).filter((h) => captured.headers[h].includes(KEY));
  if (!theirs.includes(where) && plugin !== 'anthropic') problems.push(`key: ours in ${where}, theirs in ${theirs}`);
  differ('key is sent', theirs.length > 0, true);
  for (const [key] of ours.headers) if (!captured.headers[key.toLowerCase()]) problems.push(`${key}: only ours`);
  report(`${plugin}: ${name}`, problems.join('\n'));
}

async function requests() {
  const chat = { kind: 'chat', model: 'm', messages: [{ role: 'user', text: 'Grün? "x"\n\u0001' }] };
  const all = {
    ...chat, system: 'Be brief.', max_tokens: 9, stop: ['END'],
    messages: [...chat.messages, { role: 'assistant', text: 'a' }, { role: 'user', text: 'b' }],
  };
  const fim = { kind: 'fim', model: 'm', prefix: 'a\t(', suffix: ')\n', max_tokens: 7, temperature: 0, stop: ['x'] };
  await compareRequest('anthropic', 'a chat request', chat);
  await compareRequest('anthropic', 'a chat request with all members', all);
  const tools = { tools: [{ name: 'f', input_schema: { type: 'object' }, strict: true }], tool_choice: { type: 'tool', name: 'f' }, thinking: { type: 'disabled' } };
  await compareRequest('anthropic', 'a forced tool', { ...all, params: tools }, tools);
  await compareRequest('gemini', 'a chat request', chat, {});
  await compareRequest('gemini', 'a chat request with all members', { ...all, temperature: 0.7 });
  const json = { responseMimeType: 'application/json', thinkingConfig: { thinkingBudget: 0 } };
  await compareRequest('gemini', 'members of a part', { ...all, params: { generationConfig: json } }, json);
  await compareRequest('mistral', 'a chat request', chat);
  await compareRequest('mistral', 'a chat request with all members', { ...all, temperature: 0.7 });
  await compareRequest('mistral', 'a hole', fim);
  await compareRequest('mistral', 'a hole with extra members', { ...fim, params: { random_seed: 3, min_tokens: 1 } }, { randomSeed: 3, minTokens: 1 });
}

// ---- answers -------------------------------------------------------------------------------------------------------

async function theirReading(v, request) {
  const s = seen();
  try {
    for await (const event of await v.ask(v.open(), request, {})) v.read(s, event);
  } catch (e) {
    s.failed = true;
    s.status = e.status ?? e.statusCode;
  }
  return s;
}

function ourReading(file) {
  const s = seen();
  for (const e of fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l))) {
    if (e.ev === 'text') s.text += e.text;
    if (e.ev === 'stop') s.finish = e.text || '';
    if (e.ev === 'usage') [s.in, s.out] = [e.in + e.cache_read + e.cache_write, e.out];
    if (e.ev === 'error') Object.assign(s, { failed: true, status: e.status || undefined });
    s.cut = s.cut || e.verdict;
  }
  return s;
}

async function compareAnswer(name, plugin, spec, file) {
  const dir = path.dirname(file);
  const text = fs.readFileSync(file, 'utf8');
  answer = file.endsWith('.sse') ? stream(text) : [text.slice(0, text.search(/\r?\n\r?\n/)), text.slice(text.search(/\r?\n\r?\n/)).replace(/^\r?\n\r?\n/, '')];
  const ours = ourReading(path.join(dir, 'events.golden'));
  const theirs = await theirReading(vendors[plugin], { messages: [{ role: 'user', text: 'x' }], prefix: 'x', ...spec.request });
  const figures = ours.failed || ours.cut ? [] : ['finish', 'in', 'out'];
  const problems = ['text', 'failed', ...figures].filter((k) => ours[k] !== theirs[k]).map((k) => `${k}: ours ${ours[k]}, theirs ${theirs[k]}`);
  if (name.includes('-error-4') && theirs.status !== undefined && ours.status !== theirs.status) problems.push(`status: ours ${ours.status}, theirs ${theirs.status}`);
  report(`reading ${name}`, problems.join('\n'));
}

async function answers() {
  let compared = 0;
  for (const name of fs.readdirSync(cases)) {
    const dir = path.join(cases, name);
    const spec = JSON.parse(fs.readFileSync(path.join(dir, 'request.json'), 'utf8'));
    const v = vendors[spec.plugin];
    const file = ['reply.http', 'reply.sse'].map((f) => path.join(dir, f)).find(fs.existsSync);
    if (!v || !file || spec.call || v.apart.test(name)) continue;
    await compareAnswer(name, spec.plugin, spec, file);
    compared++;
  }
  report('there were answers to compare', compared > 20 ? '' : `only ${compared}`);
}

server.listen(0, '127.0.0.1', async () => {
  try {
    await requests();
    await answers();
  } catch (e) {
    report('ran to its end', e.stack);
  }
  server.closeAllConnections();
  server.close();
  fs.rmSync(scratch, { recursive: true });
  process.exit(); // a client leaves the timers of its time limits behind
});
