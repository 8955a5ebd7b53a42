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

// The reading that a few lines of another language give: text, end and usage of a chat or text stream.
function readChunks(chunks) {
  const seen = { text: '', finish: '', in: 0, out: 0 };
  for (const chunk of chunks) {
    for (const choice of chunk.choices) {
      const content = choice.text ?? choice.delta?.content;
      if (choice.index === 0 && typeof content === 'string') seen.text += content;
      if (choice.finish_reason) seen.finish = choice.finish_reason;
    }
    if (chunk.usage) {
      seen.in = chunk.usage.prompt_tokens;
      seen.out = chunk.usage.completion_tokens;
    }
  }
  return seen;
}

function readEvents(events) {
  const seen = { text: '', finish: '', in: 0, out: 0 };
  for (const e of events) {
    if (e.ev === 'text') seen.text += e.text;
    if (e.ev === 'stop') seen.finish = e.text;
    if (e.ev === 'usage') {
      seen.in = e.in + e.cache_read + e.cache_write;
      seen.out = e.out;
    }
  }
  return seen;
}

function hasChoices(payload) {
  try {
    return Array.isArray(JSON.parse(payload).choices);
  } catch {
    return false;
  }
}

function recordedStreams(folder) {
  const request = path.join(scratch, 'request.json');
  fs.writeFileSync(request, JSON.stringify({ options: { base_url: 'http://127.0.0.1/v1' }, request: { kind: 'fim', prefix: 'x' } }));
  const shaped = [];
  for (const name of fs.readdirSync(folder).filter((f) => f.endsWith('.chunks.txt'))) {
    const payloads = fs.readFileSync(path.join(folder, name), 'utf8').split('\n').filter((l) => l.trim());
    if (!payloads.every(hasChoices)) continue; // another protocol
    const body = path.join(scratch, 'body.sse');
    fs.writeFileSync(body, payloads.map((p) => `data: ${p}\n\n`).join('') + 'data: [DONE]\n\n');
    const plugin = path.join(build, 'lib/switchyard/plugins/openai.so');
    const r = spawnSync(bin('driver'), ['-e', plugin, request, body], { encoding: 'utf8', maxBuffer: 1 << 26, timeout: 60000 });
    const want = readChunks(payloads.map((p) => JSON.parse(p)));
    const got = r.status === 0 ? readEvents(lines(r.stdout)) : r.stderr;
    report(`${name}, ${payloads.length} chunks`, JSON.stringify(got) === JSON.stringify(want) ? '' : `got  ${JSON.stringify(got)}\nwant ${JSON.stringify(want)}`);
    shaped.push(name);
  }
  report('there are recorded streams of this shape', shaped.length >= 3 ? '' : `only ${shaped}`);
}

if (fs.existsSync(vectors)) {
  eventStreams(path.join(vectors, 'sse-eventsource-parser.json'));
  recordedStreams(path.join(vectors, 'stream-fixtures/vercel-ai'));
} else {
  console.log('skip - vectors: no folder of recordings beside the repository');
}
fs.rmSync(scratch, { recursive: true });
