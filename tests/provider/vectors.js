#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Other people's recordings, read where they lie beside the repository (../shared/vectors): event streams with the
// reading of an independent parser, and streams recorded from services. Nothing of them is copied into this tree, so
// a machine without that folder skips this file.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');

const root = process.env.ROOT || path.join(__dirname, '../..');
const build = process.env.B || path.join(root, 'build');
const vectors = path.join(root, '../shared/vectors');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'vectors-'));
const bin = (name) => path.join(build, 'tests/provider', name);

function report(name, problem) {
  console.log(`${problem ? 'not ' : ''}ok - vectors: ${name}`);
  if (problem) {
    console.log(problem);
    process.exitCode = 1;
  }
}

const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

// In the fixtures a byte order mark may stand as the three characters of its bytes.
function streamBytes(chunks) {
  return Buffer.from(chunks.join('').replace(/\u00ef\u00bb\u00bf/g, '\ufeff'), 'utf8');
}

function eventStreams(file) {
  for (const fixture of JSON.parse(fs.readFileSync(file, 'utf8'))) {
    const r = spawnSync(bin('common'), ['sse'], { input: streamBytes(fixture.chunks), encoding: 'utf8', maxBuffer: 1 << 26 });
    const want = fixture.expected.filter((e) => e.type === 'event').map((e) => [e.event || '', e.data, e.id || '']);
    const got = r.status === 0 ? lines(r.stdout) : 'pieces give other events';
    report(fixture.name, JSON.stringify(got) === JSON.stringify(want) ? '' : `got  ${JSON.stringify(got)}\nwant ${JSON.stringify(want)}`);
  }
}

// The reading that a few lines of another language give, by protocol: text, end and usage. A failure is the end "!".
const fresh = () => ({ text: '', finish: '', in: 0, out: 0 });

function readChunks(chunks) {
  const seen = fresh();
  for (const chunk of chunks) {
    for (const choice of chunk.choices) {
      const content = choice.text ?? choice.delta?.content;
      if (choice.index === 0 && typeof content === 'string') seen.text += content;
      if (choice.finish_reason) seen.finish = choice.finish_reason;
    }
    if (chunk.usage) [seen.in, seen.out] = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens];
  }
  return seen;
}

function readResponse(events) {
  const seen = fresh();
  for (const e of events) {
    if (e.type === 'response.output_text.delta') seen.text += e.delta;
    if (e.type === 'error' || e.type === 'response.failed') seen.finish = '!';
    if (e.type === 'response.completed') seen.finish = 'completed';
    if (seen.finish === 'completed') [seen.in, seen.out] = [e.response.usage.input_tokens, e.response.usage.output_tokens];
  }
  return seen;
}

function readMessage(events) {
  const seen = fresh();
  const figures = {};
  for (const e of events) {
    const usage = e.type === 'message_delta' || !('output_tokens' in figures) ? e.usage || e.message?.usage : null;
    if (e.delta?.type === 'text_delta') seen.text += e.delta.text;
    if (e.type === 'message_delta') seen.finish = e.delta.stop_reason === 'refusal' ? '!' : e.delta.stop_reason;
    for (const [key, value] of Object.entries(usage || {})) if (typeof value === 'number') figures[key] = value;
  }
  seen.in = figures.input_tokens + (figures.cache_read_input_tokens || 0) + (figures.cache_creation_input_tokens || 0);
  seen.out = figures.output_tokens;
  return seen;
}

function readContent(chunks) {
  const seen = fresh();
  for (const chunk of chunks) {
    for (const candidate of chunk.candidates) {
      for (const part of candidate.content?.parts || []) if (!part.thought) seen.text += part.text || '';
      seen.finish = candidate.finishReason || seen.finish;
    }
    seen.in = chunk.usageMetadata.promptTokenCount;
    seen.out = (chunk.usageMetadata.candidatesTokenCount || 0) + (chunk.usageMetadata.thoughtsTokenCount || 0);
  }
  return seen;
}

function readEvents(events) {
  const seen = fresh();
  for (const e of events) {
    if (e.ev === 'text') seen.text += e.text;
    if (e.ev === 'stop') seen.finish = e.text;
    if (e.ev === 'error') seen.finish = '!';
    if (e.ev === 'usage') [seen.in, seen.out] = [e.in + e.cache_read + e.cache_write, e.out];
  }
  return seen;
}

const payload = (p) => `data: ${p}\n\n`;
const named = (p) => `event: ${JSON.parse(p).type}\ndata: ${p}\n\n`;
const shapes = [
  { plugin: 'openai', of: (e) => Array.isArray(e.choices), read: readChunks, frame: payload, end: 'data: [DONE]\n\n', least: 3 },
  { plugin: 'mistral', of: (e, name) => Array.isArray(e.choices) && /mistral/.test(name), read: readChunks, frame: payload, end: 'data: [DONE]\n\n', least: 1 },
  { plugin: 'openai', api: 'responses', of: (e) => /^(response\.|error)/.test(e.type), read: readResponse, frame: named, least: 2 },
  { plugin: 'anthropic', of: (e) => /^(message_|content_block_|ping)/.test(e.type), read: readMessage, frame: named, least: 5 },
  { plugin: 'gemini', of: (e) => Array.isArray(e.candidates), read: readContent, frame: payload, least: 1 },
];

// What was recorded, as the texts of its events.
function payloadsOf(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter((l) => l.trim());
  if (file.endsWith('.chunks.txt')) return lines;
  return lines.filter((l) => l.startsWith('data:')).map((l) => l.slice(5).trim());
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function recordedStream(shape, file, payloads) {
  const options = { base_url: 'http://127.0.0.1/v1', ...(shape.api && { api: shape.api }) };
  const request = path.join(scratch, 'request.json');
  const body = path.join(scratch, 'body.sse');
  fs.writeFileSync(request, JSON.stringify({ options, request: { kind: shape.api ? 'chat' : 'fim', model: 'm', prefix: 'x', messages: [] } }));
  // As recorded where the framing was recorded too.
  if (file.endsWith('.chunks.txt')) fs.writeFileSync(body, payloads.map(shape.frame).join('') + (shape.end || ''));
  else fs.copyFileSync(file, body);
  const plugin = path.join(build, `lib/switchyard/plugins/${shape.plugin}.so`);
  const r = spawnSync(bin('driver'), ['-e', plugin, request, body], { encoding: 'utf8', maxBuffer: 1 << 26, timeout: 60000 });
  const want = shape.read(payloads.map((p) => JSON.parse(p)));
  const got = r.status === 0 ? readEvents(lines(r.stdout)) : r.stderr;
  if (want.finish === '!') delete want.in, delete want.out, delete got.in, delete got.out;
  report(`${path.basename(file)} by ${shape.plugin}, ${payloads.length} events`,
    JSON.stringify(got) === JSON.stringify(want) ? '' : `got  ${JSON.stringify(got)}\nwant ${JSON.stringify(want)}`);
}

function recordedStreams(folders) {
  const files = folders.flatMap((d) => fs.readdirSync(d).filter((f) => /\.(chunks\.txt|sse|txt)$/.test(f)).map((f) => path.join(d, f)));
  for (const shape of shapes) {
    let count = 0;
    for (const file of files) {
      const payloads = payloadsOf(file);
      const events = payloads.map(parsed);
      if (events.length === 0 || !events.every((e) => e && shape.of(e, file))) continue; // another protocol
      recordedStream(shape, file, payloads);
      count++;
    }
    report(`there are recorded streams for ${shape.plugin}${shape.api ? ` ${shape.api}` : ''}`, count >= shape.least ? '' : `only ${count}`);
  }
}

if (fs.existsSync(vectors)) {
  eventStreams(path.join(vectors, 'sse-eventsource-parser.json'));
  recordedStreams(['vercel-ai', 'anthropic-sdk'].map((d) => path.join(vectors, 'stream-fixtures', d)));
} else {
  console.log('skip - vectors: no folder of recordings beside the repository');
}
fs.rmSync(scratch, { recursive: true });
